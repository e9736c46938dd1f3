"""Every page in every state: nothing published, one month, several; what an address names may not exist."""

import re
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from dashboards import page_list
from pipelines.system import locks
from tests.dashboards.conftest import table_with, texts

# what is planned in the field, and what is promised to the operator, do not wait for an edition
PAGES = tuple(page.file for page in page_list.PAGES if page.file not in ("spot", "operation"))


@pytest.mark.parametrize("page", PAGES)
def test_every_page_stands_on_the_first_day(app, empty, page):
    opened = app(empty, page)
    assert not opened.exception
    if page not in ("reporting", "guide"):
        assert "还没有发布任何月份" in texts(opened)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_stands_with_one_month(app, made, page):
    assert not app(made["one"], page).exception


@pytest.mark.parametrize("page", PAGES)
def test_every_page_stands_with_more_months(app, made, page):
    assert not app(made["both"], page, unit="130502001021").exception


@pytest.mark.parametrize("month", ["2020-05", "2020-06"])
@pytest.mark.parametrize("divisions", ["then", "now"])
def test_months_and_divisions_are_chosen_by_the_address(app, made, month, divisions):
    opened = app(made["both"], "overview", month=month, divisions=divisions)
    assert not opened.exception
    assert opened.selectbox(key="pick-month").value == month
    assert opened.selectbox(key="pick-divisions").value == divisions


def test_the_verdict_is_a_sentence_with_counts_and_days(app, made):
    said = texts(app(made["both"]))
    assert "17 项主要指标：" in said
    assert "距 2020年底还有 184 天" in said
    assert "/19 个县市区已报；未报：" in said


def test_the_header_says_edition_date_and_state(app, made):
    line = app(made["both"]).caption[0].value
    assert "2020-06 第 1 版（发布）" in line
    assert "未审定，依据 3/19 个县（市、区）" in line


@pytest.mark.parametrize(
    ("page", "address", "word"),
    [
        ("overview", {"month": "1999-01"}, "月份“1999-01”"),
        ("overview", {"divisions": "later"}, "区划“later”"),
        ("county", {"county": "999999"}, "县市区“999999”"),
        ("county", {"county": "130526", "month": "2020-06"}, "县市区“130526”"),
        ("indicator", {"indicator": "no_such"}, "指标“no_such”"),
        ("atlas", {"indicator": "<script>"}, "指标“<script>”"),
    ],
)
def test_an_address_that_names_nothing_known_gets_a_page_that_helps(app, made, page, address, word):
    opened = app(made["both"], page, **address)
    assert not opened.exception
    assert word in texts(opened)
    assert "请在上面选择" in texts(opened)


def test_an_unknown_unit_gets_a_page_that_helps(app, made):
    opened = app(made["both"], "unit", unit="139999999999")
    assert not opened.exception
    assert "不在所选月份的名册中" in texts(opened)


def test_an_unknown_edition_shows_the_newest_and_says_so(app, made):
    opened = app(made["both"], "overview", edition="2031-01/7")
    assert not opened.exception
    assert "没有发布版“2031-01/7”" in texts(opened)


def test_an_older_edition_opens_by_its_address(app, made):
    opened = app(made["both"], "overview", edition="2020-05/1")
    assert "您正在看较早的发布版 2020-05/1" in texts(opened)


def test_a_choice_is_written_into_the_address(app, made):
    opened = app(made["both"], "county")
    opened.selectbox(key="pick-county").set_value("130530").run()
    assert opened.query_params["county"] == "130530"
    assert "新河县" in texts(opened)


def test_a_unit_shows_the_cell_of_each_answer(app, made):
    opened = app(made["both"], "unit", unit="130502001021", month="2020-05")
    answers = table_with(opened, "单元格")
    assert all(re.fullmatch(r"[A-Z]+\d+|", answer["单元格"]) for answer in answers)
    assert "东关社区居委会" in texts(opened)


def test_every_indicator_opens(app, made):
    opened = app(made["both"], "indicator")
    for indicator in ("pilot_five", "social_workers_per_community", "facility_area_per_100", "annual_review"):
        opened.query_params["indicator"] = indicator
        opened.run()
        assert not opened.exception, indicator


