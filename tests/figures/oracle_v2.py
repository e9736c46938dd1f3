"""The figures once more, in plain Python (semantics version 2): the second program of `lab.audit`, fed with answers instead of workbooks.

It shares no code with the engine: rosters, succession, expressions, arithmetic and verdicts are `lab.audit`'s own. `Oracle` takes accepted
answers of months and gives every figure under the keys of `figures --json`; `Table` judges a worked example of `tests/specs/verdicts`.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor
from pathlib import Path

from lab.audit import compare, dates, declared
from lab.audit.arithmetic import FAILS, MET, OUTSIDE, SCOPE_UNKNOWN, SHARE_UNKNOWN
from lab.audit.city import COMMUNITY, COUNTY, City, Judged, Members, Month
from lab.audit.declared import Indicator, Register
from lab.audit.expression import read
from lab.audit.results import Judge, Result
from lab.audit.roster import CITY, RURAL, TOWN, Roster
from lab.audit.standing import Answered


class Oracle:
    """Months of accepted answers into figures by (indicator, level, unit).

    `accepted` is month → uid → answers, `county_accepted` month → county code → answers; months are first days, numbers Decimal or int.
    """

    def __init__(self, reference: Path, policy: str):
        self.form = declared.form(reference / "form.yaml")
        self.roster = Roster(reference)
        self.register = next(r for r in declared.registers(reference, self.form) if r.policy == policy)
        self.accepted: dict[date, dict[str, dict]] = defaultdict(dict)
        self.county_accepted: dict[date, dict[str, dict]] = defaultdict(dict)

    def month(self, month: date, divisions: date | None = None) -> dict[tuple[str, str, str], dict]:
        """All figures of a month, from the answers of all months so far; by a later month's divisions where one is given."""
        city = City(self.roster, self.register, self._answered(), self.form)
        judge = Judge(city, _number(month), _number(divisions or month))
        return {(r.indicator, r.level, r.unit): compare.recomputed(r) for r in judge.results()}

    def _answered(self) -> Answered:
        answered = Answered(self.roster, self.form)
        for held, given, part in (
            (answered.units, self.accepted, answered.community),
            (answered.counties, self.county_accepted, answered.county_part),
        ):
            for month, rows in given.items():
                held[_number(month)] = {name: part.row(_exact(row)) for name, row in rows.items()}
        return answered


def _number(month: date) -> int:
    return dates.month(month.isoformat())


def _exact(row: dict) -> dict:
    return {name: Fraction(value) if isinstance(value, Decimal) else value for name, value in row.items()}


# ---- worked examples

STATES = {"是": MET, "否": FAILS, "未填": SHARE_UNKNOWN, "不明": SCOPE_UNKNOWN, "外": OUTSIDE}
SCOPES = {"is_city": CITY, "is_town": TOWN, "is_rural": RURAL}
OUT_OF_SCOPE = Judged(bytes([OUTSIDE]), {})
_LENT, _ABSENT = "沿用", "无"


