"""A county's workbook, read with calamine: the cells of 表1 by question and row, of 表2 by question (semantics §3, ordinary layouts).

Read are a title that names county and month, one or two header rows in any column order, ordinals, units and remarks in headers,
notes, totals and repeated headers; of a prefilled form also the hidden copy of what it came with, the ticks 已核对 and the lines that
confirm the rest. Anything else (other formats, sheets that are joined, two columns for one question) is `NotRead`, with the reason.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from python_calamine import CalamineError, load_workbook

from lab.audit import answers, dates
from lab.audit.declared import Form, Question

_TITLE = re.compile(r"(?P<county>\w*?[县区市])(?P<year>\d{4})年(?P<month>\d{1,2})月")
_ORDINAL = re.compile(r"^(?:\d+[.、]|\(\d+\)|[一二三四五六七八九十]+、)")
_REMARK = re.compile(r"^(.*)\(([^()]*)\)$")
_TOTALS = re.compile(r"^(?:小计|合计|总计|共计|其中)")
_LEAST_LABELS = 6
_MARKS, _COPY, _COPY_WIDTH = "_shequ", "_shequ_last", 12
_TICK, _REST = "已核对", re.compile(r"^其余各[行项]已核对,无变化:?(.*)$")


class NotRead(Exception):
    """The workbook is beyond this reader; the text says why."""


@dataclass(frozen=True)
class Column:
    index: int
    factor: Fraction


@dataclass
class Copy:
    """What a prefilled form came with, as text: by unit code and question, and of 表2 (None: it came blank)."""

    rows: dict[str, dict[str, str]]
    record: dict[str, object] | None


@dataclass
class Book:
    """What a workbook says. `rows`: (row of the sheet, question id to raw value); `record`: 表2's raw values, None where there is none.

    `copy` is None where the form was not prefilled; `ticked` are the rows that are confirmed one by one, `rest` the parts of which
    everything else is.
    """

    county_name: str
    month: int
    rows: list[tuple[int, dict[str, object]]] = field(default_factory=list)
    factors: dict[str, Fraction] = field(default_factory=dict)
    record: dict[str, object] | None = None
    record_factors: dict[str, Fraction] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    copy: Copy | None = None
    ticked: set[int] = field(default_factory=set)
    rest: set[str] = field(default_factory=set)


def read(path: Path, form: Form, name: str = "") -> Book:
    """The workbook at `path`; `name` is the file name under which it was sent."""
    sheets = _sheets(path)
    marked, copied = sheets.pop(_MARKS, []), sheets.pop(_COPY, None)
    marks = {str(row[0]): str(row[1]) for row in marked if len(row) > 1 and row[0] != ""}
    book = Book(*_identity(sheets, marks, name or path.name))
    if copied and "prefilled" in marks:
        book.copy = Copy(
            _copied_rows(copied), {row[3]: row[4] for row in marked if len(row) > 4 and row[3] != ""} or None
        )
    for title, cells in sheets.items():
        _read_sheet(book, title, cells, form)
    if not book.rows and book.record is None:
        raise NotRead("neither 表1 nor 表2 recognised")
    return book


def _sheets(path: Path) -> dict[str, list[list]]:
    if path.open("rb").read(4)[:2] not in (b"PK", b"\xd0\xcf"):
        raise NotRead("not a workbook that calamine opens")
    try:
        workbook = load_workbook(path)
        return {n: workbook.get_sheet_by_name(n).to_python(skip_empty_area=False) for n in workbook.sheet_names}
    except CalamineError as fault:
        raise NotRead(f"calamine: {fault}") from fault


# -- prefilled forms


def _copied_rows(cells: list[list]) -> dict[str, dict[str, str]]:
    """The hidden copy: the first row names the questions, every other row has `_COPY_WIDTH` characters for each, the first is the code."""
    lines = [str(row[0]) for row in cells if row and row[0] != ""]
    names = lines[0].split()
    copied = {}
    for line in lines[1:]:
        texts = [line[at : at + _COPY_WIDTH].strip() for at in range(0, _COPY_WIDTH * len(names), _COPY_WIDTH)]
        copied[texts[0]] = dict(zip(names[1:-1], texts[1:-1], strict=True))
    return copied


def _confirms_rest(cells: list[list], header: int) -> bool:
    for row in cells[:header]:
        for index, value in enumerate(row):
            if line := _REST.match(answers.folded(value)):
                beside = next((other for other in row[index + 1 :] if other != ""), "")
                return answers.folded(line[1] or beside).upper() in answers.YES
    return False


def _ticked(cells: list[list], header: int) -> Iterator[int]:
    columns = [i for i, value in enumerate(cells[header]) if answers.folded(value) == _TICK]
    for number, row in enumerate(cells[header + 1 :], header + 2):
        if any(i < len(row) and answers.folded(row[i]).upper() in {*answers.YES, _TICK} for i in columns):
            yield number


# -- whose and of which month


def _identity(sheets: dict[str, list[list]], marks: dict[str, str], name: str) -> tuple[str, int]:
    titles = [text for cells in sheets.values() for row in cells[:5] for text in row if isinstance(text, str)]
    said = {stated for text in [*titles, name] if (stated := _county_and_month(text))}
    months = {month for _, month in said}
    counties = {county for county, _ in said}
    if len(months) != 1 or len(counties) != 1:
        raise NotRead(f"county and month not plain: {sorted(said)}")
    if "month" in marks and dates.month(marks["month"]) not in months:
        raise NotRead(f"title says {dates.text(months.pop())}, hidden mark {marks['month']}")
    return counties.pop(), months.pop()


def _county_and_month(text: str) -> tuple[str, int] | None:
    match = _TITLE.search(answers.folded(text))
    return (match["county"], int(match["year"]) * 12 + int(match["month"]) - 1) if match else None


# -- labels


def _labels(questions: Iterable[Question]) -> dict[str, Question]:
    return {answers.folded(label): question for question in questions for label in question.labels}


def label(value: object, known: dict[str, Question]) -> tuple[Question, Fraction] | None:
    """The question that a header asks, and the factor of the unit that it states."""
    text = _ORDINAL.sub("", answers.folded(value))
    if text in known:
        return known[text], Fraction(1)
    remark = _REMARK.match(text)
    if not remark or remark[1] not in known:
        return None
    question = known[remark[1]]
    if not answers.is_unit(remark[2]):
        return question, Fraction(1)
    times = answers.factor(remark[2], question.unit)
    if times is None:
        raise NotRead(f"header {text}: the unit {remark[2]} is not convertible")
    return question, times


# -- sheets


def _read_sheet(book: Book, title: str, cells: list[list], form: Form) -> None:
    community, county = _labels(form.community.values()), _labels(form.county.values())
    header = _header(cells, community)
    if header is not None:
        if book.rows:
            raise NotRead(f"sheet {title}: a second 表1")
        _read_table(book, cells, header, community, form)
    elif (place := _record_header(cells, county)) is not None:
        if book.record is not None:
            raise NotRead(f"sheet {title}: a second 表2")
        _read_record(book, cells, place, county)
    elif _is_filled(title, cells):
        book.remarks.append(f"sheet {title} set aside")


def _is_filled(title: str, cells: list[list]) -> bool:
    return "填表说明" not in title and title != "备注" and any(value != "" for row in cells for value in row)


def _header(cells: list[list], known: dict[str, Question]) -> int | None:
    """The row with the most labels, if there are enough."""
    counts = [sum(answers.folded(value) != "" and _names(value, known) for value in row) for row in cells[:15]]
    best = max(counts, default=0)
    return counts.index(best) if best >= _LEAST_LABELS else None


def _names(value: object, known: dict[str, Question]) -> bool:
    text = _ORDINAL.sub("", answers.folded(value))
    remark = _REMARK.match(text)
    return text in known or bool(remark and remark[1] in known)


def _read_table(book: Book, cells: list[list], header: int, known: dict[str, Question], form: Form) -> None:
    columns = _columns(book, cells[header], known)
    missing = [q.id for q in form.community.values() if q.required and q.id not in columns and q.id != "code"]
    if missing:
        raise NotRead(f"required columns missing: {missing}")
    book.factors = {question: column.factor for question, column in columns.items()}
    book.rows = list(_rows(book, cells, header, columns))
    book.ticked = set(_ticked(cells, header))
    if _confirms_rest(cells, header):
        book.rest.add("community")


def _columns(book: Book, row: list, known: dict[str, Question]) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for index, value in enumerate(row):
        text = answers.folded(value)
        field = label(value, known)
        if field and field[0].id in columns:
            raise NotRead(f"two columns for {field[0].id}")
        if field:
            columns[field[0].id] = Column(index, field[1])
        elif text and text != _TICK:
            book.remarks.append(f"column {text} unknown")
    return columns


def _rows(book: Book, cells: list[list], header: int, columns: dict[str, Column]) -> Iterator[tuple[int, dict]]:
    for number, row in enumerate(cells[header + 1 :], header + 2):
        values = {question: row[column.index] for question, column in columns.items() if column.index < len(row)}
        given = [question for question, value in values.items() if not answers.is_blank(value)]
        if not given or _is_heading(row, cells[header]):
            continue
        if _is_remark(values):
            continue
        if any(_TOTALS.match(answers.folded(values.get(name))) for name in ("code", "name", "town")):
            continue
        yield number, values


def _is_heading(row: list, header: list) -> bool:
    """The header repeated."""
    same = [value for value, label_ in zip(row, header, strict=False) if value != "" and value == label_]
    return len(same) >= _LEAST_LABELS


def _is_remark(values: dict[str, object]) -> bool:
    """Notes and signatures: neither a code nor a name."""
    return not answers.folded(values.get("code"))[:1].isdigit() and answers.is_blank(values.get("name"))


# -- 表2


def _record_header(cells: list[list], known: dict[str, Question]) -> tuple[int, int] | None:
    """Columns of label and value, where enough lines bear labels of 表2."""
    width = max(map(len, cells), default=0)
    for column in range(min(width, 4)):
        lines = [row for row in cells if column < len(row) and row[column] != "" and _names(row[column], known)]
        if len(lines) >= _LEAST_LABELS:
            heads = [row for row in cells if any(answers.folded(value) in ("填报值", "填报内容") for value in row)]
            value = next(
                (i for row in heads for i, v in enumerate(row) if answers.folded(v) in ("填报值", "填报内容")), None
            )
            if value is None:
                raise NotRead("表2 without a column 填报值")
            return column, value
    return None


def _read_record(book: Book, cells: list[list], place: tuple[int, int], known: dict[str, Question]) -> None:
    book.record = {}
    if _confirms_rest(cells, len(cells)):
        book.rest.add("county")
    for row in cells:
        field = label(row[place[0]], known) if len(row) > max(place) else None
        if field and field[0].id in book.record:
            raise NotRead(f"two lines for {field[0].id}")
        if field:
            book.record[field[0].id] = row[place[1]]
            book.record_factors[field[0].id] = field[1]
            _check_unit(row, place, field[0])


def _check_unit(row: list, place: tuple[int, int], asked: Question) -> None:
    """A unit column between label and value must be the form's own."""
    for value in row[place[0] + 1 : place[1]]:
        if answers.is_unit(answers.folded(value)) and answers.factor(answers.folded(value), asked.unit) != 1:
            raise NotRead(f"表2 {asked.id}: another unit, {value}")
