"""The operator's page: the same promises as `shequ health`, and for nobody else."""

from datetime import date

import pytest
import streamlit as st

from dashboards import signin
from pipelines.serving import health
from pipelines.serving.promise import Promise
from tests.dashboards.conftest import texts

SEEN = [
    Promise("磁盘", True, "空间充足"),
    Promise("备份", False, "上次备份 2026-11-01，已超过 2 天", date(2026, 11, 3)),
]


@pytest.fixture
def seen(monkeypatch):
    st.cache_data.clear()
    monkeypatch.setattr(health, "look", lambda _: SEEN)


def test_what_is_broken_stands_first_with_its_day(app, empty, seen):
    opened = app(empty, "operation")
    assert not opened.exception
    assert opened.subheader[0].value == "1 项需要处理"
    said = "".join(html.proto.body for html in opened.get("html"))
    assert "2026-11-03" in said and said.index("备份") < said.index("磁盘")


def test_who_may_not_publish_is_told_so(app, empty, seen, monkeypatch):
    monkeypatch.setattr(signin, "may", lambda action, county=None: action != "publish")
    opened = app(empty, "operation")
    assert "磁盘" not in "".join(html.proto.body for html in opened.get("html")) and "供市级和运行维护人员" in texts(
        opened
    )
