"""Rows of spot checks that pages read, as TypedDicts: the columns of each selection in `spot_rows`."""

from datetime import date
from decimal import Decimal
from typing import TypedDict

from pipelines.verification.spot_tables import ResultColumns


class SpotResult(ResultColumns):
    """The result of a list about a claim: columns of `spot_claim` and `figure_spot`."""

    policy: str
    indicator: str
    level: str
    unit: str
    month: date
    counted: int
    required: int
    yes: int
    text: str | None


class SpotFigureRow(SpotResult):
    """What a check says of a claim in a month: table `figure_spot`, with the sense of the target."""

    list: int | None
    at_most: bool
    checked: date | None
    closed: date | None


class SpotClaimRow(SpotResult):
    """A claim of a list: table `spot_claim`."""

    list: int
    name: str
    at_most: bool
    unknown: int
    target: Decimal
    allowed: int
    planned: int
    confirmed: int | None
    refuted: int | None
    open: int | None
    estimate: bool


class SpotListRow(TypedDict):
    """A list: table `spot_list`; of all lists also what they ask about."""

    month: date
    list: int
    state: str
    edition: str
    planned_by: str
    planned_at: str
    source: str
    issue: str
    day: date
    window: int
    value: str | None
    published: str | None
    seed: str | None
    drawn_by: str | None
    drawn: date | None
    until: date | None
    closed: date | None
    why: str | None
    visits: int
    answered: int
    changed: int
    names: str


class SpotStratumRow(TypedDict):
    """A stratum of a claim: table `spot_stratum`; of a county's factors also the indicator's `name`."""

    month: date
    list: int
    indicator: str
    stratum: str
    size: int
    planned: int
    confirmed: int | None
    refuted: int | None
    open: int | None
    vf_text: str | None
    name: str


class SpotUnitRow(TypedDict):
    """A visited unit of a closed list: table `spot_unit`; of a unit's visits also `indicator_name`."""

    month: date
    list: int
    indicator: str
    part: str
    uid: str
    code: str
    name: str
    town: str
    county_code: str
    county: str
    result: str | None
    days: str | None
    evidence: str | None
    inspector: str | None
    note: str | None
    indicator_name: str
