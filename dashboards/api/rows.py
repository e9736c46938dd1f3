"""Rows of `/api` that no command gives in the same form. Text is Chinese, ids are English."""

from typing import Literal

from pydantic import BaseModel

from pipelines.edition.figure_types import Status
from pipelines.edition.progress_rows import Reply, TaskUnit


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
    units: list[TaskUnit]
    replies: list[Reply]