class Table(City):
    """A worked example: one indicator over a few kinds of units whose states are given month by month."""

    def __init__(self, case: dict):
        self.case = case
        self.indicator = indicator(case)
        self.register = Register("case", 0, (self.indicator,))
        self.part = self.indicator.of
        self.of, self.position = {self.part: [self.indicator]}, {self.indicator.id: 0}
        self.listed = [dates.month(month) for month in case.get("months", ["2020-06"])]

    @property
    def first(self) -> int:
        return self.listed[0]

    def result(self) -> Result | None:
        """The figure of the last month, of the city or the example's `place`; None where there is no such figure."""
        wanted = self.case.get("place", "city")
        return next((row for row in Judge(self, self.listed[-1]).results() if row.unit == wanted), None)

    def figure(self) -> dict[str, object] | None:
        """The same under the keys of the table `figure`, with what is shown of it and the counties that decide an unproven verdict."""
        result = self.result()
        if result is None:
            return None
        shown = None if result.figure.value is None else Fraction(floor(result.figure.value * 10 + Fraction(1, 2)), 10)
        deciding = self._unknown_in() if result.verdict.status == "unproven" else []
        return compare.recomputed(result) | {"shown": shown, "deciding": "、".join(deciding)}

    def _unknown_in(self) -> list[str]:
        """Counties with unknown units, those with most first; of a county itself."""
        if (place := self.case.get("place")) is not None:
            return [place]
        members = self._members(len(self.listed) - 1)[self.part]
        unknown = {
            county: sum(members.judged[name].states[0] in (SHARE_UNKNOWN, SCOPE_UNKNOWN) for name in names)
            for (level, county), names in members.places.items()
            if level == "county"
        }
        return sorted(filter(unknown.get, unknown), key=lambda county: (-unknown[county], county))

    def month(self, month: int, divisions: int) -> Month:
        return self._members(self.listed.index(month)) if month in self.listed else {self.part: Members()}

    def as_last(self, month: int, divisions: int) -> Month:
        """Every unknown unit as it last was; of a `year` question in the same year only."""
        months = [m for m in self.listed if not self.indicator.yearly or dates.year(m) == dates.year(month)]
        members = self._members(self.listed.index(months[0]))
        for following in months[1:]:
            later = self._members(self.listed.index(following))
            for name, judged in later[self.part].judged.items():
                if judged.states[0] not in (SHARE_UNKNOWN, SCOPE_UNKNOWN) or name not in members[self.part].judged:
                    members[self.part].judged[name] = judged
        return members

    def _members(self, position: int) -> Month:
        members = Members()
        for group, row in enumerate(self.case["units"]):
            said = str(row["各月"][position])
            if said != _ABSENT and not self._has_ended(row):
                for number in range(row.get("个数", 1)):
                    self._enter_unit(members, f"{group}:{number}", row, said)
        return {self.part: members}

    def _has_ended(self, row: dict) -> bool:
        """A county that is no more: it is in no series of later divisions. A unit stays in the figures of its time."""
        return self.part == COUNTY and str(row["各月"][-1]) == _ABSENT

    def _enter_unit(self, members: Members, name: str, row: dict, said: str) -> None:
        members.judged[name] = _judged(said.removeprefix(_LENT)) if self._is_asked(row) else OUT_OF_SCOPE
        if said.startswith(_LENT):
            members.lent.add(name)
        places = [("city", "city"), ("county", row.get("县", "县")), ("town", _now(row, "镇", "镇"))]
        for key in places[:2] if self.part == COUNTY else places:
            members.places[key].append(name)

    def _is_asked(self, row: dict) -> bool:
        scope = self.case.get("scope")
        return scope is None or SCOPES[scope] == _now(row, "类型", RURAL)


def _now(row: dict, what: str, usual: str) -> str:
    """The town or kind in the last month: every month is counted by that month's divisions."""
    said = row.get(what, usual)
    return said[-1] if isinstance(said, list) else said


def _judged(said: str) -> Judged:
    if "/" not in said:
        return Judged(bytes([STATES[said]]), {})
    numerator, denominator = map(Fraction, said.split("/"))
    return Judged(bytes([MET]), {0: (numerator, denominator)})


def indicator(case: dict) -> Indicator:
    """The example's indicator. Its expressions are never evaluated: the table gives the states."""
    nothing = read("NULL")
    ratio, base = case.get("ratio"), case.get("baseline")
    targets = case.get("targets") or ([case["target"]] if "target" in case else [])
    return Indicator(
        id="case",
        of=case.get("of", COMMUNITY),
        scope=nothing,
        share=None if ratio else nothing,
        numerator=nothing if ratio else None,
        denominator=nothing if ratio else None,
        factor=Fraction(ratio["factor"] if ratio else 100),
        targets=tuple(map(declared.target, targets)),
        december=case.get("judged") == "december",
        baseline=(dates.month(base["month"]), Fraction(base["value"])) if base else None,
        in_force=declared.span(case),
        yearly=case.get("yearly", False),
    )
