"""Streamlit's own server with what stands before it: `python -m dashboards.server run dashboards/app.py`.

Before it refuses a page of another origin, Streamlit would ask checkip.amazonaws.com who this machine is, and so anybody's browser
could make it call out. Our pages come from the names in `server.allowedHosts`; the machine's addresses are nobody's business.
Uploads pass `dashboards.upload_door` first, `/api` is answered by `dashboards.api`; pages and files go out through `dashboards.front`.
"""

import sys

from starlette.middleware import Middleware
from streamlit import net_util
from streamlit.web.cli import main
from streamlit.web.server.starlette import starlette_app

from dashboards import upload_door
from dashboards.api.api_middleware import Api
from dashboards.front.middleware import Front

# outermost first; Streamlit's own come after them
BEFORE = [Middleware(upload_door.Door), Middleware(Api), Middleware(Front)]


def unknown() -> None:
    """No address, without having asked anybody."""


def serve() -> None:
    """Run Streamlit's server behind our middleware until it is stopped."""
    net_util.get_external_ip = net_util.get_internal_ip = unknown
    own = starlette_app.create_streamlit_middleware
    starlette_app.create_streamlit_middleware = lambda: [*BEFORE, *own()]
    upload_door.keep_sweeping()
    sys.argv[0] = "streamlit"
    main()


if __name__ == "__main__":
    serve()
