"""Months as Dagster's partitions."""

from datetime import date

import dagster as dg

from pipelines import months
from pipelines.archive.ledger import SHANGHAI

ZONE = str(SHANGHAI)


def partitions(first: date) -> dg.MonthlyPartitionsDefinition:
    """Every month since the first that a policy asks for; a month is there once it is over."""
    return dg.MonthlyPartitionsDefinition(start_date=months.key(first), fmt="%Y-%m", timezone=ZONE)


def asked(context: dg.AssetExecutionContext) -> list[date]:
    """The months of this run: one, or all of a backfill."""
    return [months.parse(key) for key in context.partition_keys]
