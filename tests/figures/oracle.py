"""The figures once more, in plain Python: exact fractions, three-valued logic, none of the program's own arithmetic.

It reads the same declarations (an expression's parse tree, a unit's answers) and does the rest by hand, so that an error
in the generated SQL cannot repeat itself here. Semantics §4 (carry-forward), §5 (arithmetic), §6 (status).
"""

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from functools import cache

import sqlglot
from sqlglot import exp

URBAN = ("城市社区", "城镇社区")


def evaluate(node, names):
    """The value of a parsed expression over `names`; None is unknown."""
    if isinstance(node, exp.Paren):
        return evaluate(node.this, names)
    if isinstance(node, exp.Column):
        return names(f"{node.table}.{node.name}" if node.table else node.name)
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Literal):
        return node.this if node.is_string else Fraction(node.this)
    if isinstance(node, exp.Not):
        value = evaluate(node.this, names)
        return None if value is None else not value
    if isinstance(node, exp.And):
        left, right = evaluate(node.left, names), evaluate(node.right, names)
        return False if left is False or right is False else None if left is None or right is None else True
    if isinstance(node, exp.Or):
        left, right = evaluate(node.left, names), evaluate(node.right, names)
        return True if left is True or right is True else None if left is None or right is None else False
    if isinstance(node, exp.Is):
        return evaluate(node.this, names) is None
    if isinstance(node, exp.Between):
        value, low, high = (evaluate(node.args[k], names) for k in ("this", "low", "high"))
        return None if None in (value, low, high) else low <= value <= high
    if isinstance(node, exp.Case):
        for branch in node.args["ifs"]:
            if evaluate(branch.this, names):
                return evaluate(branch.args["true"], names)
        default = node.args.get("default")
        return evaluate(default, names) if default else None
    left, right = evaluate(node.left, names), evaluate(node.right, names)
    if left is None or right is None:
        return None
    return OPERATIONS[type(node)](left, right)


OPERATIONS = {
    exp.EQ: lambda a, b: a == b, exp.NEQ: lambda a, b: a != b, exp.GT: lambda a, b: a > b, exp.GTE: lambda a, b: a >= b,
    exp.LT: lambda a, b: a < b, exp.LTE: lambda a, b: a <= b, exp.Add: lambda a, b: a + b, exp.Sub: lambda a, b: a - b,
    exp.Mul: lambda a, b: a * b,
}  # fmt: skip


def exact(value):
    """An answer as the evaluator compares it: numbers as fractions."""
    return value if value is None or isinstance(value, bool | str | date) else Fraction(value)


@cache
def parsed(source):
    return sqlglot.parse_one(source, dialect="duckdb")


def state(entry, names):
    """(state, numerator, denominator) of one unit for one indicator of the YAML file."""
    scope = evaluate(parsed(entry.get("scope", "TRUE")), names)
    if scope is None:
        return 4, 0, 0
    if not scope:
        return 0, 0, 0
    if "share" in entry:
        share = evaluate(parsed(entry["share"]), names)
        return (3 if share is None else 1 if share else 2), 0, 0
    parts = [evaluate(parsed(str(entry["ratio"][k])), names) for k in ("numerator", "denominator")]
    return (3, 0, 0) if None in parts else (1, *parts)


def tally(entry, judged):
    """value, lower, upper, numerator, denominator, unknown, carried of units given as (state, n, d, carried)."""
    unknown = sum(s in (3, 4) for s, *_ in judged)
    if "ratio" in entry:
        n, d = sum(n for s, n, _, _ in judged if s == 1), sum(d for s, _, d, _ in judged if s == 1)
        value = Fraction(entry["ratio"].get("factor", 100) * n, 1) / d if d else None
        return {"value": value, "lower": None, "upper": None, "numerator": n, "denominator": d, "unknown": unknown,
                "carried": sum(c for s, _, _, c in judged if s == 1)}  # fmt: skip
    count = {k: sum(s == k for s, *_ in judged) for k in range(5)}
    y, s, q, u = count[1], count[1] + count[2] + count[3], count[3], count[4]
    return {
        "value": None if s == 0 or q == s else Fraction(100 * y, s),
        "lower": Fraction(100 * y, s + u) if s else None,
        "upper": Fraction(100 * (y + q + u), s + u) if s else None,
        "numerator": y, "denominator": s, "unknown": unknown,
        "carried": sum(c for k, _, _, c in judged if k in (1, 2, 3)),
    }  # fmt: skip


def month_end(month):
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return following - timedelta(days=1)


def status(entry, month, figure, history):
    """The status of a figure, given the (month, figure) pairs of its series before this month."""
    target = entry.get("target")
    if figure["value"] is None:
        empty = figure["denominator"] == 0 and figure["unknown"] == 0
        return "not_applicable" if empty else "no_data_or_not_applicable" if figure["denominator"] == 0 else "no_data"
    december = entry.get("judged") == "december"
    if target is None or (december and month.month != 12):
        return "tracked"
    if reaches(target, figure["lower"] if figure["lower"] is not None else figure["value"], top(figure)):
        return "met"
    if reaches(target, figure["value"], figure["value"]):
        return "unproven"
    due = date(int(target["by"][:4]), int(target["by"][5:]), 1)
    if month >= due:
        return "overdue"
    past = [(m, f) for m, f in history if f["value"] is not None and (not december or m.month == 12)]
    if any(reaches(target, f["lower"] if f["lower"] is not None else f["value"], top(f)) for _, f in past):
        return "reversing"
    if not past:
        return "on_track"
    return by_pace(target, past[0], month, figure["value"], due)


