"""Each role sees what it may and nothing more: what is hidden is not in what the server sends, either."""

import time
from types import SimpleNamespace

import pytest
import streamlit as st

from dashboards import signin
from dashboards.components import submission_desk
from dashboards.queries import submission_rows
from pipelines import settings
from pipelines.access import audit_log
from pipelines.edition import open_release
from pipelines.errors import Refusal
from tests.dashboards.conftest import tables

SECRET = "0123456789" * 4
PEOPLE = """
people:
- {id: leader, name: 张领导, role: 领导}
- {id: city, name: 李市级, role: 市级}
- {id: planner, name: 王规划, role: 规划}
- {id: baixiang, name: 赵柏乡, role: 县级, counties: ["130524"]}
"""
OWN, FOREIGN = "130524", "130502"


@pytest.fixture
def signed(made, tmp_path, monkeypatch):
    """A data folder of its own with the releases that were made, whose people come through a proxy."""
    for name in ("archive", "warehouse", "releases"):
        (tmp_path / name).symlink_to(made["both"] / name)
    (tmp_path / "access.yaml").write_text("mode: proxy" + PEOPLE, encoding="utf-8")
    monkeypatch.setenv("SHEQU_PROXY_SECRET", SECRET)
    monkeypatch.setenv("SHEQU_DATA", str(tmp_path))
    return tmp_path


class Headers(dict):
    """Headers as Streamlit gives them; a value that is a list stands for a header that came more than once."""

    def get_all(self, name: str) -> list[str]:
        values = next((value for key, value in self.items() if key.lower() == name.lower()), [])
        return values if isinstance(values, list) else [values]


@pytest.fixture
def come(monkeypatch):
    """`come(identity, …)`: the next request carries these headers from this address."""

    def arrive(identity: str | None, secret: str = SECRET, address: str | None = None, **headers: str) -> None:
        sent = {"X-Forwarded-User": identity, "X-Shequ-Secret": secret, **headers}
        sent = Headers({key: value for key, value in sent.items() if value is not None})
        monkeypatch.setattr(
            st, "context", SimpleNamespace(headers=sent, ip_address=address, theme=SimpleNamespace(type="light"))
        )

    return arrive


def everything(page) -> str:
    """All that the server sent for a page: text, tables, charts, options of choices."""
    sent = [str(page.main), *(str(node.proto) for node in page.main if hasattr(node, "proto"))]
    return "\n".join([*sent, *(item.proto.body for item in page.get("html"))])


def units_and_findings(data, county: str) -> set[str]:
    """Names of units with a code of the county, and ids of its findings: what only some may see."""
    release = open_release(settings=settings.load(data))
    rows = release.rows("SELECT id FROM finding_all WHERE county = ?", [county])
    codes = release.rows("SELECT DISTINCT unit FROM standing WHERE county_code = ?", [county])
    return {row["id"] for row in rows} | {row["unit"] for row in codes}


PAGES = ("overview", "indicator", "atlas", "county", "unit", "reporting", "tasks", "quality")


PARTS = [("county", part) for part in ("all", "near", "sent", "spot", "sheet")]
PARTS += [("indicator", part) for part in ("lacking", "changed", "plan", "spot", "note", "files")]


@pytest.mark.parametrize(("page", "part"), [*((page, "") for page in PAGES), *PARTS])
def test_a_county_person_is_sent_nothing_of_another_countys_units(app, signed, come, page, part):
    come("baixiang")
    hidden = units_and_findings(signed, FOREIGN)
    opened = app(signed, page, county=FOREIGN, unit="130502001021", indicator="platform_urban", part=part)
    assert not opened.exception
    sent = everything(opened)
    assert not {secret for secret in hidden if secret in sent} - {"130502001021"}
    assert "130502001021@" not in sent


def test_the_same_pages_do_show_the_city_what_a_county_is_not_sent(app, signed, come):
    come("city")
    hidden = units_and_findings(signed, FOREIGN)
    sent = everything(app(signed, "indicator", county=FOREIGN, indicator="platform_urban", part="lacking"))
    assert any(secret in sent for secret in hidden)


