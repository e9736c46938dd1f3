"""Months as Dagster's partitions."""

from datetime import date

import dagster as dg

from pipelines import months
from pipelines.archive.ledger import SHANGHAI
from pipelines.reference.reference_bundle import Reference

ZONE = str(SHANGHAI)


def partitions(reference: Reference) -> dg.MonthlyPartitionsDefinition:
    """Every month since the first that a policy asks for; a month is there once it is over.

    The last is the last one that is due in a year whose holidays the calendar knows: beyond it nothing is offered until they are entered.
    """
    return dg.MonthlyPartitionsDefinition(
        start_date=months.key(reference.first_month), end_date=_end(reference), fmt="%Y-%m", timezone=ZONE
    )


def _end(reference: Reference) -> str | None:
    """The month after the last, which is no partition any more."""
    known = reference.calendar.years_known
    return months.key(last_due(max(known))) if known else None


def last_due(year: int) -> date:
    """December of a year is due in the next one: November's report is the last that the year's calendar dates."""
    return date(year, 12, 1)


def asked(context: dg.AssetExecutionContext) -> list[date]:
    """The months of this run: one, or all of a backfill."""
    return [months.parse(key) for key in context.partition_keys]
