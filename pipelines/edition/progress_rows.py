"""Rows on lagging counties, changes and tasks, as TypedDicts: for reports and pages."""

from datetime import date
from typing import NotRequired

# as in `figure_types`
from typing_extensions import TypedDict


class ConcernedPlace(TypedDict):
    """A county in the order of concern; `rank` counts from the worst, `_before` is a month before.

    `place` counts from the best, equal ones alike, among the `placed` counties of which something is judged; null for the others, and for
    all where nobody is behind or fewer than nine tenths have data.
    """

    unit: str
    short: str
    applicable: int
    behind: int
    rank: int
    place: int | None
    placed: int
    behind_before: int | None
    place_before: int | None


class MovedPlace(TypedDict):
    """A county's units known in both months that turned to met (`gained`), and from it (`lost`)."""

    unit: str
    short: str
    gained: int
    lost: int


class MovedBeside(TypedDict):
    """A county's met units more by reports (of them `founded`: of units first listed in the month) and by roster."""

    unit: str
    reported: int
    founded: int
    boundary: int


class MovedOtherwise(TypedDict):
    """Change of met units of a headline share since the month before, without work. Grain: one indicator.

    `reported`: newly reported units (negative: no longer reported), `founded` those of them that the roster lists for the first time.
    `boundary`, `corrected`, `defined`: by roster, by corrections to the
    earlier month, by definition. `enough_known`: at least nine tenths is known in both months.
    """

    indicator: str
    name: str
    gap_unit: str | None
    position: int
    reported: int
    founded: int
    boundary: int
    corrected: int
    defined: int
    enough_known: bool


class Moved(MovedOtherwise):
    """Also units gained and lost by work, in all and by county (`counties`); `beside`: moved by reports and roster."""

    gained: int
    lost: int
    counties: list[MovedPlace]
    beside: NotRequired[list[MovedBeside]]


class Slipped(TypedDict):
    """A headline indicator of a county whose status is worse than a month before, and not because the due day came."""

    unit: str
    short: str
    indicator: str
    name: str
    status_before: str
    status: str


class Restated(TypedDict):
    """A headline share of the city that a change of divisions alone moved: the month before as then and by today's divisions, and now."""

    indicator: str
    name: str
    then: str
    like_for_like: str
    now: str


class TaskUnit(TypedDict):
    """A unit known to lack the indicator."""

    unit: str
    town: str
    name: str


class Reply(TypedDict):
    """A county's reply to one of its tasks: `seq` is its ledger number, `month` (`YYYY-MM`) the release's then, `text` without personal numbers."""

    seq: int
    county: str
    indicator: str
    month: str
    text: str
    by: str
    at: str


class Task(TypedDict):
    """One county's gap in one indicator. Grain: county and indicator that was ever behind in the series.

    `opened`: month in which it was first behind; `closed`: month of the latest closing, also of one that was reopened. `failing`: units
    that only work can close, `failing_before`: a month before; `quota`: of those, this month's share until the due month; `done`: fewer
    than a month before. `stood`: open at the end of the month before. `due`: last day. `replies` of the county, the oldest first; empty
    where the ledger could not be read.
    """

    indicator: str
    name: str
    clause: str
    gap_unit: str | None
    county: str
    short: str
    state: str
    pace: str | None
    status: str
    opened: date
    closed: date | None
    stood: bool
    due: date
    failing: int
    unknown: int
    failing_before: int | None
    quota: int | None
    done: int | None
    units: list[TaskUnit]
    replies: list[Reply]
