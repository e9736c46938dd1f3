"""表2: label and value, one field a row, in whatever arrangement of columns it comes; also side by side, or turned on its side."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice

from rapidfuzz import fuzz, process

from pipelines.answers import header_columns, measurement_units, parse_value, personal_data
from pipelines.answers.findings import Report, Where
from pipelines.answers.header_columns import Column, Match
from pipelines.answers.parse_value import Asked, Bad
from pipelines.reference import labels
from pipelines.reference.form import Field, Part
from pipelines.workbook import address
from pipelines.workbook.grid import Sheet

ENOUGH = 4
NEAR = 60
_OWN = ("county_code", "county")
_DEEPEST = 500  # filled rows in which labels are looked for
_VALUE = {
    "填报值", "填报", "填报数", "填报数据", "填报内容", "填报情况", "填报结果",
    "填写", "填写值", "填写内容", "数值", "数据", "值", "内容", "结果",
    "情况", "完成情况",
    "本月", "本月数", "本期", "答案", "是否", "实际", "现状", "回答",
}  # fmt: skip
_LABEL = {"项目", "指标", "指标名称", "项目名称", "内容", "名称", "事项", "填报项目", "调查项目", "问题"}
_UNIT = {"单位", "计量单位", "数据单位"}
_OTHER = {"备注", "说明", "序号", "编号", "行次", "填表说明", "代码"}


@dataclass
class CountyRecord:
    """表2 of one file: the place and the value of each answer."""

    sheet: str
    cells: dict[str, str] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)
    raw: dict[str, str | None] = field(default_factory=dict)
    held: bool = False


@dataclass(frozen=True)
class Place:
    """Where a field's value is (1-based), and what the unit column or the label says of its unit."""

    field: Field
    label: str
    label_row: int
    label_column: int
    row: int
    column: int
    remarks: tuple[str, ...]


@dataclass
class Form2:
    """表2 as laid out on its sheet. `first` is the first row with a label; `unknown` are texts in places of labels.

    `beside`: where nothing names the column (or row) of values, the one that is read and others that are filled like it.
    """

    sheet: Sheet
    first: int
    places: dict[str, Place]
    twice: dict[str, list[str]]
    unknown: list[tuple[str, str]]
    beside: list[tuple[str, list[str]]]


def find(sheet: Sheet, part: Part) -> Form2 | None:
    """The county's record of a sheet, or None where fewer than `ENOUGH` of its labels are found."""
    labelled = _labels(sheet, part)
    if len({item[2].id for item in labelled}) < ENOUGH:
        return None
    rows, columns = Counter(row for row, *_ in labelled), Counter(column for _, column, *_ in labelled)
    sideways = max(rows.values()) > max(columns.values())
    places, beside = _sideways(sheet, labelled) if sideways else _upright(sheet, labelled, columns)
    twice: dict[str, list[Place]] = {}
    for place in places:
        twice.setdefault(place.field.id, []).append(place)
    return Form2(
        sheet,
        min(row for row, *_ in labelled),
        {name: spots[0] for name, spots in twice.items() if len(spots) == 1},
        {
            name: [address.cell(p.label_row, p.label_column) for p in spots]
            for name, spots in twice.items()
            if len(spots) > 1
        },
        [] if sideways else _unknown(sheet, labelled, columns),
        [(read, others) for read, others in beside if others],
    )


_Labelled = tuple[int, int, Field, tuple[str, ...], str]
# what is read, and what is filled beside it
_Beside = list[tuple[str, list[str]]]


def _labels(sheet: Sheet, part: Part) -> list[_Labelled]:
    """Every cell that is a label of the form: row, column, field, remarks, text."""
    labelled, named = [], part.vocabulary.named
    filled = ((row, cells) for row, cells in enumerate(sheet.rows, 1) if cells)
    for row, cells in islice(filled, _DEEPEST):
        for column, value in enumerate(cells[:100], 1):
            if type(value) is str and (names := named[value]):
                name = next(iter(names))
                labelled.append((row, column, part[name], names[name], value))
    return labelled


def _word(sheet: Sheet, row: int, column: int) -> str:
    value = sheet.value(row, column)
    return labels.readings(value)[-1][0] if isinstance(value, str) else ""


def _is_unit(value: object) -> bool:
    return isinstance(value, str) and measurement_units.find(value) is not None


# -- one field a row --------------------------------------------------------------------------------------------------


def _upright(sheet: Sheet, labelled: list[_Labelled], columns: Counter[int]) -> tuple[list[Place], _Beside]:
    """Label columns side by side, each with the columns that belong to it."""
    label_columns = sorted(column for column, count in columns.items() if count >= 2)
    first = min(row for row, *_ in labelled)
    width = max(len(row) for row in sheet.rows)
    places, beside = [], []
    for number, column in enumerate(label_columns):
        low = label_columns[number - 1] if number else 0
        high = label_columns[number + 1] if number + 1 < len(label_columns) else width + 1
        block = [item for item in labelled if item[1] == column]
        value, unit, others = _value_column(sheet, block, first, column, (low, high), len(label_columns) == 1)
        beside.append((f"{address.letter(value)}列", [f"{address.letter(other)}列" for other in others]))
        for row, _, field_, remarks, text in block:
            stated = sheet.value(row, unit) if unit else None
            units = (*remarks, str(stated)) if stated else remarks
            places.append(Place(field_, text, row, column, row, value, units))
    return places, beside


