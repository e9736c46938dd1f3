"""The open data beside the public page: exact figures (one row per indicator and place), definitions and corrections as CSV."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pipelines.edition import figure_list, formula_text
from pipelines.edition.column_names import COLUMNS
from pipelines.edition.figure_types import Figure
from pipelines.edition.open_edition import Release
from pipelines.edition.phrases import amount, count
from pipelines.edition.statuses import NAMES
from pipelines.punctuation import full_width
from pipelines.reports.facts import Facts
from pipelines.reports.indicator_definitions import definition
from pipelines.system.spreadsheet_text import formula_free

# file → what it holds
FILES = {
    "figures.csv": "全市和各县（市、区）全部指标的数字",
    "indicators.csv": "指标的出处、目标和算法",
    "corrections.csv": "更正前后的数字",
    "datapackage.json": "各列的含义和类型（Frictionless 数据包）",
}
LEVELS = {"city": "全市", "county": "县（市、区）"}
_NUMBERS = ("value", "known", "lower", "upper", "numerator", "denominator")
_WHOLE = ("unknown", "failing", "carried", "gap", "gap_failing", "gap_unknown")
_FIGURES = (
    "policy", "indicator", "indicator_name", "month", "level", "unit", "name", *_NUMBERS, "unknown", "failing", "carried", "target",
    "status", "status_name", "if_low", "if_high", "if_last", "gap", "gap_failing", "gap_unknown", "edition",
)  # fmt: skip
# one for each column of `indicator_definitions.definition`
_DEFINITION = (
    "name", "indicator", "clause", "quote", "wording", "target", "due", "measured_in", "counted", "formula", "binding_level", "judged",
    "reading",
)  # fmt: skip
_CORRECTIONS = (
    "corrected_on", "edition_before", "edition", "policy", "indicator", "indicator_name", "unit", "name",
    *(f"{name}_{when}" for when in ("before", "after") for name in ("value", "numerator", "denominator", "unknown", "status")),
)  # fmt: skip
# columns that no table of an edition has, in Chinese and English
_OWN = {
    "indicator_name": ("指标", "name of the indicator"),
    "status_name": ("状态的中文名称", "status in Chinese"),
    "edition": ("数据版本：年月/版次", "edition: month and number"),
    "edition_before": ("更正前的数据版本", "edition before the correction"),
    "corrected_on": ("更正之日", "day of the correction"),
    "clause": ("条款", "clause of the policy"),
    "quote": ("条款原文", "words of the policy"),
    "wording": ("约束程度", "how strongly the policy asks"),
    "measured_in": ("计量单位", "unit of measurement"),
    "counted": ("统计对象", "what is counted"),
    "formula": ("算法", "how it is computed"),
    "binding_level": ("考核层级", "level at which the target binds"),
    "judged": ("判定", "when it is judged"),
    "reading": ("口径说明", "how the clause is read"),
}


@dataclass(frozen=True)
class Changed:
    """A figure that differs between two editions; None: the edition has none for the place."""

    indicator: str
    name: str
    unit_of: str
    code: str
    place: str
    before: Figure | None
    after: Figure | None

    def in_words(self, figure: Figure | None) -> str:
        """`45.7%（2,274/4,977），进度偏慢`."""
        if figure is None:
            return "没有这个数字"
        counts = f"{_counted(figure['numerator'])}/{_counted(figure['denominator'])}"
        missing = f"，缺{count(figure['unknown'])}个" if figure["unknown"] else ""
        shown = (
            None if figure["value"] is None else f"{Decimal(figure['value']).quantize(Decimal('0.1'), ROUND_HALF_UP)}"
        )
        return f"{amount(shown, self.unit_of)}（{counts}{missing}），{NAMES[figure['status']]}"


def _counted(number: int | str) -> str:
    return count(Decimal(number))


@dataclass(frozen=True)
class Correction:
    """What the page of `edition` changed against that of `before`, on a day."""

    on: date
    before: str
    edition: str
    policy: str
    changed: tuple[Changed, ...]


def public_figures(release: Release, policy: str) -> list[Figure]:
    """Figures of the edition's month, of city and counties, in the register's order."""
    rows = figure_list.figures(release, policy=policy)
    return [row for row in rows if row["level"] in LEVELS]


_COMPARED = ("numerator", "denominator", "unknown", "status", "target")


def changed(before: Release, after: Release, policy: str) -> tuple[Changed, ...]:
    """Figures of which other numbers are counted or another status stands: the city's, then those of counties, in the register's order."""
    old, new = (
        {(row["indicator"], row["unit"]): row for row in public_figures(release, policy)} for release in (before, after)
    )
    entries = {
        row["indicator"]: row
        for release in (before, after)
        for row in release.rows("SELECT indicator, name, unit FROM indicator WHERE policy = ?", [policy])
    }
    different = []
    for key in dict.fromkeys([*new, *old]):
        was, now = old.get(key), new.get(key)
        if was is None or now is None or any(was[part] != now[part] for part in _COMPARED):  # type: ignore[literal-required]
            entry, place = entries[key[0]], (now or was)["name"]  # type: ignore[index]
            different.append(Changed(key[0], full_width(entry["name"]), entry["unit"], key[1], place, was, now))
    cities = {row["unit"] for row in (*old.values(), *new.values()) if row["level"] == "city"}
    return tuple(sorted(different, key=lambda row: row.code not in cities))


def files(pages: Sequence[Facts], corrections: Sequence[Correction]) -> dict[str, bytes]:
    """The files of a month, by name. `pages`: the facts of each policy."""
    facts = pages[-1]
    tables: dict[str, tuple[tuple[str, ...], list[dict[str, Any]]]] = {
        "figures.csv": (_FIGURES, [row for page in pages for row in _figure_rows(page)]),
        "indicators.csv": (("policy", *_DEFINITION), [row for page in pages for row in _definitions(page)]),
    }
    if corrections:
        tables["corrections.csv"] = (
            _CORRECTIONS,
            [row for correction in corrections for row in _corrected(correction)],
        )
    described = _package(facts, {name: columns for name, (columns, _) in tables.items()})
    made = {name: _csv(columns, rows) for name, (columns, rows) in tables.items()}
    return {**made, "datapackage.json": json.dumps(described, ensure_ascii=False, indent=1).encode()}


def _figure_rows(facts: Facts) -> list[dict[str, Any]]:
    policy, names = facts.policy["id"], {item.id: item.name for item in facts.items}
    return [
        {**row, "policy": policy, "indicator_name": names[row["indicator"]], "status_name": NAMES[row["status"]]}
        for row in public_figures(facts.release, policy)
    ]


def _definitions(facts: Facts) -> list[dict[str, Any]]:
    policy = facts.policy["id"]
    known = {c: formula_text.labels(facts.release, policy, c) for c in {item.counted for item in facts.items}}
    cells = (definition(item, formula_text.formula(vars(item), known[item.counted])) for item in facts.items)
    return [{"policy": policy, **dict(zip(_DEFINITION, row, strict=True))} for row in cells]


def _corrected(correction: Correction) -> list[dict[str, Any]]:
    parts = ("value", "numerator", "denominator", "unknown", "status")
    return [
        {
            "corrected_on": correction.on.isoformat(), "edition_before": correction.before, "edition": correction.edition,
            "policy": correction.policy,
            "indicator": row.indicator, "indicator_name": row.name, "unit": row.code, "name": row.place,
            **{f"{part}_before": row.before and row.before[part] for part in parts},  # type: ignore[literal-required]
            **{f"{part}_after": row.after and row.after[part] for part in parts},  # type: ignore[literal-required]
        }
        for row in correction.changed
    ]  # fmt: skip


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    """UTF-8 with a mark, by which Excel and WPS know it; nothing in it opens as a formula."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([[_cell(name, row[name]) for name in columns] for row in rows])
    return file.getvalue().encode("utf-8-sig")


