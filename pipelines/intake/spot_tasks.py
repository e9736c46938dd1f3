"""The rows of a drawn list: who is to be asked about what, in which workbook; and the files that the groups take along."""

from collections.abc import Iterable, Set
from pathlib import Path

from pipelines.system.durable_files import write_durably
from pipelines.verification import list_workbook
from pipelines.verification.returned import Issued, Key
from pipelines.verification.spot_lists import SpotList
from pipelines.verification.visit_list import LOOK_AT, Task, VisitList


def tasks(one: SpotList) -> list[Task]:
    """Every row of a list: the planned units by county and code, then the 候补 that are due, in order."""
    planned = sorted(one.planned_keys(), key=lambda key: (one.units[key[0]].code, list(one.claims).index(key[1])))
    return [
        *(_task(one, key, str(number)) for number, key in enumerate(planned, 1)),
        *(_task(one, key, f"候补{number}") for number, key in enumerate(one.spares_due(), 1)),
    ]


def _task(one: SpotList, key: Key, number: str) -> Task:
    uid, claim_key = key
    unit, claim = one.units[uid], one.claims[claim_key]
    said = "否" if claim.claim.at_most else "是"
    look_at = claim.look_at or LOOK_AT
    where = (unit.county_code, unit.county, unit.town, unit.name, unit.code)
    return Task(number, uid, claim_key, *where, claim.name, said, look_at)


def issued(one: SpotList, gone: Set[str] = frozenset()) -> Issued:
    """What a returned file of the list is read against."""
    home = {name: county for name, county in one.plan.body["groups"].items() if county}
    earlier = {key: answer.result for key, answer in one.standing.items()}
    assert one.drawn_on, "only a drawn list is issued"
    return Issued(one.number, one.plan_hash, one.drawn_on, tasks(one), home, earlier, gone)


def visit_lists(one: SpotList, remark: str = "", only_open: bool = False) -> list[VisitList]:
    """A group's list each; `only_open`: of the rows that have no result yet."""
    done = set(one.standing) if only_open else set()
    rows = [task for task in tasks(one) if (task.uid, task.claim) not in done]
    until = one.course.until
    assert one.drawn_on and until, "only a drawn list is issued"
    return [
        VisitList(one.number, one.plan_hash, group, one.month, one.drawn_on, until, own, remark)
        for group in one.plan.body["groups"]
        if (own := [task for task in rows if one.inspects[task.county_code] == group])
    ]


def files(found: Iterable[VisitList]) -> list[tuple[str, bytes]]:
    """Name and bytes of every group's list as a workbook and on paper."""
    from pipelines.verification import list_docx  # python-docx, which a check of one workbook does not need

    return [
        (f"{one.file_name}.{ending}", build(one))
        for one in found
        for ending, build in (("xlsx", list_workbook.build), ("docx", list_docx.build))
    ]


def write(found: Iterable[VisitList], folder: Path) -> list[Path]:
    paths = []
    for name, data in files(found):
        write_durably(folder / name, data)
        paths.append(folder / name)
    return paths
