"""Random sequences of everything that can be sent and decided: what stands is a function of the ledger alone."""

import random
from datetime import date

import pytest

from pipelines.archive.month_state import WITHDRAWABLE
from pipelines.archive.store import Archive
from pipelines.errors import Refusal
from pipelines.intake import answer_matters, decisions
from tests import small_city
from tests.books import Office, plain
from tests.intake.desk_of_an_office import rows, standing

APRIL, MAY = date(2020, 4, 1), date(2020, 5, 1)
ZONE = "130571"
LI = "市局李某"


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    city = small_city.make(tmp_path_factory.mktemp("random") / "reference", [ZONE])
    return small_city.measure_only(city, ("facility_rural",))


def send(office: Office, chance: random.Random) -> None:
    """Some units' rows, some of them held or asked about; now and then a file that was sent before."""
    sent = sorted(office.sent.glob("*.xlsx")) if office.sent.exists() else []
    if sent and chance.random() < 0.3:
        office.submit(chance.choice(sent))
        return
    units = office.units(APRIL, ZONE)
    some = {unit.code for unit in chance.sample(units, chance.randint(1, len(units)))}
    answers = {"households": chance.choice((150, 200)), "population": chance.choice((400, 90_000))}
    answers |= chance.choice(({}, {}, {"facility": "否"}, {"name": "红旗新村", "code": None}))
    office.send(chance.choice((APRIL, MAY)), ZONE, lambda unit: plain(unit) | answers if unit.code in some else None)


def decide(office: Office, chance: random.Random) -> None:
    month, data = chance.choice((APRIL, MAY)), office.settings
    findings = [key for (key,) in rows(office, "SELECT DISTINCT id FROM finding ORDER BY id")] or ["0"]
    finding, unit = chance.choice(findings), chance.choice(office.units(APRIL, ZONE)).code
    chance.choice((
        lambda: decisions.approve(month, data, LI),
        lambda: decisions.reopen(month, "更正", data, LI),
        lambda: decisions.waive(finding, "核实过", MAY, data, LI),
        lambda: decisions.resolve(finding, unit, data, LI),
        lambda: decisions.extend(month, ZONE, data, LI, "停电", excuse=True),
        lambda: answer_matters.explain(finding, "登记数如此", data, LI),
        lambda: answer_matters.accept(finding, data, LI),
        lambda: answer_matters.ask(finding, "何时登记", data, LI),
        lambda: answer_matters.dismiss(finding, "测试", data, LI),
    ))()  # fmt: skip


def take_back(office: Office, chance: random.Random) -> None:
    events = [event for event in Archive(office.settings.archive).events() if event.kind in WITHDRAWABLE]
    if events:
        decisions.withdraw(chance.choice(events).seq, "有误", office.settings, LI)


@pytest.mark.parametrize("seed", range(3))
def test_what_stands_is_the_same_from_the_ledger_alone(reference, tmp_path, seed):
    chance, office = random.Random(seed), Office(tmp_path / "data", reference)
    send(office, chance)
    for _ in range(14):
        try:
            chance.choice((send, decide, decide, take_back))(office, chance)
        except Refusal:
            continue  # what cannot be done at this moment changes nothing
    step_by_step = standing(office)
    matters = answer_matters.matters(office.settings)
    for path in (office.settings.warehouse, office.settings.data / "live.json", office.settings.data / "matters.json"):
        path.unlink(missing_ok=True)
    assert standing(office) == step_by_step
    assert answer_matters.matters(office.settings) == matters
    assert Archive(office.settings.archive).verify() == []
