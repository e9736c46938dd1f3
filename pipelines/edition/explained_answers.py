"""Counties' explanations of the answers behind a month's figures, in words (semantics §4, Explanation)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, TypedDict

from pipelines.edition import formula_text
from pipelines.edition.decision_rows import STATES_OF_EXPLANATIONS
from pipelines.edition.open_edition import Release


class Explained(TypedDict):
    """An explained finding; `unit` null where about the county, `about`: labels of `fields`, `text` without personal numbers."""

    finding: str
    county: str
    county_name: str
    unit: str | None
    unit_name: str | None
    fields: tuple[str, ...]
    about: str
    text: str
    state: str
    question: str | None


def explained(release: Release, month: date, county: str | None = None) -> list[Explained]:
    """The explained findings of a month (default: of every county), by county, unit and field."""
    rows = release.explanations(month, county)
    if not rows:
        return []
    labels = {row["field"]: formula_text.label(row["label"]) for row in release.rows("SELECT field, label FROM field")}
    counties = {row["unit"]: row["short"] for row in release.rows("SELECT unit, short FROM county")}
    units = {
        row["unit"]: row["name"]
        for row in release.rows(
            "SELECT unit, name FROM standing WHERE month = ? AND unit IN (SELECT unnest(?::VARCHAR[]))",
            [month, [row["unit"] for row in rows]],
        )
    }
    return [_explained(row, labels, counties, units) for row in rows]


def _explained(
    row: dict[str, Any], labels: Mapping[str, str], counties: Mapping[str, str], units: Mapping[str, str]
) -> Explained:
    fields = tuple(filter(None, (row["field"] or "").split(",")))
    return {
        "finding": row["finding"], "county": row["county"], "county_name": counties.get(row["county"], row["county"]),
        "unit": row["unit"], "unit_name": units.get(row["unit"]), "fields": fields,
        "about": "、".join(labels.get(field, field) for field in fields), "text": row["text"], "state": row["state"],
        "question": row["question"],
    }  # fmt: skip


def of_indicator(rows: Sequence[Explained], fields: Collection[str]) -> list[Explained]:
    """The explanations about a field of an indicator; `fields` as in the table `indicator`."""
    asked = {field.removeprefix("county.") for field in fields}
    return [row for row in rows if asked.intersection(row["fields"])]


def place(row: Explained, units: bool = True) -> str:
    """`柏乡县前三里村`; without the unit's name where units are not shown."""
    return f"{row['county_name']}{row['unit_name'] or '' if units else ''}"


def answered(row: Explained) -> str:
    """The city's response: `已采纳`, `市里追问：请附登记表`."""
    state = STATES_OF_EXPLANATIONS[row["state"]]
    return f"{state}：{row['question']}" if row["question"] and row["state"] == "open" else state


def sentence(row: Explained, units: bool = True) -> str:
    """`柏乡县前三里村（常住人口）：外来务工人员集中居住（已采纳）`."""
    about = f"（{row['about']}）" if row["about"] else ""
    return f"{place(row, units)}{about}：{row['text'].rstrip('。')}（{answered(row)}）"
