"""Rows of the tables of an edition, as TypedDicts: for reports and pages; one row as the table's grain says."""

from datetime import date
from typing import NotRequired, TypedDict

from pipelines.answers import findings


class PolicyRow(TypedDict):
    """A policy that judges the edition's month."""

    id: str
    title: str
    issuer: str
    published: str
    since: date
    due: date


class CountyName(TypedDict):
    """A county of a month."""

    unit: str
    name: str
    short: str


class SubmissionRow(TypedDict):
    """A submission received."""

    seq: int
    received_at: str
    received_by: str
    file: str
    sha256: str
    county: str | None
    month: date | None
    refused: bool
    status: str
    rows_read: int
    rows_accepted: int


class FindingRow(findings.FindingRow):
    """A finding of a submission in force. With names where the query joins them, with the number of all where it is cut off, with the
    state of its matter where it is read as of now.
    """

    month: date | None
    seq: int | None
    county: str | None
    file: str
    county_name: NotRequired[str | None]
    unit_name: NotRequired[str | None]
    findings: NotRequired[int]
    state: NotRequired[str | None]
    explanation: NotRequired[str | None]
    question: NotRequired[str | None]


class OutlookRow(TypedDict):
    """Where the trend of an indicator at a place leads. Paces are units a month."""

    value_at_due: float | None
    reaches: date | None
    recent_pace: float | None
    needed_pace: float | None
    months_left: int | None
    sdg_category: str | None
    sdg_ratio: float | None
    sdg_score: float | None
    sdg_refused: str | None


class Coverage(TypedDict):
    """A county's units of the month: all, accepted, held back, carried from earlier months, without any answer."""

    county: str
    name: str
    units: int
    accepted: int
    held: int
    carried: int
    missing: int


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


class LackingUnit(TypedDict):
    """A unit known to lack an indicator."""

    county_code: str
    county: str
    town: str
    unit: str
    name: str