def _value_column(
    sheet: Sheet, block: list[_Labelled], first: int, label: int, bounds: tuple[int, int], alone: bool
) -> tuple[int, int | None, list[int]]:
    """The value's and the unit's column: by the words over them, else the first on the right that does not hold units.

    Where no word names the value's: also the columns filled like it.
    """
    high = bounds[1]
    candidates = range(label + 1, high) if not alone else [c for c in range(1, high) if c != label]
    value = unit = None
    for row in range(max(1, first - 3), first):
        for column in candidates:
            word = _word(sheet, row, column)
            value = value or (column if word in _VALUE else None)
            unit = unit or (column if word in _UNIT else None)
    rows = [row for row, *_ in block]
    right = list(range(label + 1, max(high, label + 2)))
    if unit is None:
        unit = next((c for c in right if c != value and _holds_units(sheet, rows, c)), None)
    others: list[int] = []
    if value is None:
        headed = {c for c in right for r in range(max(1, first - 3), first) if _word(sheet, r, c) in _OTHER}
        open_ = [c for c in right if c != unit and c not in headed]
        filled = [c for c in open_ if any(sheet.value(row, c) is not None for row in rows)]
        value = (filled or open_ or [label + 1])[0]
        others = _filled_alike([[sheet.value(row, c) for row in rows] for c in filled], filled)
    return value, unit, others


def _filled_alike(lines: list[list[object]], names: list[int]) -> list[int]:
    """Of lines of cells those that have at least half as many filled as the first, which is left out: fewer are notes."""
    counts = [sum(value is not None for value in line) for line in lines]
    return [name for name, count in zip(names[1:], counts[1:], strict=True) if 2 * count >= counts[0]]


def _holds_units(sheet: Sheet, rows: list[int], column: int) -> bool:
    values = [value for value in (sheet.value(row, column) for row in rows) if value is not None]
    return bool(values) and all(_is_unit(value) for value in values)


def _unknown(sheet: Sheet, labelled: list[_Labelled], columns: Counter[int]) -> list[tuple[str, str]]:
    """Texts between the labels that are none: cell and text."""
    unknown = []
    for column in (column for column, count in columns.items() if count >= 2):
        rows = {row for row, at, *_ in labelled if at == column}
        for row in range(min(rows), max(rows)):
            value = sheet.value(row, column)
            if row not in rows and isinstance(value, str) and value.strip() and labels.normalise(value) not in _LABEL:
                unknown.append((address.cell(row, column), value))
    return unknown


# -- one field a column -----------------------------------------------------------------------------------------------


def _sideways(sheet: Sheet, labelled: list[_Labelled]) -> tuple[list[Place], _Beside]:
    """Labels in rows, values below them, perhaps with a row of units between."""
    places, beside = [], []
    label_rows = sorted({row for row, *_ in labelled})
    for row in label_rows:
        block = [item for item in labelled if item[0] == row]
        high = min((other for other in label_rows if other > row), default=len(sheet.rows) + 1)
        columns = [column for _, column, *_ in block]
        unit = next((r for r in range(row + 1, high) if _row_of_units(sheet, r, columns)), None)
        filled = [r for r in range(row + 1, high) if r != unit and any(sheet.value(r, c) is not None for c in columns)]
        value = (filled or [row + 1])[0]
        others = _filled_alike([[sheet.value(r, c) for c in columns] for r in filled], filled)
        beside.append((f"第{value}行", [f"第{other}行" for other in others]))
        for _, column, field_, remarks, text in block:
            stated = sheet.value(unit, column) if unit else None
            places.append(
                Place(field_, text, row, column, value, column, (*remarks, str(stated)) if stated else remarks)
            )
    return places, beside


def _row_of_units(sheet: Sheet, row: int, columns: list[int]) -> bool:
    values = [value for value in (sheet.value(row, column) for column in columns) if value is not None]
    return bool(values) and all(_is_unit(value) for value in values)


# -- values -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Own:
    """The file's county: every code and name that it has had (none where it is not known), whether city and district pay together."""

    codes: tuple[str, ...]
    names: set[str]
    shared: bool


