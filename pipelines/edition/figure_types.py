"""A figure and its explanation as other rooms and programs read them, as TypedDicts: the keys of `shequ figures` and `shequ explain`."""

from typing import Any, Literal, NotRequired

# pydantic, which makes the schemas of `/api` of these types, asks for this one before Python 3.12
from typing_extensions import TypedDict

Level = Literal["city", "county", "town", "community"]
Status = Literal[
    "not_applicable", "no_data", "tracked", "met", "overdue", "starting", "reversing", "on_track", "lagging", "off_track", "unproven",
]  # fmt: skip


class Figure(TypedDict):
    """An indicator at a place in a month. Numbers are exact decimal texts, sums whole where they are; null: there is none."""

    indicator: str
    month: str
    level: Level
    unit: str
    name: str
    value: str | None
    known: str | None
    lower: str | None
    upper: str | None
    numerator: int | str
    denominator: int | str
    unknown: int
    failing: int | None
    carried: int | None
    target: str | None
    status: Status
    if_low: Status | None
    if_high: Status | None
    if_last: Status | None
    gap: int | None
    gap_failing: int | None
    gap_unknown: int | None
    edition: str


class ExplainedAnswer(TypedDict):
    """An answer and its cell; without a cell where it is a total over a county's units."""

    value: bool | int | str | None
    raw: str | None
    file: str | None
    sha256: str | None
    sheet: str | None
    cell: str | None
    carried_from: str | None


class ExplainedUnit(TypedDict):
    """A unit in scope or of unknown scope. `held` and `checks` (visits of closed lists): of units, not of counties."""

    unit: str
    name: str
    counts: str
    answer: dict[str, ExplainedAnswer]
    held: NotRequired[bool]
    checks: NotRequired[list[dict[str, Any]]]


class ExplainedFigure(TypedDict):
    """One figure with its clause, arithmetic, units and the counties' explanations (`Release.explanations`)."""

    indicator: str
    clause: str
    quote: str
    reading: str | None
    arithmetic: str
    figure: Figure
    units: list[ExplainedUnit]
    explanations: list[dict[str, Any]]


class FedFigure(TypedDict):
    """A figure that an answer goes into. Grain: policy, indicator, month, level and unit."""

    policy: str
    indicator: str
    month: str
    level: str
    unit: str
    shown: str
    status: str


class FeedingCell(TypedDict):
    """The answer read from a cell (`shequ feeds --json`). `value`: in the form's unit, null where it does not count; `unit`: its code."""

    file: str
    sha256: str
    sheet: str
    field: str
    unit: str | None
    raw: str | None
    held: bool
    value: str | None
    figures: list[FedFigure]


Part = Literal["register", "corrections", "boundary", "answers", "reporting"]
# exact fractions `n/d` of percentage points (or of the ratio's unit), which add up to the change
Parts = dict[Part, str]
# answers first: that part is work
PART_NAMES: dict[Part, str] = {
    "answers": "工作（答案变化）",
    "reporting": "报送",
    "boundary": "区划",
    "corrections": "更正",
    "register": "口径",
}


class CountyChange(TypedDict):
    """A county's parts of a change of the city."""

    unit: str
    parts: Parts


# A figure's change between two months (`shequ compare --json`); `from` is a keyword of Python.
Change = TypedDict(
    "Change",
    {
        "indicator": str, "unit": str, "from": str | None, "to": str | None, "parts": Parts,
        "counties": list[CountyChange],
    },
)  # fmt: skip


class AddedFile(TypedDict):
    """A submission that an edition counts and the one before it does not, or the reverse."""

    county: str
    month: str
    seq: int
    file: str


class FigureDifference(TypedDict):
    """A figure of the city in two editions of a month. Null: no value, or not there."""

    policy: str
    indicator: str
    month: str
    before: str | None
    after: str | None
    status_before: str | None
    status_after: str | None


class Difference(TypedDict):
    """Differences of a later edition of a month: parts of the reference data, submissions, months, figures (see `edition_differences.since`)."""

    reference: list[str]
    submissions_added: list[AddedFile]
    submissions_dropped: list[AddedFile]
    months: list[str]
    figures_changed: int
    figures: list[FigureDifference]
