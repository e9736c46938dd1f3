"""Rows that reports read of an edition, as TypedDicts: the columns of its tables, one row as the table's grain says."""

from datetime import date
from typing import TypedDict


class Policy(TypedDict):
    """A policy that judges the edition's month."""

    id: str
    title: str
    issuer: str
    since: date
    due: date


class Indicator(TypedDict):
    """What is measured by an indicator of a policy."""

    indicator: str
    name: str
    clause: str
    quote: str
    wording: str
    unit: str
    counted: str
    fields: list[str]
    binding_level: str
    judged: str | None
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
    goal_due: date | None


class County(TypedDict):
    """A county of the month."""

    unit: str
    name: str
    short: str


class Coverage(TypedDict):
    """A county's units of the month: all, accepted, held back, carried from earlier months, without any answer."""

    county: str
    name: str
    units: int
    accepted: int
    held: int
    carried: int
    missing: int


class Submission(TypedDict):
    """A submission received for the month."""

    county: str | None
    file: str
    status: str
    refused: bool


class Finding(TypedDict):
    """A finding of a submission in force. `unit_name` stands where the unit is known."""

    id: str
    county: str | None
    unit: str | None
    unit_name: str | None
    severity: str
    file: str
    sheet: str | None
    cell: str | None
    found: str | None
    message: str


class Decision(TypedDict):
    """A decision of a person: who, when and why."""

    at: str
    kind: str
    by: str
    month: str | None
    finding: str | None
    why: str | None
    until: str | None
    county: str | None


class Edition(TypedDict):
    """An edition published before this one, or itself."""

    month: str
    edition: int
    at: str


class Outlook(TypedDict):
    """Paces of an indicator, in units a month."""

    recent_pace: float | None
    needed_pace: float | None
    months_left: int | None


class LackingUnit(TypedDict):
    """A unit known to lack an indicator."""

    county_code: str
    county: str
    town: str
    unit: str
    name: str