def read(form2: Form2, part: Part, report: Report, own: Own, date1904: bool) -> CountyRecord | None:
    """The values of the record; None where a required label is missing or a label occurs twice."""
    sheet = form2.sheet
    refused = False
    for name, cells in form2.twice.items():
        report.add("label_twice", sheet=sheet.name, cell=",".join(cells), field=name, found=part[name].label)
        refused = True
    for field_ in part:
        if field_.required and field_.id not in form2.places and field_.id not in form2.twice:
            report.add("required_label_missing", sheet=sheet.name, field=field_.id, expected=field_.label)
            refused = True
    missing = [f.label for f in part if not f.required and f.id not in form2.places and f.id not in form2.twice]
    if missing:
        report.add("labels_missing", sheet=sheet.name, expected="、".join(missing), count=len(missing))
    known = {labels.fold(f.label): f.label for f in part}
    for cell, text in form2.unknown:
        near = process.extractOne(labels.normalise(text), list(known), scorer=fuzz.ratio, score_cutoff=NEAR)
        hint = f"最接近的项目是“{known[near[0]]}”" if near else "没有相近的项目"
        report.add("unknown_label", sheet=sheet.name, cell=cell, found=text, hint=hint)
    for values, others in form2.beside:
        report.add("values_beside", sheet=sheet.name, found=values, expected="、".join(others))
    record = CountyRecord(sheet.name)
    for field_ in part:
        if field_.id in form2.places:
            _value(form2.places[field_.id], sheet, record, report, date1904, own.shared)
    _check_county(record, report, own)
    return None if refused else record


def _value(place: Place, sheet: Sheet, record: CountyRecord, report: Report, date1904: bool, shared: bool) -> None:
    field_ = place.field
    raw = sheet.value(place.row, place.column)
    cell = address.cell(place.row, place.column)
    text = parse_value.shown(raw)
    record.cells[field_.id], record.raw[field_.id], record.values[field_.id] = (
        cell,
        text and personal_data.masked(text),
        None,
    )
    result = _parsed(place, sheet, raw, date1904)
    where: Where = {"sheet": sheet.name, "cell": cell, "row": place.row, "field": field_.id, "label": field_.label}
    if field_.applies == "shared_funding" and not shared:
        text = labels.fold(parse_value.shown(raw) or "")
        if not parse_value.is_blank(text) and text not in parse_value.NOT_APPLICABLE:
            report.add("not_applicable", found=parse_value.shown(raw), kinds="市、区共担社区建设经费的区", **where)
        return
    if isinstance(result, Bad):
        report.add(
            result.code,
            found=parse_value.shown(raw) or sheet.errors.get((place.row, place.column)),
            expected=result.expected or None,
            unit_name=field_.unit or "",
            effect="表2暂不计入" if field_.required else "该项暂按未填处理",
            count=1,
            **where,
        )
        record.held = record.held or field_.required
        return
    record.values[field_.id] = personal_data.masked(result) if isinstance(result, str) else result
    if result is None and field_.required:
        report.add("required_missing", **where)
        record.held = True


def _parsed(place: Place, sheet: Sheet, raw: object, date1904: bool) -> object:
    spot = (place.row, place.column)
    if spot in sheet.errors:
        return Bad("error_value", "")
    if spot in sheet.unevaluated:
        return Bad("formula_without_value", "")
    column = header_columns.measured(
        Column(place.column, address.letter(place.column), place.label), Match(place.field, place.label, place.remarks)
    )
    if column is None:
        return Bad("unit_of_other_quantity", place.field.unit or "")
    if place.field.type == "code":
        return parse_value.county_code(raw)
    if place.field.type == "percent" and sheet.is_percent(*spot) and isinstance(raw, (int, float)):
        return parse_value.formatted_percent(raw, place.field)
    value = ("TRUE" if raw else "FALSE") if isinstance(raw, bool) else raw
    return parse_value.parse(value, place.field, Asked(column.factor, column.stated, date1904))


def _check_county(record: CountyRecord, report: Report, own: Own) -> None:
    code, name = record.values.get("county_code"), record.values.get("county")
    wrong = None
    if own.codes and code and code not in own.codes:
        wrong = ("county_code", str(code), own.codes[-1])
    elif own.codes and isinstance(name, str) and labels.fold(name) not in own.names:
        wrong = ("county", name, max(own.names, key=len, default=own.codes[-1]))
    if wrong:
        field_id, value, expected = wrong
        where: Where = {"sheet": record.sheet, "cell": record.cells[field_id], "field": field_id}
        report.add("record_of_other_county", found=value, expected=expected, **where)
        record.held = True


# -- records beside each other ----------------------------------------------------------------------------------------


def answers(form2: Form2) -> int:
    """How many values a record has, the county's code and name apart."""
    given = (form2.sheet.value(place.row, place.column) for name, place in form2.places.items() if name not in _OWN)
    return sum(not _is_blank(value) for value in given)


def is_filled(form2: Form2) -> bool:
    """Whether anything is answered, or the form came empty."""
    return answers(form2) > 0


def contradictions(form: Form2, other: Form2) -> list[str]:
    """Places where two records of one file differ, or only one has an answer."""
    places = []
    for name, place in form.places.items():
        if name not in other.places:
            continue
        there = other.places[name]
        said = form.sheet.value(place.row, place.column), other.sheet.value(there.row, there.column)
        blank = [_is_blank(value) for value in said]
        if not all(blank) and (any(blank) or len({labels.fold(parse_value.shown(value) or "") for value in said}) > 1):
            spots = ((form, place, said[0]), (other, there, said[1]))
            places.append("，".join(
                f"“{form.sheet.name}”{address.cell(spot.row, spot.column)}为“{parse_value.shown(value) or ''}”"
                for form, spot, value in spots
            ))  # fmt: skip
    return places


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and parse_value.is_blank(labels.fold(value)))
