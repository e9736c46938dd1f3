"""Plan spot checks of an edition's shares with a target: claims, strata, number of visits (§3). Writes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from pipelines import months
from pipelines.edition.open_edition import Release, Row
from pipelines.errors import Refusal
from pipelines.reference.strict_yaml import suggest
from pipelines.verification import budget, plan, reported_claim, sentences
from pipelines.verification.plan import Place, Plan
from pipelines.verification.reported_claim import Claim
from pipelines.verification.spot_lists import ListClaim, Named

WHOLE = "全市"
ALPHA = reported_claim.alpha()


@dataclass(frozen=True)
class Wish:
    """The claims to be checked. `strata`: one or county, by default the cheaper; `allowed`: how many unconfirmed units are accepted."""

    month: date
    indicators: Sequence[str]
    level: str = "city"
    unit: str | None = None
    strata: str | None = None
    budget: int | None = None
    allowed: int | None = None


@dataclass(frozen=True)
class Proposal:
    """A claim with plans for 0, 1, 2 … allowed, `chosen` among them; `population`: stratum → uids, named by `units`."""

    policy: str
    indicator: str
    name: str
    level: str
    unit: str
    claim: Claim
    strata: tuple[Place, ...]
    population: Mapping[str, Sequence[str]]
    units: Mapping[str, Named]
    plans: tuple[Plan, ...]
    recommended: int | None
    chosen: Plan | None
    missing: int | None = None

    @property
    def key(self) -> str:
        return self.indicator if self.level == "city" else f"{self.indicator}@{self.unit}"

    def listed(self) -> ListClaim:
        """As a plan's event takes it. Errors: `Refusal` where nothing can be proven or nothing was chosen."""
        if not self.claim.met:
            raise Refusal(f"{self.name}：{sentences.not_met(self.claim)}；请先补齐报送，或去掉这一项")
        if self.chosen is None:
            lacks = f"还缺 {self.missing:,} 次走访" if self.missing else "没有选定允许几个未能属实"
            raise Refusal(f"{self.name}：{lacks}；请增加预算，或去掉这一项")
        about = (self.policy, self.indicator, self.name, self.level, self.unit)
        return ListClaim(*about, self.claim, self.strata, self.chosen.per_stratum, self.chosen.allowed)

    def public(self) -> Row:
        """As `shequ spotcheck plan --json` gives it."""
        claim = self.claim
        return {
            "policy": self.policy, "indicator": self.indicator, "level": self.level, "unit": self.unit, "at_most": claim.at_most,
            "counted": claim.counted, "yes": claim.reported, "target": _number(claim.target), "required": claim.required,
            "slack": claim.slack, "unmade_by": claim.unmade_by, "looks": 1,
            "strata": [{"id": place.id, "size": place.size} for place in self.strata],
            "plans": [_plan(option) for option in self.plans], "recommended": self.recommended,
            "allowed": self.chosen.allowed if self.chosen else None, "missing": self.missing,
        }  # fmt: skip


def _number(target: Fraction) -> int | float:
    return int(target) if target.denominator == 1 else float(target)


def _plan(plan: Plan) -> Row:
    chance = {str(per_cent): round(float(value), 6) for per_cent, value in plan.chance.items()}
    return {"allowed": plan.allowed, "visits": plan.visits, "per_stratum": list(plan.per_stratum), "chance": chance}


def proposals(release: Release, wish: Wish) -> list[Proposal]:
    """One proposal an indicator, in the order asked. Errors: `Refusal` for what spot checks are not for."""
    proposed = [_proposal(release, wish, indicator) for indicator in dict.fromkeys(wish.indicators)]
    return proposed if wish.budget is None else _within(proposed, wish.budget)


def _within(proposed: list[Proposal], visits: int) -> list[Proposal]:
    """The proposals within a budget shared among the claims (`budget.share`)."""
    shares = budget.share(visits, {p.key: p.plans for p in proposed if p.plans})
    return [choose(p, shares.plans.get(p.key), shares.missing.get(p.key)) if p.plans else p for p in proposed]


def visits(proposed: Iterable[Proposal]) -> int:
    """Upper limit of the visits of the chosen plans: a unit of several claims is visited once."""
    return sum(proposal.chosen.visits for proposal in proposed if proposal.chosen)


def choose(proposal: Proposal, chosen: Plan | None, missing: int | None = None) -> Proposal:
    """The same claim with another of its plans; `missing`: visits that the budget lacks for it."""
    return replace(proposal, chosen=chosen, missing=missing)


def checkable(release: Release, month: date) -> list[Row]:
    """Indicators that can be checked: shares with a target over communities. Policy, indicator, name, unit of the gap, status."""
    return release.rows(
        """SELECT i.policy, i.indicator, i.name, i.low, i.high, i.position, f.status FROM indicator AS i
           JOIN figure_all AS f ON (f.policy, f.indicator) = (i.policy, i.indicator)
           WHERE i.is_share AND i.counted = 'community' AND (i.low IS NOT NULL OR i.high IS NOT NULL)
             AND f.level = 'city' AND f.month = ? ORDER BY i.policy, i.position""",
        [month],
    )


