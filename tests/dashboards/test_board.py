"""What is drawn stays bounded where counties are many, and links carry names as words."""

import json

from dashboards import board, parts
from tests.dashboards.conftest import texts


def _bars(opened, key: str) -> int:
    spec = next(item.proto.spec for item in opened.get("plotly_chart") if f"-{key}" in item.proto.id)
    return len(json.loads(spec)["data"][0]["customdata"])


def _words(opened) -> str:
    return "".join(item.proto.body for item in opened.get("html"))


def test_of_many_counties_those_that_want_attention_most_are_drawn(app, made, monkeypatch):
    for page, key in (("indicator", "ranking"), ("atlas", "map_ranking")):
        assert _bars(app(made["both"], page), key) == 19
    monkeypatch.setattr(board, "MOST", 4)
    for page, key in (("indicator", "ranking"), ("atlas", "map_ranking")):
        opened = app(made["both"], page)
        assert _bars(opened, key) == 4
        assert "共 19 个县市区,这里是最需关注的 4 个" in texts(opened)
    opened = app(made["both"], "overview")
    assert _words(opened).count('href="county?') == 4
    assert "共 19 个县市区,这里是最需关注的 4 个" in texts(opened)


def test_links_keep_the_choice_and_hold_names_as_words(app, made):
    said = _words(app(made["both"], "overview", month="2020-05", divisions="now"))
    assert said.count('href="indicator?') == 18
    assert "month=2020-05&amp;divisions=now&amp;indicator=platform_urban" in said


def test_a_name_in_a_link_is_no_markup(monkeypatch):
    monkeypatch.setattr(parts.st, "query_params", {"month": '"><b>'})
    made = parts._link("county", "1", "<img src=x>", "<i>", {"county": "1"})
    assert "<img" not in made and "<b>" not in made and "&lt;img src=x&gt;" in made


def test_every_page_of_the_wall_stands(app, made):
    opened = app(made["both"], "wall")
    for page in range(3):
        opened.session_state["wall_page"] = page
        opened.session_state["wall_stopped"] = True
        opened.run()
        assert not opened.exception
        assert f"第 {page + 1}/3 页" in texts(opened)
