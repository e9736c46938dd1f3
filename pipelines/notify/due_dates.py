"""When a month's reports are due, and on which days one reminds. Days are those of Shanghai."""

from datetime import date, timedelta

from pipelines import months

DAY = 5
BEFORE = 3
# After a fortnight of reminders the matter is no longer one for a machine.
AFTER = 14


def due(month: date) -> date:
    """The 5th of the following month; the last day on which a report is in time."""
    return months.add(month, 1).replace(day=DAY)


def in_question(today: date) -> date:
    """The month whose reports one asks for on a day: the one that has ended."""
    return months.add(today.replace(day=1), -1)


def occasion(month: date, today: date) -> str | None:
    """Why one reminds on this day: soon | today | late; None on a day without reminder."""
    left = (due(month) - today).days
    if left == BEFORE:
        return "soon"
    if left == 0:
        return "today"
    return "late" if -AFTER <= left < 0 else None


def is_late(month: date, today: date) -> bool:
    return today > due(month)


def days_late(month: date, today: date) -> int:
    return max(0, (today - due(month)) // timedelta(days=1))