def test_a_new_release_appears_without_a_restart(app, made, tmp_path):
    data = tmp_path / "data"
    (data / "releases").mkdir(parents=True)
    opened = app(data)
    assert "还没有发布任何月份" in texts(opened)
    for name in ("2020-05", "2020-06"):
        (data / "releases" / name).symlink_to(made["both"] / "releases" / name)
        (data / "releases" / "current").write_text(f"{name}/1\n")
        opened.query_params.clear()
        opened.run()
        assert f"{name} 第 1 版" in texts(opened)
    assert "刚刚换成了新发布的 2020-06/1（您上次看的是 2020-05/1）" in texts(opened)


@pytest.mark.parametrize("value", ["2019-13", "<script>alert(1)</script>", "x" * 10_000, "'; DROP TABLE figure; --"])
@pytest.mark.parametrize("name", ["month", "county", "indicator", "divisions", "policy", "unit", "edition", "room"])
def test_no_address_breaks_a_page(app, made, name, value):
    page = {"county": "county", "indicator": "indicator", "unit": "unit", "room": "reporting"}.get(name, "overview")
    assert not app(made["both"], page, **{name: value}).exception


def test_a_damaged_release_is_replaced_by_the_one_before_and_said_so(app, fresh):
    broken = fresh / "releases" / "2020-06" / "1" / "release.duckdb"
    broken.unlink()
    broken.write_bytes(b"not a database")
    opened = app(fresh)
    assert not opened.exception
    assert "最新的发布版不能打开，以下是此前完好的 2020-05/1" in texts(opened)
    assert "2020-05 第 1 版" in texts(opened)


# ---- findings


def test_kinds_of_findings_have_chinese_names_and_whole_messages(app, made):
    opened = app(made["both"], "quality")
    kinds = table_with(opened, "例如")
    assert kinds and not any(re.match("[a-z]", kind["问题"]) for kind in kinds)
    assert not any(kind["例如"].endswith("…") for kind in kinds)


def test_a_finding_leads_to_its_unit(app, made):
    opened = app(made["both"], "county", county="130524", month="2020-06", part="sent")
    said = "".join(item.proto.body for item in opened.get("html"))
    assert re.search(r'href="unit\?[^"]*month=2020-06[^"]*unit=\d{12}', said)


def test_the_list_of_gaps_is_filtered_by_the_address_and_each_unit_opens(app, made):
    opened = app(made["both"], "gaps", of="130524", lacking="facility_rural")
    listed = table_with(opened, "名称")
    assert {row["县市区"] for row in listed} == {"柏乡县"} and {row["情况"] for row in listed} == {"未达到"}
    assert f"柏乡县有 {len(listed)} 个社区（村）缺“农村社区综合服务设施覆盖率”" in texts(opened)
    assert "unit=" in _html(opened) and "county=130524" in _html(opened)
    one = app(made["both"], "gaps", one="1")
    assert {row["主要指标还缺（项）"] for row in table_with(one, "名称")} == {"1"}
    earlier = table_with(app(made["both"], "gaps", month="2020-05", one="1"), "名称")
    assert "单位清单" not in texts(one) and {row["主要指标还缺（项）"] for row in earlier} == {"1"}


def _html(opened) -> str:
    return "".join(item.proto.body for item in opened.get("html"))


def test_two_months_are_compared_and_the_parts_add_up_to_the_change(app, made):
    opened = app(made["both"], "compare", against="2020-05", indicator="facility_rural")
    assert not opened.exception and re.search(r"比2020年5月：\d+ 项上升，\d+ 项下降，\d+ 项持平", texts(opened))
    changed = next(row for row in table_with(opened, "完成增减（个）") if row["指标"] == "农村社区综合服务设施覆盖率")
    assert re.search(r"共变 [+−]\d+\.\d\d 个百分点，其中：", texts(opened)) and changed["2020年5月"] != "没有数字"


def test_counties_stand_side_by_side_with_ranks_as_ranges(app, made):
    opened = app(made["both"], "compare", way="counties", places="130502,130524")
    assert opened.multiselect[0].value == ["130502", "130524"]
    assert "柏乡县" in _html(opened) and re.search(r"（\d+(–\d+)?）", _html(opened))


