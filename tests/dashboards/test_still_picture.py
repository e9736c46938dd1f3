"""The still picture of a trend: the same traces, ticks and words as the Plotly figure it is made from."""

import json
from datetime import date

import lxml.etree
import pytest

from dashboards.charts import axes, still_picture
from dashboards.charts.palette import DARK, LIGHT
from dashboards.charts.plotly_charts import trend
from dashboards.text import escape

SVG = "{http://www.w3.org/2000/svg}"
INDICATOR = dict(unit="%", low=50.0, high=None, goal=">=50%", goal_due=date(2020, 12, 31))
OUTLOOK = dict(value_at_due=55.0)


def row(month: int, value: float | None, unknown: int = 0, divisions: str = "then") -> dict:
    bounds = (None, None) if value is None else (value, value + unknown)
    return dict(
        month=date(2020, month, 1), divisions=divisions, value=value, shown=value, lower=bounds[0], upper=bounds[1],
        unknown=unknown, base_value=20.0, base_month=date(2020, 1, 1), numerator=1, denominator=2, unit="%", is_share=True,
        carried=0, status="on_track",
    )  # fmt: skip


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def figure(request) -> dict:
    rows = [row(1, 20.0), row(2, 22.0, unknown=5), row(3, None), row(4, 30.0), row(5, 34.0)]
    rows += [{**known, "divisions": "now"} for known in rows]
    drawn = trend(rows, INDICATOR, "then", date(2020, 5, 1), OUTLOOK, request.param, (date(2020, 4, 1),))
    return json.loads(drawn.to_json(validate=False))


def picture(figure: dict) -> lxml.etree._Element:
    return lxml.etree.fromstring(still_picture.svg(figure))


def test_a_gap_in_the_series_stays_a_gap(figure):
    [values] = [trace for trace in figure["data"] if trace["name"] == "现值"]
    lines = [line for line in picture(figure).iter(f"{SVG}polyline") if line.get("stroke") == values["line"]["color"]]
    solid = [line.get("points").split() for line in lines if not line.get("stroke-dasharray")]
    assert [len(points) for points in solid] == [2, 2]
    assert len(list(picture(figure).iter(f"{SVG}circle"))) == 4


def test_points_stand_where_plotly_puts_them(figure):
    first, last = (date.fromisoformat(day).toordinal() for day in figure["layout"]["xaxis"]["range"])
    low, high = figure["layout"]["yaxis"]["range"]
    point = next(picture(figure).iter(f"{SVG}circle"))
    across = 100 * (date(2020, 1, 1).toordinal() - first) / (last - first)
    assert float(point.get("cx")[:-1]) == pytest.approx(across, abs=0.01)
    assert float(point.get("cy")[:-1]) == pytest.approx(100 * (high - 20.0) / (high - low), abs=0.01)


def test_ticks_goal_event_and_legend_say_what_the_figure_says(figure):
    words = [text.text for text in picture(figure).iter(f"{SVG}text")]
    ticks = [
        part
        for name in ("xaxis", "yaxis")
        for text in figure["layout"][name]["ticktext"]
        for part in text.split("<br>")
    ]
    assert set(ticks) <= set(words) and "1" in words and "目标 >=50%" in words
    assert [key.name for key in still_picture.keys(figure)] == [
        "未填报的范围", "现值", "应有进度", "目标", "按目前走势", "事件（见图下）",
    ]  # fmt: skip


def test_a_name_in_a_picture_is_no_markup():
    indicator = {**INDICATOR, "goal": "<script>"}
    drawn = trend([row(1, 20.0)], indicator, "then", date(2020, 1, 1), None)
    figure = json.loads(drawn.to_json(validate=False))
    assert "<script" not in still_picture.svg(figure) and '"' not in still_picture.address(figure)
    assert [text.text for text in picture(figure).iter(f"{SVG}text")].count("目标 <script>") == 1
    assert escape.plotly_plain(escape.plotly("<a> & b")) == "<a> & b"


@pytest.mark.parametrize(("last", "most"), [(date(2020, 3, 1), 3), (date(2022, 6, 1), 8), (date(2035, 1, 1), 8)])
def test_an_axis_of_months_has_few_ticks_and_names_each_january(last, most):
    axis = axes.of_months([date(2020, 1, 1), last])
    assert 1 < len(axis["tickvals"]) <= most
    assert all(("年" in text) == text.startswith("1月") for text in axis["ticktext"])


@pytest.mark.parametrize("values", [[], [0.0], [None, 3.2], [-5.0, 2.0], [99.9, 12.0]])
def test_an_axis_of_values_holds_all_of_them_and_zero(values):
    axis = axes.of_values(values, "%")
    low, high = axis["range"]
    assert low <= 0 <= high and low < high and all(low <= value <= high for value in values if value is not None)
    assert 2 <= len(axis["tickvals"]) <= 8 and all(low <= tick <= high for tick in axis["tickvals"])
