"""The faults that real workbooks have, planted on purpose: each of a kind that the reader or a rule must find."""

from collections.abc import Callable
from dataclasses import dataclass

from pipelines.reference.form import Part
from pipelines.sample import keyed_random
from pipelines.template import Table

_COUNT = (0, 0, 0, 0, 0, 1, 1, 2, 3)  # faults in a workbook


@dataclass(frozen=True)
class Fault:
    """What was planted where: `row` is the position in the table."""

    kind: str
    row: int
    field: str | None = None


Plant = Callable[[Table, int, int], None]  # table, row, some number to vary by


def _put(field: str, texts: tuple[object, ...]) -> Plant:
    def plant(table: Table, row: int, number: int) -> None:
        table.columns[field][row] = texts[number % len(texts)]

    return plant


def _exceed(more: str, less: str) -> Plant:
    def plant(table: Table, row: int, number: int) -> None:
        base = table.columns[less][row]
        table.columns[more][row] = (base if isinstance(base, int) else 0) + 1 + number % 2
        table.columns[less][row] = base if isinstance(base, int) else 0

    return plant


def _alter_code(table: Table, row: int, number: int) -> None:
    code = str(table.columns["code"][row])
    table.columns["code"][row] = (f"{code[:9]}{600 + number % 300}", f"{code[0]}.{code[1:6]}E+11", code[:11])[
        number % 3
    ]


def _repeat(table: Table, row: int, number: int) -> None:
    _insert(table, row)
    table.columns["households"][row] = 100 + number % 900


def _stranger(table: Table, row: int, number: int) -> None:
    _insert(table, row)
    code = str(table.columns["code"][row])
    table.columns["code"][row] = f"{code[:9]}{700 + number % 200}"
    table.columns["name"][row] = ("移民安置点", "新建小区筹备组", "矿区家属院")[number % 3]


def _drop(table: Table, row: int, number: int) -> None:
    for column in (table.kinds, *table.columns.values()):
        del column[row]


def _insert(table: Table, row: int) -> None:
    for column in (table.kinds, *table.columns.values()):
        column.insert(row, column[row])


# kind: which field it is about, the fields that it touches, how it is done
KINDS: dict[str, tuple[str | None, tuple[str, ...], Plant]] = {
    "not_a_number": ("households", (), _put("households", ("约300", "20-30", "500左右", "待定"))),
    "error_value": ("volunteers", (), _put("volunteers", ("#REF!", "#N/A", "#DIV/0!"))),
    "not_a_flag": ("video_coverage", (), _put("video_coverage", ("待定", "在建", "部分", "○"))),
    "certified_within": (
        "certified_workers",
        ("social_workers", "allowance_workers"),
        _exceed("certified_workers", "social_workers"),
    ),
    "local_members_within": ("local_members", ("committee_members",), _exceed("local_members", "committee_members")),
    "missing_required": ("households", (), _put("households", (None,))),
    "unknown_code": ("code", (), _alter_code),
    "repeated_row": (None, ("households",), _repeat),
    "unknown_unit": (None, ("code", "name"), _stranger),
    "left_out": (None, (), _drop),
    "fraction": ("social_orgs", (), _put("social_orgs", ("2.5", "1.5"))),
    "over_maximum": ("drills", (), _put("drills", (400, 999))),
    "not_a_month": ("established", (), _put("established", ("九十年代", "6月", "不详"))),
    "rough_area": ("facility_area", (), _put("facility_area", ("约200", "二百", "见附件"))),
}


def plant(table: Table, part: Part, *purpose: object) -> list[Fault]:
    """Plants a workbook's faults into the table, in place; the same for the same purpose."""
    planted = []
    for turn in range(keyed_random.pick(_COUNT, *purpose, "how many")):
        number = keyed_random.number(*purpose, turn)
        kind = keyed_random.pick(sorted(KINDS), *purpose, turn, "kind")
        field, touched, how = KINDS[kind]
        if {field, *touched} - {None} <= part.by_id.keys():
            row = number % len(table)
            how(table, row, number >> 16)
            planted.append(Fault(kind, row, field))
    return planted
