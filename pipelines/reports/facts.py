"""The facts of a report, gathered once from an edition: the same rows feed the docx, the xlsx and the html.

One reading of the divisions: every month of the series by those of the month judged (as-now).

Nothing is computed here that the edition holds ready-made. Tables that an older edition does not have (`movement`,
`decision`, `edition`) are read where they exist, and their absence is said in the report. Text from the register gets full-width marks.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

from pipelines import months
from pipelines.edition import explained_answers, movement_sentences
from pipelines.edition.compare_months import compare
from pipelines.edition.concern import ConcernedPlace, places
from pipelines.edition.county_tasks import tasks
from pipelines.edition.explained_answers import Explained
from pipelines.edition.figure_types import Change
from pipelines.edition.open_edition import Release
from pipelines.edition.progress_rows import Moved, Slipped, Task
from pipelines.edition.statuses import NAMES
from pipelines.edition.table_rows import (
    CountyName,
    Coverage,
    Decision,
    Edition,
    FindingRow,
    OutlookRow,
    PolicyRow,
    SubmissionRow,
)
from pipelines.punctuation import full_width
from pipelines.reports.indicator_figures import Figure, Item
from pipelines.reports.list_limits import COUNTIES_SHOWN, FINDINGS_SHOWN, MANY_COUNTIES
from pipelines.reports.office import Office

Computed = TypeVar("Computed")
# a quarter's or a year's paper names at most so many shares that rose, and so many that fell
_MOVED = 3


@dataclass(frozen=True)
class Facts:
    """The facts of a report of one policy in one edition.

    `findings` are those that are listed; `finding_counts` counts all of them by county and severity. `outlook` is by
    indicator, `waived` by finding; `caveats` say what reference data is old; `explained` is what
    counties explain of the month's answers; `several`: more than one policy judges the month, each with its own paper.
    """

    release: Release
    policy: PolicyRow
    compared: date | None
    items: tuple[Item, ...]
    counties: tuple[CountyName, ...]
    coverage: tuple[Coverage, ...]
    submissions: tuple[SubmissionRow, ...]
    findings: tuple[FindingRow, ...]
    finding_counts: Counter[tuple[str | None, str]]
    statuses: dict[str, str]
    decisions: tuple[Decision, ...] | None
    editions: tuple[Edition, ...] | None
    outlook: dict[str, OutlookRow]
    waived: dict[str, FindingRow]
    caveats: tuple[str, ...] = ()
    office: Office = field(default_factory=Office)
    places: tuple[ConcernedPlace, ...] = ()
    moved: tuple[Moved, ...] = ()
    slipped: tuple[Slipped, ...] = ()
    divisions: str = ""
    tasks: tuple[Task, ...] = ()
    explained: tuple[Explained, ...] = ()
    several: bool = False

    @property
    def month(self) -> date:
        return self.release.month

    @property
    def city(self) -> str:
        return self.release.manifest.get("city") or "全市"

    @property
    def sample(self) -> str:
        """What a title adds when the answers are invented."""
        return "，示例数据" if self.release.manifest.get("sample") else ""

    @property
    def published(self) -> date:
        return date.fromisoformat(self.release.manifest["published_at"][:10])

    @cached_property
    def headline(self) -> tuple[Item, ...]:
        """The leading indicators in register order; all of them where the register marks none."""
        return tuple(item for item in self.items if item.headline) or self.items

    @cached_property
    def short(self) -> dict[str, str]:
        return {county["unit"]: county["short"] for county in self.counties}

    @cached_property
    def ranked(self) -> tuple[CountyName, ...]:
        """The counties in the order of concern."""
        order = {place["unit"]: place["rank"] for place in self.places}
        return tuple(
            sorted(self.counties, key=lambda county: (order.get(county["unit"], len(order) + 1), county["unit"]))
        )

    def once(self, function: Callable[["Facts"], Computed]) -> Computed:
        """What the function gives for these facts, computed once: the text is worded again for each length that is tried."""
        if function not in self._computed:
            self._computed[function] = function(self)
        return self._computed[function]

    @cached_property
    def _computed(self) -> dict[Callable[["Facts"], Any], Any]:
        return {}

    @cached_property
    def moved_most(self) -> tuple[list[Item], list[Item]]:
        """The leading shares that rose and that fell most since the month compared with."""
        moved = [item for item in self.headline if item.is_share and item.mostly_known and item.change]
        moved.sort(key=lambda item: (-(item.change or 0), item.position))
        rose = [item for item in moved if (item.change or 0) > 0][:_MOVED]
        return rose, [item for item in reversed(moved) if (item.change or 0) < 0][:_MOVED]

    @cached_property
    def parts(self) -> dict[str, Change]:
        """By indicator of `moved_most`, why the city's figure changed since the month compared with."""
        assert self.compared is not None
        named = [item.id for items in self.moved_most for item in items]
        city = next((item.city.unit for item in self.headline if item.city), None)
        if not named:
            return {}
        rows = compare(self.release, self.compared, self.month, named, city, self.policy["id"])
        return {row["indicator"]: row for row in rows}

    @property
    def approved(self) -> bool:
        return self.release.manifest.get("states", {}).get(months.key(self.month)) == "approved"

    @property
    def many(self) -> bool:
        """Whether there are more counties than a paper can name."""
        return len(self.counties) > MANY_COUNTIES

    @cached_property
    def shown(self) -> tuple[CountyName, ...]:
        """The counties that papers and pages show, by code: all, or where there are many those that lag most."""
        if not self.many:
            return self.counties
        return tuple(sorted(self.ranked[:COUNTIES_SHOWN], key=lambda county: county["unit"]))


