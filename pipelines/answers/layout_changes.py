"""Notes on layout changes since a county's last submission, from two lists of places (table `source`): moved columns often hold misplaced answers."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.answers.findings import Finding, Kind, Report
from pipelines.reference import labels
from pipelines.reference.form import Form
from pipelines.workbook.address import column_number

_SHOWN = 12  # items that a note names


@dataclass(frozen=True)
class Place:
    """The place of a field: `cell` is a column's letter (`part` community) or the A1 of the value (`part` county)."""

    part: str
    field: str
    sheet: str
    cell: str
    header: str | None = None


def compare(
    previous: Sequence[Place], current: Sequence[Place], form: Form, file: str, taxonomy: dict[str, Kind]
) -> list[Finding]:
    """Notes on what has changed since the county's last submission in force. Nothing without a last one."""
    report = Report(file, taxonomy)
    for part in ("community", "county"):
        before, now = _of(previous, part), _of(current, part)
        if before and now:
            _compare(before, now, form.part(part).by_id, report)
    return report.close()


def _of(places: Iterable[Place], part: str) -> dict[str, Place]:
    return {place.field: place for place in places if place.part == part and place.field}


def _compare(before: dict[str, Place], now: dict[str, Place], fields: dict[str, Any], report: Report) -> None:
    sheet = next(iter(now.values())).sheet
    label = {name: fields[name].label for name in (*before, *now) if name in fields}
    gone = [f"{label[name]}（原{before[name].cell}）" for name in before if name not in now and name in label]
    new = [f"{label[name]}（{now[name].cell}）" for name in now if name not in before and name in label]
    both = [name for name in now if name in before and name in label]
    _note(report, "layout_gone", sheet, gone)
    _note(report, "layout_new", sheet, new)
    _note(report, "layout_renamed", sheet, _renamed(before, now, both))
    if next(iter(now.values())).part == "community":
        _note(report, "layout_moved", sheet, _moved(before, now, both, label))


def _note(report: Report, code: str, sheet: str, items: list[str]) -> None:
    if items:
        more = f" 等{len(items)}个" if len(items) > _SHOWN else ""
        report.add(code, sheet=sheet, found="、".join(items[:_SHOWN]) + more, count=len(items))


def _renamed(before: dict[str, Place], now: dict[str, Place], both: list[str]) -> list[str]:
    """Headers with another text. Ordinals, blanks, line breaks and letter widths are ignored, units are not."""
    return [
        f"“{_plain(old)}”改为“{_plain(new)}”（{now[name].cell}）"
        for name in both
        if (old := before[name].header) and (new := now[name].header)
        if labels.normalise(old) != labels.normalise(new)
    ]


def _plain(header: str) -> str:
    return "".join(header.split())


def _moved(before: dict[str, Place], now: dict[str, Place], both: list[str], label: dict[str, str]) -> list[str]:
    """Columns whose order has changed; a column inserted between others changes no order."""
    ordered = sorted(both, key=lambda name: column_number(now[name].cell))
    stayed = _longest_rising([column_number(before[name].cell) for name in ordered])
    return [
        f"{label[name]}（{before[name].cell}→{now[name].cell}）" for i, name in enumerate(ordered) if i not in stayed
    ]


def _longest_rising(numbers: list[int]) -> set[int]:
    """Positions of a longest increasing subsequence, so that the fewest columns count as moved."""
    ends: list[int] = []  # the least last number of a run of each length
    at: list[int] = []  # and its position
    before: list[int | None] = []
    for position, number in enumerate(numbers):
        length = bisect_left(ends, number)
        ends[length : length + 1] = [number]
        at[length : length + 1] = [position]
        before.append(at[length - 1] if length else None)
    positions: set[int] = set()
    previous = at[-1] if at else None
    while previous is not None:
        positions.add(previous)
        previous = before[previous]
    return positions
