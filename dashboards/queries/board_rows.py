"""A month as the clerk works on it: one line a county, what waits of each. Read from ledger and last settling; waits for nobody."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from dashboards import signin
from dashboards.queries import submission_rows
from dashboards.queries.edition_data import as_of_now
from dashboards.text import screen_wording
from pipelines import months, settings
from pipelines.intake import answer_matters, month_now, outcome, reporting_status
from pipelines.intake.month_now import Decision, MonthNow
from pipelines.intake.month_report import CountyLine, MonthStatus
from pipelines.intake.open_matters import Matter
from pipelines.notify import dispatch

# matters by the step that they belong to
RETURNED = ("refused_file", "held_row", "unknown_unit", "no_county")
_CODE = re.compile(r"^【(\w+)】")
_UNIT = re.compile(r"\d{12}")
# quotation marks within a quotation
_INNER = str.maketrans("“”", "‘’")


@dataclass(frozen=True)
class CountyRow:
    """One county of a month. `state`: whole | part | missing | late | excused; numbers are of units or of open matters."""

    code: str
    name: str
    state: str
    due: date | None
    units: int
    accepted: int
    held: int
    at: str | None
    returned: int
    questions: int
    explained: int
    contact: bool

    @property
    def waits(self) -> int:
        return self.returned + self.questions + self.explained


@dataclass(frozen=True)
class Board:
    """A month: what was decided, its counties, its open matters, the state that was last settled."""

    now: MonthNow
    state: MonthStatus
    counties: list[CountyRow]
    matters: list[Matter]

    @property
    def month(self) -> date:
        return self.now.month

    @property
    def names(self) -> dict[str, str]:
        """County code → name."""
        return {row.code: row.name for row in self.counties}

    @property
    def missing(self) -> list[CountyRow]:
        return [row for row in self.counties if row.state in ("missing", "late")]

    def total(self, what: str) -> int:
        """Of a number that every county has, by its name: units or open matters of the city."""
        return sum(getattr(row, what) for row in self.counties)

    def count(self, *states: str) -> int:
        """Counties in these states."""
        return len([row for row in self.counties if row.state in states])

    def of(self, county: str | None) -> list[Matter]:
        return [matter for matter in self.matters if matter["county"] == county]


def usual(known: list[date]) -> date:
    """Of months, the newest first, the newest that is over and has a report that counts; else the newest."""
    place = settings.load()
    over = (month for month in known if months.last_day(month) < months.today())
    reported = (m for m in over if any(c["state"] == "effective" for c in reporting_status.kept(place, m)["counties"]))
    return next(reported, known[0])


def board(month: date) -> Board:
    """The board of a month, as last settled."""
    place, now = settings.load(), submission_rows.now(month)
    state, matters = reporting_status.kept(place, month), waiting(month)
    by_county: dict[str | None, list[Matter]] = defaultdict(list)
    for matter in matters:
        by_county[matter["county"]].append(matter)
    reached = dispatch.known(place).counties
    lines = {line["code"]: line for line in state["counties"]}
    rows = [
        _county(code, name, lines.get(code), by_county[code], now, code in reached)
        for code, name in month_now.counties(place, month).items()
    ]
    return Board(now, state, rows, matters)


def _county(
    code: str, name: str, line: CountyLine | None, matters: list[Matter], now: MonthNow, contact: bool
) -> CountyRow:
    counts = Counter(step(matter) for matter in matters)
    units, accepted, held = (line["units"], line["accepted"], line["held"]) if line else (0, 0, 0)
    return CountyRow(
        code, name, _state(code, line, now), now.due.get(code), units, accepted, held, line["at"] if line else None,
        counts["returned"], counts["questions"], counts["explained"], contact,
    )  # fmt: skip


def _state(code: str, line: CountyLine | None, now: MonthNow) -> str:
    if line and line["state"] == "effective":
        return "whole" if line["accepted"] >= line["units"] else "part"
    if code in now.excused:
        return "excused"
    return "late" if months.today() > now.due.get(code, date.max) else "missing"


def step(matter: Matter) -> str:
    """Which step a matter belongs to: returned | questions | explained."""
    if matter["state"] == "explained":
        return "explained"
    return "returned" if matter["kind"] in RETURNED else "questions"


# ---- open matters


def waiting(month: date | None = None) -> list[Matter]:
    """What waits for somebody, of the counties that the person may see; of a month with what has no month."""
    own, key = signin.counties(), months.key(month) if month else None
    matters = [m for m in answer_matters.kept(settings.load()) if m["state"] in ("open", "explained")]
    if own is not None:
        matters = [matter for matter in matters if matter["county"] in own]
    return [matter for matter in matters if key is None or matter["month"] in (None, key)]


def by_file(matters: Iterable[Matter]) -> dict[int, list[Matter]]:
    """Matters under the number of the file that they are about, the newest file first, what is returned before questions."""
    order = {"returned": 0, "explained": 1, "questions": 2}
    files: dict[int, list[Matter]] = defaultdict(list)
    for matter in sorted(matters, key=lambda m: (-m["seq"], order[step(m)], code(m))):
        files[matter["seq"]].append(matter)
    return files


def by_cause(matters: Iterable[Matter]) -> list[tuple[str, list[Matter]]]:
    """Matters of one file that have one cause, under its code: in the order in which they came."""
    causes: dict[tuple[str, str], list[Matter]] = defaultdict(list)
    for matter in matters:
        causes[step(matter), code(matter) or matter["kind"]].append(matter)
    return [(cause, group) for (_, cause), group in causes.items()]


def missing_units(month: date, county: str) -> str:
    """Which units the county has not reported, as the finding says it; empty where none is missing."""
    rows = month_now.findings(settings.load(), month, county)
    return next((screen_wording.without_place(row["message"]) for row in rows if row["code"] == "units_missing"), "")


def code(matter: Matter) -> str:
    """The kind of finding; empty for a matter that is none."""
    match = _CODE.match(matter["message"])
    return match[1] if match else ""


def candidates(matter: Matter, month: date) -> dict[str, str]:
    """Code → town and name of the units that an unknown one may be: those that the finding names, then all of the county."""
    units = unit_names(months.key(month), matter["county"])
    named = [rows for rows in _UNIT.findall(matter["message"]) if rows in units]
    return {key: units[key] for key in dict.fromkeys([*named, *units])}


def unit_names(month: str | None, county: str | None) -> dict[str, str]:
    """Code → town and name of a county's units in a month (YYYY-MM); empty where either is not known."""
    return as_of_now(month_now.units, months.parse(month), county) if month and county else {}


