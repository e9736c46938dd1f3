"""Signing in for real: a browser, a provider of OpenID Connect on another site, the server between them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.access import audit_log
from pipelines.serving import programs
from tests.dashboards.conftest import ROOT, _wait
from tests.dashboards.identity_provider import CLIENT, SECRET, Provider, running
from tests.dashboards.test_browser import CHROMIUM, QUIET
from tests.serving.test_checks import free

pytest.importorskip("httpx", reason="没有 httpx:Streamlit 的登录不能工作")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="没有安装 Chromium(apt-get install chromium):浏览器中的检查未运行"),
]
PEOPLE = """mode: oidc
people:
- {id: city@example.gov.cn, name: 李市级, role: 市级}
- {id: leader@example.gov.cn, name: 张领导, role: 领导}
- {id: baixiang@example.gov.cn, name: 赵柏乡, role: 县级, counties: ["130524"]}
"""


@pytest.fixture(scope="module")
def provider():
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def data(made, tmp_path_factory) -> Path:
    """An installation with sign-in; the releases are those that were made."""
    folder = tmp_path_factory.mktemp("signed")
    for name in ("archive", "warehouse", "releases"):
        (folder / name).symlink_to(made["both"] / name)
    (folder / "access.yaml").write_text(PEOPLE, encoding="utf-8")
    (folder / "access.yaml").chmod(0o640)
    return folder


@contextmanager
def dashboard_of(data: Path, home: str, issuer: str, more: str = "") -> Iterator[None]:
    """The dashboard over a folder at its address `home`, signing in by a provider; `more` lines of `[auth]`."""
    port, secrets = home.rsplit(":", 1)[1], data / "secrets.toml"
    secrets.write_text(
        f'[auth]\nredirect_uri = "{home}/oauth2callback"\ncookie_secret = "{"k" * 48}"\nclient_id = "{CLIENT}"\n'
        f'client_secret = "{SECRET}"\nserver_metadata_url = "{issuer}/.well-known/openid-configuration"\n{more}'
    )
    secrets.chmod(0o600)
    command = [*programs.dashboard_command(settings.load(data), programs.Ports(int(port)))]
    environment = {**os.environ, "SHEQU_DATA": str(data)}
    with (data / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--secrets.files", str(secrets)], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health", server)
            yield
        finally:
            server.terminate()
            server.wait(120)


@pytest.fixture(scope="module")
def address(data, provider):
    """The dashboard on `localhost`, the provider on 127.0.0.1: two sites, as in life. Cookies must come through that."""
    home = f"http://localhost:{free()}"
    with dashboard_of(data, home, provider.address):
        yield home


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as engine:
        opened = engine.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture
def page(browser, provider):
    """A browser that has never been here, and a provider that is honest."""
    provider.person, provider.lasts, provider.forge = {}, 3600, False
    context = browser.new_context(locale="zh-CN")
    opened = context.new_page()
    opened.set_default_timeout(300_000)  # a busy machine
    yield opened
    context.close()


def come(page, address: str, provider: Provider, who: str, **claims: object) -> None:
    """To the dashboard, and through the provider as this person."""
    provider.person = {"sub": who, "email": who, "email_verified": True, **claims}
    page.goto(address)
    page.get_by_role("button", name="登录").click()


def kinds(data: Path) -> list[tuple[str, str]]:
    return [(event.kind, event.by) for event in audit_log.since(settings.load(data))]


def buttons(page) -> list[str]:
    """Names of the page's buttons, once the server has drawn it whole."""
    page.locator("[data-test-script-state=notRunning][data-test-connection-state=CONNECTED]").wait_for()
    shown = page.get_by_test_id("stMain").get_by_role("button")
    shown.first.wait_for()
    return shown.all_inner_texts()


def test_who_is_not_signed_in_gets_the_door_and_nothing_else(page, address):
    sent = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: sent.append(str(frame))))
    for path in ("", "/county?county=130524", "/unit?unit=130524100201", "/reporting?room=board"):
        page.goto(address + path)
        page.get_by_text("请登录。").wait_for()
        assert buttons(page) == ["登录"]
    said = "".join(sent)
    assert "前三里" not in said and "130524100201" not in said.replace("unit=130524100201", "") and "柏乡" not in said


