"""Journeys in a real browser: from the overview to a cell; a workbook with faults; a month approved. Nothing leaves the machine."""

import re
import shutil
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="没有安装 Chromium(apt-get install chromium)：浏览器中的检查未运行"),
]
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FOCUSED = "(document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || '').trim()"
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> $x^2$ [a](b)"
FORMULA = "=cmd|' /C calc'!A0"


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as engine:
        opened = engine.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def context(browser):
    """One for all pages, because each would read and compile Streamlit's scripts anew."""
    opened = browser.new_context(locale="zh-CN")
    yield opened
    opened.close()


@pytest.fixture
def page(context):
    """A page whose requests are watched: one that leaves the machine fails the test."""
    opened, outside = context.new_page(), []
    opened.set_viewport_size({"width": 1920, "height": 1080})
    own = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")
    opened.on("request", lambda request: None if request.url.startswith(own) else outside.append(request.url))
    opened.set_default_timeout(300_000)
    yield opened
    opened.evaluate("localStorage.clear()")
    opened.close()
    context.clear_cookies()
    assert not outside


@pytest.fixture(scope="module")
def address(made, serve, tmp_path_factory) -> str:
    """The address of a dashboard to which tests send only what it has already, so that they leave it as it is."""
    return serve(Path(shutil.copytree(made["both"], tmp_path_factory.mktemp("address") / "data")))


@pytest.fixture(scope="module")
def desk(made, serve, tmp_path_factory) -> str:
    """The address of a dashboard to which tests send workbooks that change the months."""
    return serve(Path(shutil.copytree(made["both"], tmp_path_factory.mktemp("desk") / "data")))


def idle(page) -> None:
    """Waits until the server has drawn the whole page: keys that are pressed before may reach an element that is replaced."""
    page.locator("[data-test-script-state=notRunning][data-test-connection-state=CONNECTED]").wait_for()


def tab_to(page, selector: str) -> list[str]:
    """Presses Tab until the focus is within the element; the names of what was focused on the way."""
    reached = []
    while not page.evaluate(f"document.activeElement.closest('{selector}') !== null"):
        assert len(reached) < 60, reached
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
    return reached


def test_the_verdict_and_all_bars_stand_on_one_screen(page, address):
    page.goto(address)
    page.get_by_text("17 项主要指标：").wait_for()
    bars = page.locator(".bars").bounding_box()
    assert bars["y"] + bars["height"] <= 1080
    assert page.evaluate("document.documentElement.scrollWidth") <= 1920
    # of an office screen, whatever stands above: who lags stays in sight
    for width, height in ((1366, 768), (1280, 720), (1366, 600)):
        page.set_viewport_size({"width": width, "height": height})
        total = page.locator(".cells .total").first.bounding_box()
        assert total["y"] + total["height"] <= height
        assert page.locator(".st-key-header h2").bounding_box()["y"] >= 48


def test_a_phone_shows_the_verdict_without_scrolling_sideways(page, address):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)
    page.get_by_text("17 项主要指标：").wait_for()
    page.locator(".bars").wait_for()
    assert page.locator(".bars .head").is_hidden() and page.locator(".trail").first.is_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_from_the_overview_to_a_county_to_a_unit_to_its_cell_within_the_session(page, address):
    """Each click is one entry in the history and loads next to nothing; what was clicked stands before the reader."""
    page.goto(address)
    cell = page.locator(".cells a", has=page.locator("s")).first
    cell.wait_for()
    idle(page)
    indicator, before = (
        re.search("indicator=([a-z_0-9]+)", cell.get_attribute("href"))[1],
        page.evaluate("history.length"),
    )
    # what other pages need is fetched once the first one stands
    page.wait_for_function("performance.getEntriesByType('resource').some(e => e.name.includes('/TextInput.'))")
    page.wait_for_load_state("networkidle")
    page.evaluate("window.same = true")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    cell.click()
    page.locator(".focus").wait_for()
    assert f"indicator={indicator}" in page.url and page.locator(".focus").bounding_box()["y"] < 1080
    assert page.evaluate("history.length") == before + 1 and len(asked) <= 6, asked
    page.go_back()
    page.locator(".cells").wait_for()
    page.go_forward()
    page.locator(".unit-links a[href^=unit]").first.click()
    page.wait_for_url(re.compile(r"/unit\?.*unit=\d{12}"))
    page.get_by_text("报了什么，写在哪一格").wait_for()
    page.get_by_text(re.compile(r"来自 .+xlsx")).first.wait_for()
    assert page.evaluate("window.same") and page.evaluate("history.length") == before + 2


