"""Published figures (`shequ figures --json`) against recomputed ones: every difference, key by key."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from lab.audit import dates
from lab.audit.results import Result

# published values have at least twelve significant digits
_TOLERANCE = Fraction(1, 10**11)
_NUMBERS = ("value", "known", "lower", "upper", "numerator", "denominator")
KEYS = (
    *_NUMBERS,
    "unknown",
    "failing",
    "carried",
    "status",
    "if_low",
    "if_high",
    "if_last",
    "gap",
    "gap_failing",
    "gap_unknown",
)
# told only where the status leaves something open
_WHERE_UNPROVEN = ("if_low", "if_high", "if_last")
# a single community has no series: only what is counted of it is compared
_COUNTED = (*_NUMBERS, "unknown", "failing", "carried")

Place = tuple[str, int, str, str]  # indicator, month, level, unit


@dataclass(frozen=True)
class Difference:
    """`key` is "figure" where one side has no such figure at all."""

    place: Place
    key: str
    ours: object
    theirs: object

    def __str__(self) -> str:
        indicator, month, level, unit = self.place
        return f"{indicator} {dates.text(month)} {level} {unit} {self.key}: ours {_shown(self.ours)}, theirs {_shown(self.theirs)}"


def recomputed(result: Result) -> dict[str, object]:
    """A result under the keys of `figures --json`; exact numbers."""
    figure, gap, drawn = result.figure, result.gap, result.verdict
    numbers = {name: getattr(figure, name) for name in _COUNTED}
    if drawn is None:
        return numbers
    gaps = {"gap": gap and gap.whole, "gap_failing": gap and gap.failing, "gap_unknown": gap and gap.unknown}
    verdicts = {"status": drawn.status, "if_low": drawn.if_low, "if_high": drawn.if_high, "if_last": result.if_last}
    return numbers | verdicts | gaps


def place(published: dict) -> Place:
    return published["indicator"], dates.month(published["month"]), published["level"], published["unit"]


class Comparison:
    """Figures compared one after the other; `counts` by key, and the differences."""

    def __init__(self, keys: Iterable[str] = KEYS):
        self.keys = tuple(keys)
        self.counts = dict.fromkeys(self.keys, 0)
        self.figures = 0
        self.differences: list[Difference] = []

    def month(self, ours: Iterable[Result], published: Iterable[dict]) -> None:
        """All figures of one month and policy on either side."""
        theirs = {place(figure): figure for figure in published}
        for result in ours:
            where = (result.indicator, result.month, result.level, result.unit)
            if where in theirs:
                self.figures += 1
                self.differences += self._differing(where, recomputed(result), theirs.pop(where))
            else:
                self.differences.append(Difference(where, "figure", "there", None))
        self.differences += [Difference(where, "figure", None, "there") for where in theirs]

    def _differing(self, where: Place, ours: dict, theirs: dict) -> Iterator[Difference]:
        for key in self.keys:
            if key not in theirs or key not in ours or (key in _WHERE_UNPROVEN and theirs["status"] != "unproven"):
                continue
            self.counts[key] += 1
            if not _same(ours[key], theirs[key]):
                yield Difference(where, key, ours[key], theirs[key])


def _same(ours: object, theirs: object) -> bool:
    if isinstance(ours, (int, Fraction)) and theirs is not None:
        exact = Fraction(str(theirs))
        return abs(exact - ours) <= _TOLERANCE * abs(ours)
    return ours == theirs


def _shown(value: object) -> object:
    return f"{value} ≈ {float(value):.6f}" if isinstance(value, Fraction) and value.denominator != 1 else value
