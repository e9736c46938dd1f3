"""The facts of a report, gathered once from an edition: the same rows feed the docx, the xlsx and the html.

Nothing is computed here that the edition holds ready-made. Tables that an older edition does not have (`movement`,
`decision`, `edition`) are read where they exist, and their absence is said in the report. Text from the register gets full-width marks.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipelines import months
from pipelines.edition.concern import concern, missing_share
from pipelines.edition.open_edition import Release
from pipelines.edition.statuses import BEHIND, NAMES, ORDER
from pipelines.punctuation import full_width
from pipelines.reports.edition_rows import (
    County,
    Coverage,
    Decision,
    Edition,
    Finding,
    Indicator,
    Outlook,
    Policy,
    Submission,
)
from pipelines.reports.list_limits import COUNTIES_SHOWN, FINDINGS_SHOWN, MANY_COUNTIES


@dataclass(frozen=True)
class Figure:
    """One figure of the city, a county or a town."""

    unit: str
    name: str
    shown: str | None
    numerator: Decimal
    denominator: Decimal
    unknown: int
    scope_unknown: int
    carried: int
    status: str
    gap: int | None
    lower: float | None
    upper: float | None
    value: float | None
    known_shown: str | None = None
    needed: int | None = None
    gap_failing: int | None = None
    gap_unknown: int | None = None
    if_low: str | None = None
    if_high: str | None = None
    if_last: str | None = None
    deciding: str | None = None
    base_month: date | None = None

    def exact(self, factor: int) -> Fraction | None:
        """The value without rounding; null where the release shows none."""
        if self.value is None or not self.denominator:
            return None
        return factor * Fraction(self.numerator) / Fraction(self.denominator)

    @property
    def bounds(self) -> tuple[str, str] | None:
        """Lower and upper bound of a share, half up to one decimal from the exact counts; null where it has none."""
        if self.lower is None:
            return None
        whole = Fraction(self.denominator) + self.scope_unknown
        low, high = (100 * Fraction(part) / whole for part in (self.numerator, self.numerator + self.unknown))
        return str(tenth(low)), str(tenth(high))

    @property
    def lacking(self) -> int:
        """Units in scope known not to have it (of a share). `unknown` also counts units of unknown scope, which are
        in no denominator.
        """
        return max(0, int(self.denominator - self.numerator) - self.unknown)


class _Columns:
    """The columns of an item's indicator as attributes; `id` is the indicator's."""

    indicator: Indicator

    if TYPE_CHECKING:  # what `__getattr__` gives
        id: str
        name: str
        clause: str
        quote: str
        wording: str
        unit: str
        counted: str
        binding_level: str
        judged: str | None
        reading: str | None
        unverified: str | None
        goal: str | None
        scope_sql: str | None
        share_sql: str | None
        numerator_sql: str | None
        denominator_sql: str | None
        gap_unit: str | None
        headline: bool
        is_share: bool
        factor: int
        position: int
        low: float | None
        goal_due: date | None

    else:

        def __getattr__(self, name: str) -> Any:
            try:
                return self.indicator[{"id": "indicator"}.get(name, name)]
            except KeyError:
                raise AttributeError(name) from None


@dataclass(frozen=True)
class Item(_Columns):
    """One indicator with its figures in the month. `before` is the city's figure in the month compared with."""

    indicator: Indicator
    city: Figure | None
    before: Figure | None
    counties: tuple[Figure, ...]
    series: tuple[tuple[date, Figure], ...]
    parts: dict[str, float] = field(default_factory=dict)

    @cached_property
    def of(self) -> dict[str, Figure]:
        """The counties' figures by county code."""
        return {figure.unit: figure for figure in self.counties}

    @property
    def status(self) -> str:
        return self.city.status if self.city else "no_data"

    @property
    def change(self) -> Decimal | None:
        """Change of the city's value since the month compared with, from unrounded values, half up to one decimal."""
        now, then = (figure.exact(self.factor) if figure else None for figure in (self.city, self.before))
        return None if now is None or then is None else tenth(now - then)

    @property
    def more(self) -> int | None:
        """Further units that have it (of a share); negative when fewer do."""
        if not self.is_share or self.change is None or self.city is None or self.before is None:
            return None
        return int(self.city.numerator - self.before.numerator)


def by_concern(items: Iterable[Item]) -> list[Item]:
    """Items in the order of concern by their city figures (semantics §6); those without one last."""

    def key(item: Item) -> tuple:
        if item.city is None:
            return (len(ORDER), item.position)
        return concern({**vars(item.city), "position": item.position})

    return sorted(items, key=key)


def tenth(number: Fraction) -> Decimal:
    """Half up (away from zero) to one decimal, exactly: 1/20 is 0.1, −1/20 is −0.1."""
    scaled = abs(number) * 10
    whole = (scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2)
    return Decimal(whole if number > 0 else -whole if whole else 0).scaleb(-1)


