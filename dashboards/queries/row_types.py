"""Rows that pages read: the columns of each selection, as TypedDicts. Grain and source are those of the query that returns them."""

from datetime import date
from decimal import Decimal
from typing import TypedDict

from pipelines.edition.figure_types import Change


class IndicatorRow(TypedDict):
    """One indicator of a policy: table `indicator`."""

    policy: str
    indicator: str
    name: str
    clause: str
    quote: str
    wording: str
    unit: str
    counted: str
    binding_level: str
    judged: str | None
    breakdown: str | None
    reading: str | None
    unverified: str | None
    goal: str | None
    scope_sql: str | None
    share_sql: str | None
    numerator_sql: str | None
    denominator_sql: str | None
    gap_unit: str | None
    headline: bool
    is_share: bool
    factor: int
    position: int
    low: float | None
    high: float | None
    goal_due: date
    fields: list[str]


class _Judged(TypedDict):
    """What a row of the table `figure` says, its place apart."""

    policy: str
    indicator: str
    month: date
    divisions: str
    level: str
    value: float | None
    lower: float | None
    upper: float | None
    shown: str | None
    numerator: Decimal
    denominator: Decimal
    unknown: int
    scope_unknown: int
    carried: int
    answered: int
    target: str | None
    due: date | None
    status: str
    gap: int | None
    pace: float | None
    base_month: date | None
    base_value: float | None
    known: float | None
    known_shown: str | None
    failing: int | None
    needed: int | None
    gap_failing: int | None
    gap_unknown: int | None
    if_low: str | None
    if_high: str | None
    if_last: str | None
    deciding: str | None


class SeriesRow(_Judged):
    """One month of an indicator at a place: table `figure`."""

    unit: str


class FigureRow(_Judged):
    """One figure of a place in a month with what is measured. `unit` is the unit of the value, `place` the code of the place."""

    name: str
    unit: str
    gap_unit: str | None
    clause: str
    headline: bool
    is_share: bool
    position: int
    low: float | None
    high: float | None
    goal_due: date
    judged: str | None
    counted: str
    place: str


class ComparedRow(FigureRow):
    """A figure with the month before, rank and order of concern. `more`: further units; `points`: change of the value."""

    shown_before: str | None
    status_before: str | None
    points: float | None
    more: Decimal | None
    rank: int | None
    ranked: int | None
    concern: int | None
    place_concern: int | None


class PlaceRow(ComparedRow):
    """A figure with its series: `months` and `values` are as long as one another."""

    months: list[date]
    values: list[float | None]


class CountyRow(FigureRow):
    """A county's figure with the county's names."""

    county: str
    short: str


class MovedRow(ComparedRow):
    """A county's figure compared with the month before, with the county's names."""

    county: str
    short: str


class StandingRow(TypedDict):
    """What choosing among many counties needs of one indicator."""

    place: str
    county: str
    status: str
    shown: str | None
    numerator: Decimal
    gap: int | None
    gap_failing: int | None
    gap_unknown: int | None
    gap_unit: str | None
    unit: str
    position: int


class TownRow(FigureRow):
    """A town's figure with its name."""

    indicator_name: str
    town: str


class ConcernRow(TypedDict):
    """A county of a month: headline indicators that apply to it, and those behind."""

    unit: str
    name: str
    applicable: int
    behind: int


class ParagraphRow(TypedDict):
    """A paragraph of a policy's text."""

    policy: str
    number: int
    clause: str
    heading: bool
    text: str


class FieldRow(TypedDict):
    """A question of the form."""

    part: str
    field: str
    label: str
    type: str
    unit: str | None
    group: str | None
    applies: str | None
    help: str | None
    position: int


class ChangePart(TypedDict):
    """One part of a figure's change against the month before; the parts add up to it."""

    part: str
    before: float | None
    after: float | None
    change: float


class ChangedUnit(TypedDict):
    """A unit whose state is another than a month before."""

    part: str
    before: int | None
    after: int | None
    unit: str
    name: str | None
    county: str | None


class ReconciliationRow(TypedDict):
    """Units of a county before and after a change of the roster."""

    month: date
    unit: str
    name: str
    before: int
    created: int
    abolished: int
    moved_in: int
    moved_out: int
    after: int


class UnitNearDone(TypedDict):
    """A unit that lacks few headline indicators."""

    unit: str
    name: str
    kind: str
    town: str
    main_has: int
    main_lacks: int
    main_missing: str | None


class Outline(TypedDict):
    """A county's outline: rings of longitude and latitude in degrees."""

    code: str
    name: str
    rings: list[list[list[float]]]


class Mark(TypedDict):
    """Where a county without an outline is drawn: beside which county, shifted by degrees of longitude and latitude."""

    beside: str
    shift: tuple[float, float]


class ReportingRow(TypedDict):
    """A county of a month: units, what counts of them, the submission in force, findings."""

    month: date
    county: str
    name: str
    units: int
    accepted: int
    held: int
    carried: int
    missing: int
    seq: int | None
    file: str | None
    received_at: str | None
    times: int
    refused: int
    waiting: int
    errors: int
    warnings: int
    counties: int
    arrived: int
    faulty: int
    # as the ledger has them now: null where the county is excused; what is to be said of the year's holidays
    due: date | None
    usual_due: date
    caveat: str | None


class FindingCount(TypedDict):
    """Findings of one kind in a county of a month, with one message; `counties` that have any of the kind."""

    month: date
    county: str | None
    code: str
    severity: str
    findings: int
    message: str
    counties: int


class UnitPlace(TypedDict):
    """A unit of a month's roster with its place."""

    unit: str
    name: str
    kind: str
    town: str
    county: str
    county_code: str


class TownPlace(TypedDict):
    """A town of a month; `parent` is the code of its county, `county` the name."""

    unit: str
    name: str
    parent: str
    county: str


class SourceRow(TypedDict):
    """Where a question was answered in a submission."""

    seq: int
    part: str
    field: str
    sheet: str
    cell: str | None
    header: str | None
    factor: Decimal | None


class LackingRow(UnitPlace):
    """A unit that lacks an indicator or any leading one; `units`: how many there are."""

    state: int
    main_has: int | None
    main_lacks: int | None
    main_unknown: int | None
    main_missing: str | None
    units: int


class ShownChange(Change):
    """A change between two months; `change`: the sum of its parts, an exact fraction."""

    change: str