def test_what_is_pinned_stands_on_the_overview_and_nothing_unknown_does(app, made):
    pinned = "county-130524.indicator-facility_rural.county-999999.x"
    said = _html(app(made["both"], "overview", pinned=pinned))
    assert said.count("我关注的") == 1 and "柏乡县" in said.split("我关注的")[1] and "county=999999" not in said
    assert "★ 已关注" in _html(app(made["both"], "county", county="130524", pinned=pinned))
    assert "☆ 关注" in _html(app(made["both"], "county", county="130502", pinned=pinned))


PARTS = [("county", part) for part in ("all", "near", "sent", "sheet")]
PARTS += [("indicator", part) for part in ("lacking", "changed", "note", "files")]


@pytest.mark.parametrize(("page", "part"), PARTS)
def test_a_part_is_drawn_when_the_address_asks_for_it_and_its_link_closes_it(app, made, page, part):
    closed, opened = (
        app(made["both"], page, county="130524", indicator="facility_rural", **more) for more in ({}, {"part": part})
    )
    assert not closed.exception and not opened.exception
    assert 'aria-current="true"' not in _html(closed) and f"part={part}" in _html(closed)
    [chosen] = re.findall(r'<a href="([^"]*)" aria-current="true"', _html(opened))
    assert "part=" not in chosen and "county=130524" in chosen
    drawn = [len(list(page.get(kind))) for page in (closed, opened) for kind in ("html", "markdown", "number_input")]
    assert sum(drawn[3:]) > sum(drawn[:3]) or opened.get("download_button")


def test_an_unknown_part_opens_nothing(app, made):
    opened = app(made["both"], "county", part="<script>")
    assert not opened.exception and 'aria-current="true"' not in _html(opened) and "<script>" not in _html(opened)


def test_a_search_finds_units_towns_and_indicators(app, made):
    said = _html(app(made["both"], "unit", find="xdq dg"))
    assert "东关社区居委会" in said
    assert "综合服务设施" in _html(app(made["both"], "unit", find="农村 设施"))


# ---- the clerk's desk


def sick(workbook: Path) -> bytes:
    """A county's workbook in which the number of households is no number."""
    book = openpyxl.load_workbook(workbook)
    sheet = book.worksheets[0]
    heads = [cell for row in sheet.iter_rows(max_row=8) for cell in row if str(cell.value).startswith("居民户数")]
    last = [cell.row for row in sheet.iter_rows(max_col=1) for cell in row if re.fullmatch(r"\d{12}", str(cell.value))][
        -1
    ]
    sheet.cell(last, heads[0].column).value = "约300"
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def uploaded(opened, name: str, content: bytes):
    """The room with a file in it, and somebody who sends it."""
    opened.file_uploader[0].upload(name, content)
    opened.run()
    return opened.text_input(key="by").set_value("测试员").run()


def test_a_faulty_workbook_is_told_and_has_a_receipt_before_it_is_sent_and_enters_only_then(app, empty, workbooks):
    report = next(path for path in workbooks if "柏乡县2020年6月" in path.name)
    opened = uploaded(app(empty, "reporting", room="upload"), report.name, sick(report))
    assert not opened.exception
    text = "".join(html.proto.body for html in opened.get("html"))
    assert "约300" in text and re.search(r"表1 城乡社区基本情况表 [A-Z]+\d+", text)
    assert "尚未报送" in opened.get("download_button")[0].label
    assert not (empty / "archive" / "ledger.jsonl").exists()
    next(button for button in opened.button if button.label == "报送").click().run()
    assert "收件号 1：已接收" in texts(opened)
    assert len((empty / "archive" / "ledger.jsonl").read_text().splitlines()) == 1


def test_while_another_task_writes_a_workbook_is_archived_and_the_room_says_what_runs(app, empty, workbooks):
    report = next(path for path in workbooks if "柏乡县2020年6月" in path.name)
    with locks.hold(empty / "warehouse" / "writer.lock", "计算并发布 2020-05"):
        opened = uploaded(app(empty, "reporting", room="upload"), report.name, report.read_bytes())
        next(button for button in opened.button if button.label == "报送").click().run()
        assert "收件号 1：已存档，等当前任务结束后读取" in texts(opened)
        room = app(empty, "reporting", room="state")
        assert "正在运行：计算并发布 2020-05" in texts(room)
        assert [line["文件"] for line in table_with(room, "经办")] == [report.name]
    assert "正在运行" not in texts(app(empty, "reporting", room="state"))