def test_the_bar_carries_the_choice_and_a_copied_address_is_whole(page, address):
    page.goto(f"{address}/county?county=130530&month=2020-05")
    page.get_by_text("新河县 · 2020年5月").wait_for()
    page.wait_for_url(re.compile("divisions=then"))
    page.locator("[data-testid=stTopNavLink]", has_text="地图").click()
    page.locator(".map").wait_for()
    assert "month=2020-05" in page.url and "county=130530" in page.url and page.title().startswith("地图")
    page.locator(".map > a > s").first.dispatch_event("click")
    page.wait_for_url(re.compile(r"/county\?"))


def test_a_table_sorts_numbers_as_numbers(page, address):
    page.goto(f"{address}/indicator?indicator=facility_rural&county=130530&part=lacking")
    towns = page.locator(".grid", has_text="应有").first
    towns.wait_for()
    idle(page)
    towns.locator("th", has_text="应有").click()
    numbers = [int(text.replace(",", "")) for text in towns.locator("tbody tr td:nth-child(4)").all_inner_texts()]
    assert len(numbers) > 1 and numbers == sorted(numbers)


def test_a_link_opens_the_same_view(page, address):
    page.goto(f"{address}/county?county=130530&month=2020-05&divisions=now")
    page.get_by_text("新河县 · 2020年5月").wait_for()
    for part in ("county=130530", "month=2020-05", "divisions=now"):
        assert part in page.url


def test_the_keyboard_reaches_navigation_and_selectors(page, address):
    page.goto(address)
    page.get_by_text("17 项主要指标：").wait_for()
    idle(page)
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(FOCUSED))
    assert "指标" in reached and any("月份" in name for name in reached)
    # the first stop is the framework's own link, which stands on the screen while it has the focus
    assert "跳到正文" in reached and not any(name.startswith("Skip") for name in reached), reached