def said(matters: Iterable[Matter]) -> dict[str, list[Decision]]:
    """What county and city have said to each matter, oldest first: kind (explain, ask), by, at, text."""
    wanted = {matter["id"] for matter in matters}
    answers: dict[str, list[Decision]] = defaultdict(list)
    for row in reversed(month_now.decisions(settings.load())):
        if row["in_force"] and row["kind"] in ("explain", "ask") and row["finding"] in wanted:
            answers[row["finding"]].append(row)
    return answers


def decisions(month: date) -> list[Decision]:
    """The newest decisions of the month, and those that bear no month: about findings and files, and withdrawals."""
    key = months.key(month)
    return [row for row in month_now.decisions(settings.load()) if row["month"] in (None, key)]


def subjects(month: date) -> dict[str, str]:
    """What decisions are about, in words: code of a county or unit → name, id of a matter → whose it is and its kind."""
    place = settings.load()
    kinds, counties = outcome.kind_names(place.reference), month_now.counties(place, month)
    names: dict[str, str] = dict(counties)
    for county in counties:
        names |= unit_names(months.key(month), county)
    for matter in all_matters():
        kind = kinds.get(code(matter)) or screen_wording.without_place(matter["message"])[:30]
        whose = [counties.get(matter["county"] or ""), names.get(matter["unit"] or "")]
        names[matter["id"]] = f"{' '.join(filter(None, whose))}“{kind.translate(_INNER)}”"
    return names


def asked(row: Decision) -> str:
    """What a unit or a habit was settled for, as it stood in the file: `“石家庄新村”`, `“没有”`."""
    key = row["key"] or ""
    if row["as"]:
        kind, _, about = key.partition(":")
        name = outcome.kind_names(settings.load().reference).get(kind, "")
        # a habit is kept under the word, or under the id of the question
        return f"“{name.translate(_INNER)}{'' if about.isascii() else f'：{about}'}”"
    return "".join(f"“{part}”" for part in key.split("|")[1:2] if part)


def taken_back(row: Decision) -> str:
    """The kind of decision that goes or, after a withdrawal of a withdrawal, comes back when this one is withdrawn."""
    by_number = {row["seq"]: row for row in month_now.decisions(settings.load())} if row["kind"] == "withdraw" else {}
    while row["kind"] == "withdraw" and row["of"] in by_number:
        row = by_number[row["of"]]
    return row["kind"]


def settled(now: MonthNow, county: str, matters: Iterable[Matter]) -> list[Decision]:
    """Decisions in force about a county in the month: extensions, units admitted, and those about its findings."""
    known = {matter["id"] for matter in matters if matter["county"] == county}
    rows = [*now.decisions, *(row for row in month_now.decisions(settings.load()) if row["kind"] == "admit")]
    return [
        row
        for row in rows
        if row["in_force"]
        and (county in (row["county"], (row["town"] or "")[:6]) or known & {row["finding"], row["matter"]})
    ]


def all_matters() -> list[Matter]:
    """Every matter, settled and dismissed ones among them."""
    return answer_matters.kept(settings.load())
