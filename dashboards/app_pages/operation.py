"""运行: every promise of the installation with its day, for whoever keeps it; the same list as `shequ health`."""

import streamlit as st

from dashboards import signin
from dashboards.components import common_parts
from pipelines import settings
from pipelines.serving import health
from pipelines.serving.promise import Promise


@st.cache_data(ttl=60, show_spinner="正在逐项查看…")
def _looked(data: str) -> list[Promise]:
    """Checked once a minute for all sessions."""
    return health.look(settings.load(data))


def _table(promises: list[Promise]) -> None:
    rows = [
        {"承诺": promise.what, "现状": promise.says, "至": str(promise.due) if promise.due else "—"}
        for promise in promises
    ]
    common_parts.lines(rows, {name: name for name in ("承诺", "现状", "至")})


if not signin.may("publish"):
    st.info("本页供市级和运行维护人员查看。")
    st.stop()
promises = _looked(str(settings.load().data))
broken = [promise for promise in promises if not promise.well]
st.subheader(f"{len(broken)} 项需要处理" if broken else "各项承诺都守住了", anchor=False)
if broken:
    _table(broken)
st.subheader("守住的", anchor=False)
_table([promise for promise in promises if promise.well])
st.caption(
    "每分钟最多看一次；每天早上的邮件、shequ health 和 Dagster 的检查说的是同一份清单。怎样处理见 docs/operations.md。"
)