def test_charts_and_selectors_have_names_for_screen_readers(page, address):
    page.goto(f"{address}/indicator")
    page.locator(".figure img").wait_for()
    page.locator(".ranking").wait_for()
    nameless = page.evaluate(
        """[...document.querySelectorAll('input, button, [role=img], [role=figure]')].filter(
            e => e.offsetParent && !e.getAttribute('aria-label') && !e.textContent.trim() && !e.labels?.length
                 && !e.getAttribute('aria-labelledby') && !e.getAttribute('title')).map(e => e.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    assert page.get_by_label(re.compile("逐月走势")).count() >= 1
    assert page.locator(".ranking .told", has_text=re.compile("各县市区.*排序")).count() == 1
    # a board is saved as a picture as a chart is
    page.locator(".ranking").hover()
    with page.expect_download() as download:
        page.locator(".ranking > .save").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
    english = page.locator("[aria-label='App pages'], [aria-label^='Remove '], :text('Skip to main')")
    assert english.count() == 0


@pytest.mark.parametrize("reach", ["pointer", "keyboard"])
def test_a_chart_is_a_picture_until_a_pointer_or_the_keyboard_reaches_it(page, address, reach):
    scripts = []
    page.on("request", lambda request: scripts.append(request.url) if "plotly" in request.url else None)
    page.goto(f"{address}/indicator?indicator=facility_rural")
    chart = page.locator(".figure")
    chart.locator("img").wait_for()
    idle(page)
    assert chart.locator("img").evaluate("i => i.decode().then(() => i.naturalHeight)") > 300 and not scripts
    height = chart.bounding_box()["height"]
    chart.hover() if reach == "pointer" else chart.focus()
    chart.locator(".main-svg").first.wait_for()
    assert len(scripts) == 1 and chart.locator("img").count() == 0
    assert abs(chart.bounding_box()["height"] - height) < 2
    # over the first month, wherever the axis puts it
    point = chart.locator(".scatterlayer .point").first.bounding_box()
    page.mouse.move(point["x"] - 40, point["y"])
    page.mouse.move(point["x"] + 2, point["y"] + 2, steps=5)
    chart.locator(".hoverlayer text").first.wait_for()


def test_a_part_opens_where_the_reader_is_and_back_closes_it(page, address):
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"{address}/county?county=130524&indicator=facility_rural")
    link = page.locator(".sections a", has_text="全部指标")
    link.wait_for()
    idle(page)
    link.click()
    page.locator(".grid", has_text="应有").wait_for()
    assert "part=all" in page.url and "indicator=facility_rural" in page.url
    page.wait_for_function("document.querySelector('.sections').getBoundingClientRect().top < 400")
    page.go_back()
    page.locator(".grid").wait_for(state="detached")
    assert "part=" not in page.url


def hostile(workbook: Path) -> bytes:
    """The county's workbook with a script as a unit's name and a formula's text as an answer."""
    book = openpyxl.load_workbook(workbook)
    sheet = book.worksheets[0]
    heads = {cell.value: cell for row in sheet.iter_rows(max_row=8) for cell in row if isinstance(cell.value, str)}
    name = next(cell for title, cell in heads.items() if title.startswith("社区（村）名称"))
    homes = next(cell for title, cell in heads.items() if title.startswith("居民户数"))
    codes = [cell for row in sheet.iter_rows(max_col=1) for cell in row if re.fullmatch(r"\d{12}", str(cell.value))]
    row = codes[-1].row
    sheet.cell(row, name.column).value = HOSTILE
    for at, text in ((row, FORMULA), (row - 1, HOSTILE), (row - 2, "约300")):
        sheet.cell(at, homes.column).value = text
        sheet.cell(at, homes.column).data_type = "s"
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def send(page, address: str, name: str, content: bytes) -> None:
    page.goto(f"{address}/reporting?room=upload")
    idle(page)
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    # the file has been read; only then another input may run the page again
    page.get_by_text("填写经办人后可以报送").wait_for()
    page.get_by_label("经办人").fill("测试员")
    page.keyboard.press("Enter")


def test_a_workbook_with_faults_is_read_shown_and_submitted(page, desk, workbooks):
    report = next(path for path in workbooks if "柏乡县2020年6月" in path.name)
    send(page, desk, report.name, hostile(report))
    page.get_by_text("柏乡县 · 2020年6月：读到").wait_for()
    page.get_by_text("约300").first.wait_for()
    # names and answers from the workbook stay words
    page.get_by_text("<script>").first.wait_for()
    assert page.title() != "owned" and page.locator("img[src=x]").count() == 0
    page.get_by_role("button", name="报送", exact=True).click()
    page.get_by_text(re.compile("收件号 .*已接收")).wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="下载回执").click()
    book = openpyxl.load_workbook(BytesIO(Path(download.value.path()).read_bytes()))
    assert "问题清单" in book.sheetnames


