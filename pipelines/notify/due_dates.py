"""On which days people are reminded of a report that is due. Days are those of the calendar's time zone (`Reference.calendar`)."""

from datetime import date, timedelta

from pipelines import months

BEFORE = 3
# After a fortnight of reminders the matter is no longer one for a machine.
AFTER = 14


def in_question(today: date) -> date:
    """The month whose reports are asked for on a day: the one that has ended."""
    return months.add(today.replace(day=1), -1)


def occasion(due: date, today: date) -> str | None:
    """Why a county with this due day is reminded today: soon | today | late; None on a day without reminder."""
    left = (due - today).days
    if left == BEFORE:
        return "soon"
    if left == 0:
        return "today"
    return "late" if -AFTER <= left < 0 else None


def is_late(due: date, today: date) -> bool:
    """Whether a report that has not come by `today` is late; on the due day it is not."""
    return today > due


def days_late(due: date, today: date) -> int:
    """Whole days past the due day; 0 until then."""
    return max(0, (today - due) // timedelta(days=1))
