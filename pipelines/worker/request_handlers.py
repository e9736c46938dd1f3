"""Request handlers that run in the worker process: read a file to tables, mark a workbook as a receipt.

Each is a pure function of bytes and reference data. Requests and answers are a dict and parts of bytes (`pipelines.worker.protocol`):

| op | takes | gives |
|---|---|---|
| `read` | event, resolutions; the file | `tables`, their names; each as Arrow IPC |
| `receipt` | name, findings, context; the file | `name`; the receipt |
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from pipelines import months
from pipelines.answers import findings
from pipelines.answers.findings import FindingRow
from pipelines.answers.read_workbook import Reading, read_workbook
from pipelines.archive.store import Event
from pipelines.receipt import ReceiptContext, Try, write_receipt
from pipelines.reference import form, roster
from pipelines.reference.form import Form
from pipelines.reference.roster import Admission, Rosters
from pipelines.warehouse import arrow_rows
from pipelines.worker.protocol import Head

# the line of JSON of an answer, and its parts
Answer = tuple[Head, list[pa.Buffer | bytes]]


class Tasks:
    """The handlers over one folder of reference data."""

    def __init__(self, folder: Path, first_month: date, survey: Form, rosters: Rosters):
        self.folder, self.first_month, self.form, self.rosters = folder, first_month, survey, rosters
        self.kinds = findings.load(folder)

    @classmethod
    def of_folder(cls, folder: Path, first_month: date, admissions: Iterable[Mapping[str, str]] = ()) -> "Tasks":
        """With the reference data of a folder and the units that the city admitted."""
        rosters = roster.load(folder).with_admissions(map(Admission.of, admissions))
        return cls(folder, first_month, form.load(folder), rosters)

    @cached_property
    def digests(self) -> dict[str, str]:
        """Digests of the form and the rosters that files are read with, as in `Reference.digests`."""
        return {"form": form.digest(self.folder), "rosters": self.rosters.digest()}

    def answer(self, request: Head, parts: list[bytes]) -> Answer:
        """Answer a request (`op`: read or receipt): a JSON head and parts of bytes."""
        handlers: dict[str, Callable[..., Answer]] = {"read": self._read, "receipt": self._receipt}
        return handlers[request.pop("op")](*parts, **request)

    def _read(self, data: bytes, event: Head, resolutions: Mapping[str, Mapping[str, str]]) -> Answer:
        submission = Event(**event)
        tables = arrow_rows.tables(self.form, submission, self.reading(data, submission, resolutions))
        return {"tables": list(tables)}, [_packed(table) for table in tables.values()]

    def reading(self, data: bytes, event: Event, resolutions: Mapping[str, Mapping[str, str]]) -> Reading:
        """A function of the bytes, the reference data, the day of receipt and the decisions given."""
        return read_workbook(
            data,
            event.body["file"],
            self.form,
            self.rosters,
            resolutions=resolutions,
            today=event.day,
            first_month=self.first_month,
            taxonomy=self.kinds,
            received_under=event.body.get("form", self.form.oldest.version),
        )

    def _receipt(self, data: bytes, name: str, findings: list[FindingRow], context: Head) -> Answer:
        receipt, file_name = write_receipt(data, name, findings, unpacked_context(context))
        return {"name": file_name}, [receipt]


def _packed(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def packed_context(context: ReceiptContext) -> Head:
    """A receipt's context as JSON values."""
    packed = dict(context.__dict__)
    packed["month"] = months.key(context.month) if context.month else None
    packed["earlier"] = [[list(earlier.findings), earlier.refused] for earlier in context.earlier]
    return packed | {"waived": sorted(context.waived)}


def unpacked_context(packed: Head) -> ReceiptContext:
    """The context of a receipt from its JSON form."""
    month = months.parse(packed["month"]) if packed["month"] else None
    earlier = tuple(Try(tuple(findings), refused) for findings, refused in packed["earlier"])
    return ReceiptContext(**packed | {"month": month, "earlier": earlier, "waived": frozenset(packed["waived"])})
