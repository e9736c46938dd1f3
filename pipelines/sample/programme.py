"""How the invented programme goes: where each answer starts in 2018-07 and how far it is by 2020-12.

Shares are given by segment: `district` (urban, in what was a 市辖区 from the start), `city`, `town`, `rural`; `urban`
and `all` mean several. Between the two the share grows in an S; afterwards more slowly. `full` is the month
(counted from 2018-07) by which the last unit has it. Nothing here is a fact about any place.
"""

from dataclasses import dataclass
from typing import Any

SEGMENTS = ("district", "city", "town", "rural")


@dataclass(frozen=True)
class Curve:
    """Shares in 2018-07 and 2020-12; `full`: month by which it is complete; `lost`: share that loses it for a while."""

    start: float
    end: float
    full: int | None = None
    lost: float = 0.03


def _spread(**by_segment: tuple[Any, ...] | Curve) -> dict[str, Curve]:
    stands_for = {"all": SEGMENTS, "urban": SEGMENTS[:3]}
    curves = {}
    for name, curve in by_segment.items():
        for segment in stands_for.get(name, (name,)):
            curves[segment] = curve if isinstance(curve, Curve) else Curve(*curve)
    return curves


CURVES: dict[str, dict[str, Curve]] = {
    "head_is_secretary": _spread(urban=(0.42, 0.63), rural=(0.30, 0.58)),
    "party_org": _spread(urban=(0.93, 0.995), rural=(0.95, 0.997)),
    "supervision_committee": _spread(urban=(0.55, 0.94), rural=(0.80, 0.985)),
    "subcommittees": _spread(urban=(0.30, 0.72), rural=(0.16, 0.45)),
    "building_heads": _spread(district=(0.62, 0.97), city=(0.55, 0.93), town=(0.40, 0.84)),
    "direct_election": _spread(urban=(0.015, 0.07)),
    "charter": _spread(all=(0.72, 0.975)),
    "task_list": _spread(urban=(0.28, 0.90), rural=(0.22, 0.82)),
    "signs_standardised": _spread(urban=(0.45, 0.96), rural=(0.40, 0.90)),
    "seal_standardised": _spread(all=(0.70, 0.985)),
    "ethics_review": _spread(all=(0.35, 0.78)),
    "grid_managers": _spread(urban=(0.68, 0.975), rural=(0.55, 0.93)),
    "elders_association": _spread(urban=(0.35, 0.62), rural=(0.25, 0.52)),
    "service_station": _spread(
        district=Curve(0.66, 0.97, full=17, lost=0), city=(0.60, 0.95), town=(0.52, 0.90), rural=(0.42, 0.80)
    ),
    "info_platform": _spread(district=(0.27, 0.75), city=(0.25, 0.70), town=(0.16, 0.57), rural=(0.07, 0.375)),
    "platform_linked": _spread(urban=(0.25, 0.80), rural=(0.15, 0.66)),
    "facility": _spread(district=(0.78, 0.996), city=(0.74, 0.988), town=(0.66, 0.972), rural=(0.22, 0.525)),
    "facility_area": _spread(urban=(0.42, 0.82), rural=(0.30, 0.60)),
    "facility_colocated": _spread(urban=(0.45, 0.83), rural=(0.50, 0.80)),
    "facility_discount": _spread(urban=(0.30, 0.76), rural=(0.20, 0.55)),
    "volunteer_point": _spread(urban=(0.45, 0.95), rural=(0.25, 0.78)),
    "video_coverage": _spread(
        district=Curve(0.70, 0.985, full=25, lost=0), city=(0.60, 0.95), town=(0.48, 0.87), rural=(0.30, 0.68)
    ),
    "police_room": _spread(urban=(0.60, 0.88), rural=(0.28, 0.55)),
    "mediation": _spread(all=(0.85, 0.985)),
    "legal_service": _spread(urban=(0.50, 0.92), rural=(0.35, 0.86)),
    "counselling": _spread(urban=(0.18, 0.52), rural=(0.05, 0.24)),
    "fire_station": _spread(urban=(0.48, 0.90), rural=(0.22, 0.58)),
    "shelter": _spread(urban=(0.40, 0.70), rural=(0.20, 0.48)),
    "barrier_free": _spread(urban=(0.30, 0.62), rural=(0.08, 0.30)),
    "property_service": _spread(urban=(0.58, 0.86), rural=(0.05, 0.16)),
    "owners_committee": _spread(urban=(0.22, 0.44)),
    "social_workers": _spread(urban=(0.52, 0.975), rural=(0.30, 0.885)),
    "member_pay": _spread(district=(0.18, 0.44), city=(0.14, 0.32), town=(0.08, 0.20)),
    "insured_members": _spread(urban=(0.45, 0.88)),
    "housing_fund_members": _spread(urban=(0.15, 0.48)),
    "work_fund": _spread(
        district=Curve(0.45, 0.97, full=17, lost=0), city=Curve(0.40, 0.95, full=17, lost=0), town=(0.42, 0.985)
    ),
    "party_service_fund": _spread(district=(0.34, 0.92), city=(0.30, 0.86), town=(0.26, 0.84)),
    "it_training_fund": _spread(district=(0.48, 0.66), city=(0.44, 0.60), town=(0.40, 0.56)),
    "pilot": _spread(rural=(0.10, 0.87)),
    "village_centre": _spread(rural=(0.12, 0.36)),
    "waste_collection": _spread(rural=(0.62, 0.975)),
    "sewage": _spread(rural=(0.08, 0.30)),
    "toilets": _spread(rural=(0.22, 0.78)),
    "straw_burning": _spread(rural=(0.90, 0.996)),
    "burials": _spread(rural=(0.30, 0.62)),
    "care_system": _spread(rural=(0.25, 0.66)),
    "annual_review": _spread(urban=(0.52, 0.93), rural=(0.40, 0.85)),
    "demonstration": _spread(urban=(0.05, 0.15), rural=(0.02, 0.06)),
}
# A question without tuning still gets answers that grow.
UNTUNED = _spread(all=(0.30, 0.65))

# 表2: the share of counties, and the month by which the last has done it (None: some have not by the end).
COUNTY_CURVES: dict[str, Curve] = {
    "agency": Curve(0.30, 0.97, full=12),
    "in_assessment": Curve(0.25, 0.97, full=22),
    "responsibility_list": Curve(0.10, 0.84),
    "task_lists": Curve(0.15, 0.97, full=27),
    "admission_system": Curve(0.10, 0.80),
    "two_way_review": Curve(0.05, 0.58),
    "unified_assessment": Curve(0.20, 0.95, full=26),
    "no_separate_assessment": Curve(0.18, 0.86),
    "veto_abolished": Curve(0.22, 0.97, full=28),
    "members_report_in": Curve(0.35, 0.90),
    "delegates_contact": Curve(0.25, 0.88),
    "service_directory": Curve(0.12, 0.80),
    "purchase_directory": Curve(0.15, 0.88),
    "purchase_assessment": Curve(0.05, 0.55),
    "facilities_planned": Curve(0.35, 0.97, full=20),
    "joint_acceptance": Curve(0.15, 0.72),
    "four_sync": Curve(0.20, 0.76),
    "county_platform": Curve(0.10, 0.74),
    "town_platforms": Curve(0.12, 0.86),
    "education_network": Curve(0.06, 0.40),
    "allowance_standard": Curve(0.10, 0.64),
    "in_budget": Curve(0.42, 0.97, full=19),
    "office_budgeted": Curve(0.38, 0.97, full=23),
    "department_review": Curve(0.30, 0.88),
}
UNTUNED_COUNTY = Curve(0.20, 0.75)
