"""The rows of a drawn list: who is to be asked about what, in which workbook; and the files that the groups take along."""

from collections.abc import Iterable, Set
from pathlib import Path

from pipelines.system.durable_files import write_durably
from pipelines.verification.returned import Issued, Key
from pipelines.verification.spot_lists import SpotList
from pipelines.verification.visit_list import LOOK_AT, Task, VisitList


def tasks(spot_list: SpotList) -> list[Task]:
    """Every row of a list: the planned units by county and code, then the 候补 that are due, in order."""
    planned = sorted(
        spot_list.planned_keys(), key=lambda key: (spot_list.units[key[0]].code, list(spot_list.claims).index(key[1]))
    )
    return [
        *(_task(spot_list, key, str(number)) for number, key in enumerate(planned, 1)),
        *(_task(spot_list, key, f"候补{number}") for number, key in enumerate(spot_list.spares_due(), 1)),
    ]


def _task(spot_list: SpotList, key: Key, number: str) -> Task:
    uid, claim_key = key
    unit, claim = spot_list.units[uid], spot_list.claims[claim_key]
    said = "否" if claim.claim.at_most else "是"
    look_at = claim.look_at or LOOK_AT
    where = (unit.county_code, unit.county, unit.town, unit.name, unit.code)
    return Task(number, uid, claim_key, *where, claim.name, said, look_at)


def issued(spot_list: SpotList, gone: Set[str] = frozenset()) -> Issued:
    """What a returned file of the list is read against."""
    home = {name: county for name, county in spot_list.plan.body["groups"].items() if county}
    earlier = {key: answer.result for key, answer in spot_list.standing.items()}
    assert spot_list.drawn_on, "only a drawn list is issued"
    return Issued(spot_list.number, spot_list.plan_hash, spot_list.drawn_on, tasks(spot_list), home, earlier, gone)


def visit_lists(spot_list: SpotList, remark: str = "") -> list[VisitList]:
    """A group's list each."""
    rows, until = tasks(spot_list), spot_list.course.until
    assert spot_list.drawn_on and until, "only a drawn list is issued"
    return [
        VisitList(spot_list.number, spot_list.plan_hash, group, spot_list.month, spot_list.drawn_on, until, own, remark)
        for group in spot_list.plan.body["groups"]
        if (own := [task for task in rows if spot_list.inspects[task.county_code] == group])
    ]


def files(lists: Iterable[VisitList]) -> list[tuple[str, bytes]]:
    """Name and bytes of every group's list as a workbook and on paper."""
    # python-docx and xlsxwriter, which a check of one workbook does not need
    from pipelines.verification import list_docx, list_workbook

    return [
        (f"{visit_list.file_name}.{ending}", build(visit_list))
        for visit_list in lists
        for ending, build in (("xlsx", list_workbook.build), ("docx", list_docx.build))
    ]


def write(lists: Iterable[VisitList], folder: Path) -> list[Path]:
    """Write the files of the groups to a folder; returns their paths."""
    paths = []
    for name, data in files(lists):
        write_durably(folder / name, data)
        paths.append(folder / name)
    return paths
