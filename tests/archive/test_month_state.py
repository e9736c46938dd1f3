"""What is in force after a row of events: small tables, one event a line."""

from datetime import date

import pytest

from pipelines.archive import month_state
from pipelines.archive.month_state import Received, fold
from pipelines.archive.store import Event
from pipelines.errors import Refusal
from pipelines.intake import month_now

JUNE, JULY = date(2019, 6, 1), date(2019, 7, 1)


class Story:
    """Events told one after another, and the life that follows from them."""

    def __init__(self):
        self.events: list[Event] = []
        self.received: dict[int, Received] = {}

    def event(self, kind: str, /, **body) -> int:
        seq = len(self.events) + 1
        self.events.append(Event(seq, f"2019-07-{seq:02}T08:00:00+08:00", kind, "某人", body, ""))
        return seq

    def submit(
        self,
        county: str | None,
        month: date | None = JUNE,
        refused: bool = False,
        sha: str = "",
        on: date | None = None,
    ) -> int:
        seq = self.event("submission", file="表.xlsx")
        self.received[seq] = Received(seq, county, month, refused, sha, on)
        return seq

    def fold(self, **more):
        return fold([event for event in self.events if event.kind != "submission"], self.received.values(), **more)

    @property
    def life(self):
        return self.fold()


@pytest.fixture
def story() -> Story:
    return Story()


def test_nothing_happened(story):
    assert (story.life.reported, story.life.waivers, story.life.effective(JUNE)) == ([], [], {})


def test_a_later_submission_stands_beside_the_earlier_one(story):
    first, second = story.submit("130502"), story.submit("130502")
    assert story.life.effective(JUNE) == {"130502": [first, second]}
    assert story.life.status == {first: "effective", second: "effective"}


def test_a_submission_without_a_row_that_counts_is_superseded(story):
    first, second = story.submit("130502"), story.submit("130502")
    life = story.fold(superseded=[first])
    assert life.status == {first: "superseded", second: "effective"}
    assert life.counted(JUNE) == {"130502": [second]}


def test_counties_and_months_do_not_disturb_each_other(story):
    a, b, c = story.submit("130502"), story.submit("130503"), story.submit("130502", JULY)
    assert story.life.effective(JUNE) == {"130502": [a], "130503": [b]}
    assert story.life.effective(JULY) == {"130502": [c]}
    assert story.life.reported == [JUNE, JULY]


@pytest.mark.parametrize("bad", [("130502", JUNE, True), (None, JUNE, False), ("130502", None, False)])
def test_a_refused_submission_changes_nothing(story, bad):
    good = story.submit("130502")
    bad = story.submit(*bad)
    assert story.life.effective(JUNE) == {"130502": [good]}
    assert story.life.status[bad] == "refused"


def test_an_approved_month_is_locked_and_a_submission_waits(story):
    good = story.submit("130502")
    story.event("approve", month="2019-06")
    late = story.submit("130502")
    assert story.life.month(JUNE).state == "approved"
    assert story.life.effective(JUNE) == {"130502": [good]}
    assert story.life.status[late] == "waiting"


def test_what_waited_comes_into_force_when_the_month_is_reopened_in_its_order(story):
    good = story.submit("130502")
    story.event("approve", month="2019-06")
    first, second = story.submit("130502"), story.submit("130502")
    story.event("reopen", month="2019-06", why="更正")
    life = story.life
    assert life.month(JUNE).state == "reopened"
    assert life.effective(JUNE) == {"130502": [good, first, second]}
    assert life.status == dict.fromkeys([good, first, second], "effective")
    assert life.month(JUNE).waiting == []


def test_an_approval_locks_its_own_month_only(story):
    story.submit("130502")
    story.event("approve", month="2019-06")
    july = story.submit("130502", JULY)
    assert story.life.status[july] == "effective"


def test_a_month_may_be_approved_again_after_reopening(story):
    story.submit("130502")
    story.event("approve", month="2019-06")
    story.event("reopen", month="2019-06", why="更正")
    story.event("approve", month="2019-06")
    assert story.life.month(JUNE).state == "approved"
    assert [event.kind for event in story.life.month(JUNE).history] == ["approve", "reopen", "approve"]


def test_a_waiver_holds_to_the_end_of_its_month_and_no_longer(story):
    story.event("waive", finding="f1", why="核实过", until="2019-06")
    assert set(story.life.waived(JUNE)) == {"f1"}
    assert story.life.waived(JULY) == {}


def test_a_resolution_is_remembered_for_its_county_and_the_later_one_counts(story):
    for unit in ("130502001001", "130502001002"):
        story.event("resolve", finding="f1", county="130502", key="东街", unit=unit)
    assert story.life.resolutions == {"130502": {"东街": "130502001002"}}


def test_an_event_of_an_unknown_kind_is_refused(story):
    """A newer program has written it: to pass it over could change a figure."""
    story.submit("130502")
    story.event("something-new", month="2019-06")
    with pytest.raises(Refusal, match=r"台账第 2 号事件.*由更新版本的程序写成.*请改用更新版本的程序"):
        _ = story.life


def test_the_same_events_give_the_same_state_however_often_they_are_folded(story):
    story.submit("130502")
    story.event("approve", month="2019-06")
    story.submit("130503")
    assert story.life == story.life


# ---- the same bytes, and what is taken back


def test_the_same_bytes_twice_in_a_row_are_one_submission(story):
    first, again = story.submit("130502", sha="a"), story.submit("130502", sha="a")
    life = story.life
    assert life.effective(JUNE) == {"130502": [first]}
    assert (life.status[again], life.repeats) == ("repeated", {again: first})


