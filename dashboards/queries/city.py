"""What pages read of the city: outlines of its counties, changes of its divisions; cached by edition."""

import json
from datetime import date

from dashboards.queries.edition_data import computed, county_names
from dashboards.queries.row_types import Mark, Outline
from pipelines import months, settings
from pipelines.edition import Release, city_facts
from pipelines.edition.city_facts import CityTables, DivisionChangeRow, OutlineRow


def _of(release: Release) -> CityTables:
    return computed(city_facts.rows, release, settings.load().reference)


def outlines(release: Release, month: date) -> list[Outline]:
    """Outlines of the counties of a month; empty where the edition has none."""
    return [
        Outline(code=row["code"], name=row["name"], rings=json.loads(row["rings"])) for row in _of_month(release, month)
    ]


def marks(release: Release) -> dict[str, Mark]:
    """Counties without an outline, by code."""
    return {
        row["code"]: Mark(beside=row["beside"], shift=(row["east"], row["north"]))
        for row in _of(release)["without_outline"]
    }


def about_map(release: Release, month: date) -> str:
    """Sentences on the map: of which months its divisions are, and which counties are drawn as marks."""
    names = county_names(release)
    drawn = [row for row in _of(release)["without_outline"] if row["code"] in names]
    marked = [f"{names[row['code']]}没有公开的边界，以方块标在{names.get(row['beside'], '')}旁" for row in drawn]
    return "".join(f"{sentence}。" for sentence in (_span(release, month), *marked) if sentence)


def _of_month(release: Release, month: date) -> list[OutlineRow]:
    return [
        row
        for row in _of(release)["outline"]
        if (row["first"] is None or row["first"] <= month) and (row["last"] is None or month <= row["last"])
    ]


def _span(release: Release, month: date) -> str:
    """`2020年6月起的区划`; empty where the same divisions hold for all months."""
    row = next(iter(_of_month(release, month)), None)
    if row is None or (row["first"] is None and row["last"] is None):
        return ""
    ends = ((row["first"], "起"), (row["last"], "止"))
    first, last = (f"{months.label(month)}{word}" if month else "" for month, word in ends)
    return f"图为{first}{last}的区划"


def changes(release: Release) -> list[DivisionChangeRow]:
    """Changes of the divisions, in order."""
    return _of(release)["division_change"]


def changed_in(release: Release, month: date) -> str:
    """What changed of the divisions in a month, and how it is then compared; empty where nothing did."""
    said = [row["text"].rstrip("。") for row in changes(release) if row["month"] == month]
    return (
        f"本月区划有调整：{'；'.join(said)}。“较上月”按调整后的区划比较，不含划界引起的增减，名册新增的单位计入。"
        if said
        else ""
    )


def division_changes(release: Release) -> list[str]:
    """`2020年6月，……。` of each change of the divisions, in order."""
    return [f"{months.label(row['month'])}，{row['text']}" for row in changes(release)]
