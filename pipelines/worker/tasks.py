"""What a child does with one file: read it to tables, or mark it as a receipt. Pure functions of bytes and reference data.

Requests and answers are a dict and parts of bytes (`pipelines.worker.protocol`):

| op | takes | gives |
|---|---|---|
| `read` | event, resolutions; the file | `tables`, their names; each as Arrow IPC |
| `receipt` | name, findings, context; the file | `name`; the receipt |
"""

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from pipelines import months
from pipelines.answers import findings
from pipelines.answers.read_workbook import read_workbook
from pipelines.archive.store import Event
from pipelines.receipt import ReceiptContext, Try, write_receipt
from pipelines.reference import form, roster
from pipelines.warehouse import arrow_rows


class Desk:
    """One folder of reference data, and what is asked about files."""

    def __init__(self, folder: Path, first_month: date):
        self.folder, self.first_month = folder, first_month
        self.form, self.rosters = form.load(folder), roster.load(folder)
        self.kinds = findings.load(folder)

    @cached_property
    def digests(self) -> dict[str, str]:
        """What it reads by: as `Reference.digests` has it."""
        return {"form": form.digest(self.folder), "rosters": self.rosters.digest()}

    def answer(self, request: dict, parts: list[bytes]) -> tuple[dict, list]:
        return {"read": self._read, "receipt": self._receipt}[request.pop("op")](*parts, **request)

    def _read(self, data: bytes, event: dict, resolutions: Mapping) -> tuple[dict, list]:
        told = Event(**event)
        tables = arrow_rows.tables(self.form, told, self.reading(data, told, resolutions))
        return {"tables": list(tables)}, [_packed(table) for table in tables.values()]

    def reading(self, data: bytes, event: Event, resolutions: Mapping):
        """A function of the bytes, the reference data, the day of receipt and the decisions given."""
        return read_workbook(
            data,
            event.body["file"],
            self.form,
            self.rosters,
            resolutions=resolutions,
            today=date.fromisoformat(event.at[:10]),
            first_month=self.first_month,
            taxonomy=self.kinds,
            received_under=event.body.get("form", self.form.oldest.version),
        )

    def _receipt(self, data: bytes, name: str, found: list[dict], context: dict) -> tuple[dict, list]:
        receipt, called = write_receipt(data, name, found, unpacked_context(context))
        return {"name": called}, [receipt]


def _packed(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def packed_context(context: ReceiptContext) -> dict:
    """What a receipt tells, as JSON can hold it."""
    told = dict(context.__dict__)
    told["month"] = months.key(context.month) if context.month else None
    told["earlier"] = [[list(one.findings), one.refused] for one in context.earlier]
    return told | {"waived": sorted(context.waived)}


def unpacked_context(told: dict) -> ReceiptContext:
    month = months.parse(told["month"]) if told["month"] else None
    earlier = tuple(Try(tuple(found), refused) for found, refused in told["earlier"])
    return ReceiptContext(**told | {"month": month, "earlier": earlier, "waived": frozenset(told["waived"])})
