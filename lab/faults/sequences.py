"""Random sequences of all that can be sent and decided, with kills between.

    python -m lab.faults.sequences --sequences 50 --steps 14 --seed 1

What stands is a function of the ledger alone. After each sequence these agree with what stands step by step: the projection made anew,
and an installation in which nothing that was withdrawn ever happened; every edition is made again; the archive is whole. Prints one
JSON object.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections import Counter as Count
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pandas  # noqa: F401 pyarrow imports it with its first table: once here, not in every child

from lab.faults import checker
from lab.faults.strikes import Counter, in_child
from pipelines.archive import month_state, withdrawals
from pipelines.archive.month_state import WITHDRAWABLE
from pipelines.archive.store import Archive
from pipelines.errors import Refusal
from pipelines.figures import update
from pipelines.intake import answer_matters, decisions, session, submit_files
from pipelines.monthly import month_decisions, monthly_run, public_folder, rebuild_editions
from pipelines.months import SHANGHAI
from pipelines.reference import reference_bundle
from pipelines.settings import Settings
from tests import small_city
from tests.books import Answers, Office, plain, write

APRIL, MAY, JUNE = date(2020, 4, 1), date(2020, 5, 1), date(2020, 6, 1)
ZONE = "130571"
LI = "市局李某"
IN_JUNE = datetime(2020, 6, 15, 12, tzinfo=SHANGHAI)
# a step of a sequence has about so many file-system events
EVENTS = 60
# place of the answers with a question among those of a month
QUESTION = 5


# ---- what is sent


def prepare(root: Path) -> None:
    """`root/reference`, `root/sent` with the files of all sequences, and `root/before`: an installation with April and May."""
    reference = small_city.measure_only(small_city.make(root / "reference", [ZONE]), ("facility_rural", "agency"))
    office = Office(root / "before", reference)
    for month in (APRIL, MAY, JUNE):
        for number, answers in enumerate(islice(_answers(office, month), 2 if month == JUNE else None)):
            record = {"agency": "是", "towns": 3 + number} if number % 2 else {"agency": None, "towns": 2}
            name = f"{'early' if month == JUNE else 'sent'}-{number:02}"
            shutil.move(office.workbook(month, ZONE, answers, record), root / f"{name}-{month:%Y%m}.xlsx")
    (root / "sent-none.xlsx").write_bytes(b"no workbook")
    _answer(Office(root / "aside", reference), root)
    for month in (APRIL, MAY):
        office.submit(root / f"sent-00-{month:%Y%m}.xlsx")


def _answer(office: Office, root: Path) -> None:
    """The receipt of the file with a question, which comes back with an explanation."""
    [report] = office.submit(root / f"sent-{QUESTION:02}-202005.xlsx")
    [receipt] = submit_files.write_receipts([report], office.settings, root / "receipts")
    finding = next(row["id"] for row in report.findings if row["code"] == "people_per_household")
    shutil.move(write(receipt, finding, "外来务工人员集中居住，派出所登记数"), root / "sent-answered.xlsx")


def _answers(office: Office, month: date) -> Iterator[Answers]:
    """Good, corrected, of one row, of each town, with errors, with questions, in a way of writing of its own."""
    units = office.units(month, ZONE)
    code, towns = units[0].code, sorted({unit.town_code for unit in units})
    yield plain
    yield lambda unit: plain(unit) | {"households": 300 + int(unit.code[-3:])}
    yield lambda unit: plain(unit) | {"households": 777} if unit.code == code else None
    yield lambda unit: plain(unit) | {"facility": "否"} if unit.code == code else plain(unit)
    yield lambda unit: plain(unit) | {"code": None, "name": "红旗新村"} if unit.code == code else plain(unit)
    yield lambda unit: plain(unit) | {"population": 90_000} if unit.code == code else plain(unit)
    yield (
        lambda unit: (
            plain(unit)
            | {"established": Decimal("2019.1"), "info_platform": "√" if unit.code < units[9].code else None}
        )
    )
    for town in towns[:4]:
        yield lambda unit, town=town: plain(unit) | {"households": 150} if unit.town_code == town else None


# ---- steps


class Desk:
    """One moment at an installation: what can be done there, chosen by chance."""

    def __init__(self, root: Path, place: Settings, chance: random.Random):
        self.root, self.place, self.chance = root, place, chance

    def send(self) -> None:
        files = sorted(self.root.glob("sent-*.xlsx"))
        submit_files.submit(self.chance.sample(files, self.chance.choice((1, 1, 1, 2, 4))), self.place, LI)

    def send_early(self) -> None:
        submit_files.submit(sorted(self.root.glob("early-*.xlsx")), self.place, LI, now=IN_JUNE)

    def explain(self) -> None:
        answer_matters.explain(self._finding(), "外来务工人员集中居住，派出所登记数", self.place, "县局王某")

    def reply(self) -> None:
        """A county's reply to a task, into the ledger past its check: two months make no task."""
        said = {"month": "2020-05", "county": ZONE, "indicator": "facility_rural", "text": "正在施工"}
        with session.settled(self.place, "测试") as opened:
            decisions.decide(opened, "reply", said, "县局王某")

    def publicise(self) -> None:
        month_decisions.publicise(self.chance.choice((APRIL, MAY)), self.place, LI)

    def decide(self) -> None:
        """One of the city's decisions on a finding or a month."""
        month, finding, place = self.chance.choice((APRIL, MAY)), self._finding(), self.place
        unit = self.chance.choice(self._units())
        self.chance.choice((
            lambda: decisions.waive(finding, "核实过", MAY, place, LI),
            lambda: decisions.resolve(finding, unit.code, place, LI),
            lambda: decisions.resolve(finding, None, place, LI, value=self.chance.choice(("否", "10", "未填"))),
            lambda: decisions.extend(month, ZONE, place, LI, "停电", excuse=True),
            lambda: decisions.extend(month, ZONE, place, LI, "停电", until=date(2020, 6, 9)),
            lambda: decisions.admit(f"新村{self.chance.randint(1, 9)}", unit.town_code, "农村社区", month, "新设", place, LI),
            lambda: answer_matters.accept(finding, place, LI),
            lambda: answer_matters.ask(finding, "何时登记", place, LI),
            lambda: answer_matters.dismiss(finding, "测试", place, LI),
        ))()  # fmt: skip

    def approve(self) -> None:
        month_decisions.approve(self.chance.choice((APRIL, MAY)), self.place, LI)

    def reopen(self) -> None:
        month_decisions.reopen(self.chance.choice((APRIL, MAY)), "更正", self.place, LI)

    def run(self) -> None:
        monthly_run.run(self.place, self.chance.choice((APRIL, MAY, None)), LI)

    def release(self) -> None:
        month_decisions.release(self.chance.choice((APRIL, MAY)), self.place, LI)

    def retract(self) -> None:
        known = sorted(month_state.editions(Archive(self.place.archive)).made)
        if known:
            month_decisions.retract(self.chance.choice(known), "数字有误", self.place, LI)

    def withdraw(self) -> None:
        events = [event.seq for event in Archive(self.place.archive).events() if event.kind in WITHDRAWABLE]
        month_decisions.withdraw(self.chance.choice(events), "有误", self.place, LI)

    def _finding(self) -> str:
        with session.settled(self.place, "测试") as opened:
            rows = opened.con.execute("SELECT DISTINCT id FROM finding WHERE severity <> 'note' ORDER BY id").fetchall()
        return self.chance.choice([key for (key,) in rows] or ["0"])

    def _units(self) -> list:
        rosters = reference_bundle.load(self.place.reference).rosters
        return [unit for unit in rosters.units(APRIL) if unit.county_code == ZONE]


