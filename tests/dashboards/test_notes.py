"""Notes on the time axis: decisions about an indicator or all of them, shown until they are taken back."""

from datetime import date

from pipelines import settings
from pipelines.archive.store import Archive
from pipelines.edition import edition_folders
from pipelines.intake import decisions
from pipelines.monthly import papers
from pipelines.serving import background_runs
from tests.dashboards.conftest import here, texts


def test_a_note_stands_on_the_axis_until_it_is_taken_back(app, fresh):
    place, month = settings.load(fresh), date(2020, 6, 1)
    about_all = decisions.annotate(month, "县委会议要求年底前补齐", place, "李某")
    decisions.annotate(month, "只说这一项", place, "李某", "platform_rural")
    page = app(fresh, "indicator", indicator="platform_urban")
    assert not page.exception and "县委会议要求年底前补齐（李某，" in texts(page) and "只说这一项" not in texts(page)
    decisions.withdraw(about_all.seq, "记错了", place, "李某")
    page = app(fresh, "indicator", indicator="platform_rural")
    assert "只说这一项" in texts(page) and "县委会议" not in texts(page)


def test_papers_that_do_not_say_a_note_yet_are_said_to_be_behind_with_the_button_beside_it(app, fresh, monkeypatch):
    place = settings.load(fresh)
    edition = edition_folders.current(place.releases)
    papers.issue(place, edition)
    monkeypatch.setattr(background_runs, "command", here)
    page = app(fresh, "indicator", indicator="platform_urban", month="2020-06", part="note")
    assert "papers" not in {button.key for button in page.button}
    page.text_input(key="by").input("李某").run()
    page.text_input(key="annotation").input("市长批示年底前补齐")
    page.button(key="annotate").click().run()
    assert not page.exception and "批注已记入档案。" in texts(page) and "2020-06/1 的报告发出以后" in texts(page)
    page.button(key="papers").click().run()
    assert not page.exception and "2020-06/1 的报告已更新" in texts(page)
    assert not papers.behind(place, edition) and "papers" not in {button.key for button in page.button}
    noted = next(event for event in Archive(place.archive).decisions() if event.kind == "annotate")
    page.text_input(key=f"withdraw-{noted.seq}-why").input("记错了")
    page.button(key=f"withdraw-{noted.seq}").click().run()
    assert "批注已撤回。" in texts(page) and papers.behind(place, edition) and page.button(key="papers")