def gather(
    release: Release,
    policy: str | None = None,
    back: int = 1,
    caveats: Sequence[str] = (),
    office: Office | None = None,
) -> Facts:
    """The facts of a release's month for one policy (default: the newest), compared with `back` months before if known."""
    policies = release.rows("SELECT * FROM policy ORDER BY since")
    chosen = next((p for p in policies if p["id"] == policy), policies[-1])
    compared = _month_compared(release, chosen["id"], back)
    has = {row["table_name"] for row in release.rows("SELECT table_name FROM information_schema.tables")}
    return Facts(
        release=release,
        caveats=_of_policy(caveats, chosen, policies),
        several=len(policies) > 1,
        policy=_printed(chosen),
        compared=compared,
        items=_items(release, chosen["id"], compared),
        counties=_rows(release.rows("SELECT * FROM county ORDER BY unit")),
        coverage=_rows(release.rows("SELECT * FROM coverage WHERE month = ? ORDER BY county", [release.month])),
        submissions=_rows(release.rows("SELECT * FROM submission WHERE month = ? ORDER BY seq", [release.month])),
        findings=_findings(release),
        finding_counts=_finding_counts(release),
        statuses=NAMES,
        decisions=_rows(decisions) if (decisions := release.decisions()) is not None else None,
        editions=_rows(release.rows('SELECT * FROM edition ORDER BY "at", month, edition'))
        if "edition" in has
        else None,
        waived=_waived(release) if {"decision", "finding_all"} <= has else {},
        outlook=_outlook(release, chosen["id"]) if "outlook" in has else {},
        office=office or Office(),
        places=tuple(places(release, chosen["id"])),
        moved=tuple(movement_sentences.moved(release, chosen["id"])),
        slipped=tuple(movement_sentences.slipped(release, chosen["id"])),
        divisions=movement_sentences.divisions_paragraph(release, chosen["id"], 1),
        tasks=tuple(tasks(release, chosen["id"])),
        explained=tuple(explained_answers.explained(release, release.month))
        if {"explanation", "finding_all"} <= has
        else (),
    )


def of_period(facts: Facts, back: int) -> Facts:
    """The same facts, compared with `back` months before if known."""
    compared = _month_compared(facts.release, facts.policy["id"], back)
    items = (_compared(replace(item, before=None), facts.release, compared) for item in facts.items)
    return replace(facts, compared=compared, items=tuple(items))


