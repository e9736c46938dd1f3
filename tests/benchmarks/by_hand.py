"""What a capable user would write to read a county's workbook: pandas, openpyxl, the form and the roster.

The peer of `bench_reading`. It gives what the reader gives for an ordinary workbook: typed answers and raw texts by row,
units of the roster, and a list of problems with their cells. It leaves out what the reader also does: limits on hostile
files, merged and hidden cells, units of measure in headers, totals, repeated units, other formats than xlsx.
"""

import io
import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

import openpyxl
import pandas as pd

from pipelines.roster import Unit
from pipelines.survey.form import Field, Form

YES = {"是", "有", "√", "✓", "已建", "已建成", "已成立", "达标", "1", "Y", "TRUE"}
NO = {"否", "无", "×", "✗", "未建", "未达标", "0", "N", "FALSE"}
ERRORS = {"#REF!", "#N/A", "#DIV/0!", "#NAME?", "#VALUE!", "#NUM!", "#NULL!"}
_MONTH = re.compile(r"(\d{4})[年./-]?(\d{1,2})月?(?:[./-]\d{1,2})?")


def read(data: bytes, form: Form, units: list[Unit]) -> tuple[pd.DataFrame, pd.DataFrame, list[tuple[str, str]]]:
    """Typed answers, raw values (both a row per unit), and problems as (cell, what)."""
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    wanted = {_fold(name): field for field in form.community for name in field.names}
    sheet, header, columns = _find(book, wanted)
    raw = pd.DataFrame(
        [[cell.value for cell in row] + [row[0].row] for row in sheet.iter_rows(min_row=header + 1)],
        dtype=object,
    ).rename(columns={position: field.id for position, field in columns.items()} | {sheet.max_column: "row"})
    raw = raw[raw["code"].notna()].reset_index(drop=True)
    problems: list[tuple[str, str]] = []
    typed = pd.DataFrame({"row": raw["row"]})
    for position, field in columns.items():
        letter = openpyxl.utils.get_column_letter(position + 1)
        percent = {
            number for number in raw["row"]
            if field.type == "percent" and "%" in sheet.cell(number, position + 1).number_format
        }  # fmt: skip
        values = []
        for number, value in zip(raw["row"], raw[field.id], strict=True):
            try:
                values.append(_typed(value, field, number in percent))
            except (ValueError, InvalidOperation) as error:
                values.append(None)
                problems.append((f"{letter}{number}", f"{field.label}:{error}"))
        typed[field.id] = pd.Series(values, dtype=object)
    problems += _units(typed, columns, units)
    return typed, raw, problems


def _find(book: openpyxl.Workbook, wanted: dict[str, Field]):
    """The sheet and row that name the most fields, and the field of each column."""
    best = (0, None, 0, {})
    for sheet in book.worksheets:
        for number, row in enumerate(sheet.iter_rows(max_row=20, values_only=True), 1):
            found = {i: wanted[_fold(v)] for i, v in enumerate(row) if isinstance(v, str) and _fold(v) in wanted}
            if len(found) > best[0]:
                best = (len(found), sheet, number, found)
    return best[1:]


def _fold(text: str) -> str:
    """A label without spaces, ordinals in front and units behind."""
    folded = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    folded = re.sub(r"^\d{1,3}[.、)]", "", folded)
    return re.sub(r"\((?:元|万元|户|人|个|次|㎡|m2|百m2|%|元/年)\)$", "", folded)


def _typed(value: object, field: Field, percent: bool) -> object:
    if value is None or (isinstance(value, str) and value.strip() in ("", "-", "—", "/")):
        return None
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if text in ERRORS:
        raise ValueError(f"错误值 {text}")
    if field.type == "flag":
        return _flag(text)
    if field.type == "month":
        return _month(value, text)
    if field.type == "choice" and text not in field.choices:
        raise ValueError(f"{text} 不在选项中")
    if field.type in ("count", "number", "money", "percent"):
        return _number(text, field, percent)
    return text


def _flag(text: str) -> bool:
    if text.upper() in YES:
        return True
    if text.upper() in NO:
        return False
    raise ValueError(f"{text} 不是是或否")


def _month(value: object, text: str) -> date:
    if isinstance(value, (datetime, date)):
        return date(value.year, value.month, 1)
    found = _MONTH.fullmatch(text)
    if not found:
        raise ValueError(f"{text} 不是年月")
    return date(int(found[1]), int(found[2]), 1)


def _number(text: str, field: Field, percent: bool) -> int | Decimal:
    number = Decimal(text.replace(",", "").rstrip("%")) * (100 if percent else 1)
    if number < 0 or (field.max is not None and number > field.max):
        raise ValueError(f"{text} 超出范围")
    if field.type == "count" and number != int(number):
        raise ValueError(f"{text} 不是整数")
    return int(number) if field.type == "count" else number


def _units(typed: pd.DataFrame, columns: dict[int, Field], units: list[Unit]) -> list[tuple[str, str]]:
    """Adds the unit of each row, by code or by a name in its town; tells rows without one and units without a row."""
    letters = {field.id: openpyxl.utils.get_column_letter(position + 1) for position, field in columns.items()}
    codes = {unit.code for unit in units}
    names = {(unit.town, unit.name): unit.code for unit in units}
    found, problems = [], []
    for row in typed.itertuples():
        code = row.code if row.code in codes else names.get((getattr(row, "town", None), row.name))
        found.append(code)
        if code is None:
            problems.append((f"{letters['code']}{row.row}", f"名册中没有 {row.code} {row.name}"))
    typed["unit"] = found
    missing = codes - set(found)
    return problems + ([("", f"缺少 {len(missing)} 个单位")] if missing else [])
