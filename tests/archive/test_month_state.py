"""What is in force after a row of events: small tables, one event a line."""

from datetime import date

import pytest

from pipelines.archive.month_state import Received, fold
from pipelines.archive.store import Event
from pipelines.errors import Refusal

JUNE, JULY = date(2019, 6, 1), date(2019, 7, 1)


class Story:
    """Events told one after another, and the life that follows from them."""

    def __init__(self):
        self.events: list[Event] = []
        self.received: dict[int, Received] = {}

    def tell(self, kind: str, **body) -> int:
        seq = len(self.events) + 1
        self.events.append(Event(seq, f"2019-07-{seq:02}T08:00:00+08:00", kind, "某人", body, ""))
        return seq

    def submit(self, county: str | None, month: date | None = JUNE, refused: bool = False) -> int:
        seq = self.tell("submission", file="表.xlsx")
        self.received[seq] = Received(seq, county, month, refused)
        return seq

    @property
    def life(self):
        return fold([event for event in self.events if event.kind != "submission"], self.received.values())


@pytest.fixture
def story() -> Story:
    return Story()


def test_nothing_happened(story):
    assert (story.life.reported, story.life.waivers, story.life.effective(JUNE)) == ([], [], {})


def test_a_later_submission_supersedes(story):
    first, second = story.submit("130502"), story.submit("130502")
    assert story.life.effective(JUNE) == {"130502": second}
    assert story.life.status == {first: "superseded", second: "effective"}


def test_counties_and_months_do_not_disturb_each_other(story):
    a, b, c = story.submit("130502"), story.submit("130503"), story.submit("130502", JULY)
    assert story.life.effective(JUNE) == {"130502": a, "130503": b}
    assert story.life.effective(JULY) == {"130502": c}
    assert story.life.reported == [JUNE, JULY]


@pytest.mark.parametrize("bad", [("130502", JUNE, True), (None, JUNE, False), ("130502", None, False)])
def test_a_refused_submission_changes_nothing(story, bad):
    good = story.submit("130502")
    bad = story.submit(*bad)
    assert story.life.effective(JUNE) == {"130502": good}
    assert story.life.status[bad] == "refused"


def test_an_approved_month_is_locked_and_a_submission_waits(story):
    good = story.submit("130502")
    story.tell("approve", month="2019-06")
    late = story.submit("130502")
    assert story.life.month(JUNE).state == "approved"
    assert story.life.effective(JUNE) == {"130502": good}
    assert story.life.status[late] == "waiting"


def test_what_waited_comes_into_force_when_the_month_is_reopened_the_last_one_counting(story):
    good = story.submit("130502")
    story.tell("approve", month="2019-06")
    first, second = story.submit("130502"), story.submit("130502")
    story.tell("reopen", month="2019-06", why="更正")
    life = story.life
    assert life.month(JUNE).state == "reopened"
    assert life.effective(JUNE) == {"130502": second}
    assert life.status == {good: "superseded", first: "superseded", second: "effective"}
    assert life.month(JUNE).waiting == []


def test_an_approval_locks_its_own_month_only(story):
    story.submit("130502")
    story.tell("approve", month="2019-06")
    july = story.submit("130502", JULY)
    assert story.life.status[july] == "effective"


def test_a_month_may_be_approved_again_after_reopening(story):
    story.submit("130502")
    story.tell("approve", month="2019-06")
    story.tell("reopen", month="2019-06", why="更正")
    story.tell("approve", month="2019-06")
    assert story.life.month(JUNE).state == "approved"
    assert [event.kind for event in story.life.month(JUNE).history] == ["approve", "reopen", "approve"]


def test_a_waiver_holds_to_the_end_of_its_month_and_no_longer(story):
    story.tell("waive", finding="f1", why="核实过", until="2019-06")
    assert set(story.life.waived(JUNE)) == {"f1"}
    assert story.life.waived(JULY) == {}


def test_a_resolution_is_remembered_for_its_county_and_the_later_one_counts(story):
    for unit in ("130502001001", "130502001002"):
        story.tell("resolve", finding="f1", county="130502", key="东街", unit=unit)
    assert story.life.resolutions == {"130502": {"东街": "130502001002"}}


def test_an_event_of_an_unknown_kind_is_refused(story):
    """A newer program has written it: to pass it over could change a figure."""
    story.submit("130502")
    story.tell("something-new", month="2019-06")
    with pytest.raises(Refusal, match=r"台账第 2 号事件.*由更新版本的程序写成.*请改用更新版本的程序"):
        _ = story.life


def test_the_same_events_give_the_same_state_however_often_they_are_folded(story):
    story.submit("130502")
    story.tell("approve", month="2019-06")
    story.submit("130503")
    assert story.life == story.life
