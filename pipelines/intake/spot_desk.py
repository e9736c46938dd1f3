"""Spot checks of the city: plan a list, draw it, withdraw a plan before its day; results of the lists."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, NotRequired, TypedDict

from pipelines import months
from pipelines.access import roles
from pipelines.archive.store import Archive, Event
from pipelines.edition import open_release
from pipelines.edition.open_edition import Release
from pipelines.edition.spot_planning import Proposal
from pipelines.errors import Refusal
from pipelines.intake import decisions, returned_lists
from pipelines.intake.session import settle, settled
from pipelines.months import SHANGHAI
from pipelines.settings import Settings
from pipelines.verification import course, draw, sentences, spot_lists, spot_tables
from pipelines.verification.estimate import Visits, factor
from pipelines.verification.spot_lists import ListClaim, SpotList
from pipelines.warehouse.projection import Warehouse

DICE, SAMPLE = "现场掷骰", "示例数据"
_TWENTY = re.compile(r"\d{20}")
_OURS = re.compile(r"台账|账本|ledger", re.IGNORECASE)
ONE_GROUP: Mapping[str, str | None] = {"市级抽查组": None}


@dataclass(frozen=True)
class Number:
    """Source of the number: a public draw and its issue on a future day, or dice thrown before two witnesses."""

    source: str
    issue: str
    day: date


@dataclass(frozen=True)
class Terms:
    """Terms of a list: source of its number, groups, window in days. `groups`: name → code of its own county, None for one without."""

    number: Number
    groups: Mapping[str, str | None] = field(default_factory=lambda: dict(ONE_GROUP))
    window: int = course.WINDOW


def plan(
    release: Release,
    wished: Sequence[Proposal],
    terms: Terms,
    settings: Settings,
    by: str | roles.Actor,
    now: datetime | None = None,
) -> Event:
    """Commit to a list before its number exists. Errors: `Refusal` for a claim that cannot be proven, a number that may be known."""
    by = decisions.person(by, "spot", settings)
    moment = now or datetime.now(SHANGHAI)
    claims = [proposal.listed() for proposal in wished]
    _check(terms, moment.date(), claims)
    with settled(settings, "计划抽查", now=moment) as opened:
        units = {uid: unit for proposal in wished for uid, unit in proposal.units.items()}
        population = spot_lists.population_object({proposal.key: proposal.population for proposal in wished}, units)
        number = 1 + sum(event.kind == spot_lists.PLAN for event in opened.archive.decisions())
        body = {
            "list": number, "month": months.key(_month(release, wished)), "edition": release.label,
            "digest": release.manifest["digest"], "claims": [claim.body() for claim in claims],
            "source": terms.number.source.strip(), "issue": terms.number.issue.strip(), "day": terms.number.day.isoformat(),
            "window": terms.window, "groups": dict(terms.groups), "object": opened.archive.put(population),
        }  # fmt: skip
        return _decide(opened, spot_lists.PLAN, body, by, moment)


def _month(release: Release, wished: Sequence[Proposal]) -> date:
    if not wished:
        raise Refusal("没有选指标；请至少选一个")
    return release.month


def _check(terms: Terms, today: date, claims: Sequence[ListClaim]) -> None:
    number = terms.number
    course.check_plan(number.day, today, terms.window)
    draw.value(number.source, number.issue, "0")
    if _OURS.search(number.source):
        raise Refusal(f"“{number.source}”由本系统产生，不能作为抽取号码；请用公开发布的号码（如排列5），或现场掷骰")
    if not terms.groups:
        raise Refusal("没有检查组；请至少安排一个")
    counties = {code for claim in claims for place in claim.strata for code in place.id.split("+") if code.isdigit()}
    draw.assign("", terms.groups, counties)


def make_draw(
    number: int,
    digits: str,
    published: str,
    settings: Settings,
    by: str | roles.Actor,
    now: datetime | None = None,
) -> SpotList:
    """Draw a planned list by its number. `published`: where the number was published, or the two people who threw the dice."""
    by = decisions.person(by, "spot", settings)
    moment = now or datetime.now(SHANGHAI)
    with settled(settings, "抽取名单", now=moment) as opened:
        spot_list = _list(opened.archive, number)
        course.check_draw(spot_list.course, moment.date())
        _check_published(spot_list, digits, published)
        value = draw.value(spot_list.plan.body["source"], spot_list.plan.body["issue"], digits)
        seed = draw.seed(spot_list.plan.body["digest"], spot_list.plan_hash, number, value)
        counties = {unit.county_code for unit in spot_list.units.values()}
        inspects = draw.assign(seed, spot_list.plan.body["groups"], counties)
        content = spot_lists.list_object(spot_lists.draw_claims(seed, spot_list), inspects)
        body = {
            "list": number, "value": value, "seed": seed, "published": published.strip(), "object": opened.archive.put(content),
        }  # fmt: skip
        _decide(opened, spot_lists.DRAW, body, by, moment)
        return _list(opened.archive, number)


def _check_published(spot_list: SpotList, digits: str, published: str) -> None:
    if not published.strip():
        raise Refusal("请写明号码公布在哪里（网址、报纸），现场掷骰的写明两位在场人员及其单位，以便任何人核对")
    if spot_list.plan.body["source"] != DICE:
        return
    if not _TWENTY.fullmatch(digits.strip()):
        raise Refusal(f"现场掷骰须是二十个十面骰子的点数（20 位数字），现为“{digits}”；请重新记录")
    if len(re.findall(r"[^、,，;；\s]+", published)) < 2:
        raise Refusal("现场掷骰须有两个单位的两位人员在场；请写明两人姓名和单位，中间用顿号")


def withdraw(number: int, why: str, settings: Settings, by: str | roles.Actor, now: datetime | None = None) -> Event:
    """Withdraw a plan before the day of its number; it stays in the ledger with the reason."""
    by = decisions.person(by, "spot", settings)
    moment = now or datetime.now(SHANGHAI)
    with settled(settings, "撤回抽查计划", now=moment) as opened:
        course.check_withdrawal(_list(opened.archive, number).course, moment.date(), why)
        return _decide(opened, spot_lists.WITHDRAW, {"list": number, "why": why.strip()}, by, moment)


def _decide(opened: Warehouse, kind: str, body: dict[str, Any], by: str, moment: datetime) -> Event:
    event = opened.archive.append(kind, body, by, moment)
    settle(opened, now=moment)
    return event


def _list(archive: Archive, number: int) -> SpotList:
    lists = returned_lists.of_ledger(archive)
    if number not in lists:
        known = "、".join(map(str, lists)) or "无"
        raise Refusal(f"没有 {number} 号名单；已有：{known}")
    return lists[number]


def named(settings: Settings, number: int) -> SpotList:
    """A list by its number, from the ledger. Errors: `Refusal` for an unknown number."""
    return _list(Archive(settings.archive), number)


def all_lists(settings: Settings) -> list[SpotList]:
    """Every list, the newest first. Takes no lock."""
    return list(reversed(returned_lists.of_ledger(Archive(settings.archive)).values()))


def remark(settings: Settings, spot_list: SpotList) -> str:
    """The remark on every page of a list drawn from sample data."""
    return SAMPLE if open_release(spot_list.month, settings=settings).manifest.get("sample") else ""


# ---- results


class StratumPlan(TypedDict):
    """A stratum of a list: how many units it has, how many are to be visited."""

    id: str
    size: int
    planned: int


class StratumResult(StratumPlan):
    """A stratum of a drawn list; counts as in `Visits`. `vf` is its 核实率 with interval, null until the list is closed."""

    confirmed: int
    refuted: int
    open: int
    spare_confirmed: int
    spare_refuted: int
    vf: float | None
    vf_low: float | None
    vf_high: float | None


class ClaimResult(TypedDict):
    """A claim of a list: what was reported and planned, and the result (null until the list is closed), shares as decimal strings."""

    policy: str
    indicator: str
    level: str
    unit: str
    at_most: bool
    counted: int
    yes: int
    required: int
    allowed: int
    target: float
    slack: int
    unmade_by: int
    looks: int
    look: int
    unknown_units: int
    visits: int
    strata: Sequence[StratumPlan]
    no: list[str]
    unknown: list[str]
    status: str | None
    disproven: bool | None
    lower_count: int | None
    low95_count: int | None
    high95_count: int | None
    lower: str | None
    low95: str | None
    high95: str | None
    corrected: str | None
    estimate: NotRequired[bool]
    interval: str | None
    text: str | None


class ListResult(TypedDict):
    """A list: `state` and `note` give its state, `changed` how many rows were changed, `spares_due` which 候补 are to be visited."""

    list: int
    month: str
    state: str
    note: str
    day: str
    until: str | None
    changed: int
    spares_due: list[str]
    claims: list[ClaimResult]


class StratumDraw(TypedDict):
    """A stratum of a claim: its units (uid) in the order of the draw, of which the first `planned` are visited."""

    claim: str
    id: str
    order: list[str]
    planned: int


class Draw(TypedDict):
    """A drawn list: what its seed follows from, and whether the draw was repeated with the same result."""

    list: int
    digest: str
    plan: str
    value: str
    seed: str
    units: int
    strata: list[StratumDraw]
    redrawn: bool


def result(spot_list: SpotList, lists: Mapping[int, SpotList], today: date) -> ListResult:
    """A list as `shequ spotcheck result --json` gives it."""
    return {
        "list": spot_list.number, "month": months.key(spot_list.month), "state": spot_list.course.state(today), "note": note(spot_list, today),
        "day": spot_list.course.day.isoformat(), "until": spot_list.course.until.isoformat() if spot_list.course.until else None,
        "changed": spot_tables.changed(spot_list), "spares_due": [spot_list.units[uid].code for uid, _ in spot_list.spares_due()],
        "claims": [_claim(spot_list, claim, lists) for claim in spot_list.claims.values()],
    }  # fmt: skip


def note(spot_list: SpotList, today: date) -> str:
    """The state of a list, in a sentence."""
    state = spot_list.course.state(today)
    if state == course.PLANNED:
        return f"号码 {spot_list.course.day} 公布，届时抽取"
    if state == course.UNDRAWN:
        return sentences.undrawn(spot_list.course.day)
    if state == course.WITHDRAWN and spot_list.withdrawal:
        return f"已撤回：{spot_list.withdrawal.body['why']}"
    units = len({uid for uid, _ in spot_list.planned_keys()})
    if state == course.OPEN:
        return f"{sentences.progress(spot_list.number, spot_tables.answered(spot_list), units)}，{spot_list.course.until} 前交回"
    assert spot_list.closing, "what is neither planned, withdrawn nor open is closed"
    how = "结果已交齐" if spot_list.closing.body["how"] == "complete" else "检查期已满"
    return f"已于 {spot_list.closing.day} 结束（{how}）"


def _claim(spot_list: SpotList, claim: ListClaim, lists: Mapping[int, SpotList]) -> ClaimResult:
    reported = claim.claim
    estimate = spot_lists.for_estimate(lists, spot_list, claim)
    columns = spot_tables.result_columns(spot_list, claim.key, estimate)
    judged = spot_list.judged(claim.key)
    row: ClaimResult = {
        "policy": claim.policy, "indicator": claim.indicator, "level": claim.level, "unit": claim.unit, "at_most": reported.at_most,
        "counted": reported.counted, "yes": reported.reported, "required": reported.required, "allowed": claim.allowed,
        "target": float(reported.target), "slack": reported.slack, "unmade_by": reported.unmade_by, "looks": 1, "look": 1,
        "unknown_units": reported.unknown, "visits": sum(claim.planned), "strata": _strata(spot_list, claim), "no": [], "unknown": [],
        "status": columns["status"], "disproven": columns["disproven"], "lower_count": columns["lower_count"],
        "low95_count": columns["low95_count"], "high95_count": columns["high95_count"], "lower": _decimal(columns["lower"]),
        "low95": _decimal(columns["low95"]), "high95": _decimal(columns["high95"]), "corrected": _decimal(columns["corrected"]),
        "interval": sentences.interval(judged) if judged else None, "text": spot_tables.text(spot_list, claim, estimate),
    }  # fmt: skip
    return {**row, "estimate": True} if estimate else row


def _decimal(share: Decimal | None) -> str | None:
    return None if share is None else f"{share:f}"


def _strata(spot_list: SpotList, claim: ListClaim) -> Sequence[StratumPlan]:
    if spot_list.draw is None:
        pairs = zip(claim.strata, claim.planned, strict=True)
        return [{"id": place.id, "size": place.size, "planned": planned} for place, planned in pairs]
    return [_stratum(visits, spot_list.closing is not None) for visits in spot_list.visits_of(claim.key)]


def _stratum(visits: Visits, closed: bool) -> StratumResult:
    rate = factor(visits)
    return {
        "id": visits.id, "size": visits.size, "planned": visits.planned, "confirmed": visits.confirmed, "refuted": visits.refuted,
        "open": visits.open, "spare_confirmed": visits.spare_confirmed, "spare_refuted": visits.spare_refuted,
        "vf": _rounded(rate.value if closed else None), "vf_low": _rounded(rate.low if closed else None),
        "vf_high": _rounded(rate.high if closed else None),
    }  # fmt: skip


def _rounded(share: Fraction | None) -> float | None:
    return None if share is None else round(float(share), 6)


def public_draw(spot_list: SpotList) -> Draw:
    """A drawn list as `shequ spotcheck draw --json` gives it, without its files."""
    assert spot_list.draw, "only a drawn list has an order"
    strata: list[StratumDraw] = [
        {"claim": key, "id": stratum.id, "order": list(stratum.order), "planned": stratum.planned}
        for key, all_ in spot_list.drawn.items()
        for stratum in all_
    ]
    units = len({uid for uid, _ in spot_list.planned_keys()})
    return {
        "list": spot_list.number, "digest": spot_list.plan.body["digest"], "plan": spot_list.plan_hash, "value": spot_list.draw.body["value"],
        "seed": spot_list.draw.body["seed"], "units": units, "strata": strata, "redrawn": spot_list.redrawn(),
    }  # fmt: skip


def seed_text(spot_list: SpotList) -> str:
    """The five lines whose SHA-256 is the seed: for drawing by hand."""
    assert spot_list.draw, "only a drawn list has a seed"
    body = spot_list.plan.body
    return "\n".join(
        (draw.METHOD, body["digest"], spot_list.plan_hash, str(spot_list.number), spot_list.draw.body["value"])
    )
