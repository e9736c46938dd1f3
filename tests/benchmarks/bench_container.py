"""What reading costs beside calamine alone: 20,000 rows of 60 cells, medians of one run.

    python tests/benchmarks/bench_container.py

The second sheet has a column of errors, of formulas, of percentages and of dates: what must be looked at closely.
"""

import gc
import io
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import python_calamine
import xlsxwriter

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipelines.survey.container import open_workbook

ROWS, COLUMNS, ROUNDS = 20_000, 60, 7


def workbook(special: bool) -> bytes:
    """Texts, marks and numbers as in 表1; with `special`, four columns of other cells."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    sheet = book.add_worksheet("表1")
    percent, day = book.add_format({"num_format": "0.0%"}), book.add_format({"num_format": "yyyy-mm-dd"})
    for row in range(ROWS):
        sheet.write_row(row, 0, [f"1305{row:08}", f"村名{row}", "街道"])
        sheet.write_row(row, 3, ["是否√×"[(row + col) % 4] for col in range(27)])
        sheet.write_row(row, 30, [(row * 7 + col * 13) % 3000 / (1 + col % 2) for col in range(30)])
        if special:
            sheet.write_formula(row, 56, f"=AE{row + 1}/0", value="#DIV/0!")
            sheet.write_formula(row, 57, f"=AE{row + 1}+1", value=row)
            sheet.write_number(row, 58, row / ROWS, percent)
            sheet.write_datetime(row, 59, date(2019, 6, 1), day)
    book.close()
    return stream.getvalue()


def bare(data: bytes) -> None:
    python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()


def seconds(read: Callable[[], object]) -> float:
    gc.collect()
    started = time.process_time()
    read()
    return time.process_time() - started


def compare(label: str, data: bytes) -> float:
    """The ratio of medians; both readers take turns, so that a busy machine is busy for both."""
    pairs = [(seconds(lambda: bare(data)), seconds(lambda: open_workbook(data, "a.xlsx"))) for _ in range(ROUNDS)]
    theirs, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"{label:32} calamine {theirs:.2f} s   open_workbook {ours:.2f} s   ratio {ours / theirs:.2f}")
    return ours / theirs


def main() -> None:
    print(f"{ROWS:,} x {COLUMNS} cells, CPU seconds, medians of {ROUNDS}")
    compare("plain cells", workbook(special=False))
    compare("with errors, formulas, %, dates", workbook(special=True))


if __name__ == "__main__":
    main()
