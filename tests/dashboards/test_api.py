"""`GET /api/…` in process: what it gives, to whom, and what it refuses; every answer is as the OpenAPI document says."""

import asyncio
import json
import time
from datetime import date

import httpx
import jsonschema
import pytest
import streamlit as st
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from dashboards.api.api_middleware import Api
from dashboards.api.endpoints import ENDPOINTS
from dashboards.request_identity import SECRET_HEADER
from dashboards.server import BEFORE
from pipelines import settings
from pipelines.access import audit_log
from pipelines.edition import figures, open_release
from pipelines.intake import answer_matters
from tests import small_city
from tests.books import Office, plain

OWN, FOREIGN = "130524", "130571"
SECRET = "0123456789" * 4
PEOPLE = """
people:
- {id: leader, name: 张领导, role: 领导}
- {id: city, name: 李市级, role: 市级}
- {id: planner, name: 王规划, role: 规划}
- {id: baixiang, name: 赵柏乡, role: 县级, counties: ["130524"]}
"""
MONTHS = (date(2020, 3, 1), date(2020, 4, 1))
# what has no default of its own
NEEDED = {"compare": {"from": "2020-03", "to": "2020-04", "indicator": "facility_rural"}}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Office:
    """Two counties, two months, each with a unit that nobody knows."""
    folder = tmp_path_factory.mktemp("api")
    reference = small_city.make(folder / "reference", (OWN, FOREIGN))
    office = Office(folder / "data", small_city.measure_only(reference, ("facility_rural", "platform_rural")))
    for month in MONTHS:
        for county in (OWN, FOREIGN):
            first = office.units(month, county)[0]
            office.send(
                month,
                county,
                lambda unit, first=first: {**plain(unit), **({"name": "无此村", "code": ""} if unit == first else {})},
            )
        office.run(month)
    return office


@pytest.fixture
def signed(made, tmp_path, monkeypatch):
    """A data folder of its own with the releases that were made, whose people come through a proxy."""
    for name in ("archive", "warehouse", "releases", "matters.json"):
        (tmp_path / name).symlink_to(made.settings.data / name)
    (tmp_path / "access.yaml").write_text("mode: proxy" + PEOPLE, encoding="utf-8")
    monkeypatch.setenv("SHEQU_PROXY_SECRET", SECRET)
    monkeypatch.setenv("SHEQU_DATA", str(tmp_path))
    return tmp_path


async def pages(scope, receive, send):
    """What stands behind: it answers 299."""
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def send(path: str, how: str = "GET", caller: str = "127.0.0.1", times: int = 1, **options) -> httpx.Response:
    """The answer to a request from an address (the last of several)."""
    door = httpx.ASGITransport(Api(pages), client=(caller, 1))

    async def sent() -> httpx.Response:
        async with httpx.AsyncClient(transport=door, base_url="http://localhost") as client:
            return [await client.request(how, path, **options) for _ in range(times)][-1]

    return asyncio.run(sent())


def ask(path: str, parameters=None, person: str | None = None, **headers: str) -> httpx.Response:
    """The answer to a person whom the proxy names, or to whom the headers say."""
    named = {"X-Forwarded-User": person, SECRET_HEADER: SECRET} if person else {}
    return send(f"/api/{path}", params=parameters, headers=named | headers)


@pytest.fixture
def local(made, monkeypatch):
    monkeypatch.setenv("SHEQU_DATA", str(made.settings.data))
    return made.settings.data


def test_it_stands_before_the_pages_of_the_server_and_lets_all_else_pass(local):
    assert Api in [each.cls for each in BEFORE]
    assert [send(path).status_code for path in ("/", "/apis", "/county", "/_stcore/health")] == [299] * 4