def _cell(column: str, value: object) -> object:
    if value is None:
        return ""
    return value if _type(_base(column)) == "number" else formula_free(value)


# ---- the descriptor


def _package(facts: Facts, tables: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    return {
        "profile": "tabular-data-package",
        "name": f"shequ-public-{facts.release.manifest['month']}-{facts.release.edition}",
        "title": f"{facts.city}城乡社区治理工作进展 {facts.release.manifest['month']}{facts.sample}",
        "description": "政务公开：全市和各县（市、区）的数字。Figures of city and counties, for the public.",
        "version": facts.release.label,
        "resources": [_resource(name, columns) for name, columns in tables.items()],
    }


def _resource(name: str, columns: Sequence[str]) -> dict[str, Any]:
    return {
        "name": name.removesuffix(".csv"), "path": name, "title": FILES[name], "profile": "tabular-data-resource", "format": "csv",
        "mediatype": "text/csv", "encoding": "utf-8", "schema": {"fields": [_field(column) for column in columns], "missingValues": [""]},
    }  # fmt: skip


def _field(column: str) -> dict[str, Any]:
    base = _base(column)
    chinese, english = _OWN.get(base) or COLUMNS[base]
    when = {"_before": ("更正前：", "before: "), "_after": ("更正后：", "after: ")}.get(
        column.removeprefix(base), ("", "")
    )
    field: dict[str, Any] = {
        "name": column,
        "type": _type(base),
        "title": f"{when[0]}{full_width(chinese)}",
        "description": f"{when[1]}{english}",
    }
    if base in ("status", "if_low", "if_high", "if_last"):
        field["categories"] = [{"value": code, "label": name} for code, name in NAMES.items()]
    return field


def _base(column: str) -> str:
    """The column that one of before and after a correction is about."""
    return column if column in _OWN else column.removesuffix("_before").removesuffix("_after")


def _type(column: str) -> str:
    if column in _NUMBERS:
        return "number"
    return {"month": "yearmonth", "corrected_on": "date"}.get(column, "integer" if column in _WHOLE else "string")