def test_the_round_trip_lets_a_known_person_in_and_out_again(page, address, provider, data):
    come(page, address, provider, "City@example.gov.cn")
    page.get_by_text("李市级 · 市级").wait_for()
    page.get_by_text("项主要指标：").wait_for()
    assert {"/authorize", "/token", "/jwks"} <= set(provider.seen)
    cookies = [cookie for cookie in page.context.cookies() if cookie["name"].startswith("_streamlit_user")]
    assert cookies and all(cookie["httpOnly"] and cookie["sameSite"] in ("Lax", "Strict") for cookie in cookies)
    page.reload()
    page.get_by_text("李市级 · 市级").wait_for()
    page.get_by_role("button", name="退出").click()
    page.get_by_text("请登录。").wait_for()
    assert "/logout" in provider.seen
    assert ("sign_in", "李市级") in kinds(data) and ("sign_out", "李市级") in kinds(data)
    page.goto(address)
    page.get_by_text("请登录。").wait_for()


def test_an_unknown_person_is_told_so_and_may_take_another_account(page, address, provider, data):
    come(page, address, provider, "nobody@example.gov.cn")
    page.get_by_text("不在本系统的名单中").wait_for()
    assert buttons(page) == ["换一个账号"]
    assert page.get_by_text("项主要指标：").count() == 0
    assert ("unknown", "未登记") in kinds(data)


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"email_verified": False}, "您的邮箱尚未经身份系统验证"),
        ({"email": None}, "身份系统没有给出 email"),
    ],
)
def test_a_person_whom_the_provider_does_not_vouch_for_stays_outside(page, address, provider, claims, message):
    come(page, address, provider, "city@example.gov.cn", **claims)
    page.get_by_text(message).wait_for()
    assert page.get_by_text("项主要指标：").count() == 0


def test_a_sign_in_ends_with_its_token(page, address, provider):
    provider.lasts = 20
    come(page, address, provider, "leader@example.gov.cn")
    page.get_by_text("张领导 · 领导").wait_for()
    page.wait_for_timeout(20_000)
    page.reload()
    page.get_by_text("登录已过期，请重新登录。").wait_for()
    assert page.get_by_text("项主要指标：").count() == 0


def test_a_token_signed_by_another_key_lets_nobody_in(page, address, provider, data):
    provider.forge = True
    before = kinds(data)
    come(page, address, provider, "city@example.gov.cn")
    page.wait_for_url(f"{address}/**")
    page.get_by_text("请登录。").wait_for()
    assert page.get_by_text("李市级").count() == 0 and kinds(data) == before


def test_a_county_sees_its_own_and_no_more(page, address, provider):
    come(page, address, provider, "baixiang@example.gov.cn")
    page.get_by_text("赵柏乡 · 县级").wait_for()
    page.goto(f"{address}/county?county=130524")
    page.get_by_text("赵柏乡 · 县级").wait_for()
    page.goto(f"{address}/county?county=130502&part=near")
    page.get_by_text("单位清单只给本县市区和市里看。").first.wait_for()
    page.goto(f"{address}/reporting?room=board")
    page.get_by_text("报送情况").first.wait_for()
    assert page.get_by_text("按月办理").count() == 0


def test_who_is_struck_from_the_list_is_out_with_the_next_click(page, address, provider, data):
    come(page, address, provider, "leader@example.gov.cn")
    page.get_by_text("张领导 · 领导").wait_for()
    place = data / "access.yaml"
    try:
        place.write_text(
            PEOPLE.replace("- {id: leader@example.gov.cn, name: 张领导, role: 领导}\n", ""), encoding="utf-8"
        )
        page.reload()
        page.get_by_text("不在本系统的名单中").wait_for()
    finally:
        place.write_text(PEOPLE, encoding="utf-8")


def test_a_cookie_of_ones_own_making_is_nobody(browser, address):
    context = browser.new_context()
    context.add_cookies(
        [{"name": "_streamlit_user", "value": "2|1:0|10:1|15:_streamlit_user|4:e30=|" + "0" * 64, "url": address}]
    )
    page = context.new_page()
    page.goto(address)
    page.get_by_text("请登录。").wait_for()
    context.close()


def test_secrets_stand_in_no_log(address, data):
    log = (data / "server.log").read_text(encoding="utf-8", errors="replace")
    assert SECRET not in log and "k" * 48 not in log
    assert (
        shutil.which("ps") is None
        or SECRET not in subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True).stdout
    )