def test_every_answer_is_as_the_document_says_and_none_is_empty(local):
    document = ask("openapi.json").json()
    assert set(document["paths"]) == {f"/api/{name}" for name in ENDPOINTS}
    for name in ENDPOINTS:
        got = ask(name, NEEDED.get(name))
        assert (got.status_code, got.headers["cache-control"]) == (200, "no-store"), got.text
        schema = document["paths"][f"/api/{name}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(got.json(), {**schema, "components": document["components"]})
        # of two months nothing is judged yet: no tasks
        assert got.json() or name == "tasks", name


def test_figures_are_those_of_the_command(local):
    release = open_release(settings=settings.load(local))
    assert ask("figures", {"level": "county", "unit": OWN}).json() == figures(release, level="county", unit=OWN)
    earlier = ask("figures", {"month": "2020-03", "level": "city", "divisions": "now"}).json()
    assert {row["month"] for row in earlier} == {"2020-03"}


def test_an_edition_is_named_and_the_current_one_is_marked(local):
    listed = ask("editions").json()
    assert [(row["edition"], row["current"]) for row in listed] == [("2020-04/1", True), ("2020-03/1", False)]
    assert {row["edition"] for row in ask("figures", {"edition": "2020-03/1"}).json()} == {"2020-03/1"}


@pytest.mark.parametrize(
    ("path", "parameters", "status", "said"),
    [
        ("nosuch", None, 404, "没有这个地址"),
        ("figures/1", None, 404, "没有这个地址"),
        ("", None, 404, "可用：/api/editions"),
        ("figures", {"edition": "2019-01/1"}, 404, "没有发布版 2019-01/1"),
        ("figures", {"indicator": "facility_rurl"}, 400, "是否为 facility_rural？"),
        ("figures", {"month": "2020年4月"}, 400, "不是月份"),
        ("figures", {"month": "2017-01"}, 400, "没有 2017-01 的数字"),
        ("figures", {"level": "country"}, 400, "可用：city、county、town、community"),
        ("figures", {"level": "community"}, 400, "须写明 unit 或 indicator"),
        ("figures", {"units": "1"}, 400, "没有参数 units；可用：level、unit"),
        ("figures", {"policy": "x"}, 400, "没有政策 x"),
        ("figures", [("unit", "1"), ("unit", "2")], 400, "写了两次"),
        ("compare", {"from": "2020-03"}, 400, "请写明 to"),
        ("compare", {"from": "2020-04", "to": "2020-03"}, 400, "应早于"),
        ("tasks", {"county": "999999"}, 400, "没有代码为 999999"),
        ("tasks", {"month": "2017-01"}, 400, "没有 2017-01 的数字"),
    ],
)
def test_a_wrong_question_gets_a_sentence(local, path, parameters, status, said):
    got = ask(path, parameters)
    assert got.status_code == status and said in got.json()["detail"], got.text


def test_nothing_is_written_and_no_other_name_of_the_server_is_answered(local):
    assert [send("/api/figures", how).status_code for how in ("POST", "PUT", "DELETE")] == [405] * 3
    evil = send("/api/figures", headers={"host": "evil.example"})
    assert evil.status_code == 400 and "不以这个名称应答" in evil.text


# ---- roles


def test_without_sign_in_only_this_machine_is_answered(local):
    assert ask("figures", **{"x-forwarded-for": "10.1.1.1"}).status_code == 401
    assert send("/api/figures", caller="10.1.1.1").status_code == 401


def test_anybody_reads_figures_only_where_that_was_said(local, monkeypatch):
    monkeypatch.setenv("SHEQU_ANONYMOUS", "1")
    assert ask("figures").status_code == 200
    assert ask("matters").status_code == 403
    assert ask("figures", {"level": "community", "indicator": "facility_rural"}).status_code == 403


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "请从单位的统一入口访问"),
        ({"X-Forwarded-User": "city"}, "请从单位的统一入口访问"),
        ({SECRET_HEADER: SECRET}, "没有说明您是谁"),
        ({"X-Forwarded-User": "nobody", SECRET_HEADER: SECRET}, "不在本系统的名单中"),
    ],
)
def test_who_is_not_let_in_on_the_pages_is_refused_in_the_same_words(signed, headers, said):
    got = ask("figures", **headers)
    assert got.status_code == 401 and said in got.json()["detail"]


def test_a_wrong_list_lets_nobody_in(signed):
    (signed / "access.yaml").write_text("mode: open", encoding="utf-8")
    assert ask("figures", person="city").status_code == 403


def test_a_county_person_is_sent_only_its_own_units_and_matters(signed):
    units = ask("figures", {"level": "community", "indicator": "facility_rural"}, "baixiang").json()
    assert units and {row["unit"][:6] for row in units} == {OWN}
    kept = answer_matters.kept(settings.load(signed))
    assert {matter["county"] for matter in kept} >= {OWN, FOREIGN}
    assert {matter["county"] for matter in ask("matters", None, "baixiang").json()} == {OWN}
    assert ask("matters", None, "city").json() == kept


@pytest.mark.parametrize("person", ["leader", "planner"])
def test_who_has_no_matters_on_the_page_has_none_here(signed, person):
    got = ask("matters", None, person)
    assert got.status_code == 403 and "不能报送" in got.json()["detail"]


def test_the_first_question_of_a_day_stands_in_the_audit_log(signed):
    send("/api/editions", times=3, headers={"X-Forwarded-User": "leader", SECRET_HEADER: SECRET})
    (event,) = audit_log.since(settings.load(signed))
    assert (event.kind, event.by, event.body["through"]) == ("sign_in", "张领导", "api")


def cookie(**claims: object) -> dict[str, str]:
    """The cookie that Streamlit sets after a sign-in at this address."""
    body = json.dumps({"origin": "http://localhost", "is_logged_in": True, "email": "city", **claims})
    return {"cookie": "_streamlit_user=" + create_signed_value(get_cookie_secret(), "_streamlit_user", body).decode()}


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"exp": 9e9}, 200),
        ({"exp": time.time() - 1}, 401),
        ({}, 401),
        ({"exp": 9e9, "email": "nobody"}, 401),
        ({"exp": 9e9, "origin": "http://elsewhere"}, 401),
        ({"exp": 9e9, "is_logged_in": False}, 401),
    ],
)
def test_a_sign_in_counts_as_on_the_pages(signed, claims, status):
    (signed / "access.yaml").write_text("mode: oidc" + PEOPLE, encoding="utf-8")
    st.cache_resource.clear()
    assert ask("editions", **cookie(**claims)).status_code == status
    assert ask("editions", cookie="_streamlit_user=forged").status_code == 401
