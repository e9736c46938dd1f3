"""Rows of the answers of `/api`, as models that the OpenAPI document is made from. Text is Chinese, ids are English."""

from typing import Literal

from pydantic import BaseModel, Field

Level = Literal["city", "county", "town", "community"]
Status = Literal[
    "not_applicable", "no_data", "tracked", "met", "overdue", "starting", "reversing", "on_track", "lagging", "off_track", "unproven",
]  # fmt: skip


class EditionRow(BaseModel):
    """An edition that can be asked for. `edition`: month and number, as `edition=2020-06/2`; `current`: what is shown without it."""

    edition: str
    month: str
    number: int
    kind: str
    published_at: str
    as_of: int
    months: list[str]
    sample: bool
    current: bool


class IndicatorRow(BaseModel):
    """An indicator of the policy: what it measures, its target (`≥60`), the month in which it is due, whether it is a headline one."""

    policy: str
    indicator: str
    name: str
    clause: str
    quote: str
    unit: str
    counted: str
    headline: bool
    target: str | None
    due: str | None


class FigureRow(BaseModel):
    """A figure, with the keys of `shequ figures --json`: exact decimal text in percent (or the ratio's unit), null where not known."""

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
    carried: int
    target: str | None
    status: Status
    if_low: Status | None
    if_high: Status | None
    if_last: Status | None
    gap: int | None
    gap_failing: int | None
    gap_unknown: int | None
    edition: str


class PartsRow(BaseModel):
    """Parts of a change, as exact fractions `n/d` of percentage points (or of the ratio's unit)."""

    # `register` is a method of every class
    definition: str = Field(alias="register")
    corrections: str
    boundary: str
    answers: str
    reporting: str


class CountyPartsRow(BaseModel):
    """A county's parts of the city's change."""

    unit: str
    parts: PartsRow


class ChangeRow(BaseModel):
    """A change between two months, with the keys of `shequ compare --json`: the parts add up to `to` − `from` exactly."""

    indicator: str
    unit: str
    # `from` is no name in Python
    earlier: str | None = Field(alias="from")
    to: str | None
    parts: PartsRow
    counties: list[CountyPartsRow]


class TaskUnitRow(BaseModel):
    """A unit known to lack the indicator."""

    unit: str
    town: str
    name: str


class ReplyRow(BaseModel):
    """What a county replied to a task; `month`: the edition's when it was made."""

    seq: int
    county: str
    indicator: str
    month: str
    text: str
    by: str
    at: str


class TaskRow(BaseModel):
    """A task (督办), with the keys of `shequ tasks --json`; `units` and `replies` only for whom the county's units are to be seen."""

    indicator: str
    name: str
    clause: str
    gap_unit: str | None
    county: str
    short: str
    state: Literal["open", "reopened", "unproven", "closed"]
    pace: Literal["behind", "even", "ahead", "overdue", "new"] | None
    status: Status
    opened: str
    closed: str | None
    due: str
    failing: int
    unknown: int
    failing_before: int | None
    quota: int | None
    done: int | None
    units: list[TaskUnitRow]
    replies: list[ReplyRow]


class MatterRow(BaseModel):
    """Something that waits for somebody, with the keys of `shequ matters --json`. `seq`: the latest submission that it concerns."""

    id: str
    kind: Literal[
        "refused_file", "no_county", "unknown_unit", "held_row", "warning", "waiting_report", "month_question"
    ]
    county: str | None
    month: str | None
    file: str
    since: str
    state: Literal["open", "explained", "settled", "dismissed"]
    message: str
    seq: int
    explanation: str | None
    question: str | None
