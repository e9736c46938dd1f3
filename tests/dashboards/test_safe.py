"""Names from workbooks stay words in Markdown, in Plotly and in spreadsheet programs."""

from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest

from dashboards.charts import html_board, html_map
from dashboards.charts.palette import DARK, LIGHT, NAMES, SIGNS
from dashboards.components.common_parts import Shown
from dashboards.text import escape, templates
from pipelines.edition import statuses
from pipelines.system.spreadsheet_text import formula_free
from tests.dashboards.rows import a_row


@pytest.mark.parametrize(
    "text", ["*粗*", "$x^2$", "<b>粗</b>", "[名](http://a.b)", ":red[红]", "# 题", "- 项", "`码`", "![图](x)"]
)
def test_markdown_is_shown_as_it_stands(text):
    escaped = escape.markdown(text)
    assert escaped.replace("\\", "") == text
    assert all(escaped[n - 1] == "\\" for n, letter in enumerate(escaped) if letter in "*$<>[]:#`!" and n)


def test_lines_and_turned_directions_are_taken_out():
    assert escape.plain("甲\n乙\u202e丙\x00") == "甲 乙丙 "


def test_plotly_reads_no_tags():
    assert escape.plotly("<a href='x'>村</a> & $1$") == "&lt;a href='x'&gt;村&lt;/a&gt; &amp; $1$"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "=cmd|' /C calc'!A0"])
def test_a_download_holds_no_formula(text):
    assert formula_free(text).startswith("'")
    assert b"\n'" in escape.sheet([{"a": text}], {"a": "名"}) or b"\n\"'" in escape.sheet([{"a": text}], {"a": "名"})


def test_a_spreadsheet_program_reads_numbers_as_numbers_and_codes_as_they_are():
    row = {"code": "130502001021", "rank": "3/19", "value": Shown("45.7%", 45.7), "has": Decimal(2274), "name": "=1+1"}
    names = {name: name for name in row}
    line = escape.sheet([row], names).decode("utf-8-sig").splitlines()[1]
    assert line == "\t130502001021,\t3/19,45.7%,2274,'=1+1"
    page = openpyxl.load_workbook(BytesIO(escape.workbook([row], names))).active
    assert [cell.value for cell in page[2]] == ["130502001021", "3/19", "45.7%", 2274, "=1+1"]
    assert [cell.data_type for cell in page[2]] == ["s", "s", "s", "n", "s"]


@pytest.mark.parametrize("value", ["东关", "", 12, -3, None])
def test_words_and_numbers_stay_what_they_are_in_a_download(value):
    assert formula_free(value) == value


def test_a_chart_holds_a_hostile_name_as_words():
    name = "<img src=x onerror=alert(1)>"
    row = a_row(name=name, county=name, short=name)
    link = html_board.Link(name, name, name, name)
    cells = {(row["indicator"], row["place"]): html_board.cell(row, name)}
    drawn = html_board.bars([row], [link], name, LIGHT) + html_board.ranking([row], [link], name, LIGHT)
    drawn += html_board.matrix(cells, {row["indicator"]: link}, {row["place"]: link}, {}, name, LIGHT)
    drawn += templates.render("table.html", name="", heads=[name], rows=[[name]])
    drawn += templates.render("page_foot.html", title=f'{name}";}}</style>')
    assert (
        "<img src=x" not in drawn
        and "onerror=alert" not in drawn.replace("x onerror=alert(1)&gt;", "")
        and "</style>" in drawn
    )
    assert drawn.count("</style>") == 1
    shape = {"code": row["place"], "name": name, "rings": [[[0, 0], [1, 0], [1, 1]]]}
    drawn = html_map.county_map([shape], {row["place"]: row}, {}, {row["place"]: name}, LIGHT)
    assert "<img" not in drawn and "&lt;img" in drawn


def test_every_status_has_a_sign_of_its_own_and_colours_in_both_themes():
    assert len(set(SIGNS.values())) == len(SIGNS) == len(NAMES) == len(statuses.ORDER)
    for ink in (LIGHT, DARK):
        assert set(ink.fill) == set(ink.on) == set(NAMES)


def _brightness(colour: str) -> float:
    linear = [((int(colour[i : i + 2], 16) / 255 + 0.055) / 1.055) ** 2.4 for i in (1, 3, 5)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("ink", [LIGHT, DARK])
@pytest.mark.parametrize("status", [status for status in NAMES if status != "not_applicable"])
def test_each_sign_can_be_read_on_its_colour(ink, status):
    light, dark = sorted((_brightness(ink.fill[status]), _brightness(ink.on[status])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.0


def test_only_a_missed_duty_is_red():
    for ink in (LIGHT, DARK):
        reddest = max(
            ink.fill,
            key=lambda s: int(ink.fill[s][1:3], 16) - max(int(ink.fill[s][3:5], 16), int(ink.fill[s][5:7], 16)),
        )
        assert reddest == "overdue"