def test_a_month_is_approved_and_a_later_workbook_waits(page, fresh, serve, workbooks):
    address = serve(fresh)
    page.goto(f"{address}/reporting?room=board&of=2020-06&step=approve")
    page.get_by_label("经办人").fill("测试员")
    page.keyboard.press("Enter")
    page.get_by_text(re.compile("还缺：.*未报")).wait_for()
    page.get_by_role("button", name="审定 2020年6月").click()
    page.get_by_text("请勾选“仍要审定”并写明理由").wait_for()
    page.get_by_text("知道还缺这些，仍要审定").click()
    page.locator(".st-key-approve-why input").fill("其余各县停电")
    page.locator(".st-key-approve-why input").press("Enter")
    idle(page)
    page.get_by_role("button", name="审定 2020年6月").click()
    page.get_by_text("2020年6月已审定").wait_for()
    report = next(path for path in workbooks if "柏乡县2020年6月" in path.name)
    send(page, address, report.name, hostile(report))
    page.get_by_role("button", name="报送", exact=True).click()
    page.get_by_text("待重开后计入").wait_for()


def test_forms_go_out_come_back_together_and_what_is_wrong_is_settled_from_the_countys_page(page, desk, workbooks):
    """A month as the city's clerk does it: nothing is typed but a name and a sentence."""
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"{desk}/reporting?room=board&of=2020-06&step=hand_out")
    page.get_by_label("经办人").fill("测试员")
    page.keyboard.press("Enter")
    idle(page)
    page.locator("[data-testid=stSelectbox]", has_text="发给谁").locator("input").click()
    page.get_by_role("option", name="柏乡县").click()
    idle(page)
    page.get_by_role("button", name="生成", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("^下载 柏乡县2020年7月预填表")).click()
    assert download.value.suggested_filename == "柏乡县2020年7月.xlsx"
    page.locator("button", has_text="上传报表").click()
    named = {path.name: path for path in workbooks if "2020年6月" in path.name}
    files = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": hostile(named[name])}
        for name in ("柏乡县2020年6月.xlsx", "新河县2020年6月.xlsx")
    ]
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_role("button", name="报送全部 2 份").click()
    page.get_by_text(re.compile("收件号 .*已接收")).nth(1).wait_for()
    # what waits is opened from the county's page, and answered there
    page.goto(f"{desk}/county?county=130524&month=2020-06")
    page.get_by_text(re.compile(r"\d+ 件待办：说明情况、处理")).click()
    page.get_by_text(re.compile(r"共 \d+ 件，在报送的文件下面")).wait_for()
    idle(page)
    page.get_by_label("经办人").fill("测试员")
    page.keyboard.press("Enter")
    idle(page)
    page.locator("[class*=st-key-matter-]", has_text="约300").get_by_role("button", name="处理").click()
    page.get_by_role("button", name="退回", exact=True).click()
    page.get_by_text("请另行告知").wait_for()


def test_a_decision_without_a_name_or_reason_is_refused_in_words(page, address):
    page.goto(f"{address}/reporting?room=board&step=release")
    page.get_by_role("button", name="重新计算").click()
    page.get_by_text("请先填写经办人").wait_for()


def test_two_files_dropped_at_once_are_two_cards_that_a_phone_can_read_and_send(page, address, workbooks):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/reporting?room=upload")
    idle(page)
    files = [path for path in workbooks if "2020年6月" in path.name][:2]
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_text(re.compile("2020年6月：读到")).nth(1).wait_for()
    assert page.locator("[class*=st-key-card-]").count() == 2
    page.get_by_label("经办人").fill("测试员")
    page.keyboard.press("Enter")
    page.locator("button:enabled", has_text=re.compile("^报送$")).first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("button:enabled", has_text=re.compile("^报送$")).first.click()
    page.get_by_text(re.compile("收件号 .*未重复计入")).wait_for()
    page.goto(page.url.split("?")[0] + "?room=board&of=2020-06")
    page.locator("[class*=st-key-county-]").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_file_that_is_no_workbook_is_refused_in_words(page, address):
    send(page, address, "报表.xlsx", b"not a workbook at all")
    page.get_by_text("整个文件无法计入").wait_for()
    page.wait_for_timeout(200)
    assert page.locator("[data-testid=stException]").count() == 0