def top(figure):
    return figure["upper"] if figure["upper"] is not None else figure["value"]


def reaches(target, lowest, highest):
    low, high = bounds(target)
    return (low is None or lowest >= low) and (high is None or highest <= high)


def bounds(target):
    if "between" in target:
        return Fraction(str(target["between"][0])), Fraction(str(target["between"][1]))
    low, high = target.get("at_least"), target.get("at_most")
    return (None if low is None else Fraction(str(low))), (None if high is None else Fraction(str(high)))


def by_pace(target, first, month, value, due):
    base_month, base = first[0], first[1]["value"]
    low, high = bounds(target)
    if reaches(target, base, base):
        return "reversing"
    goal = low if low is not None and base < low else high
    e = Fraction((month_end(month) - month_end(base_month)).days, (month_end(due) - month_end(base_month)).days)
    pace = (value - base) / (goal - base) / e
    if pace < 0:
        return "reversing"
    return "on_track" if pace >= Fraction(95, 100) else "lagging" if pace >= Fraction(60, 100) else "off_track"


class Oracle:
    """Months of answers by unit, with the roster of each, into figures by (indicator, level, unit)."""

    def __init__(self, indicators, rollups, since):
        self.indicators, self.rollups, self.since = indicators, rollups, since
        self.accepted = {}  # month -> uid -> (answers)
        self.county_accepted = {}  # month -> county -> answers
        self.history = defaultdict(list)
        self.silent = {}

    def standing(self, accepted, month, key):
        """(answers, carried): this month's accepted ones, else the latest of the two months before."""
        if key in accepted.get(month, {}):
            return accepted[month][key], False
        for back in (1, 2):
            index = month.year * 12 + month.month - 1 - back
            earlier = accepted.get(date(index // 12, index % 12 + 1, 1), {})
            if key in earlier:
                return earlier[key], True
        return {}, False

    def month(self, month, units, counties):
        """All figures of a month: {(indicator, level, unit): figure with status}."""
        county = {c.code: self.standing(self.county_accepted, month, c.code) for c in counties}
        unit = {u.code: self.standing(self.accepted, month, u.uid) for u in units}
        found = {}
        for entry in self.indicators:
            groups = defaultdict(list)
            if entry["of"] == "community":
                for u in units:
                    answers, carried = unit[u.code]
                    judged = (*self.unit_state(entry, u, answers, county[u.county_code][0]), carried)
                    above = (("town", u.town_code), ("county", u.county_code), ("city", "130500"))
                    for key in (("community", u.code), *above):
                        groups[key].append(judged)
            else:
                for c in counties:
                    members = [(u, unit[u.code][0]) for u in units if u.county_code == c.code]
                    answers, carried = county[c.code]
                    judged = (*state(entry, self.county_names(c, answers, members, entry)), carried)
                    for key in (("county", c.code), ("city", "130500")):
                        groups[key].append(judged)
            for (level, code), judged in groups.items():
                figure = tally(entry, judged)
                if level != "community":
                    figure["status"] = status(entry, month, figure, self.history[entry["id"], level, code])
                    self.history[entry["id"], level, code].append((month, dict(figure)))
                found[entry["id"], level, code] = figure
        return found

    def unit_state(self, entry, u, answers, county):
        """The state of a unit; the many that answered nothing are alike but for their roster attributes."""
        if answers or county:
            return state(entry, self.names(u, answers, county))
        key = (entry["id"], u.kind, u.municipal, u.shared)
        if key not in self.silent:
            self.silent[key] = state(entry, self.names(u, answers, county))
        return self.silent[key]

    def names(self, u, answers, county):
        def look(name):
            if name.startswith("county."):
                return exact(county.get(name[7:]))
            constants = {
                "is_urban": u.kind in URBAN, "is_city": u.kind == URBAN[0], "is_town": u.kind == URBAN[1],
                "is_rural": u.kind == "农村社区", "since": self.since, "roster.kind": u.kind,
                "roster.municipal_district": u.municipal, "roster.shared_funding": u.shared,
            }  # fmt: skip
            return constants[name] if name in constants else exact(answers.get(name))

        return look

    def county_names(self, c, answers, members, entry):
        def look(name):
            if name.startswith("rollup."):
                return self.rollup(self.rollups[name[7:]]["sum"], members, entry)
            if name.startswith("roster."):
                return getattr(c, name[7:])
            return exact(answers.get(name))

        return look

    def rollup(self, field, members, entry):
        """The only rollup is a count of pilots compared with five: known where the answer cannot change any more."""
        known = sum(answers.get(field) is True for _, answers in members)
        missing = sum(answers.get(field) is None for u, answers in members if u.kind == "农村社区")
        return Fraction(known) if known >= 5 or known + missing < 5 else None
