"""Sentences about spot checks, the same in reports, pages and commands (§3, §6). Chinese, full-width punctuation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from pipelines import months
from pipelines.verification.estimate import PROVEN, UNCHECKED, UNSUPPORTED, Factor, Result, Visits
from pipelines.verification.reported_claim import Claim

STATUS = {UNCHECKED: "已达标（未经抽查）", PROVEN: "已达标（经抽查核实）", UNSUPPORTED: "抽查不支持达标"}
RATIO = "该指标是比率，抽查只适用于占比"
EACH_ITS_OWN = "每项各自有 95% 的把握"


@dataclass(frozen=True)
class Words:
    """Words for the units of a claim: those reported, and what is true of them."""

    reported: str
    true: str


_YES, _NO = Words("已报", "真有的"), Words("已报没有的", "真没有的")


def result(
    result: Result,
    strata: Sequence[Visits],
    month: date,
    number: int,
    other: Sequence[Visits] = (),
    unknown: Sequence[Visits] = (),
) -> str:
    """The sentence of a closed list that decides: `strata` of the reported units, `other` and `unknown` as in `judge`."""
    claim = result.claim
    words = _NO if claim.at_most else _YES
    goal = f"目标所需的 {claim.required:,} 个"
    bound = f"有 95% 的把握：{words.true}不少于 {_part(claim, result.lower_count)}"
    if result.proven:
        verdict = f"达到{goal}"
    elif result.disproven:
        verdict = f"最多 {_part(claim, result.high95_count)}，不到{goal}，抽查证明未达标"
    else:
        verdict = f"不到{goal}，尚不能证明达标"
    visited = _visited(claim, strata) + _also(claim, "报“有”的" if claim.at_most else "报“无”的", other)
    visited += _also(claim, "未报的", unknown)
    return f"{visited}{bound}{_turned(result)}，{verdict}。{_source(month, number)}"


def estimate(result: Result, strata: Sequence[Visits], month: date, number: int) -> str:
    """The sentence of a list for estimate only."""
    value = "无法估计" if result.corrected is None else f"估计值 {percent(_shown(result.claim, result.corrected))}"
    return f"{_visited(result.claim, strata)}只作估计：{value}。{_source(month, number)}"


def interval(result: Result) -> str:
    """The two-sided interval of the share as people read it: `双侧区间 49.6%—52.6%`."""
    ends = sorted(_shown(result.claim, result.share(count)) for count in (result.low95_count, result.high95_count))
    return f"双侧区间 {percent(ends[0])}—{percent(ends[1])}"


def status(status: str, result: Result | None = None) -> str:
    """The words of a status; of an unsupported claim also whether it is disproven."""
    if status != UNSUPPORTED or result is None:
        return STATUS[status]
    return f"{STATUS[status]}（{'抽查证明未达标' if result.disproven else '尚不能证明'}）"


def still_holds(checked: date) -> str:
    """Beside a status that a check of an earlier month proved."""
    return f"已达标（{months.key(checked)} 抽查核实，仍成立）"


def margin(claim: Claim) -> str:
    """Beside a claim that is met and not checked."""
    return f"再有 {claim.unmade_by:,} 个不实即不达标"


def allowance(allowed: int) -> str:
    """What the visits must come back with."""
    return f"至多 {allowed} 个未能属实即证明达标" if allowed else "全部属实才证明达标"


def not_met(claim: Claim) -> str:
    """Why no list is planned for a claim that is not met as reported."""
    return f"所报已不达标（差 {-claim.slack:,} 个），没有可核实的达标结论"


def progress(number: int, done: int, planned: int) -> str:
    """`3 号名单抽查中 12/60`."""
    return f"{number} 号名单抽查中 {done}/{planned}"


def undrawn(day: date) -> str:
    """A planned list whose day has passed."""
    return f"应于 {day.month} 月 {day.day} 日抽取，未抽取"


def factor(visits: Visits, factor: Factor) -> str:
    """核实率 of a stratum: `11/12（59%—100%）`; a dash where nothing was confirmed or refuted."""
    if factor.value is None:
        return "—"
    confirmed = visits.confirmed + visits.spare_confirmed
    known = confirmed + visits.refuted + visits.spare_refuted
    return f"{confirmed}/{known}（{percent(100 * factor.low, 0)}—{percent(100 * factor.high, 0)}）"


def percent(share: Fraction, places: int = 1) -> str:
    """A share in per cent, rounded half up: `50.0%`."""
    exact = Decimal(share.numerator * 10**6 // share.denominator).scaleb(-6)
    return f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)}%"


def _visited(claim: Claim, strata: Sequence[Visits]) -> str:
    words = _NO if claim.at_most else _YES
    counts = [sum(getattr(visits, name) for visits in strata) for name in ("planned", "confirmed", "refuted", "open")]
    planned, confirmed, refuted, open_ = (f"{count:,}" for count in counts)
    return f"{words.reported} {claim.reported:,} 个。抽查 {planned} 个：属实 {confirmed}、不属实 {refuted}、未能核实 {open_}。"


def _also(claim: Claim, which: str, strata: Sequence[Visits]) -> str:
    """What another list adds: the units that are as claimed after all."""
    if not strata:
        return ""
    planned, refuted = sum(visits.planned for visits in strata), sum(visits.refuted for visits in strata)
    return f"另抽查{which} {planned:,} 个：实{'无' if claim.at_most else '有'} {refuted:,} 个。"


def _part(claim: Claim, count: int) -> str:
    return f"{count:,} 个（{percent(Fraction(100 * count, claim.counted))}）"


def _turned(result: Result) -> str:
    """Of a target `at_most`, what the proven noes say of the share."""
    if not result.claim.at_most:
        return ""
    return f"，即占比不高于 {percent(_shown(result.claim, result.lower))}"


def _shown(claim: Claim, share: Fraction) -> Fraction:
    """A share of noes as the indicator's own: 100 − x."""
    return 100 - share if claim.at_most else share


def _source(month: date, number: int) -> str:
    return f"（{months.key(month)}，{number} 号名单）"


# for a leader: what a check is, what it proves, what it leaves alone
IN_THREE_SENTENCES = (
    "各县所报的“已达标”，由系统按公开发布的号码抽出若干个社区（村），派外县的人现场核实，谁也不能挑选。",
    "查到的不实足够少，就有 95% 的把握说目标确实达到了（已达标，经抽查核实）；查到的太多，就不能这样说（抽查不支持达标）。",
    "抽查不改动所报的数字，只在旁边写明查的是哪个月、查了多少、查到什么；满十二个月后不再作数。",
)


def age(checked: date, month: date) -> str:
    """How old a check is in a month: `2020年12月抽查`, `2020年12月抽查，已过 3 个月`."""
    past = (month.year - checked.year) * 12 + month.month - checked.month
    return f"{months.label(checked)}抽查" + (f"，已过 {past} 个月" if past else "")
