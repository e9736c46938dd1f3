"""The city's acts of a spot check: plan a list, draw it, take a plan back before its day; and what the lists say now."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from pipelines import months
from pipelines.access import roles
from pipelines.archive.store import SHANGHAI, Archive, Event
from pipelines.edition import spot_planning
from pipelines.edition.open_edition import Release
from pipelines.edition.spot_planning import Proposal
from pipelines.errors import Refusal
from pipelines.intake import decisions, returned_lists
from pipelines.intake.session import settle, writing
from pipelines.settings import Settings
from pipelines.verification import course, draw, sentences, spot_lists, spot_tables
from pipelines.verification.estimate import Factor, factor
from pipelines.verification.spot_lists import ListClaim, SpotList
from pipelines.warehouse.projection import Warehouse

DICE, SAMPLE = "现场掷骰", "示例数据"
_TWENTY = re.compile(r"\d{20}")
_OURS = re.compile(r"台账|账本|ledger", re.IGNORECASE)
ONE_GROUP: Mapping[str, str | None] = {"市级抽查组": None}


@dataclass(frozen=True)
class Number:
    """Where the number comes from: a public draw and its issue, on a day to come; or dice thrown before two people."""

    source: str
    issue: str
    day: date


@dataclass(frozen=True)
class Terms:
    """How a list is to be drawn and worked off. `groups`: name → code of its own county, None for one without."""

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
    claims = [one.listed() for one in wished]
    _check(terms, moment.date(), claims)
    with writing(settings, "计划抽查") as opened:
        settle(opened, now=moment)
        units = {uid: unit for one in wished for uid, unit in one.units.items()}
        population = spot_lists.population_object({one.key: one.population for one in wished}, units)
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
    counties = {place for claim in claims for place in _counties(claim)}
    draw.assign("", terms.groups, counties)


def _counties(claim: ListClaim) -> list[str]:
    """Codes of counties that are strata by themselves; of one stratum nothing is known yet."""
    return [code for place in claim.strata for code in place.id.split("+") if code.isdigit()]


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
    with writing(settings, "抽取名单") as opened:
        settle(opened, now=moment)
        one = _list(opened.archive, number)
        course.check_draw(one.course, moment.date())
        _check_published(one, digits, published)
        value = draw.value(one.plan.body["source"], one.plan.body["issue"], digits)
        seed = draw.seed(one.plan.body["digest"], one.plan_hash, number, value)
        counties = {unit.county_code for unit in one.units.values()}
        inspects = draw.assign(seed, one.plan.body["groups"], counties)
        content = spot_lists.list_object(spot_lists.draw_claims(seed, one), inspects)
        told = {"list": number, "value": value, "seed": seed, "published": published.strip()}
        _decide(opened, spot_lists.DRAW, {**told, "object": opened.archive.put(content)}, by, moment)
        return _list(opened.archive, number)


def _check_published(one: SpotList, digits: str, published: str) -> None:
    if not published.strip():
        raise Refusal("请写明号码公布在哪里（网址、报纸），现场掷骰的写明两位在场人员及其单位，以便任何人核对")
    if one.plan.body["source"] != DICE:
        return
    if not _TWENTY.fullmatch(digits.strip()):
        raise Refusal(f"现场掷骰须是二十个十面骰子的点数（20 位数字），现为“{digits}”；请重新记录")
    if len(re.findall(r"[^、,，;；\s]+", published)) < 2:
        raise Refusal("现场掷骰须有两个单位的两位人员在场；请写明两人姓名和单位，中间用顿号")


def withdraw(number: int, why: str, settings: Settings, by: str | roles.Actor, now: datetime | None = None) -> Event:
    """Take a plan back, before the day of its number only. It stays in the ledger, with the reason."""
    by = decisions.person(by, "spot", settings)
    moment = now or datetime.now(SHANGHAI)
    with writing(settings, "撤回抽查计划") as opened:
        settle(opened, now=moment)
        course.check_withdrawal(_list(opened.archive, number).course, moment.date(), why)
        return _decide(opened, spot_lists.WITHDRAW, {"list": number, "why": why.strip()}, by, moment)


def _decide(opened: Warehouse, kind: str, body: dict, by: str, moment: datetime) -> Event:
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
    """A list by its number, as the ledger has it now. Errors: `Refusal` for a number that nobody planned."""
    return _list(Archive(settings.archive), number)


def all_lists(settings: Settings) -> list[SpotList]:
    """Every list, the newest first. Waits for nobody."""
    return list(reversed(returned_lists.of_ledger(Archive(settings.archive)).values()))


def remark(settings: Settings, one: SpotList) -> str:
    """What stands on every page of a list drawn from invented reports."""
    return SAMPLE if spot_planning.edition(settings, one.month).manifest.get("sample") else ""


# ---- what the lists say


def result(one: SpotList, lists: Mapping[int, SpotList], today: date) -> dict:
    """A list as `shequ spotcheck result --json` gives it."""
    return {
        "list": one.number, "month": months.key(one.month), "state": one.course.state(today), "note": note(one, today),
        "day": one.course.day.isoformat(), "until": one.course.until and one.course.until.isoformat(),
        "changed": spot_tables.changed(one), "spares_due": [one.units[uid].code for uid, _ in one.spares_due()],
        "claims": [_claim(one, claim, lists) for claim in one.claims.values()],
    }  # fmt: skip


def note(one: SpotList, today: date) -> str:
    """Where a list stands, in a sentence."""
    state = one.course.state(today)
    if state == course.PLANNED:
        return f"号码 {one.course.day} 公布，届时抽取"
    if state == course.UNDRAWN:
        return sentences.undrawn(one.course.day)
    if state == course.WITHDRAWN and one.withdrawal:
        return f"已撤回：{one.withdrawal.body['why']}"
    units = len({uid for uid, _ in one.planned_keys()})
    if state == course.OPEN:
        return f"{sentences.progress(one.number, spot_tables.answered(one), units)}，{one.course.until} 前交回"
    assert one.closing, "what is neither planned, withdrawn nor open is closed"
    how = "结果已交齐" if one.closing.body["how"] == "complete" else "检查期已满"
    return f"已于 {spot_lists.day_of(one.closing)} 结束（{how}）"


def _claim(one: SpotList, claim: ListClaim, lists: Mapping[int, SpotList]) -> dict:
    body = claim.body()
    names = ("policy", "indicator", "level", "unit", "at_most", "counted", "yes", "required", "allowed")
    told = {name: body[name] for name in names} | {"target": float(claim.claim.target), "slack": claim.claim.slack}
    told |= {"unmade_by": claim.claim.unmade_by, "looks": 1, "look": 1, "unknown_units": claim.claim.unknown}
    told |= {"visits": sum(claim.planned), "strata": _strata(one, claim), "no": [], "unknown": []}
    estimate = spot_lists.for_estimate(lists, one, claim)
    columns = spot_tables.result_columns(one, claim.key, estimate)
    shown = {
        name: value if not name.startswith(("lower", "low95", "high95", "corrected")) else _plain(value)
        for name, value in columns.items()
    }
    shown |= {"estimate": True} if estimate else {}
    found = one.judged(claim.key)
    shown |= {"interval": found and sentences.interval(found)}
    return {**told, **shown, "text": spot_tables.text(one, claim, estimate)}


def _plain(value: object) -> object:
    """A share as a decimal string; counts as they are."""
    return value if value is None or isinstance(value, int) else f"{value:f}"


def _strata(one: SpotList, claim: ListClaim) -> list[dict]:
    if one.draw is None:
        pairs = zip(claim.strata, claim.planned, strict=True)
        return [{"id": place.id, "size": place.size, "planned": planned} for place, planned in pairs]
    return [_stratum(vars(visits), factor(visits), one.closing is not None) for visits in one.visits_of(claim.key)]


def _stratum(counts: Mapping[str, object], told: Factor, closed: bool) -> dict:
    vf = (
        {"vf": told.value, "vf_low": told.low, "vf_high": told.high}
        if closed
        else dict.fromkeys(("vf", "vf_low", "vf_high"))
    )
    return {**counts, **{name: None if value is None else round(float(value), 6) for name, value in vf.items()}}


def public_draw(one: SpotList) -> dict:
    """A drawn list as `shequ spotcheck draw --json` gives it, without its files."""
    assert one.draw, "only a drawn list has an order"
    strata = [
        {"claim": key, "id": stratum.id, "order": list(stratum.order), "planned": stratum.planned}
        for key, all_ in one.drawn.items()
        for stratum in all_
    ]
    units = len({uid for uid, _ in one.planned_keys()})
    return {
        "list": one.number, "digest": one.plan.body["digest"], "plan": one.plan_hash, "value": one.draw.body["value"],
        "seed": one.draw.body["seed"], "units": units, "strata": strata, "redrawn": one.redrawn(),
    }  # fmt: skip


def seed_text(one: SpotList) -> str:
    """The five lines whose SHA-256 is the seed: for whoever wants to draw by hand."""
    assert one.draw, "only a drawn list has a seed"
    body = one.plan.body
    return "\n".join((draw.METHOD, body["digest"], one.plan_hash, str(one.number), one.draw.body["value"]))
