"""Which rows under the header are units. Each row that is not blank is in one of the lists of `Body`, by its number from 1."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from pipelines.answers import parse_value
from pipelines.answers.header_columns import Table
from pipelines.reference import labels
from pipelines.workbook.grid import Row

_TOTAL = re.compile(r".{0,30}?(?:小计|合计|总计|共计|累计|总数|汇总|平均)(?:\(.*\)|:.*)?|(?:其中|以上|本页).{0,20}")
_GRAND = re.compile(r"合计|总计|共计|汇总|全县|全区|全市")
_NOTE = re.compile(
    r"^(?:注|备注|说明|附注|填表|填报|审核|复核|负责|单位负责|制表|联系|电话|报出|盖章|日期|分管|领导|签字|经办|统计|审批|备\s*注)"
    r"|签字|签章|盖章|负责人|审核人|填表人|情况表|续表|第.{1,4}页"
)
_HAN = re.compile(r"[\u3400-\u9fff]")
FEW = 6  # cells of a note, a line of signatures or a heading


@dataclass
class Total:
    """A row of sums: its label, and whether it claims to hold all units."""

    row: int
    label: str
    grand: bool


@dataclass
class Body:
    """The rows below the header by what they are; row numbers are 1-based."""

    units: list[int] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)  # notes, signatures, headings, repeated headers


def classify(table: Table, is_name: Callable[[str], bool], is_place: Callable[[str], bool]) -> Body:
    """Sorts the rows below the header. `is_name`: names a unit of the county; `is_place`: names a town or the county."""
    sorter = _Sorter(table, is_name, is_place)
    body, doubtful = Body(), []
    for number, row in enumerate(table.sheet.rows[table.last :], table.last + 1):
        if sorter.has_code(row):
            body.units.append(number)
            continue
        kind = sorter.kind(row)
        if kind == "unit":
            body.units.append(number)
        elif kind == "total":
            label = sorter.label(row)
            body.totals.append(Total(number, label, bool(_GRAND.search(label)) and not is_place(label)))
        elif kind == "skip":
            body.skipped.append(number)
        elif kind == "doubtful":
            doubtful.append(number)
    _settle(body, doubtful, table)
    return body


def _settle(body: Body, doubtful: list[int], table: Table) -> None:
    """Few texts without a code below the last unit are a note whatever they say; elsewhere they are a row in question."""
    last = body.units[-1] if body.units else table.last
    for number in doubtful:
        cells = [value for value in table.sheet.rows[number - 1] if value is not None]
        note = number > last and len(cells) <= FEW and not any(isinstance(v, (int, float)) for v in cells)
        (body.skipped if note else body.units).append(number)
    body.units.sort()
    body.skipped.sort()


class _Sorter:
    def __init__(self, table: Table, is_name: Callable[[str], bool], is_place: Callable[[str], bool]):
        self.is_name, self.is_place = is_name, is_place
        self.code, self.name, self.town = (self._position(table, name) for name in ("code", "name", "town"))
        self.kind_column = self._position(table, "kind")
        self.headers = {_signature(row) for row in table.sheet.rows[table.first - 1 : table.last]}
        self.header_texts = {labels.normalise(c.header) for c in table.columns.values()}
        self.codes: dict[object, bool] = {}

    @staticmethod
    def _position(table: Table, field_id: str) -> int | None:
        return table.columns[field_id].index - 1 if field_id in table.columns else None

    @staticmethod
    def _at(row: Row, position: int | None) -> object:
        return row[position] if position is not None and position < len(row) else None

    def has_code(self, row: Row) -> bool:
        """Whether the row has a unit's code or the ruins of one, rather than the code of a town or a word."""
        raw = row[self.code] if self.code is not None and self.code < len(row) else None
        if type(raw) is str and len(raw) == 12 and raw.isascii() and raw.isdigit():
            return not raw.endswith("000")
        known = self.codes.get(raw)
        if known is None:
            known = self.codes[raw] = _is_code(raw)
        return known

    def kind(self, row: Row) -> str:
        """unit | total | skip | blank | doubtful, of a row without a code."""
        if not any(value is not None and value != "" for value in row):
            return "blank"
        return self._without_code(row)

    def _without_code(self, row: Row) -> str:
        texts = [labels.fold(value) for value in row if isinstance(value, str) and value.strip()]
        filled = sum(value is not None and value != "" for value in row)
        if _signature(row) in self.headers or self._repeats_header(texts):
            return "skip"
        name = labels.fold(parse_value.shown(self._at(row, self.name)) or "")
        if name and self.is_name(name) and filled > 1:
            return "unit"
        if self._is_total(row, name):
            return "total"
        # one text alone is a heading or a remark; a unit with nothing but its name has not reported
        if filled == 1 or (filled <= FEW and any(map(_NOTE.search, texts))):
            return "skip"
        return "doubtful" if filled <= FEW else "unit"

    def _repeats_header(self, texts: list[str]) -> bool:
        return len({labels.normalise(text) for text in texts} & self.header_texts) >= min(3, len(self.header_texts))

    def _is_total(self, row: Row, name: str) -> bool:
        """Labelled as a sum; or called like a town or not called anything, and nothing but numbers behind it."""
        if any(_TOTAL.fullmatch(text) for text in self._labels(row)):
            return True
        texts = sum(isinstance(value, str) and bool(value.strip()) for value in row)
        numbers = sum(type(value) in (int, float) for value in row)
        if not numbers or texts > 2 or self._at(row, self.kind_column) is not None:
            return False
        place = name or self.label(row)
        return self.is_place(place) if place else True

    def _labels(self, row: Row) -> list[str]:
        """Cells that may label a total: code, name, town, and the first one filled."""
        first = next((value for value in row if value is not None and value != ""), None)
        cells = [self._at(row, self.code), self._at(row, self.name), self._at(row, self.town), first]
        return [labels.fold(value) for value in cells if isinstance(value, str)]

    def label(self, row: Row) -> str:
        labels_of_row = self._labels(row)
        return next(
            (text for text in labels_of_row if _TOTAL.fullmatch(text)), labels_of_row[-1] if labels_of_row else ""
        )


def _is_code(raw: object) -> bool:
    text = labels.fold(parse_value.shown(raw) or "")
    if len(text) == 12 and text.isascii() and text.isdigit():
        return not text.endswith("000")
    digits = "".join(filter(str.isdigit, text))
    parent = len(digits) in (6, 9) or (len(digits) == 12 and digits.endswith("000"))
    return len(digits) >= 5 and not parent and not _HAN.search(text)


def _signature(row: Row) -> tuple[object, ...]:
    return tuple((i, value) for i, value in enumerate(row) if value is not None and value != "")
