"""Signing in by a provider that is not ours: `oidc-provider` of npm, certified by the OpenID Foundation, in Chromium.

npm install --prefix FOLDER oidc-provider && SHEQU_OIDC_PROVIDER=FOLDER python -m pytest tests/dashboards/test_certified_provider.py
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.dashboards.test_browser import CHROMIUM
from tests.dashboards.test_signing_in import PEOPLE, browser, dashboard_of, kinds  # noqa: F401 a fixture
from tests.serving.test_checks import free
from tests.serving.test_serve import wait_for

PROVIDER = (
    Path(os.environ.get("SHEQU_OIDC_PROVIDER", "/nowhere")) / "node_modules" / "oidc-provider" / "lib" / "index.js"
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (PROVIDER.exists() and shutil.which("node") and CHROMIUM),
        reason="没有指明 SHEQU_OIDC_PROVIDER，或没有 node、Chromium：经认证的身份提供方未试",
    ),
]


@pytest.fixture
def provided(made, tmp_path):
    """The dashboard and the provider, each at its own site: (address of the dashboard, its data folder, what the provider says)."""
    for name in ("archive", "warehouse", "releases"):
        (tmp_path / name).symlink_to(made["both"] / name)
    (tmp_path / "access.yaml").write_text(PEOPLE, encoding="utf-8")
    (tmp_path / "access.yaml").chmod(0o640)
    port, log = free(), tmp_path / "provider.log"
    home = f"http://localhost:{free()}"
    script = Path(__file__).with_name("certified_provider.mjs")
    with log.open("w") as out:
        provider = subprocess.Popen(["node", str(script), str(PROVIDER), str(port), home], stdout=out, stderr=out)
    try:
        wait_for(log, "ready", 60)
        # Streamlit asks for `select_account` where nothing else is said; this provider refuses what it does not know
        with dashboard_of(tmp_path, home, f"http://127.0.0.1:{port}", 'client_kwargs = { "prompt" = "login" }\n'):
            yield home, tmp_path, log
    finally:
        provider.terminate()
        provider.wait(30)


def come(page, address: str, who: str) -> None:
    """Through the provider's own forms: name and password, then consent."""
    page.goto(address)
    page.get_by_role("button", name="登录").click()
    page.locator("input[name=login]").fill(who)
    page.locator("input[name=password]").fill("any")
    page.locator("button[type=submit]").click()
    page.get_by_role("button", name="Continue").click()


def test_a_known_person_comes_in_sends_a_file_and_leaves_and_a_stranger_stays_outside(browser, provided, workbooks):  # noqa: F811
    address, data, log = provided
    page = browser.new_context(locale="zh-CN").new_page()
    page.set_default_timeout(300_000)
    come(page, address, "city@example.gov.cn")
    page.get_by_text("李市级 · 市级").wait_for()
    page.goto(f"{address}/reporting?room=upload")
    with page.expect_response(lambda answer: "/upload_file/" in answer.url) as sent:
        page.locator("input[type=file]").set_input_files(workbooks[0])
    assert sent.value.status == 204
    page.get_by_role("button", name="退出").click()
    page.get_by_role("button", name="Yes, sign me out").click()
    page.get_by_text("请登录。").wait_for()
    come(page, address, "nobody@example.gov.cn")
    page.get_by_text("不在本系统的名单中").wait_for()
    events = [("sign_in", "李市级"), ("sign_out", "李市级"), ("unknown", "未登记")]
    assert list(dict.fromkeys(kinds(data))) == events, "each page that is opened is a session of its own"
    assert log.read_text().count("grant") == 2
