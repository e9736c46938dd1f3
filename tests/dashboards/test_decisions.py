"""The page of the city's decisions: what it offers, what a click does, and that every decision has its opposite there."""

from datetime import date
from pathlib import Path

from pipelines import settings
from pipelines.archive import month_state
from pipelines.archive.store import Archive
from pipelines.edition import open_release
from pipelines.intake import decisions, month_now
from tests.dashboards.conftest import texts


def opened(app, data: Path):
    """The room as the clerk has it, with a name."""
    page = app(data, "reporting", room="decide")
    assert not page.exception, page.exception
    page.text_input(key="decides").input("李某").run()
    return page


def click(page, key: str, why: str | None = None):
    if why is not None:
        page.text_input(key=f"{key}-why").input(why)
    page.button(key=key).click().run()
    assert not page.exception, page.exception
    return page


def current(data: Path) -> str:
    return open_release(settings=settings.load(data)).label


def test_an_edition_is_taken_back_and_the_decision_is_taken_back_too(app, fresh):
    page = click(opened(app, fresh), "retract", "数字有误")
    assert "2020-06/1 已收回" in texts(page)
    assert current(fresh) == "2020-05/1"
    archive = Archive(settings.load(fresh).archive)
    event = next(reversed(list(archive.decisions())))
    assert (event.kind, event.by, event.body["why"]) == ("retract", "李某", "数字有误")
    page = click(opened(app, fresh), f"withdraw-{event.seq}", "没有错")
    assert f"第 {event.seq} 号已撤回" in texts(page)
    assert current(fresh) == "2020-06/1"
    assert "2020-06/1" in month_state.editions(archive).shown()


def test_a_submission_is_taken_back_by_its_button_and_the_next_computing_drops_it(app, fresh):
    place = settings.load(fresh)
    month = month_now.known_months(place)[-1]
    before = month_now.submissions(place, month)
    page = click(opened(app, fresh), f"withdraw-{before[0]['seq']}", "报错了月份")
    assert "已撤回" in texts(page)
    assert [row["seq"] for row in month_now.submissions(place, month)] == [row["seq"] for row in before[1:]]
    click(opened(app, fresh), "run")
    assert current(fresh) == "2020-06/2"


def test_a_reason_and_a_name_are_asked_for(app, fresh):
    page = click(opened(app, fresh), "retract", " ")
    assert "请写明理由" in texts(page)
    nameless = app(fresh, "reporting", room="decide")
    nameless.text_input(key="retract-why").input("数字有误")
    nameless.button(key="retract").click().run()
    assert "请先填写经办人" in texts(nameless)
    account = app(fresh, "reporting", room="decide")
    account.text_input(key="decides").input("root").run()
    assert "不是姓名" in texts(click(account, "retract", "数字有误"))
    assert current(fresh) == "2020-06/1"


def test_a_county_is_excused_and_the_reporting_state_says_so(app, fresh):
    page = opened(app, fresh)
    [county] = [box for box in page.selectbox if box.label == "县（市、区）"]
    county.select("130525")
    [excuse] = [box for box in page.checkbox if box.label == "本月免报"]
    excuse.check()
    page.text_input(key="extend_why").input("受灾")
    [button] = [button for button in page.button if button.label == "记下" and button.form_id == "extend"]
    button.click().run()
    assert not page.exception and "免报" in texts(page)
    state = app(fresh, "reporting")
    assert "本月免报：" in texts(state)


def test_a_note_stands_on_the_axis_until_it_is_taken_back(app, fresh):
    place, month = settings.load(fresh), date(2020, 6, 1)
    about_all = decisions.annotate(month, "县委会议要求年底前补齐", place, "李某")
    decisions.annotate(month, "只说这一项", place, "李某", "platform_rural")
    page = app(fresh, "indicator", indicator="platform_urban")
    assert not page.exception and "县委会议要求年底前补齐（李某，" in texts(page) and "只说这一项" not in texts(page)
    decisions.withdraw(about_all.seq, "记错了", place, "李某")
    page = app(fresh, "indicator", indicator="platform_rural")
    assert "只说这一项" in texts(page) and "县委会议" not in texts(page)
