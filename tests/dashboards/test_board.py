"""What is drawn stays bounded where counties are many, and links carry names as words."""

from datetime import date

from dashboards.charts import html_board
from dashboards.charts.palette import LIGHT
from dashboards.components import board, common_parts
from dashboards.queries import submission_rows
from dashboards.text import screen_wording
from pipelines.edition import open_release
from tests.dashboards.conftest import texts
from tests.dashboards.rows import a_row


def _bars(opened) -> int:
    return _words(opened).count('class="track"')


def _words(opened) -> str:
    return "".join(item.proto.body for item in opened.get("html"))


def test_of_many_counties_those_that_want_attention_most_are_drawn(app, made, monkeypatch):
    for page in ("indicator", "atlas"):
        assert _bars(app(made["both"], page)) == 19
    monkeypatch.setattr(board, "MOST", 4)
    for page in ("indicator", "atlas"):
        opened = app(made["both"], page)
        assert _bars(opened) == 4
        assert "共 19 个县市区，这里是最需关注的 4 个" in texts(opened)
    opened = app(made["both"], "overview")
    matrix = next(item.proto.body for item in opened.get("html") if 'class="matrix' in item.proto.body)
    assert matrix.count('<a href="county?') == 4
    assert "共 19 个县市区，这里是最需关注的 4 个" in texts(opened)


def test_links_keep_the_choice_and_hold_names_as_words(app, made):
    said = _words(app(made["both"], "overview", month="2020-05", divisions="now"))
    assert said.count('href="indicator?') == 18
    assert "month=2020-05&amp;divisions=now&amp;indicator=platform_urban" in said


def test_a_name_in_a_link_is_no_markup(monkeypatch):
    monkeypatch.setattr(common_parts.st, "query_params", {"month": '"><b>'})
    link = html_board.Link(common_parts.href("county", county="1"), "<img src=x>", "1", "<i>")
    drawn = html_board.bars([a_row()], [link], "", LIGHT)
    assert (
        "<img src=x" not in drawn
        and '"><b>' not in drawn
        and "&lt;img src=x&gt;" in drawn
        and "<i>&lt;i&gt;</i>" in drawn
    )


def test_a_thin_line_reaches_from_the_reported_value_to_what_is_proven():
    link, row = html_board.Link("#", "设施", mark="核"), a_row(unknown=0)
    proven = {row["indicator"]: html_board.Proven(40.2, "抽查证明不少于 2,000 个")}
    drawn = html_board.bars([row], [link], "", LIGHT, proven)
    assert '<s class="p" style="left:40.2%;width:5.5%">' in drawn and "<b>核</b>" in drawn and "2,000 个" in drawn
    # of a target that is not to be exceeded the bound lies above
    above = html_board.bars([row], [link], "", LIGHT, {row["indicator"]: html_board.Proven(50.0, "")})
    assert '<s class="p up" style="left:45.7%;width:4.3%">' in above
    assert 'class="p' not in html_board.bars([row], [link], "", LIGHT)


def test_every_page_of_the_wall_stands(app, made):
    opened = app(made["both"], "wall")
    for page in range(4):
        opened.session_state["wall_page"] = page
        opened.session_state["wall_stopped"] = True
        opened.run()
        assert not opened.exception
        assert f"第 {page + 1}/4 页" in _words(opened)


def test_of_many_counties_those_to_be_chased_are_listed_and_all_are_counted(made):
    release = open_release(data=made["both"])
    whole, some = submission_rows.reports(release, release.month), submission_rows.reports(release, release.month, 17)
    assert len(whole) == 19 and {row["counties"] for row in whole + some} == {19}
    assert [row["county"] for row in whole] == sorted(row["county"] for row in whole)
    # three have reported: they come after those who have not
    assert len(some) == 17 and [row["seq"] is None for row in some] == [True] * 16 + [False]
    assert "3/19 个县市区已报" in screen_wording.reported(some) and "等 16 个" not in screen_wording.reported(some)
    assert screen_wording.reported(whole[:1] + whole[5:]).startswith("3/19")
    release.close()


def test_a_month_is_read_from_its_own_file(made):
    release = open_release(data=made["both"])
    for view in ("standing", "finding_all", "figure_now"):
        own = release.of_month(view, release.month)
        assert f"{release.month:%Y-%m}.parquet" in own
        same = [
            release.rows(f"SELECT * FROM {table} WHERE month = ? ORDER BY ALL", [release.month])
            for table in (own, f'"{view}"')
        ]
        assert same[0] == same[1] and same[0]
    assert release.of_month("standing", date(1999, 1, 1)) == '"standing"'
    release.close()
