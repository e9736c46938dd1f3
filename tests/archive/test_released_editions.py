"""Which editions everybody sees, as the events of the ledger say (semantics §4, Gate)."""

from datetime import date

import pytest

from pipelines.archive import month_state
from pipelines.archive.released_editions import Editions
from pipelines.archive.store import Event


def editions(*events_of: tuple[str, str] | tuple[str, int]) -> Editions:
    """Folded from (kind, edition) or (withdraw, number of an event)."""
    events = []
    for seq, (kind, about) in enumerate(events_of, 1):
        body = {"of": about} if kind == "withdraw" else {"month": about[:7], "edition": int(about[8:])}
        if kind == "made":
            kind, body = "release", body | {"gated": True}
        events.append(Event(seq, "2020-07-07T08:00:00+08:00", kind, "某人", body, ""))
    return month_state.fold(events, []).editions


@pytest.mark.parametrize(
    ("events", "shown"),
    [
        ([], []),
        ([("made", "2020-05/1")], []),
        ([("made", "2020-05/1"), ("gate", "2020-05/1")], ["2020-05/1"]),
        ([("made", "2020-05/1"), ("gate", "2020-05/1"), ("made", "2020-05/2")], ["2020-05/1"]),
        ([("made", "2020-05/1"), ("gate", "2020-05/1"), ("withdraw", 2)], []),
        ([("made", "2020-05/1"), ("gate", "2020-05/1"), ("retract", "2020-05/1")], []),
        ([("made", "2020-05/1"), ("gate", "2020-05/1"), ("retract", "2020-05/1"), ("withdraw", 3)], ["2020-05/1"]),
        ([("made", "2020-05/1"), ("gate", "2020-05/1"), ("retract", "2020-05/1"), ("withdraw", 3), ("withdraw", 4)], []),
        ([("made", "2020-05/1"), ("gate", "2020-05/1"), ("gate", "2020-05/1"), ("withdraw", 2)], ["2020-05/1"]),
    ],
)  # fmt: skip
def test_an_edition_is_shown_once_released_and_until_retracted(events, shown):
    assert editions(*events).shown() == shown


def test_editions_of_programs_without_a_gate_are_shown_as_they_always_were():
    shelf = editions(("release", "2020-05/1"), ("release", "2020-06/1"), ("made", "2020-07/1"))
    assert (shelf.shown(), shelf.current) == (["2020-05/1", "2020-06/1"], "2020-06/1")
    assert shelf.usable() == ["2020-05/1", "2020-06/1", "2020-07/1"]


def test_current_is_the_newest_released_month_whatever_was_released_last():
    later = [("made", "2020-06/1"), ("gate", "2020-06/1"), ("made", "2020-05/10"), ("gate", "2020-05/10")]
    assert editions(*later).current == "2020-06/1"
    taken_back = editions(*later, ("retract", "2020-06/1"))
    assert (taken_back.current, taken_back.shown("2020-06")) == ("2020-05/10", [])
    assert editions().current is None


def test_editions_are_ordered_by_number_not_by_text():
    events = [(kind, f"2020-05/{number}") for number in (2, 10, 9) for kind in ("made", "gate")]
    assert editions(*events).shown("2020-05") == ["2020-05/2", "2020-05/9", "2020-05/10"]


def test_an_extension_is_of_a_month_and_county():
    body = {"month": "2020-06", "county": "130524", "until": "2020-07-09", "why": "受灾"}
    life = month_state.fold([Event(1, "2020-07-07T08:00:00+08:00", "extend", "某人", body, "")], [])
    assert life.extensions[date(2020, 6, 1), "130524"].body["until"] == "2020-07-09"
