"""One county's workbook for one month: all sheets together."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from xlsxwriter import Workbook

from pipelines import months
from pipelines.errors import Refusal
from pipelines.reference.form import Form
from pipelines.reference.prefilled_marks import LAST_SHEET, REMARKS_SHEET, TICK
from pipelines.reference.roster import County, Rosters, Unit
from pipelines.template import community_table, county_table, data_rows, filling_guide, roster_remarks
from pipelines.template.data_rows import Table
from pipelines.template.last_answers import GIVEN, Answered, LastAnswers, Prefilled, packed
from pipelines.template.template_styles import Styles, options

MARKS_SHEET = "_shequ"
EACH_TOWN = "*"
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


def file_name(name: str, month: date, remark: str = "") -> str:
    """`柏乡县2019年6月.xlsx`; the remark is in full-width brackets, which sort behind the original's full stop."""
    bracketed = f"\uff08{remark}\uff09" if remark else ""
    return f"{name}{months.label(month)}{bracketed}.xlsx"


def sheet_name(title: str) -> str:
    """A title as a sheet's name: without the characters that Excel forbids, at most 31 long."""
    return title.translate(_FORBIDDEN).strip(" '")[:31]


def blank_table(units: Sequence[Unit]) -> Table:
    """One row per unit: the roster's columns, with the answers left empty."""
    given = {name: [getattr(unit, name) for unit in units] for name in GIVEN}
    return Table([unit.kind for unit in units], given)


@dataclass(frozen=True)
class _Order:
    """One workbook to be written: a county's, or a town's of it."""

    place: County
    units: list[Unit]
    town: str | None = None

    @property
    def remark(self) -> str:
        return self.units[0].town if self.town else ""


def write_templates(
    form: Form,
    rosters: Rosters,
    month: date,
    out: Path,
    county_code: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    *,
    town: str | None = None,
    last: LastAnswers | None = None,
    caveats: Sequence[str] = (),
) -> list[Path]:
    """Write one workbook a county (or town: `EACH_TOWN`, a code or a name), with `last` answers. Errors: `Refusal`."""
    orders, written = list(_orders(rosters, month, county_code, town)), []
    last = last and _followed(last, rosters, month)
    for order in orders:
        path = out / file_name(order.place.name, month, order.remark)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_filled(form.in_month(month), order, month, last, caveats))
        written.append(path)
        if progress:
            progress(len(written), len(orders))
    return written


def _followed(last: LastAnswers, rosters: Rosters, month: date) -> LastAnswers:
    """Counties that went on whole under another code have the answers of the one that they had."""
    place = {rosters.county_in(code, month) or code: at for code, at in last.counties.place.items()}
    return replace(last, counties=replace(last.counties, place=place))


def _orders(rosters: Rosters, month: date, county_code: str | None, town: str | None) -> Iterator[_Order]:
    places = [place for place in rosters.counties(month) if county_code in (None, place.code)]
    if not places:
        known = "、".join(f"{place.code} {place.name}" for place in rosters.counties(month))
        raise Refusal(f"{months.label(month)}的名册中没有县（市、区）“{county_code}”；可用的有：{known}")
    by_county: dict[str, list[Unit]] = {place.code: [] for place in places}
    for unit in rosters.units(month):
        if unit.county_code in by_county:
            by_county[unit.county_code].append(unit)
    if town is None:
        yield from (_Order(place, by_county[place.code]) for place in places)
        return
    orders = [_Order(place, units, code) for place in places for code, units in _towns(by_county[place.code])]
    wanted = [order for order in orders if town in (EACH_TOWN, order.town, order.remark)]
    if not wanted:
        known = "、".join(f"{order.town} {order.remark}" for order in orders[:40])
        raise Refusal(f"{months.label(month)}的名册中没有街道（乡镇）“{town}”；可用的有：{known}")
    yield from wanted


def _towns(units: list[Unit]) -> list[tuple[str, list[Unit]]]:
    by_town: dict[str, list[Unit]] = {}
    for unit in units:
        by_town.setdefault(unit.town_code, []).append(unit)
    return sorted(by_town.items())


def _filled(form: Form, order: _Order, month: date, last: LastAnswers | None, caveats: Sequence[str] = ()) -> bytes:
    """A workbook with the last accepted answers of its units and of its county, where there are any."""
    table, units, known = blank_table(order.units), order.units, None
    if last:
        mine = last.units.of(form.community, [unit.uid for unit in units], month, table.kinds)
        record = last.counties.of(form.county, [order.place.code], month)
        table.columns |= {name: _spread(mine, values, units) for name, values in mine.columns.items()}
        codes = {unit.code: mine.place[unit.uid] for unit in units if unit.uid in mine.place}
        known = Prefilled(last.month, replace(mine, place=codes), _first(record))
    given = (known and known.record) or {}
    with_county = order.town is None
    return build(
        form, order.place, month, table, given, last=known, town=order.town, with_county=with_county, caveats=caveats
    )


