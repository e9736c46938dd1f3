"""A figure and its explanation as other rooms and programs read them, as TypedDicts: the keys of `shequ figures` and `shequ explain`."""

from typing import Any, NotRequired, TypedDict


class Figure(TypedDict):
    """An indicator at a place in a month. Numbers are exact decimal texts, sums whole where they are; null: there is none."""

    indicator: str
    month: str
    level: str
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
    status: str
    if_low: str | None
    if_high: str | None
    if_last: str | None
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


class CountyChange(TypedDict):
    """A county's part of a change of the city, by step."""

    unit: str
    parts: dict[str, str]


# A figure's change between two months (`shequ compare --json`); `from` is a keyword of Python.
Change = TypedDict(
    "Change",
    {
        "indicator": str, "unit": str, "from": str | None, "to": str | None, "parts": dict[str, str],
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