def _proposal(release: Release, wish: Wish, indicator: str) -> Proposal:
    entry = _entry(release, indicator)
    rows = _units(release, wish, entry)
    claim, reported = _claim(entry, rows)
    counties: dict[str, list[Named]] = {}
    for unit in reported:
        counties.setdefault(unit.county_code, []).append(unit)
    strata = _strata(wish, claim, {code: len(own) for code, own in counties.items()})
    population = _population(strata, counties)
    made = tuple(plan.plans(claim, strata, ALPHA)) if claim.met and claim.reported else ()
    advised = plan.recommended(made)
    wanted = wish.allowed if wish.allowed is not None else advised
    chosen = next((option for option in made if option.allowed == wanted), None)
    if wish.allowed is not None and chosen is None and made:
        raise Refusal(
            f"{entry['name']}：最多能允许 {made[-1].allowed} 个未能属实，不能允许 {wish.allowed} 个；请改 --allowed"
        )
    place = (wish.level, wish.unit or _city_code(release, indicator))
    units = {unit.uid: unit for unit in reported}
    about = (entry["policy"], indicator, entry["name"], *place)
    return Proposal(*about, claim, tuple(strata), population, units, made, advised, chosen)


def _entry(release: Release, indicator: str) -> Row:
    entries = release.rows("SELECT * FROM indicator WHERE indicator = ? ORDER BY policy", [indicator])
    if not entries:
        names = [row["indicator"] for row in release.rows("SELECT DISTINCT indicator FROM indicator")]
        raise Refusal(f"没有指标 {indicator}{suggest(indicator, names)}；指标见 shequ figures")
    entry = entries[0]
    if not entry["is_share"]:
        raise Refusal(f"{entry['name']}：{sentences.RATIO}")
    if entry["counted"] != "community":
        raise Refusal(f"{entry['name']}：该指标以县（市、区）为单位，逐县核实即可，不作抽查")
    if entry["low"] is None and entry["high"] is None:
        raise Refusal(f"{entry['name']}：该指标没有目标，没有可核实的达标结论")
    if entry["low"] is not None and entry["high"] is not None:
        raise Refusal(f"{entry['name']}：目标是一个区间，暂不能抽查")
    return entry


def _units(release: Release, wish: Wish, entry: Row) -> list[Row]:
    """Units in scope or of unknown scope, with their state."""
    if wish.level not in ("city", "county") or (wish.level == "county") != (wish.unit is not None):
        raise Refusal("抽查只在市、县两级：全市不写单位，县（市、区）请用 --level county --unit 六位代码")
    rows = release.rows(
        f"""SELECT standing.uid, standing.unit AS code, standing.name, standing.town, standing.county_code, standing.county,
                   s."{entry["indicator"]}" AS state
            FROM "state-{entry["policy"]}" AS s JOIN standing USING (month, unit)
            WHERE s.month = $month AND s."{entry["indicator"]}" <> 0 AND ($unit IS NULL OR standing.county_code = $unit)
            ORDER BY standing.unit""",
        {"month": wish.month, "unit": wish.unit},
    )
    if not rows:
        raise Refusal(f"{entry['name']}：{months.label(wish.month)}没有适用的单位，没有可核实的结论")
    return rows


def _claim(entry: Row, rows: Sequence[Row]) -> tuple[Claim, list[Named]]:
    """The claim, and the units that are reported as claimed."""
    at_most = entry["low"] is None
    goal = entry["high"] if at_most else entry["low"]
    wanted = 2 if at_most else 1
    reported = [
        Named(*(row[name] for name in ("uid", "code", "name", "town", "county_code", "county")))
        for row in rows
        if row["state"] == wanted
    ]
    unknown = sum(row["state"] in (3, 4) for row in rows)
    # the register's targets have at most four decimals
    return Claim(len(rows), len(reported), Fraction(str(goal)), at_most, unknown), reported


def _strata(wish: Wish, claim: Claim, reported: Mapping[str, int]) -> list[Place]:
    whole = Place(wish.unit or WHOLE, claim.reported)
    if wish.level == "county" or wish.strata == "one" or not claim.met or not reported:
        return [whole]
    counties = plan.by_county(reported)
    if wish.strata == "county":
        return counties
    return plan.usual_strata(claim, counties, whole, ALPHA)


def _population(strata: Sequence[Place], counties: Mapping[str, Sequence[Named]]) -> dict[str, list[str]]:
    if len(strata) == 1:
        return {strata[0].id: [unit.uid for own in counties.values() for unit in own]}
    of = plan.stratum_of(strata)
    by_stratum: dict[str, list[str]] = {place.id: [] for place in strata}
    for code, own in counties.items():
        by_stratum[of[code]] += [unit.uid for unit in own]
    return by_stratum


def _city_code(release: Release, indicator: str) -> str:
    rows = release.rows("SELECT DISTINCT unit FROM figure WHERE level = 'city' AND indicator = ?", [indicator])
    return str(rows[0]["unit"])
