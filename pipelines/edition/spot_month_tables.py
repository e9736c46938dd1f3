"""The tables of spot checks for every month of a series, approved ones too: a check does not change reported figures."""

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from pipelines import months
from pipelines.archive.month_state import Life
from pipelines.edition import edition_folders, month_tables, same_edition
from pipelines.edition.month_tables import Object
from pipelines.figures import as_now
from pipelines.verification import spot_lists, spot_tables
from pipelines.verification.spot_lists import ListClaim
from pipelines.warehouse.projection import Warehouse


def stored(warehouse: Warehouse, store: Path, life: Life, span: Iterable[date]) -> dict[str, dict[str, Object]]:
    """Table → month → object; nothing where no list was ever planned."""
    if not life.spots:
        return {}
    lists = spot_lists.lists(life.spots, warehouse.archive.read, life.withdrawn)
    asked = _Asked(warehouse)
    objects: dict[str, dict[str, Object]] = {}
    for month in span:
        for name, table in spot_tables.tables(lists, month, asked.states, asked.target).items():
            objects.setdefault(name, {})[months.key(month)] = month_tables.stored(store, name, table)
    return objects


def is_checked(warehouse: Warehouse, manifest: dict[str, Any], latest: Path) -> bool:
    """Whether an edition has the same figures as the one before it and differs in its spot checks."""
    if not spot_tables.TABLES.keys() & manifest["tables"].keys():
        return False
    before = edition_folders.read_manifest(latest)
    if before["reference"] != manifest["reference"] or before["format"] < edition_folders.VERDICTS:
        return False
    changed = same_edition.differing(warehouse, latest, manifest)
    return bool(changed) and all(name.split("/")[0] in spot_tables.TABLES for name in changed)


class _Asked:
    """The computed states and target of a claim in a month."""

    def __init__(self, warehouse: Warehouse):
        self.warehouse = warehouse
        self.registers = {register.policy.id: n for n, register in enumerate(warehouse.reference.registers)}

    def states(self, claim: ListClaim, month: date) -> Mapping[str, int]:
        """Uid → state (1 yes, 2 no, 3 and 4 unknown) of the units in scope, by the month's own divisions."""
        number = self.registers.get(claim.policy)
        if number is None or self.target(claim, month) is None:
            return {}
        where = "AND unit[:6] = $unit" if claim.level == "county" else ""
        rows = self.warehouse.con.execute(
            f"""SELECT uid, "{claim.indicator}" FROM state_{number}
                WHERE month = $month AND divisions = $divisions AND "{claim.indicator}" <> 0 {where}""",
            {"month": month, "divisions": as_now.key(self.warehouse, month), **({"unit": claim.unit} if where else {})},
        ).fetchall()
        return dict(rows)

    def target(self, claim: ListClaim, month: date) -> Fraction | None:
        """The target in force in the month, in per cent; None where the policy or the indicator does not judge it."""
        number = self.registers.get(claim.policy)
        register = None if number is None else self.warehouse.reference.registers[number]
        if register is None or month < register.since:
            return None
        target = next((i.target for i in register.in_month(month) if i.id == claim.indicator), None)
        if target is None:
            return None
        bound = target.high if claim.claim.at_most else target.low
        return None if bound is None else Fraction(bound)
