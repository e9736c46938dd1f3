"""Streamlit's own server, which never asks the world for its address: `python -m dashboards.server run dashboards/app.py`.

Before it refuses a page of another origin, Streamlit would ask checkip.amazonaws.com who this machine is, and so anybody's browser
could make it call out. Our pages come from the names in `server.allowedHosts`; the machine's addresses are nobody's business.
"""

import sys

from streamlit import net_util
from streamlit.web.cli import main

from dashboards.front import middleware


def unknown() -> None:
    """No address, without having asked anybody."""


def serve() -> None:
    net_util.get_external_ip = net_util.get_internal_ip = unknown
    middleware.install()
    sys.argv[0] = "streamlit"
    main()


if __name__ == "__main__":
    serve()