def test_the_same_bytes_after_another_file_are_put_back_in_force(story):
    story.submit("130502", sha="a")
    other, again = story.submit("130502", sha="b"), story.submit("130502", sha="a")
    assert story.life.effective(JUNE)["130502"][-2:] == [other, again]


def test_a_withdrawn_submission_is_as_if_never_sent_and_comes_back_with_its_place(story):
    first, second = story.submit("130502"), story.submit("130502")
    taken = story.event("withdraw", of=first, why="错发")
    assert story.life.effective(JUNE) == {"130502": [second]}
    assert (story.life.status[first], story.life.withdrawn[first].seq) == ("withdrawn", taken)
    story.event("withdraw", of=taken, why="撤错了")
    assert story.life.effective(JUNE) == {"130502": [first, second]}


def test_a_withdrawal_taken_back_twice_holds_again(story):
    first = story.submit("130502")
    a = story.event("withdraw", of=first, why="一")
    b = story.event("withdraw", of=a, why="二")
    story.event("withdraw", of=b, why="三")
    assert story.life.effective(JUNE) == {}


def test_a_withdrawn_approval_lets_in_what_waited(story):
    story.submit("130502")
    approval = story.event("approve", month="2019-06")
    late = story.submit("130502")
    story.event("withdraw", of=approval, why="未到时候")
    assert story.life.month(JUNE).state == "open" and story.life.status[late] == "effective"


def test_an_edition_made_while_a_month_stood_open_by_mistake_goes_with_the_mistake(story):
    story.submit("130502")
    edition = {"month": "2019-06", "gated": True}
    story.event("release", edition=1, kind="original", **edition)
    story.event("approve", month="2019-06")
    reopening = story.event("reopen", month="2019-06", why="误点")
    story.submit("130502")
    story.event("release", edition=2, kind="corrected", **edition)
    story.event("release", edition=3, kind="checked", **edition)
    for number in (1, 2, 3):
        story.event("gate", month="2019-06", edition=number, how="approved")
    assert story.life.editions.current == "2019-06/3"
    back = story.event("withdraw", of=reopening, why="误点")
    story.event("release", edition=4, kind="checked", **edition)
    assert story.life.editions.usable() == ["2019-06/1", "2019-06/4"]
    assert story.life.editions.current == "2019-06/1"
    assert not story.life.editions.retracted_by_hand("2019-06/2")
    story.event("withdraw", of=back, why="确需重开")
    assert story.life.editions.current == "2019-06/3"


@pytest.mark.parametrize("kind", ["waive", "resolve", "extend", "admit", "dismiss", "accept"])
def test_every_decision_has_its_opposite(story, kind):
    story.submit("130502")
    before = story.life
    body = {
        "waive": {"finding": "f", "why": "核实", "until": "2019-12"},
        "resolve": {"county": "130502", "key": "东街", "unit": "130502001001"},
        "extend": {"month": "2019-06", "county": "130502", "until": "2019-07-10", "why": "停电"},
        "admit": {
            "name": "新村",
            "town": "130502001000",
            "kind": "农村社区",
            "from": "2019-06",
            "why": "新设",
            "code": "1",
        },
        "dismiss": {"matter": "m", "why": "测试文件"},
        "accept": {"finding": "f"},
    }[kind]
    decision = story.event(kind, **body)
    assert story.life != before
    story.event("withdraw", of=decision, why="有误")
    after = story.life
    after.withdrawn = {}
    assert after == before


# ---- months that are not over, and months before the policy


def test_a_report_for_a_month_that_is_not_over_waits_until_it_is_noted(story):
    early = story.submit("130502", JULY, on=date(2019, 7, 20))
    assert (story.life.status[early], story.life.reported) == ("waiting", [])
    story.event("month_over", month="2019-07")
    assert story.life.effective(JULY) == {"130502": [early]}


def test_what_was_sent_early_stands_before_what_was_sent_in_time(story):
    early = story.submit("130502", JULY, on=date(2019, 7, 20))
    late = story.submit("130502", JULY, on=date(2019, 8, 2))
    story.event("month_over", month="2019-07")
    assert story.life.effective(JULY) == {"130502": [early, late]}


def test_a_month_before_the_policys_first_counts_once_a_person_accepts_it(story):
    old = story.submit("130502", JUNE, on=date(2019, 8, 1))
    assert story.fold(first_month=JULY).status[old] == "question"
    accepted = story.event("accept", finding="f", county="130502", month="2019-06")
    assert story.fold(first_month=JULY).effective(JUNE) == {"130502": [old]}
    story.event("withdraw", of=accepted, why="有误")
    assert story.fold(first_month=JULY).status[old] == "question"


# ---- explanations


def test_an_explanation_is_open_explained_accepted_and_asked_again(story):
    states = []
    for kind, more in (
        ("explain", {"text": "实地数过"}),
        ("ask", {"text": "何时"}),
        ("explain", {"text": "六月"}),
        ("accept", {}),
    ):
        story.event(kind, finding="f", **more)
        states.append((story.life.answered["f"].state, "f" in story.life.waived(JULY)))
    assert states == [("explained", False), ("open", False), ("explained", False), ("settled", True)]
    assert story.life.waivers[0].why == "六月"


def test_the_same_waiver_twice_is_one(story):
    for _ in range(2):
        story.event("waive", finding="f1", why="核实过", until="2019-06")
    assert len(story.life.waivers) == 1


def test_every_kind_of_event_that_a_person_decides_has_a_name():
    kinds = set(month_state._HANDLERS) - {"release", "too_costly", "month_over"}
    assert kinds | {"submission"} == set(month_now.DECISIONS)