def test_the_wall_turns_by_itself_and_stops_when_touched(page, address):
    page.goto(f"{address}/wall")
    page.get_by_text("第 1/4 页").wait_for()
    idle(page)
    page.keyboard.press("ArrowRight")
    page.get_by_text("第 2/4 页").wait_for()
    idle(page)
    page.mouse.click(900, 600)
    page.get_by_text("已停住").wait_for()


# a county lists all 96 indicators with what is unknown of each
@pytest.mark.parametrize(
    ("room", "pages"),
    [
        ("", 1),
        ("county?county=130502", 1),
        ("county?county=130502&part=sheet", 2),
        ("county?county=130524&part=sheet", 2),
    ],
)
def test_the_overview_prints_on_one_page_and_a_countys_sheet_on_two(page, address, room, pages):
    page.goto(f"{address}/{room}")
    page.get_by_text("17 项主要指标：").first.wait_for()
    page.locator(".paper-lines" if "sheet" in room else ".bars").last.wait_for()
    idle(page)
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) <= pages


def test_names_are_links_that_the_keyboard_opens(page, address):
    page.goto(address)
    name = page.locator(".matrix a", has_text="新河县")
    name.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/county\?.*county=130530"))
    page.get_by_text("新河县 · 2020年6月").first.wait_for()
    page.locator(".bar a").first.click()
    page.wait_for_url(re.compile(r"/indicator\?.*indicator="))


def test_a_workbook_is_sent_with_the_keyboard_alone(page, address, workbooks):
    page.goto(f"{address}/reporting?room=upload")
    page.locator("[data-testid=stFileUploaderDropzone]").wait_for()
    idle(page)
    reached = []
    choosers = []
    page.on("filechooser", lambda chooser: choosers.append(chooser))
    # a page that is drawn anew between Tab and Enter takes the focus away: then one tabs there again
    while not choosers:
        reached += tab_to(page, "[data-testid=stFileUploaderDropzone]")
        page.keyboard.press("Enter")
        page.wait_for_timeout(1000)
    choosers[0].set_files(next(path for path in workbooks if "柏乡县2020年6月" in path.name))
    page.get_by_text("柏乡县 · 2020年6月：读到").wait_for()
    page.get_by_label("经办人").focus()
    page.keyboard.type("测试员")
    page.keyboard.press("Enter")
    # it can be pressed once the name has reached the server
    button = page.locator("button:enabled", has_text=re.compile("^报送$"))
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_text(re.compile("收件号 .*未重复计入")).wait_for()
    assert {"按月办理", "上传报表"} & set(reached)


ROOMS = ("", "indicator", "map", "county", "reporting?room=board", "policy", "quality", "guide", "wall")


def faults(axe, page, room: str) -> list[tuple[str, str, str]]:
    # only violations are looked at: of all else that axe could list, it describes no element
    violations = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [(room, v["id"], v["nodes"][0]["html"][:120]) for v in violations if v["impact"] in ("serious", "critical")]


# the palettes differ, not the pages: in the dark, those with most colours
@pytest.mark.parametrize(("theme", "rooms"), [("light", ROOMS), ("dark", ("", "county", "quality"))])
def test_no_room_has_a_serious_fault_for_screen_readers(browser, address, theme, rooms):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, color_scheme=theme)
    page, violations = context.new_page(), []
    for room in rooms:
        page.goto(f"{address}/{room}")
        # the wall has a header too, not seen
        page.locator(".st-key-header").wait_for(state="attached")
        page.locator("[data-test-script-state=notRunning]").wait_for()
        if faults(axe, page, room):
            # on a busy machine something may still be fading in: only what stays is a fault
            page.wait_for_timeout(2000)
            violations += faults(axe, page, room)
    context.close()
    assert violations == []