@dataclass(frozen=True)
class Facts:
    """The facts of a report of one policy in one edition.

    `findings` are those that are listed; `finding_counts` counts all of them by county and severity. `outlook` is by
    indicator, `waived` by finding; `caveats` say what reference data is old.
    """

    release: Release
    policy: Policy
    compared: date | None
    items: tuple[Item, ...]
    counties: tuple[County, ...]
    coverage: tuple[Coverage, ...]
    submissions: tuple[Submission, ...]
    findings: tuple[Finding, ...]
    finding_counts: Counter[tuple[str | None, str]]
    statuses: dict[str, str]
    decisions: tuple[Decision, ...] | None
    editions: tuple[Edition, ...] | None
    outlook: dict[str, Outlook]
    waived: dict[str, Finding]
    caveats: tuple[str, ...] = ()

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
    def annual(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.judged == "december")

    @cached_property
    def short(self) -> dict[str, str]:
        return {county["unit"]: county["short"] for county in self.counties}

    @cached_property
    def ranked(self) -> tuple[County, ...]:
        """The counties in the order of concern (semantics §6): share of the applicable leading indicators that are behind, then their
        summed missing share.
        """

        def rank(county: County) -> tuple:
            known = [item.of[county["unit"]] for item in self.headline if county["unit"] in item.of]
            applicable = [f for f in known if f.status not in ("not_applicable", "tracked")]
            behind = sum(figure.status in BEHIND for figure in applicable)
            share = Fraction(behind, len(applicable)) if applicable else Fraction(0)
            return -share, -sum((missing_share(vars(figure)) for figure in applicable), Fraction(0)), county["unit"]

        return tuple(sorted(self.counties, key=rank))

    @property
    def many(self) -> bool:
        """Whether there are more counties than a paper can name."""
        return len(self.counties) > MANY_COUNTIES

    @cached_property
    def shown(self) -> tuple[County, ...]:
        """The counties that papers and pages show, by code: all, or where there are many those that lag most."""
        if not self.many:
            return self.counties
        return tuple(sorted(self.ranked[:COUNTIES_SHOWN], key=lambda county: county["unit"]))


def gather(release: Release, policy: str | None = None, back: int = 1, caveats: Sequence[str] = ()) -> Facts:
    """The facts of a release's month for one policy (default: the newest in force), compared with `back` months
    before.
    """
    policies = release.rows("SELECT * FROM policy ORDER BY since")
    chosen = next((p for p in policies if p["id"] == policy), policies[-1])
    earlier = months.add(release.month, -back)
    compared = earlier if months.key(earlier) in release.manifest["months"] and earlier >= chosen["since"] else None
    has = {row["table_name"] for row in release.rows("SELECT table_name FROM information_schema.tables")}
    return Facts(
        release=release,
        caveats=tuple(caveats),
        policy=_printed(chosen),
        compared=compared,
        items=_items(release, chosen["id"], compared, has),
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
    )


_COLUMNS = (
    "indicator, unit, shown, numerator, denominator, unknown, scope_unknown, carried, status, gap, lower, upper, value, "
    "known_shown, needed, gap_failing, gap_unknown, if_low, if_high, if_last, deciding, base_month"
)


def _items(release: Release, policy: str, compared: date | None, has: set[str]) -> tuple[Item, ...]:
    series: dict[str, list] = {}
    for row in _figures(release, policy, "level = 'city'"):
        series.setdefault(row.pop("indicator"), []).append((row.pop("month"), Figure(name="全市", **row)))
    counties: dict[str, list] = {}
    names = {row["unit"]: row["short"] for row in release.rows("SELECT unit, short FROM county")}
    for row in _figures(release, policy, "level = 'county' AND month = $month"):
        del row["month"]
        counties.setdefault(row.pop("indicator"), []).append(Figure(name=names.get(row["unit"], row["unit"]), **row))
    # the release splits the change since last month; it would not add up to that of a quarter or a year
    monthly = compared == months.add(release.month, -1)
    parts = _parts(release, policy) if monthly and "movement" in has else {}
    return tuple(
        Item(
            _printed(entry),
            dict(past).get(release.month),
            dict(past).get(compared),
            tuple(counties.get(name, ())),
            tuple(past),
            parts.get(name, {}),
        )
        for entry in release.rows("SELECT * FROM indicator WHERE policy = ? ORDER BY position", [policy])
        for name in [entry["indicator"]]
        for past in [series.get(name, [])]
    )


def _rows(rows: list[Any]) -> tuple[Any, ...]:
    return tuple(rows)


_DECLARED = ("name", "title", "clause", "quote", "reading", "unverified", "gap_unit")


def _printed(row: Any) -> Any:
    """A declared row with full-width marks in its texts."""
    return {**row, **{name: full_width(row[name]) for name in _DECLARED if row.get(name)}}


def _figures(release: Release, policy: str, where: str) -> list[dict]:
    return release.rows(
        f"SELECT month, {_COLUMNS} FROM figure WHERE policy = $policy AND divisions = 'then' AND {where} "
        "AND month <= $month ORDER BY indicator, month, unit",
        {"policy": policy, "month": release.month},
    )


def _parts(release: Release, policy: str) -> dict[str, dict[str, float]]:
    """Why the city's figures moved since the month before: change by part, for each indicator."""
    parts: dict[str, dict[str, float]] = {}
    for row in release.rows(
        "SELECT indicator, part, change FROM movement WHERE policy = ? AND level = 'city'", [policy]
    ):
        parts.setdefault(row["indicator"], {})[row["part"]] = row["change"]
    return parts


def _findings(release: Release) -> tuple[Any, ...]:
    """The month's findings in order; where there are too many to list, errors before warnings before notes."""
    listed = release.rows(
        """
        SELECT * FROM (
            SELECT * FROM finding WHERE month = ?
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
