"""What the visits of a closed list prove, and the best estimate of the share (§2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipelines.verification import bounds, reported_claim
from pipelines.verification.bounds import Stratum
from pipelines.verification.reported_claim import Claim

UNCHECKED, PROVEN, UNSUPPORTED = "unchecked", "proven", "unsupported"


@dataclass(frozen=True)
class Visits:
    """One stratum of a closed list; counts of units.

    Of `planned` units `confirmed` are 属实, `refuted` 不属实 and `open` 未能核实 or blank. In a list of unknown units 有
    counts as refuted (they are not what the unknown counts as) and 无 as confirmed. `spare_*`: of 候补.
    """

    id: str
    size: int
    planned: int
    confirmed: int
    refuted: int
    open: int = 0
    spare_confirmed: int = 0
    spare_refuted: int = 0

    def __post_init__(self) -> None:
        if (
            min(self.confirmed, self.refuted, self.open) < 0
            or self.confirmed + self.refuted + self.open != self.planned
        ):
            raise ValueError(f"stratum {self.id}: the results do not add up to the {self.planned} planned units")

    @property
    def judged(self) -> Stratum:
        return Stratum(self.size, self.planned)

    @property
    def rate(self) -> Fraction | None:
        """核实率, 候补 included; None where nothing was either confirmed or refuted."""
        confirmed = self.confirmed + self.spare_confirmed
        known = confirmed + self.refuted + self.spare_refuted
        return Fraction(confirmed, known) if known else None


@dataclass(frozen=True)
class Factor:
    """核实率 of one stratum with its 95 % interval, 0 … 1."""

    value: Fraction | None
    low: Fraction
    high: Fraction


@dataclass(frozen=True)
class Result:
    """What a claim's lists prove. Counts of units; the shares are exact and in per cent.

    `lower_count` is L, of one side; `low95_count` and `high95_count` are the two-sided interval. `corrected` is 估计值.
    """

    claim: Claim
    lower_count: int
    low95_count: int
    high95_count: int
    corrected: Fraction | None

    @property
    def proven(self) -> bool:
        return self.claim.met and self.lower_count >= self.claim.required

    @property
    def disproven(self) -> bool:
        """Whether the interval lies below the target as a whole."""
        return self.high95_count < self.claim.required

    @property
    def lower(self) -> Fraction:
        return self.share(self.lower_count)

    def share(self, count: int) -> Fraction:
        return Fraction(100 * count, self.claim.counted)


def judge(
    claim: Claim,
    reported: Sequence[Visits],
    other: Sequence[Visits] = (),
    unknown: Sequence[Visits] = (),
) -> Result:
    """The result of the list of reported units, and of the lists of units reported otherwise and unknown ones."""
    further = [strata for strata in (other, unknown) if strata]
    alpha = reported_claim.alpha(1 + len(further))
    low, high = _reported(reported, alpha / 2)
    unseen = 0 if unknown else claim.unknown
    added = [_false(strata, alpha / 2) for strata in further]  # as claimed after all: what is refuted here
    return Result(
        claim,
        _reported(reported, alpha)[0] + sum(_false(strata, alpha)[0] for strata in further),
        low + sum(pair[0] for pair in added),
        high + sum(pair[1] for pair in added) + unseen,
        _corrected(claim, reported, further),
    )


def factor(visits: Visits) -> Factor:
    """核实率 of a stratum by itself; the interval rests on the planned units."""
    alpha = reported_claim.alpha() / 2
    most = bounds.most_false([visits.judged], visits.refuted + visits.open, alpha)
    fewest = bounds.fewest_false([visits.judged], visits.refuted, alpha)
    return Factor(visits.rate, Fraction(visits.size - most, visits.size), Fraction(visits.size - fewest, visits.size))


def _reported(strata: Sequence[Visits], alpha: Fraction) -> tuple[int, int]:
    """The fewest and most true units of a list of reported ones, each side at `alpha`."""
    fewest, most = _false(strata, alpha)
    size = sum(visits.size for visits in strata)
    return size - most, size - fewest


def _false(strata: Sequence[Visits], alpha: Fraction) -> tuple[int, int]:
    """F_L of the refuted ones and F_U of the unconfirmed ones."""
    refuted = sum(visits.refuted for visits in strata)
    unconfirmed = refuted + sum(visits.open for visits in strata)
    judged = [visits.judged for visits in strata]
    return bounds.fewest_false(judged, refuted, alpha), bounds.most_false(judged, unconfirmed, alpha)


def _corrected(claim: Claim, reported: Sequence[Visits], further: Sequence[Sequence[Visits]]) -> Fraction | None:
    """估计值 in per cent; unknown units without a list of their own count as not as claimed."""
    listed = [(visits, True) for visits in reported] + [(visits, False) for strata in further for visits in strata]
    true = Fraction(0)
    for visits, as_claimed in listed:
        if visits.rate is None:
            return None
        true += visits.size * (visits.rate if as_claimed else 1 - visits.rate)
    return 100 * true / claim.counted
