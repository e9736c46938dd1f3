"""Random answers to every question of the form, with gaps, that mostly keep the form's rules."""

from datetime import date
from decimal import Decimal

WITHIN = (("local_members", "committee_members"), ("certified_workers", "social_workers"),
          ("allowance_workers", "certified_workers"), ("insured_members", "committee_members"),
          ("housing_fund_members", "committee_members"))  # fmt: skip


def answer(field, kind, dice):
    """One answer; None where the field does not apply, and now and then where it does."""
    if not field.applies_to(kind) or dice.random() < 0.08:
        return None
    match field.type:
        case "flag":
            return dice.random() < 0.6
        case "count":
            return dice.choice([0, 1, 2, 3, 5, 7, 10, 1500, 3000, dice.randint(0, 400)])
        case "choice":
            return dice.choice(field.choices)
        case "month":
            return date(dice.choice([2016, 2018, 2019]), dice.choice([6, 7, 8]), 1)
        case "percent":
            return Decimal(dice.randint(0, 1000)) / 10
        case "number" | "money":
            return Decimal(dice.choice([0, 5, 10, 20, 30, 500, 52000])) + Decimal(dice.randint(0, 3)) / 4
    return "文字"


def row(form, unit, dice) -> dict:
    """A unit's row that keeps every error rule."""
    answers = {field.id: answer(field, unit.kind, dice) for field in form.community}
    return keep_rules({**answers, "households": dice.randint(50, 3500)})


def record(form, dice) -> dict:
    """A county's record; the money that city and districts share in sums that meet the target now and then."""
    answered = {field.id: answer(field, "农村社区", dice) for field in form.county if field.applies != "shared_funding"}
    shared = [field.id for field in form.county if field.applies == "shared_funding"]
    return answered | {field: Decimal(dice.choice([0, 30, 70])) for field in shared}


def keep_rules(answers: dict) -> dict:
    """The same answers, mended where an error rule would hold the row back."""
    kept = dict(answers)
    for less, more in WITHIN:
        if kept[less] is not None and kept[more] is not None:
            kept[less] = min(kept[less], kept[more])
    if kept["facility"] is True:
        kept["facility_area"] = kept["facility_area"] or Decimal(300)
    elif kept["facility"] is False:
        kept["facility_area"] = None
    if kept["info_platform"] is False:
        kept["platform_linked"] = False
    if kept["pilot"] is True and kept["pilot_type"] is None:
        kept["pilot_type"] = "传统农村"
    return kept
