"""Whose workbook it is and of which month: hidden marks, titles, 填报单位 and file name, which must agree (semantics §3)."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Generic, TypeVar

from pipelines.answers import parse_value
from pipelines.reference.labels import fold
from pipelines.reference.roster import Rosters
from pipelines.workbook.grid import Sheet, Workbook

MARKS = "_shequ"
MARK = "模板标记"
_MONTHS = (
    # 2019年1-6月 is the report of June, cumulated
    re.compile(r"(?<!\d)(20\d{2})年度?(?:0?1月?[-–—~至到])?(\d{1,2})月(?!\d{1,2}日)"),
    re.compile(r"截[至止]到?(20\d{2})年(\d{1,2})月(?=\d{1,2}日|底|末)"),
    re.compile(r"(?<!\d)(20\d{2})[-._/](\d{1,2})(?!\d)(?![-._/]\d)"),
    re.compile(r"(?<!\d)(20\d{2})(0[1-9]|1[0-2])(?!\d)"),
)
_SHORT_YEAR = re.compile(r"(?<!\d)'?\d{2}年\d{1,2}月")
_CHINESE = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_CHINESE_MONTH = re.compile(r"([二〇零○一三四五六七八九]{4})年(十[一二]?|[一二三四五六七八九])月")
_DATE_LINE = re.compile(r"(?:填报|填表|报送|制表|上报|打印|报出)(?:日期|时间)")


V = TypeVar("V")


@dataclass(frozen=True)
class Claim(Generic[V]):
    """A month, or the counties' codes that one place can mean, and the place in words."""

    value: V
    source: str


@dataclass
class Marks:
    """The template's own hidden marks; None where they are not there.

    `town` is the code of the one town that the workbook is for, `prefilled` the month whose answers it was filled with.
    """

    form_version: str | None = None
    county: str | None = None
    month: date | None = None
    town: str | None = None
    prefilled: date | None = None


def read_marks(workbook: Workbook) -> Marks:
    """Key and value in columns A and B of the very hidden sheet of the template."""
    for sheet in workbook.sheets:
        if sheet.name == MARKS:
            pairs = {str(row[0]).strip(): row[1] for row in sheet.rows[:50] if len(row) > 1 and row[0] is not None}
            return Marks(
                parse_value.shown(pairs.get("form_version")),
                parse_value.shown(pairs.get("county")),
                _of_this_age(parse_value.month_of(pairs.get("month"))),
                parse_value.shown(pairs.get("town")),
                _of_this_age(parse_value.month_of(pairs.get("prefilled"))),
            )
    return Marks()


def _of_this_age(month: date | None) -> date | None:
    """The month, where it is of the years that titles may name too: the calendar ends with 9999."""
    return month if month and month.year // 100 == 20 else None


@lru_cache(maxsize=1 << 12)
def months_in(text: str) -> frozenset[date]:
    """Every month that a text names; full dates are no months: 填报日期 is not what a report is about."""
    folded = _CHINESE_MONTH.sub(_arabic, unicodedata.normalize("NFKC", text)).replace(" ", "")
    if _DATE_LINE.search(folded):
        return frozenset()
    groups = (match.groups() for pattern in _MONTHS for match in pattern.finditer(folded))
    return frozenset(date(int(year), int(month), 1) for year, month in groups if 1 <= int(month) <= 12)


def _arabic(match: re.Match[str]) -> str:
    month = match[2]
    number = 10 + int(month[1:].translate(_CHINESE) or 0) if month[0] == "十" else int(month.translate(_CHINESE))
    return f"{match[1].translate(_CHINESE)}年{number}月"


@lru_cache(maxsize=8)
def county_names(rosters: Rosters) -> dict[str, frozenset[str]]:
    """Every name that a county of any edition goes by, longest first, to its codes. The city's own name is none."""
    city = fold(rosters.city.name)
    codes: dict[str, set[str]] = {}
    for edition in rosters.editions:
        for code, (name, entry) in rosters.named_counties(edition.year).items():
            for variant in _variants(fold(name), fold(entry.short or name), entry.type, city):
                codes.setdefault(variant, set()).add(code)
    return {name: frozenset(codes[name]) for name in sorted(codes, key=len, reverse=True)}


def _variants(name: str, short: str, kind: str, city: str) -> set[str]:
    variants = {name, short}
    if kind == "开发区":
        return variants | {"开发区", "经开区"}
    stem = name[:-1] if name[-1] in "县区市" else name
    if len(stem) >= 2 and stem != city[:-1]:
        variants.add(stem)
    return variants