ACTIONS = (
    *(Desk.send,) * 3, Desk.send_early, Desk.explain, Desk.reply, Desk.publicise, *(Desk.decide,) * 3, Desk.approve, Desk.reopen, Desk.run, Desk.release, Desk.retract,
    *(Desk.withdraw,) * 3,
)  # fmt: skip


# ---- what must agree


def standing(place: Settings) -> list:
    """Every answer that stands, and every figure by its month's own divisions, without which file it came in.

    Figures by later divisions are made when an edition needs them and stay in the warehouse; editions are compared with them.
    """
    with session.settled(place, "核对") as opened:
        reported = opened.life().reported
        if reported:
            update.bring_up_to_date(opened, reported[-1])
        queries = {
            "standing": "SELECT * EXCLUDE (seq, row_no) FROM standing",
            "county_standing": "SELECT * EXCLUDE (seq) FROM county_standing",
            "county_source": "SELECT * EXCLUDE (seq) FROM county_source",
            "figure": "SELECT * FROM figure WHERE divisions = 'then'",
        }
        there = {name for (name,) in opened.con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        return [
            (name, opened.con.execute(f"{query} ORDER BY ALL").fetchall())
            for name, query in queries.items()
            if name in there
        ]


def without_mistakes(place: Settings, data: Path) -> Settings:
    """An installation with only those events of a ledger that were not withdrawn."""
    archive, clean = Archive(place.archive), Archive(data / "archive")
    events = list(archive.events())
    gone, renumbered = withdrawals.in_force(events), {}
    for event in events:
        known_from = event.body.get("submission")
        if (
            event.seq in gone
            or known_from in gone
            or event.kind in ("withdraw", "release", "gate", "retract", "publicise")
        ):
            continue
        if event.kind == "submission":
            clean.put(archive.read(event.body["sha256"]))
        body = event.body | ({"submission": renumbered[known_from]} if known_from else {})
        renumbered[event.seq] = clean.append(event.kind, body, event.by, datetime.fromisoformat(event.at)).seq
    return Settings(data, place.reference)


def differences(place: Settings, root: Path) -> list[str]:
    """What does not agree with what stands step by step, after one more file has come in."""
    submit_files.submit([root / "sent-none.xlsx"], place, LI)
    steps, matters = standing(place), answer_matters.matters(place)
    public_folder.bring_up_to_date(place)
    pages = _pages(place)
    faults = [
        f"edition {edition['release']} differs: {edition['tables'][:5]}"
        for edition in rebuild_editions.rebuild(place)["differ"]
    ]
    faults += [f"page for the public differs: {name}" for name in _differing(pages, _pages(place))]
    for path in (place.warehouse, place.data / "live.json", place.data / "matters.json"):
        path.unlink(missing_ok=True)
    faults += [f"from the ledger alone: {name}" for name in _differing(steps, standing(place))]
    faults += ["from the ledger alone: matters"] if answer_matters.matters(place) != matters else []
    clean = standing(without_mistakes(place, root / "round" / "clean"))
    return faults + [f"without the mistakes: {name}" for name in _differing(steps, clean)]


def _pages(place: Settings) -> list:
    """Every file for the public with its content."""
    folder = place.data / "public"
    return [(str(path.relative_to(folder)), path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()]


def _differing(one: list, other: list) -> list[str]:
    """Tables or files that differ; one without rows is as one that was never made."""
    both = [{name: rows for name, rows in tables if rows} for tables in (one, other)]
    return sorted(name for name in {*both[0], *both[1]} if both[0].get(name) != both[1].get(name))


# ---- a sequence


@dataclass(frozen=True)
class Step:
    """What is done, by which chance, and at which file-system event it is killed (0: never); `again`: begun once more after that."""

    name: str
    seed: str
    strike: int
    again: bool


def planned(number: str, steps: int) -> list[Step]:
    chance = random.Random(number)
    strikes = (chance.randint(1, EVENTS) if chance.random() < 0.4 else 0 for _ in range(steps))
    return [
        Step(chance.choice(ACTIONS).__name__, f"{number}-{at}", s, chance.random() < 0.5)
        for at, s in enumerate(strikes)
    ]


def walk(root: Path, place: Settings, plan: list[Step]) -> Callable:
    """The steps of a plan one after the other, each told when it is over: until one is killed."""

    def work(send: Callable[[str], None]) -> None:
        counter = Counter(place.data, 0, "kill")
        counter.install()
        for step in plan:
            counter.at, counter.count = step.strike, 0
            try:
                getattr(Desk(root, place, random.Random(step.seed)), step.name)()
                send(step.name)
            except Refusal:
                send("refused")  # what cannot be done at this moment changes nothing

    return work


def sequence(root: Path, number: str, steps: int, tally: Count) -> list[str]:
    """One sequence of steps, some of them killed and some of these begun again; what did not agree."""
    data, plan, faults = root / "round" / "data", planned(number, steps), []
    shutil.rmtree(root / "round", ignore_errors=True)
    shutil.copytree(root / "before", data)
    place = Settings(data, root / "reference")
    while plan:
        status, message = in_child(walk(root, place, plan))
        over = [line for line in message.splitlines() if not line.startswith("!")]
        tally.update([*over, *(["killed"] if status < 0 else [])])
        stopped, plan = plan[len(over) : len(over) + 1], plan[len(over) + 1 :]
        faults += [f"{step.name} ({step.seed}): {message.splitlines()[-1:]}" for step in stopped if status > 0]
        plan = [replace(step, strike=0) for step in stopped if status < 0 and step.again] + plan
    status, message = in_child(lambda send: send(json.dumps(differences(place, root))))
    faults += json.loads(message) if status == 0 else [f"not looked at: {message}"]
    return faults + checker.faults(data, []) + [f"left over: {path}" for path in checker.leftovers(data)]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--sequences", type=int, default=50)
    options.add_argument("--steps", type=int, default=14)
    options.add_argument("--seed", type=int, default=1, help="number of the first sequence")
    chosen = options.parse_args()
    tally, troubles = Count(), {}
    with tempfile.TemporaryDirectory(prefix="shequ-sequences-") as folder:
        root = Path(folder)
        status, message = in_child(lambda send: prepare(root))
        assert status == 0, message
        reference_bundle.load(root / "reference")  # once here, not in every child
        for number in range(chosen.seed, chosen.seed + chosen.sequences):
            faults = sequence(root, str(number), chosen.steps, tally)
            print(f"sequence {number}: {faults or 'well'}", file=sys.stderr, flush=True)
            troubles |= {number: faults} if faults else {}
    print(json.dumps({"sequences": chosen.sequences, **tally, "troubles": troubles}, ensure_ascii=False, indent=1))
    sys.exit(bool(troubles))


if __name__ == "__main__":
    main()