def _of_policy(
    caveats: Sequence[str], chosen: Mapping[str, Any], policies: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    """The caveats without those about another policy, which has its own paper."""
    others = [policy["title"] for policy in policies if policy["id"] != chosen["id"]]
    return tuple(said for said in caveats if not any(title in said for title in others))


def _month_compared(release: Release, policy: str, back: int) -> date | None:
    """The month so many before, where anything of the city is known of it by the divisions of the release's month."""
    month = months.add(release.month, -back)
    sql = "SELECT 1 FROM figure WHERE policy = ? AND month = ? AND divisions = 'now' AND level = 'city' AND value IS NOT NULL LIMIT 1"
    return month if release.rows(sql, [policy, month]) else None


_COLUMNS = (
    "indicator, unit, shown, numerator, denominator, unknown, scope_unknown, carried, status, gap, lower, upper, value, "
    "known_shown, needed, gap_failing, gap_unknown, if_low, if_high, if_last, deciding, base_month, pace"
)


def _items(release: Release, policy: str, compared: date | None) -> tuple[Item, ...]:
    series: dict[str, list[tuple[date, Figure]]] = {}
    counted = _counted(release, policy)
    for row in _figures(release, policy, "level = 'city'"):
        name, month = row.pop("indicator"), row.pop("month")
        series.setdefault(name, []).append((month, Figure(name="全市", units=counted.get((name, month)), **row)))
    counties: dict[str, list[Figure]] = {}
    names = {row["unit"]: row["short"] for row in release.rows("SELECT unit, short FROM county")}
    for row in _figures(release, policy, "level = 'county' AND month = $month"):
        del row["month"]
        counties.setdefault(row.pop("indicator"), []).append(Figure(name=names.get(row["unit"], row["unit"]), **row))
    return tuple(
        _compared(
            Item.of_row(
                _printed(entry),
                dict(past).get(release.month),
                before=None,
                counties=tuple(counties.get(name, ())),
                series=tuple(past),
            ),
            release,
            compared,
        )
        for entry in release.rows("SELECT * FROM indicator WHERE policy = ? ORDER BY position", [policy])
        for name in [entry["indicator"]]
        for past in [series.get(name, [])]
    )


def _counted(release: Release, policy: str) -> dict[tuple[str, date], int]:
    """By ratio and month, how many communities or counties there are."""
    rows = release.rows(
        """SELECT indicator, month, CASE counted WHEN 'county' THEN counties ELSE units END::BIGINT AS units
           FROM indicator CROSS JOIN (SELECT month, sum(units) AS units, count(*) AS counties FROM coverage GROUP BY month)
           WHERE policy = ? AND NOT is_share""",
        [policy],
    )
    return {(row["indicator"], row["month"]): row["units"] for row in rows}


def _compared(item: Item, release: Release, compared: date | None) -> Item:
    """With the city's figure in the month compared with, where the two can be compared."""
    if compared is None or not item.is_comparable(release.month, compared):
        return item
    return replace(item, before=item.at(compared))


def _rows(rows: list[Any]) -> tuple[Any, ...]:
    return tuple(rows)


_DECLARED = ("name", "title", "clause", "quote", "reading", "unverified", "gap_unit")


def _printed(row: Any) -> Any:
    """A declared row with full-width marks in its texts."""
    return {**row, **{name: full_width(row[name]) for name in _DECLARED if row.get(name)}}


def _figures(release: Release, policy: str, where: str) -> list[dict[str, Any]]:
    return release.rows(
        f"SELECT month, {_COLUMNS} FROM figure WHERE policy = $policy AND divisions = 'now' AND {where} "
        "AND month <= $month ORDER BY indicator, month, unit",
        {"policy": policy, "month": release.month},
    )


def _findings(release: Release) -> tuple[Any, ...]:
    """The month's findings in order; where there are too many to list, errors before warnings before notes."""
    listed = release.rows(
        """
        SELECT * FROM (
            SELECT f.*, s.name AS unit_name FROM finding AS f
            LEFT JOIN standing AS s ON s.month = f.month AND s.unit = f.unit WHERE f.month = ?
            ORDER BY list_position(['error', 'warning', 'note'], severity), seq, phase, number LIMIT ?)
        ORDER BY seq, phase, number
        """,
        [release.month, FINDINGS_SHOWN],
    )
    return tuple(listed)


def _finding_counts(release: Release) -> Counter[tuple[str | None, str]]:
    rows = release.rows(
        "SELECT county, severity, count(*) AS findings FROM finding WHERE month = ? GROUP BY ALL ORDER BY min(seq), severity",
        [release.month],
    )
    return Counter({(row["county"], row["severity"]): row["findings"] for row in rows})


def _waived(release: Release) -> dict[str, Any]:
    """Findings of any month that a person accepted, by id."""
    rows = release.rows(
        "SELECT f.* FROM finding_all AS f WHERE f.id IN (SELECT finding FROM decision WHERE kind = 'waive') ORDER BY f.seq"
    )
    return {row["id"]: row for row in rows}


def _outlook(release: Release, policy: str) -> dict[str, Any]:
    # by the present divisions: a moved boundary is no progress
    rows = release.rows("SELECT * FROM outlook WHERE policy = ? AND divisions = 'now' AND level = 'city'", [policy])
    return {row["indicator"]: row for row in rows}