def counties_in(text: str, known: dict[str, frozenset[str]], city: str) -> set[str]:
    """Codes of the counties that a text names; the longest name wins where one contains another."""
    rest, counties = fold(text).replace(fold(city), " "), set[str]()
    for name, codes in known.items():
        if name in rest:
            counties |= codes
            rest = rest.replace(name, " ")
    return counties


@lru_cache(maxsize=8)
def _town_names(rosters: Rosters) -> tuple[str, ...]:
    """Names of towns of any edition that contain a county's name (桥西街道 of 沙河市), longest first."""
    counties = county_names(rosters)
    towns = {fold(unit.town) for edition in rosters.editions for unit in rosters.listed(edition.cut_off.replace(day=1))}
    names = {town for town in towns if any(name in town and name != town for name in counties)}
    return tuple(sorted(names, key=len, reverse=True))


def _without_towns(text: str, rosters: Rosters) -> str:
    rest = fold(text)
    for town in _town_names(rosters):
        rest = rest.replace(town, " ")
    return rest


def stem_of(file: str) -> str:
    """The file name without folder and extension."""
    return PurePosixPath(file.replace("\\", "/")).stem


def title_cells(sheet: Sheet, before: int) -> Iterable[tuple[str, str]]:
    """Texts above row `before`, each joined with the value to its right where it is a label that ends in a colon."""
    for row in sheet.rows[: max(before - 1, 0)][:40]:
        cells = [value for value in row[:200] if value is not None and value != ""]
        for position, value in enumerate(cells):
            if not isinstance(value, str):
                continue
            following = cells[position + 1] if position + 1 < len(cells) else ""
            yield value, f"{value}{following}" if fold(value).endswith(":") else value


@dataclass
class Identity:
    """All statements of the workbook on its county and month."""

    months: list[Claim[date]]
    counties: list[Claim[frozenset[str]]]


def collect(file: str, titled: list[tuple[Sheet, int]], marks: Marks, rosters: Rosters) -> Identity:
    """Claims of marks, titles (rows above the header of each sheet) and file name."""
    known, city = county_names(rosters), rosters.city.name
    said = Identity([], [])
    if marks.month:
        said.months.append(Claim(marks.month, MARK))
    if marks.county:
        said.counties.append(Claim(frozenset({marks.county}), MARK))
    texts = [
        (joined, f"工作表“{sheet.name}”的“{text}”") for sheet, row in titled for text, joined in title_cells(sheet, row)
    ]
    for text, source in [*texts, (stem_of(file), f"文件名“{file}”")]:
        said.months += [Claim(month, source) for month in sorted(months_in(text))]
        counties = counties_in(text, known, city)
        if len(counties) > 1:
            counties = counties_in(_without_towns(text, rosters), known, city) or counties
        if counties:
            said.counties.append(Claim(frozenset(counties), source))
    return said


def settle_month(said: Identity) -> tuple[date | None, str | None]:
    """The month that all places agree on, else `month_unknown` or `month_conflict`; only a hidden mark differs: `mark_differs`."""
    values = {claim.value for claim in said.months}
    if len(values) == 1:
        return values.pop(), None
    visible = {claim.value for claim in said.months if claim.source != MARK}
    if len(visible) == 1:
        return visible.pop(), "mark_differs"
    return None, "month_conflict" if values else "month_unknown"


def short_years(texts: Iterable[str]) -> list[str]:
    """Months whose year has two digits, as they are written: 19年6月 may be of any century."""
    matches = [_SHORT_YEAR.search(unicodedata.normalize("NFKC", text).replace(" ", "")) for text in texts]
    return list(dict.fromkeys(match[0] for match in matches if match))


def settle_county(said: Identity, in_month: Callable[[str], str | None]) -> tuple[str | None, str | None]:
    """The county of the month that all places can mean, else `county_unknown` or `county_conflict`.

    As with the month, `mark_differs` is given beside a county on which all that people see agrees.
    `in_month` gives the code that a county has in the month, and None for one that it does not have.
    """
    if not said.counties:
        return None, "county_unknown"
    meant = [{standing for code in claim.value if (standing := in_month(code))} for claim in said.counties]
    common = set.intersection(*meant)
    if len(common) == 1:
        return common.pop(), None
    visible = [codes for codes, claim in zip(meant, said.counties, strict=True) if claim.source != MARK]
    agreed = set.intersection(*visible) if visible else set()
    if len(agreed) == 1 and len(visible) < len(meant):
        return agreed.pop(), "mark_differs"
    return None, "county_conflict" if any(meant) else "county_unknown"


def quote(claims: list[Claim[V]], label: Callable[[V], str]) -> str:
    """The statements by place, for the refusal."""
    return "；".join(dict.fromkeys(f"{claim.source}为{label(claim.value)}" for claim in claims))
