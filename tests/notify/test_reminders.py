"""Who is reminded, when, in which words; and that nothing is said twice or lost."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from pipelines import months, settings
from pipelines.archive.released_editions import Editions
from pipelines.errors import Refusal
from pipelines.intake import reporting_status
from pipelines.intake.month_now import MonthNow
from pipelines.months import SHANGHAI
from pipelines.notify import contacts, dispatch, due_dates, messages, outbox, reporting_state
from pipelines.notify.contacts import Contacts
from pipelines.notify.messages import Message
from pipelines.notify.outbox import Outbox, send_waiting
from pipelines.settings import Settings

MARCH, DUE = date(2026, 3, 1), date(2026, 4, 7)
KNOWN = Contacts(city="clerk@city.example", counties={"130502": "xd@city.example"})


def state(missing=("130502",), waiting=(), inbox=(), refused=(), unread=()) -> dict:
    names = {"130502": "襄都区", "130503": "信都区", "130524": "柏乡县"}
    counties = [
        {"code": code, "name": name, "state": "missing" if code in missing else "effective", "errors": code == "130503"}
        for code, name in names.items()
    ]
    rest = {"waiting": list(waiting), "inbox": list(inbox), "refused": list(refused), "unread": list(unread)}
    return {"counties": counties, **rest}


def stands(day: date, extended: dict | None = None, excused=(), caveat=None, **given) -> reporting_state.Standing:
    """March 2026 is due on 7 April: the 5th is 清明, a Sunday, and the 6th its day off."""
    due = {code: DUE for code in ("130502", "130503", "130524") if code not in excused} | (extended or {})
    facts = {"usual_due": DUE, "due": due, "excused": set(excused), "caveat": caveat}
    now = MonthNow(
        MARCH, "open", None, [], Editions(), publication=datetime(2026, 4, 8, 6, tzinfo=SHANGHAI), caveats=[], **facts
    )
    return reporting_state.from_status(state(**given), now, day)


def on(day: date, **given) -> list[Message]:
    return messages.reminders(stands(day, **given), KNOWN)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2026-04-03", None), ("2026-04-04", "soon"), ("2026-04-05", None), ("2026-04-07", "today"),
        ("2026-04-08", "late"), ("2026-04-21", "late"), ("2026-04-22", None),
    ],
)  # fmt: skip
def test_days_of_reminding(day, why):
    assert due_dates.occasion(DUE, date.fromisoformat(day)) == why


def test_on_the_due_day_a_report_is_in_time_and_on_the_next_late():
    assert not due_dates.is_late(DUE, DUE)
    assert due_dates.is_late(DUE, date(2026, 4, 8))
    assert stands(date(2026, 4, 8)).late == (("130502", "襄都区"),)


def test_an_extended_county_is_late_by_its_own_day_and_an_excused_one_never():
    longer = {"130502": date(2026, 4, 10)}
    assert stands(date(2026, 4, 10), extended=longer).late == ()
    assert stands(date(2026, 4, 11), extended=longer).late == (("130502", "襄都区"),)
    free = stands(date(2026, 4, 20), missing=("130502", "130524"), excused=("130502",))
    assert (free.late, free.excused) == ((("130524", "柏乡县"),), (("130502", "襄都区"),))
    states = {county["code"]: (county["state"], county["due"]) for county in free.public()["counties"]}
    assert states == {
        "130502": ("excused", None),
        "130503": ("reported", "2026-04-07"),
        "130524": ("late", "2026-04-07"),
    }


def test_an_extended_county_is_reminded_on_its_own_days_and_an_excused_one_on_none():
    longer = {"130502": date(2026, 4, 10)}
    assert [m.to for m in on(date(2026, 4, 8), missing=("130502",), extended=longer)] == []
    clerk, county = on(date(2026, 4, 10), missing=("130502",), extended=longer)
    assert county.subject == "襄都区2026年3月报表今天截止"
    assert "未报：襄都区（延至4月10日）" in clerk.body
    assert on(date(2026, 4, 8), missing=("130502",), excused=("130502",)) == []


def test_a_year_without_holidays_is_told():
    assert "注意：节假日未知\n" in on(date(2026, 4, 8), caveat="节假日未知")[0].body


def test_the_month_asked_for_is_the_one_that_has_ended():
    assert due_dates.in_question(date(2026, 1, 31)) == date(2025, 12, 1)


def test_clerk_and_county_are_told_in_these_words():
    clerk, county = on(date(2026, 4, 9), waiting=(9,), inbox=("a.xlsx",))
    assert (clerk.to, clerk.subject) == ("clerk@city.example", "2026年3月报表已逾期2天：1个县（市、区）未报")
    assert clerk.body == (
        "2026年3月报表已逾期2天。应报3个县（市、区），已报2个。\n\n逾期未报：襄都区\n已报但有错误待改正：信都区\n"
        "另有1份报表在该月审定后收到，重开（shequ reopen）后才生效\n收件箱中尚未接收：a.xlsx\n"
    )
    assert (county.to, county.subject) == ("xd@city.example", "襄都区2026年3月报表已逾期2天")
    assert "尚未收到你单位的报表" in county.body


def test_refused_files_are_named_to_the_county_that_sent_them_and_all_of_them_to_the_clerk():
    mine = {"seq": 7, "file": "襄都.xlsx", "county": "130502", "at": "2026-04-03T09:00:00+08:00", "why": "没有找到表头"}
    nobodys = {**mine, "seq": 8, "file": "报表.xlsx", "county": None, "why": "看不出是哪个县的"}
    clerk, county = on(date(2026, 4, 9), refused=(nobodys, mine), unread=(9, 10))
    assert "- 4月3日收到的“襄都.xlsx”（第 7 号收件）：没有找到表头\n" in county.body and "报表.xlsx" not in county.body
    assert (
        "未被采用的报表2份，须改正后重报：\n- 襄都区“襄都.xlsx”：没有找到表头\n- 不知是哪个县的“报表.xlsx”"
        in clerk.body
    )
    assert "另有2份报表已存档、尚未读取，未计在内" in clerk.body


def test_a_county_without_address_stands_in_the_clerks_message_only():
    assert [message.to for message in on(date(2026, 4, 4), missing=("130524",))] == ["clerk@city.example"]


def test_nobody_is_reminded_when_all_have_reported():
    assert on(date(2026, 4, 7), missing=()) == []


# ---- the outbox


MESSAGE = Message("remind-2026-03-2026-04-05-city", "a@b.example", "题", "文\n")


@pytest.fixture
def place(tmp_path) -> Settings:
    return Settings(tmp_path, tmp_path)


def test_the_same_message_is_written_down_once_even_after_it_was_sent(place):
    box = Outbox(place.data / "outbox")
    assert [box.put([MESSAGE, MESSAGE]), send_waiting(place)[0], box.put([MESSAGE])] == [1, 1, 0]
    assert send_waiting(place) == (0, [])
    assert "Subject: =?utf-8?" in (box.folder / "mail" / f"{MESSAGE.key}.eml").read_text()


def test_what_could_not_be_sent_waits_longer_after_each_failure(place, monkeypatch):
    """With a wrong setting nothing can be handed over: after 60 s once more, then after 120."""
    box, moment = Outbox(place.data / "outbox"), [1_000_000.0]
    monkeypatch.setattr(outbox.time, "time", lambda: moment[0])
    monkeypatch.setenv("SHEQU_SMTP_HOST", "mail.example")
    monkeypatch.setenv("SHEQU_SMTP_SECURITY", "off")
    box.put([MESSAGE, replace(MESSAGE, key="other")])
    gone, (trouble,) = send_waiting(place)
    assert gone == 0 and trouble.startswith("“题”未能发给 a@b.example：SHEQU_SMTP_SECURITY")
    tried = []
    for moment[0] in (1_000_059.0, 1_000_061.0, 1_000_180.0, 1_000_182.0):
        tried.append(len(send_waiting(place)[1]))
    assert tried == [0, 1, 0, 1] and len(box.waiting()) == 2
    # the clock was wrong and is set back by years: nobody waits for it
    moment[0] = 100.0
    monkeypatch.delenv("SHEQU_SMTP_HOST")
    assert send_waiting(place) == (2, [])


def test_a_damaged_message_hinders_no_other(place):
    box = Outbox(place.data / "outbox")
    box.put([MESSAGE])
    (box.queue / "a.json").write_text("{")
    assert send_waiting(place) == (1, [])


def test_no_message_is_begun_after_the_time_is_over(place):
    Outbox(place.data / "outbox").put([MESSAGE])
    assert send_waiting(place, total_time=0.0) == (0, [])
    assert send_waiting(place) == (1, [])


# ---- contacts


def test_no_file_is_nobody(tmp_path):
    assert contacts.load(tmp_path / "contacts.yaml") == Contacts()


@pytest.mark.parametrize(
    ("text", "said"),
    [("mayor: a@b\n", "应只有 city、operator、counties"), ("city: nobody\n", "“nobody”不是邮件地址"), ("[", "读不懂")],
)
def test_a_wrong_file_is_refused_by_name(tmp_path, text, said):
    place = tmp_path / "contacts.yaml"
    place.write_text(text)
    with pytest.raises(Refusal, match=said):
        contacts.load(place)


# ---- on an installation


def test_on_an_empty_installation_everybody_is_missing_and_it_is_said_once(tmp_path):
    installation = Settings(tmp_path / "data", settings.load().reference)
    installation.inbox.mkdir(parents=True)
    # 5 July 2019 is a Friday
    now = datetime(2019, 7, 6, 8, 30, tzinfo=SHANGHAI)
    (message,) = dispatch.remind(installation, now)
    counties = len(reporting_status.status(installation, months.parse("2019-06"))["counties"])
    assert message.subject == f"2019年6月报表已逾期1天：{counties}个县（市、区）未报"
    dispatch.remind(installation, now)
    assert len(dispatch.outbox(installation).waiting()) == 1
    assert send_waiting(installation) == (1, [])
    assert dispatch.remind(installation, datetime(2019, 7, 4, tzinfo=SHANGHAI)) == []