def test_a_county_person_sees_its_own(app, signed, come):
    come("baixiang")
    own = units_and_findings(signed, OWN)
    sent = everything(app(signed, "county", county=OWN, part="sent"))
    assert any(secret in sent for secret in own)


@pytest.mark.parametrize(
    ("person", "rooms"),
    [
        ("leader", {"报送情况"}),
        ("planner", {"报送情况"}),
        ("baixiang", {"报送情况", "上传报表", "待办事项"}),
        ("city", {"报送情况", "上传报表", "待办事项", "按月办理"}),
    ],
)
def test_rooms_of_the_reporting_page_are_those_of_the_role(app, signed, come, person, rooms):
    come(person)
    opened = app(signed, "reporting", room="board")
    assert not opened.exception
    assert set(opened.segmented_control[0].options) == rooms


@pytest.mark.parametrize(("person", "downloads"), [("leader", 0), ("planner", 2), ("baixiang", 0), ("city", 2)])
def test_who_may_not_export_is_given_no_download(app, signed, come, person, downloads):
    come(person)
    opened = app(signed, "county", county=FOREIGN, part="all")
    assert not opened.exception
    assert len(opened.get("download_button")) == downloads


def test_who_decides_is_the_person_not_a_name_typed(app, signed, come):
    come("city")
    opened = app(signed, "reporting", room="board")
    assert "经办人：李市级（市级）" in "".join(item.value.replace("\\", "") for item in opened.caption)
    assert "经办人" not in [item.label for item in opened.text_input]


# ---- who is not let in


@pytest.mark.parametrize(
    ("arriving", "message"),
    [
        (dict(identity="nobody"), "不在本系统的名单中"),
        (dict(identity="city", secret="wrong"), "请从单位的统一入口访问"),  # noqa: S106
        (dict(identity="city", secret=None), "请从单位的统一入口访问"),
        (dict(identity="city", address="10.9.8.7"), "请从单位的统一入口访问"),
        (dict(identity=None), "没有说明您是谁"),
        (dict(identity=""), "没有说明您是谁"),
        (dict(identity=["city", "nobody"]), "没有说明您是谁"),
        (dict(identity="city", secret=[SECRET, SECRET]), "请从单位的统一入口访问"),
        (dict(identity="city\u200b"), "不在本系统的名单中"),
        (dict(identity="city,leader"), "不在本系统的名单中"),
    ],
)
def test_others_get_a_page_that_helps_and_nothing_else(app, signed, come, arriving, message):
    come(**arriving)
    opened = app(signed)  # pages are not even known to who is not let in
    assert not opened.exception
    assert message in opened.info[0].value.replace("\\", "")
    assert not tables(opened) and not opened.selectbox and not opened.markdown[1:]


def test_an_unknown_person_and_a_sign_in_stand_in_the_audit_once(app, signed, come):
    come("nobody")
    app(signed).run()
    come("leader")
    app(signed).run()
    events = list(audit_log.since(settings.load(signed)))
    assert [(event.kind, event.by) for event in events] == [("unknown", "未登记"), ("sign_in", "张领导")]


def test_a_wrong_list_lets_nobody_in(app, signed, come):
    come("city")
    (signed / "access.yaml").write_text("mode: open", encoding="utf-8")
    opened = app(signed)
    assert "暂时谁也不能进入" in opened.error[0].value
    assert not tables(opened)


def test_without_sign_in_a_page_that_others_reach_is_refused(app, made, come, monkeypatch):
    come(None, secret=None)
    asked = st.get_option
    monkeypatch.setattr(st, "get_option", lambda key: "0.0.0.0" if key == "server.address" else asked(key))  # noqa: S104
    opened = app(made["both"])
    assert "没有设置登录" in opened.info[0].value
    assert not opened.get("plotly_chart")


def test_without_sign_in_what_a_proxy_passes_on_is_refused(app, made, come):
    come(None, secret=None, **{"X-Forwarded-For": "10.1.1.1"})
    assert "没有设置登录" in app(made["both"]).info[0].value


