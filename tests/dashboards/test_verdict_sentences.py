"""What overview, indicator and county say of a figure that is not proven, of its two parts, of the first months and of who is behind."""

from dataclasses import replace

import pytest

from dashboards.queries import figure_rows, submission_rows
from pipelines import settings
from pipelines.edition import concern, movement_sentences
from pipelines.intake import month_now
from pipelines.intake.month_now import MonthNow
from tests.dashboards.conftest import table_with, texts

UNPROVEN = {
    "status": "unproven",
    "if_last": "lagging",
    "if_low": "off_track",
    "if_high": "on_track",
    "shown": "34.9",
    "known_shown": "36.7",
    "unknown": 263,
}
GAP = {"gap": 65, "gap_failing": 3, "gap_unknown": 62}


@pytest.fixture
def unproven(monkeypatch):
    """The first share of each place is not proven: its city's verdict waits for two counties."""
    read = figure_rows.of_place

    def rows(view, place, headline=False):
        places = read(view, place, headline)
        first = next(row for row in places if row["is_share"] and row["target"])
        deciding = "130524,130530" if first["level"] == "city" else place
        return [{**row, **UNPROVEN, **GAP, "deciding": deciding} if row is first else row for row in places]

    monkeypatch.setattr(figure_rows, "of_place", rows)


ENDS = "按最近报送：进度偏慢；最低严重滞后，最高进度正常"


def test_the_overview_names_whose_missing_reports_decide(app, made, unproven):
    said = texts(app(made["both"]))
    assert f"（{ENDS}；缺柏乡县、新河县报表）" in said


def test_the_indicator_says_both_ends_the_known_value_and_the_parts_of_the_gap(app, made, unproven):
    said = texts(app(made["both"], "indicator"))
    assert f"◐ 待核实（{ENDS}）：34.9%（" in said
    assert "；已报 36.7%，缺 263 个）" in said
    assert "缺柏乡县、新河县报表" in said
    assert "还差 65 个社区：3 个未达标，62 个未填报" in said


def test_the_county_says_how_many_of_its_units_decide(app, made, unproven):
    opened = app(made["both"], "county", county="130524", part="all")
    assert f"（{ENDS}；缺柏乡县 263 个单位的填报）" in texts(opened)
    lines = table_with(opened, "待核实的是")
    assert ENDS in [line["待核实的是"] for line in lines]
    assert ("34.9%", "已报 36.7%，缺 263 个") in [(line["现值"], line["已报的"]) for line in lines]


def test_the_first_month_is_no_praise(app, made):
    said = texts(app(made["one"], "county", county="130524"))
    assert "项起步期（本月为基期，进度自第4个月起判定）" in said
    assert "进度正常" not in said.split("距 2020年底")[0]
    assert "没有落后" not in said


def test_the_overview_says_who_lags_and_what_moved_as_the_report_does(app, made):
    opened = app(made["both"])
    view = opened.session_state["view"]
    places = concern.places(view.release, view.policy, view.month)
    moved = movement_sentences.moved(view.release, view.policy)
    assert moved and movement_sentences.who_lags(places) in texts(opened)
    assert movement_sentences.what_moved(moved) in texts(opened)
    assert "落后较多" not in texts(app(made["both"], "county", county="130524"))


def test_concern_names_counties_with_what_is_behind(made, app):
    opened = app(made["both"])
    view = opened.session_state["view"]
    known = figure_rows.concern(view, 30)
    assert len(known) == 19
    assert all(0 <= place["behind"] <= place["applicable"] for place in known)


def test_old_reference_data_is_told_on_the_first_screen(app, made, monkeypatch):
    said = "目前没有仍在期限内的政策：最后一项的期限已于2020年12月届满"

    def now(month) -> MonthNow:
        return replace(month_now.of(settings.load(), month), caveats=[said])

    monkeypatch.setattr(submission_rows, "now", now)
    assert f"请注意：{said}。" in texts(app(made["both"]))