def _spread(known: Answered, values: Sequence[object], units: Sequence[Unit]) -> list[object]:
    """A value for every unit, None for those without an answer."""
    if len(values) == len(units):
        return list(values)
    return [values[known.place[unit.uid]] if unit.uid in known.place else None for unit in units]


def _first(record: Answered) -> dict[str, object] | None:
    return {name: values[0] for name, values in record.columns.items()} if record.since else None


def build(
    form: Form,
    place: County,
    month: date,
    table: Table,
    record: Mapping[str, object],
    *,
    watermark: str | None = None,
    with_county: bool = True,
    last: Prefilled | None = None,
    town: str | None = None,
    rest: str | None = None,
    rest_of_record: str | None = None,
    caveats: Sequence[str] = (),
) -> bytes:
    """The workbook's bytes; the same for the same arguments. `with_county` leaves out 表2 when false.

    `last` is what it was prefilled with: the hidden copy, and what confirms it, are written; `rest` and `rest_of_record` are the answers in the
    lines that confirm what was not changed. `town` is the town's code in a workbook of one town.
    """
    form = form.in_month(month)
    buffer = io.BytesIO()
    workbook = Workbook(buffer, options())
    styles = Styles(workbook)
    grid = community_table.Grid(form.community, table.kinds)
    sheet = workbook.add_worksheet(sheet_name(form.community.sheet))
    patterns = community_table.write(
        sheet, styles, form, grid, place.name, month, watermark, prefilled=last is not None, rest=rest
    )
    if with_county:
        sheet = workbook.add_worksheet(sheet_name(form.county.sheet))
        filled = {"county_code": place.code, "county": place.name, **record}
        before = last.record if last else None
        closed = _closed(form, place)
        county_table.write(sheet, styles, form, filled, closed, place.name, month, watermark, before, rest_of_record)
    filling_guide.write(workbook.add_worksheet(filling_guide.SHEET), styles, form, watermark, caveats)
    roster_remarks.write(workbook.add_worksheet(REMARKS_SHEET), styles, watermark)
    marks = {"shequ": "survey", "form_version": form.version, "county": place.code, "month": months.key(month)}
    _write_marks(workbook, form, marks | ({"town": town} if town else {}), last)
    copy = _write_copy(workbook, form, last)
    remark = {"comments": watermark} if watermark else {}
    title = f"{place.name}{months.label(month)}城乡社区基本情况表"
    workbook.set_properties({"title": title, "created": datetime.combine(month, datetime.min.time()), **remark})
    workbook.close()
    rows = list(range(community_table.BODY + 1, community_table.BODY + 1 + len(table)))
    columns = [
        *[table.columns.get(field.id) or [None] * len(table) for field in form.community],
        table.columns.get(TICK) or [None] * len(table),
    ]
    return data_rows.fill(buffer.getvalue(), columns, table.kinds, rows, patterns, copy)


def _closed(form: Form, place: County) -> set[str]:
    return {field.id for field in form.county if field.applies == "shared_funding" and not place.shared_funding}


def _write_marks(workbook: Workbook, form: Form, marks: dict[str, str], last: Prefilled | None) -> None:
    """By these the workbook is known when it comes back, whatever it is called then. Columns D and E: the copy of 表2."""
    sheet = workbook.add_worksheet(MARKS_SHEET)
    if last:
        marks["prefilled"] = months.key(last.month)
    for row, pair in enumerate(marks.items()):
        sheet.write_row(row, 0, pair)
    if last and last.record is not None:
        for row, field in enumerate(form.county, county_table.BODY):
            value = last.record.get(field.id)
            if field.id not in county_table.GIVEN:
                sheet.write_string(row, 3, field.id)
                if value is not None:
                    county_table.write_value(sheet, row, 4, value, None)
        workbook.define_name(
            county_table.LAST_NAME, f"={MARKS_SHEET}!$E$1:$E${county_table.BODY + len(form.county.fields)}"
        )
    sheet.very_hidden()


def _write_copy(workbook: Workbook, form: Form, last: Prefilled | None) -> tuple[str, list[str]] | None:
    """The hidden copy of 表1 as it was prefilled: its part, and a text for each row (`last_answers.packed`)."""
    if last is None:
        return None
    sheet = workbook.add_worksheet(LAST_SHEET)
    sheet.very_hidden()
    first, end = community_table.BODY + 1, community_table.BODY + max(len(last.units.since), 1)
    workbook.define_name(community_table.LAST_NAME, f"={LAST_SHEET}!$A${first}:$A${end}")
    return f"xl/worksheets/sheet{len(workbook.worksheets())}.xml", packed(form.community, last.units)
