"""How many cells a county has to touch in a month: answers that differ from the prefilled ones, ticks, and lines that confirm the rest.

    python -m lab.benchmarks.cells_touched --months 2019-01..2019-12

Reads the sample's workbooks as they would be sent, by their own hidden copy. Counties that keep a sheet of their own got the prefilled
form too, but what they type cannot be seen in what they send: they are counted apart.
"""

import argparse
import io
import statistics
from datetime import date

import openpyxl

from pipelines import months, settings
from pipelines.reference import reference_bundle
from pipelines.reference.prefilled_marks import LAST_SHEET, WIDTH, copied_rows, text_of
from pipelines.sample.write_samples import Sample
from pipelines.template.last_answers import GIVEN


def touched(data: bytes) -> tuple[int, int] | None:
    """Cells that were typed into, and cells with an answer in all; of 表1. None of a sheet that a county made itself."""
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
    rows = list(book.worksheets[0].iter_rows(min_row=5, values_only=True))
    if LAST_SHEET not in book.sheetnames:
        return None
    names, copies = copied_rows([row[0] if row else None for row in book[LAST_SHEET].iter_rows(values_only=True)])
    before = {
        code: [text[at : at + WIDTH].strip() for at in range(0, len(names) * WIDTH, WIDTH)]
        for code, text in copies.items()
    }
    cells = [
        (text_of(value), then)
        for row in rows
        if row[0] in before or str(row[0] or "").isdigit()
        for value, then in zip(
            row[len(GIVEN) : len(names) - 1], (before.get(row[0]) or [""] * len(names))[len(GIVEN) :], strict=False
        )
    ]
    ticks = sum(row[len(names) - 1] is not None for row in rows if len(row) >= len(names))
    return sum(now != then for now, then in cells) + ticks + 1, sum(now != "" for now, _ in cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", default="2019-01..2019-12")
    span = months.parse_span(parser.parse_args().months)
    reference = reference_bundle.load(settings.load().reference)
    sample = Sample(reference.form, reference.rosters)
    counts = {(report.place.name, month): touched(data) for month in span for report, data in sample.workbooks(month)}
    _print(counts)


def _print(counts: dict[tuple[str, date], tuple[int, int] | None]) -> None:
    seen = {key: count for key, count in counts.items() if count}
    for (name, month), (typed, given) in sorted(seen.items(), key=lambda item: item[1]):
        print(f"{months.key(month)} {name}: {typed} of {given}")
    median = statistics.median(typed for typed, _ in seen.values())
    print(f"median: {median:g} in {len(seen)} workbooks; {len(counts) - len(seen)} sheets of their own")


if __name__ == "__main__":
    main()
