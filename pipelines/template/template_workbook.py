"""One county's workbook for one month, put together from its sheets."""

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

from xlsxwriter import Workbook

from pipelines import months
from pipelines.errors import Refusal
from pipelines.reference.form import Form
from pipelines.reference.roster import County, Rosters, Unit
from pipelines.template import community_table, county_table, data_rows, filling_guide
from pipelines.template.data_rows import Table
from pipelines.template.template_styles import Styles, options

MARKS_SHEET = "_shequ"
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


def file_name(name: str, month: date, remark: str = "") -> str:
    """`柏乡县2019年6月.xlsx`; the remark stands in full-width brackets, which sort behind the original's full stop."""
    bracketed = f"\uff08{remark}\uff09" if remark else ""
    return f"{name}{months.label(month)}{bracketed}.xlsx"


def sheet_name(title: str) -> str:
    """A title as a sheet's name: without the characters that Excel forbids, at most 31 long."""
    return title.translate(_FORBIDDEN).strip(" '")[:31]


def blank_table(units: Sequence[Unit]) -> Table:
    """The rows to be filled in: what the roster knows of each unit."""
    given = {name: [getattr(unit, name) for unit in units] for name in community_table.GIVEN}
    return Table([unit.kind for unit in units], given)


def write_template(
    path: Path,
    form: Form,
    place: County,
    units: Sequence[Unit],
    month: date,
    answers: Mapping[str, Mapping[str, object]] | None = None,
    record: Mapping[str, object] | None = None,
    watermark: str | None = None,
    created: datetime | None = None,
    caveats: Sequence[str] = (),
) -> Path:
    """Writes one county's workbook, with the questions that the newest version of the form asks in the month.

    `answers` by unit code and field, `record` by field: typed values (flags bool, months date, numbers int or Decimal). `caveats`
    are said in the guide (`reference.age`).
    """
    form = form.in_month(month)
    table = blank_table(units)
    if answers:
        for field in form.community:
            if field.id not in community_table.GIVEN:
                table.columns[field.id] = [_shown(answers.get(unit.code, {}).get(field.id)) for unit in units]
    given = {key: _shown(value) for key, value in (record or {}).items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(build(form, place, month, table, given, watermark=watermark, created=created, caveats=caveats))
    return path


def _shown(value: object) -> object:
    if isinstance(value, bool):
        return "是" if value else "否"
    return months.key(value) if isinstance(value, date) else value


def write_templates(
    form: Form,
    rosters: Rosters,
    month: date,
    out: Path,
    county_code: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    caveats: Sequence[str] = (),
) -> list[Path]:
    """Writes one workbook a county, or only that of `county_code`; refuses one that the month does not have."""
    places = [place for place in rosters.counties(month) if county_code in (None, place.code)]
    if not places:
        known = "、".join(f"{place.code} {place.name}" for place in rosters.counties(month))
        raise Refusal(f"{months.label(month)}的名册中没有县(市、区)“{county_code}”;可用的有:{known}")
    written = []
    for place in places:
        units = [unit for unit in rosters.units(month) if unit.county_code == place.code]
        path = out / file_name(place.name, month)
        written.append(write_template(path, form, place, units, month, caveats=caveats))
        if progress:
            progress(len(written), len(places))
    return written


def build(
    form: Form,
    place: County,
    month: date,
    table: Table,
    record: Mapping[str, object],
    *,
    watermark: str | None = None,
    created: datetime | None = None,
    with_county: bool = True,
    caveats: Sequence[str] = (),
) -> bytes:
    """The workbook's bytes; the same for the same arguments. `with_county` leaves out 表2 when false."""
    form = form.in_month(month)
    buffer = io.BytesIO()
    workbook = Workbook(buffer, options())
    styles = Styles(workbook)
    grid = community_table.Grid(form.community, table.kinds)
    sheet = workbook.add_worksheet(sheet_name(form.community.sheet))
    patterns = community_table.write(sheet, styles, form, grid, place.name, month, watermark)
    if with_county:
        sheet = workbook.add_worksheet(sheet_name(form.county.sheet))
        filled = {"county_code": place.code, "county": place.name, **record}
        county_table.write(sheet, styles, form, filled, _closed(form, place), place.name, month, watermark)
    filling_guide.write(workbook.add_worksheet(filling_guide.SHEET), styles, form, watermark, caveats)
    _write_marks(workbook, form, place, month)
    _set_properties(workbook, f"{place.name}{months.label(month)}", month, watermark, created)
    workbook.close()
    rows = list(range(community_table.BODY + 1, community_table.BODY + 1 + len(table)))
    return data_rows.fill(buffer.getvalue(), _columns(form, table), table.kinds, rows, patterns)


def _closed(form: Form, place: County) -> set[str]:
    """Fields of 表2 that this county leaves empty."""
    return {field.id for field in form.county if field.applies == "shared_funding" and not place.shared_funding}


def _columns(form: Form, table: Table) -> list[list]:
    return [table.columns.get(field.id) or [None] * len(table) for field in form.community]


def _write_marks(workbook: Workbook, form: Form, place: County, month: date) -> None:
    """By these the workbook is known when it comes back, whatever it is called then."""
    sheet = workbook.add_worksheet(MARKS_SHEET)
    marks = {"shequ": "survey", "form_version": form.version, "county": place.code, "month": months.key(month)}
    for row, pair in enumerate(marks.items()):
        sheet.write_row(row, 0, pair)
    sheet.very_hidden()


def _set_properties(
    workbook: Workbook, title: str, month: date, watermark: str | None, created: datetime | None
) -> None:
    day = created or datetime.combine(month, datetime.min.time())
    remark = {"comments": watermark} if watermark else {}
    workbook.set_properties({"title": f"{title}城乡社区基本情况表", "created": day, **remark})
