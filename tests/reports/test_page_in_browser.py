"""The page in a real browser: it asks for nothing, complains of nothing, and sorts, filters and opens what it should."""

import shutil
from pathlib import Path

import pytest

from pipelines.edition import Release
from pipelines.reports import VARIANTS, page_html
from pipelines.reports.facts import gather

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
sync_api = pytest.importorskip("playwright.sync_api", reason="没有安装 playwright，不能在浏览器中试")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="没有安装 Chromium，不能在浏览器中试")]


@pytest.fixture(scope="module")
def shown(may: Release, tmp_path_factory):
    """The opened page, with what it asked for and complained of."""
    path: Path = tmp_path_factory.mktemp("page") / "brief.html"
    path.write_bytes(page_html.build(gather(may), VARIANTS["month"]))
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page()
        asked, complaints = [], []
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto(path.as_uri())
        yield tab, asked, complaints
        browser.close()


def test_page_asks_for_itself_only_and_complains_of_nothing(shown):
    _, asked, complaints = shown
    assert len(asked) == 1 and not complaints


def test_county_scope_sort_and_detail(shown, may: Release):
    tab, _, complaints = shown
    assert tab.inner_text("#count") == "共18项"
    tab.select_option("#scope", "all")
    assert tab.inner_text("#count") == "共96项"
    tab.select_option("#place", "130524")
    name = tab.inner_text("#rows tr >> nth=4 >> td.name")
    [row] = may.rows(
        "SELECT f.shown FROM figure AS f JOIN indicator AS i USING (policy, indicator) "
        "WHERE i.name = ? AND f.unit = '130524' AND f.month = ? AND f.divisions = 'then'",
        [name, may.month],
    )
    assert (row["shown"] or "") in tab.inner_text("#rows tr >> nth=4")
    tab.click("th[data-key=value] button")
    assert tab.get_attribute("th[data-key=value]", "aria-sort") == "ascending"
    tab.click("#rows td.name button >> nth=0")
    assert tab.locator("tr.detail").count() == 1
    assert not complaints