@pytest.mark.parametrize("page", PAGES)
def test_anybody_reads_figures_only_where_that_was_said(app, made, come, monkeypatch, page):
    come(None, secret=None)
    monkeypatch.setenv("SHEQU_ANONYMOUS", "1")
    opened = app(made["both"], page, county=OWN, unit="130524100201", indicator="platform_urban")
    assert not opened.exception
    sent = everything(opened)
    hidden = units_and_findings(made["both"], OWN)
    assert not {secret for secret in hidden if secret in sent} - {"130524100201"}
    assert not opened.get("download_button") and not opened.get("file_uploader")


# ---- past the pages


def test_selections_themselves_hold_back_what_is_not_ones_own(signed, come):
    come("baixiang")
    release = open_release(settings=settings.load(signed))
    assert {row["county"] for row in submission_rows.findings(release, release.month)} <= {OWN}
    assert not submission_rows.findings(release, release.month, FOREIGN)
    live = submission_rows.findings_now(release, release.month)
    assert live and {row["county"] for row in live} <= {OWN}
    assert not submission_rows.findings_now(release, release.month, FOREIGN)
    assert {row["county"] for row in submission_rows.submissions(release, release.month)} == {OWN}


def test_an_export_is_checked_and_noted_at_the_click(signed, come):
    come("planner")
    making = signin.exporting(lambda: b"x", "a.csv", 3)
    assert not list(audit_log.since(settings.load(signed)))
    assert making() == b"x"
    (event,) = audit_log.since(settings.load(signed))
    assert (event.kind, event.by, event.body["file"], event.body["rows"]) == ("export", "王规划", "a.csv", 3)
    come("leader")
    with pytest.raises(Refusal, match="不能导出"):
        signin.exporting(lambda: b"x", "a.csv", 3)()


def test_a_foreign_workbook_is_refused_and_its_hash_noted(signed, come, workbooks):
    come("baixiang")
    file = next(path for path in workbooks if "柏乡" not in path.name)
    with pytest.raises(Refusal, match="您只能办理 130524 的"):
        submission_desk.submit_files.submit([file], settings.load(signed), signin.actor())
    (event,) = audit_log.since(settings.load(signed))
    assert event.kind == "refused" and event.body["action"] == "submit" and len(event.body["sha256"]) == 64


# ---- OpenID Connect, as Streamlit hands it over


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({}, "请登录"),
        ({"is_logged_in": True, "email": "city", "exp": time.time() - 1}, "登录已过期"),
        ({"is_logged_in": True, "email": "city"}, "登录已过期"),
        ({"is_logged_in": True, "email": "city", "exp": time.time() + 99_999, "email_verified": False}, "尚未经身份系统验证"),
        ({"is_logged_in": True, "sub": "city", "exp": time.time() + 99_999}, "没有给出 email"),
        ({"is_logged_in": True, "email": "else", "exp": time.time() + 99_999}, "不在本系统的名单中"),
    ],
)  # fmt: skip
def test_a_sign_in_counts_only_while_it_is_good(app, signed, come, monkeypatch, claims, message):
    come(None, secret=None)
    (signed / "access.yaml").write_text("mode: oidc" + PEOPLE, encoding="utf-8")
    monkeypatch.setattr(st, "user", claims)
    opened = app(signed)
    assert not opened.exception
    assert message in opened.info[0].value.replace("\\", "")
    assert [button.label for button in opened.button] == ["换一个账号" if claims else "登录"]


def test_who_does_nothing_for_a_while_is_signed_out_also_in_a_new_tab(app, signed, come, monkeypatch):
    come(None, secret=None)
    (signed / "access.yaml").write_text("mode: oidc" + PEOPLE, encoding="utf-8")
    monkeypatch.setattr(st, "user", {"is_logged_in": True, "email": "city", "exp": time.time() + 9999, "iat": 7})
    out = []
    monkeypatch.setattr(st, "logout", lambda: out.append(1))
    app(signed)
    assert not out
    later = time.monotonic() + 16 * 60
    monkeypatch.setattr(signin, "time", SimpleNamespace(time=time.time, monotonic=lambda: later))
    app(signed)
    assert out
    assert [event.kind for event in audit_log.since(settings.load(signed))] == ["sign_in", "sign_out"]
