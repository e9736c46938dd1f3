"""The claims of the sample's December 2020 (design/spot-checks.md §9) with their reported units by county."""

from fractions import Fraction

from pipelines.verification.plan import Place
from pipelines.verification.reported_claim import Claim

PLATFORM = Claim(470, 289, Fraction(60))
FACILITY = Claim(4967, 2612, Fraction(50))
PILOT = Claim(4967, 343, Fraction(5))
SMALL_COUNTY = Claim(12, 9, Fraction(50))
THREE_STRATA = Claim(320, 200, Fraction(55))
AT_MOST = Claim(100, 85, Fraction(20), at_most=True)
WHOLE = Claim(470, 470, Fraction(100))
ALL = {
    "platform": PLATFORM,
    "facility": FACILITY,
    "pilot": PILOT,
    "small": SMALL_COUNTY,
    "three": THREE_STRATA,
    "at_most": AT_MOST,
    "whole": WHOLE,
}

PLATFORM_BY_COUNTY = {
    "130502": 42, "130503": 68, "130505": 32, "130506": 15, "130522": 13, "130523": 2, "130528": 11, "130529": 32,
    "130531": 8, "130532": 12, "130533": 4, "130534": 14, "130535": 3, "130571": 4, "130581": 14, "130582": 15,
}  # fmt: skip
FACILITY_BY_COUNTY = {
    "130502": 31, "130503": 227, "130505": 96, "130506": 138, "130522": 123, "130523": 152, "130524": 77, "130525": 169,
    "130528": 154, "130529": 165, "130530": 127, "130531": 80, "130532": 96, "130533": 336, "130534": 150, "130535": 123,
    "130571": 39, "130581": 247, "130582": 82,
}  # fmt: skip
PILOT_BY_COUNTY = {
    "130502": 6, "130503": 30, "130505": 12, "130506": 21, "130522": 16, "130523": 19, "130524": 5, "130525": 23,
    "130528": 21, "130529": 15, "130530": 13, "130531": 14, "130532": 10, "130533": 33, "130534": 20, "130535": 24,
    "130571": 5, "130581": 37, "130582": 19,
}  # fmt: skip
BOTH = 182  # villages that report both a facility and a pilot


def whole(claim: Claim) -> list[Place]:
    return [Place("全市", claim.reported)]


THREE_PLACES = [Place("a", 30), Place("b", 50), Place("c", 120)]
