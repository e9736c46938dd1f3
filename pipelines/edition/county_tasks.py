"""督办: a county's gap in a leading indicator as a task, opened and closed only by the data of editions (as-now).

A task opens when the county is behind with units known to lack the indicator (`gap_failing`), and closes when the target is met at the lower
bound; a later month that falls back reopens it.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby

from pipelines import months
from pipelines.edition.concern import concern
from pipelines.edition.open_edition import Release, Row
from pipelines.edition.phrases import day
from pipelines.edition.progress_rows import Reply, Task, TaskUnit
from pipelines.edition.statuses import BEHIND
from pipelines.punctuation import full_width

# states of a task; a month without data changes none
STATES = {"open": "办理中", "reopened": "反弹重开", "unproven": "待报送核实", "closed": "已办结"}
# work of this month compared with its share of the gap a month before
PACES = {"behind": "欠进度", "even": "达进度", "ahead": "超进度", "overdue": "已逾期", "new": "本月新列"}


def tasks(release: Release, policy: str, county: str | None = None, month: date | None = None) -> list[Task]:
    """The tasks of a month (default: the release's), those of greatest concern first, closed ones last; `units` of the release's month."""
    month = month or release.month
    rows = release.rows(
        """
        SELECT f.indicator, f.unit AS county, f.month, f.status, f.due, f.gap, f.needed, f.numerator, f.gap_failing, f.gap_unknown,
               i.name, i.clause, i.gap_unit, i.position, i.counted, coalesce(c.short, f.unit) AS short
        FROM figure AS f JOIN indicator AS i USING (policy, indicator) LEFT JOIN county AS c ON c.unit = f.unit
        WHERE f.policy = $policy AND f.level = 'county' AND f.divisions = 'now' AND f.month <= $month AND i.headline AND i.is_share
          AND ($county IS NULL OR f.unit = $county)
        ORDER BY i.position, f.unit, f.month
        """,
        {"policy": policy, "month": month, "county": county},
    )
    listed = _units(release, policy, county) if month == release.month else {}
    answers = _replies(release)
    by_concern = []
    for key, group in groupby(rows, key=lambda row: (row["indicator"], row["county"])):
        line = list(group)
        if (task := _task(line, month, listed.get(key, []), answers.get(key, []))) is not None:
            by_concern.append((task["state"] == "closed", concern({**line[-1], "place": key[1]}), task))
    return [task for *_, task in sorted(by_concern, key=lambda each: each[:2])]


def _task(line: Sequence[Row], month: date, units: list[TaskUnit], replies: list[Reply]) -> Task | None:
    """The task of a county's series of an indicator; None where it was never behind or ends before the month."""
    last = line[-1]
    opened, closed, is_open = _course(line)
    stood = _course(line[:-1])[2]
    if opened is None or last["month"] != month or last["due"] is None:
        return None
    before = line[-2] if len(line) > 1 and line[-2]["month"] == months.add(month, -1) else None
    failing, earlier = last["gap_failing"] or 0, before["gap_failing"] if before else None
    state = _state(last, is_open, closed)
    quota = _quota(before) if before and earlier else None
    return Task(
        indicator=last["indicator"], name=full_width(last["name"]), clause=full_width(last["clause"]), gap_unit=last["gap_unit"],
        county=last["county"], short=last["short"], state=state, status=last["status"], opened=opened, closed=closed,
        stood=stood, due=months.last_day(last["due"]), failing=failing, unknown=last["gap_unknown"] or 0, failing_before=earlier, quota=quota,
        done=None if earlier is None else earlier - failing, pace=_pace(last, opened, quota, earlier, failing) if failing and is_open else None,
        units=units if failing and is_open else [], replies=replies,
    )  # fmt: skip


def _course(line: Iterable[Row]) -> tuple[date | None, date | None, bool]:
    """The month in which the task was first opened, the one in which it was last closed, and whether it is open."""
    opened, closed, is_open = None, None, False
    for row in line:
        if not is_open and row["status"] in BEHIND and (row["gap_failing"] or 0) > 0:
            opened, is_open = opened or row["month"], True
        elif is_open and row["status"] == "met":
            closed, is_open = row["month"], False
    return opened, closed, is_open


def _state(last: Row, is_open: bool, closed: date | None) -> str:
    if not is_open:
        return "closed"
    if not last["gap_failing"]:
        return "unproven"
    return "reopened" if closed else "open"


def _quota(before: Row) -> int | None:
    """This month's share of the gap, rounded up; None once the due month is over."""
    left = months.between(before["month"], before["due"])
    return -(-before["gap_failing"] // left) if left > 0 else None


def _pace(last: Row, opened: date, quota: int | None, earlier: int | None, failing: int) -> str | None:
    if last["month"] >= last["due"]:
        return "overdue"
    if opened == last["month"] or quota is None or earlier is None:
        return "new" if opened == last["month"] else None
    done = earlier - failing
    return "behind" if done < quota else "ahead" if done > quota else "even"


def replied(task: Task) -> str:
    """The county's replies with date and name: `2020年7月3日（张三）：已安排资金；…`; empty where it did not."""
    return "；".join(
        f"{day(date.fromisoformat(reply['at'][:10]))}（{reply['by']}）：{reply['text'].rstrip('。')}"
        for reply in task["replies"]
    )


def _replies(release: Release) -> dict[tuple[str, str], list[Reply]]:
    replies: dict[tuple[str, str], list[Reply]] = {}
    for reply in release.replied:
        replies.setdefault((reply["indicator"], reply["county"]), []).append(reply)
    return replies


def _units(release: Release, policy: str, county: str | None) -> dict[tuple[str, str], list[TaskUnit]]:
    """By indicator and county, the units known to lack it."""
    wanted = release.rows(
        "SELECT indicator FROM indicator WHERE policy = ? AND headline AND is_share AND counted = 'community' ORDER BY position",
        [policy],
    )
    units: dict[tuple[str, str], list[TaskUnit]] = {}
    state = release.of_month(f"state-{policy}", release.month)
    for indicator in (row["indicator"] for row in wanted):
        for row in release.rows(
            f"""SELECT u.county_code, u.unit, u.town, u.name FROM {state} AS s JOIN unit AS u USING (unit)
                WHERE s.month = $month AND s."{indicator}" = 2 AND ($county IS NULL OR u.county_code = $county) ORDER BY u.unit""",
            {"month": release.month, "county": county},
        ):
            lacking = TaskUnit(unit=row["unit"], town=row["town"], name=row["name"])
            units.setdefault((indicator, row["county_code"]), []).append(lacking)
    return units
