"""A reported share that visits may prove: what it needs, and how much error each judgement may use (§1, §2)."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

ERROR = Fraction(5, 100)


@dataclass(frozen=True)
class Claim:
    """A reported share: of `counted` units `reported` as claimed (no, if `at_most`), `unknown` ones beside; `target` in %."""

    counted: int
    reported: int
    target: Fraction
    at_most: bool = False
    unknown: int = 0

    @property
    def required(self) -> int:
        """R: the smallest number of true units that meets the target."""
        exact = self.target * self.counted / 100
        return self.counted - floor(exact) if self.at_most else ceil(exact)

    @property
    def slack(self) -> int:
        """g: how many of the reported ones may be false; negative where the claim is not met as reported."""
        return self.reported - self.required

    @property
    def unmade_by(self) -> int:
        """How many false ones turn the claim."""
        return self.slack + 1

    @property
    def met(self) -> bool:
        return self.slack >= 0


def alpha(lists: int = 1) -> Fraction:
    """The error of one list: 5 %, shared among the lists of a claim (Bonferroni)."""
    return ERROR / lists
