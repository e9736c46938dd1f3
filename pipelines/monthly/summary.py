"""Run summary: a month's reports, figures and release. Keys are Chinese, because Dagster shows them to the operator as they are."""

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.archive import month_state
from pipelines.archive.store import Archive
from pipelines.edition import edition_folders, open_folder
from pipelines.edition.publish_edition import Edition
from pipelines.figures.progress import STATUSES
from pipelines.reference import age
from pipelines.settings import Settings
from pipelines.warehouse.projection import Warehouse

# label → value
Summary = dict[str, str | int]


def received(warehouse: Warehouse, month: date) -> Summary:
    """Who has reported the month, how many units count, how many findings there are."""
    counties = warehouse.reference.rosters.counties(month)
    force = warehouse.life().counted(month)
    missing = [county.name for county in counties if county.code not in force]
    severities = _count(
        warehouse, "severity", "finding", "list_contains(?, seq)", [[seq for seqs in force.values() for seq in seqs]]
    )
    return {
        "已报县数": len(counties) - len(missing),
        "应报县数": len(counties),
        "未报": "、".join(missing) or "无",
        "名册单位": len(warehouse.reference.rosters.units(month)),
        **_standing(warehouse, month),
        "错误": severities.get("error", 0),
        "需核实": severities.get("warning", 0),
        "基础数据": "；".join(caveat.says for caveat in age.caveats(warehouse.reference, month)) or "无需注意",
    }


def computed(warehouse: Warehouse, month: date) -> Summary:
    """How many figures there are, and the status of the city's indicators."""
    statuses = _count(warehouse, "status", "figure", "month = ? AND divisions = 'then' AND level = 'city'", [month])
    figures = sum(_count(warehouse, "level", "figure", "month = ? AND divisions = 'then'", [month]).values())
    shown = {STATUSES[status]: number for status, number in statuses.items()}
    return {
        "数字行数": figures,
        "指标总数": sum(statuses.values()),
        "已达标": statuses.get("met", 0),
        "全市指标状态": "、".join(f"{name} {number}" for name, number in shown.items()) or "无",
    }


def published(settings: Settings, edition: Edition) -> Summary:
    """Which edition it is, and what changed at city level since the one before."""
    before = _before(settings.releases, edition.folder)
    now, in_force = _city(edition.folder)
    then = _city(before)[0] if before else {}
    both = [(then[key], now[key]) for key in now if key in then]
    turned = [f"{b.name} {STATUSES[a.status]}→{STATUSES[b.status]}" for a, b in both if a.status != b.status]
    tables = edition_folders.month_tables(edition.folder, edition_folders.read_manifest(edition.folder))
    return {
        "发布版": edition.label,
        "新版": edition.new,
        "已发布": edition.label in month_state.editions(Archive(settings.archive)).released,
        "依据报表数": in_force,
        "行数": sum(table["rows"] for entries in tables.values() for table in entries.values()),
        "对比": f"{before.parent.name}/{before.name}" if before else "无（首个发布版）",
        "变动的全市数字": sum(a.counted != b.counted for a, b in both),
        "状态变化": "；".join(turned) or "无",
    }


def _standing(warehouse: Warehouse, month: date) -> dict[str, int]:
    states = _count(warehouse, "row_state", "standing", "month = ?", [month])
    carried = _count(warehouse, "carried", "standing", "month = ?", [month])
    return {"计入单位": states.get("accepted", 0), "沿用上期": carried.get(True, 0)}


def _count(warehouse: Warehouse, column: str, source: str, where: str, parameters: list[object]) -> dict[Any, int]:
    sql = f"SELECT {column}, count(*) FROM {source} WHERE {where} GROUP BY 1"
    return dict(warehouse.con.execute(sql, parameters).fetchall())


def _before(releases: Path, folder: Path) -> Path | None:
    """The edition published before this one: of the same month, else the last of the months before."""
    shelf = list(edition_folders.editions(releases))
    place = shelf.index(folder)
    return shelf[place - 1] if place else None


class _Figure(NamedTuple):
    """One figure of the city; `counted` is numerator and denominator."""

    name: str
    status: str
    counted: tuple[object, object]


def _city(folder: Path) -> tuple[dict[tuple[str, str], _Figure], int]:
    """(policy, indicator) → figure of the city in the edition's month; and how many submissions are in force for the series."""
    with open_folder(folder) as release:
        rows = release.rows(
            "SELECT policy, indicator, indicator.name, status, numerator, denominator "
            "FROM figure JOIN indicator USING (policy, indicator) WHERE level = 'city' AND month = ?", [release.month],
        )  # fmt: skip
        in_force = release.rows("SELECT count(*) AS n FROM submission WHERE status = 'effective'")[0]["n"]
    figures = {
        (r["policy"], r["indicator"]): _Figure(r["name"], r["status"], (r["numerator"], r["denominator"])) for r in rows
    }
    return figures, in_force
