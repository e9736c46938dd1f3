"""The odd months of a small city, sent as workbooks and recomputed from them by the audit: every figure, status and gap agrees.

A New Year lies between, with a county that is silent over it; a correction with a faulty row; a file that comes for an approved month;
damaged codes; a county that goes on under another code without its 表2. What must come out is also worked out by hand below.
"""

import json
from datetime import date
from zlib import crc32

import pytest
from click.testing import CliRunner

from lab.audit import __main__ as audit
from pipelines.archive.store import Archive
from pipelines.cli.commands import main
from pipelines.edition import open_release
from pipelines.intake import session
from pipelines.monthly import monthly_run
from tests import small_city
from tests.books import Office, figure

PLAIN, BEFORE, AFTER, ZONE = "130524", "130526", "130505", "130571"
DECEMBER = date(2019, 12, 1)
JANUARY, FEBRUARY, MAY, JUNE, JULY = (date(2020, month, 1) for month in (1, 2, 5, 6, 7))
INDICATORS = (
    "facility_rural", "service_station_districts", "new_community_size", "drills", "deliberation", "local_members", "volunteers",
    "charter", "building_heads", "annual_review", "agency", "department_review", "task_list", "grid_managers",
)  # fmt: skip
RECORD = {"agency": "是", "towns": 8, "town_platforms": 3, "department_review": "是"}
SENT = {
    DECEMBER: (PLAIN, BEFORE, ZONE), JANUARY: (BEFORE, ZONE), FEBRUARY: (PLAIN, BEFORE, ZONE), MAY: (PLAIN, BEFORE),
    JUNE: (AFTER, PLAIN), JULY: (AFTER, PLAIN, ZONE),
}  # fmt: skip


def luck(unit, salt: str) -> int:
    """0 … 99, the same for a unit under every code that it has had."""
    return crc32(f"{unit.uid}{salt}".encode()) % 100


def answers_of(month: date):
    """Answers of all units in a month: with gaps, slowly getting better, the yearly counts from January on anew."""
    late = 12 * (month.year - 2019) + month.month

    def answers(unit) -> dict | None:
        if luck(unit, f"out{late}") < 4:
            return None
        has = luck(unit, "f") < 40 + late
        row = {
            "households": 100 + 30 * luck(unit, "h"), "facility": "是" if has else "否", "facility_area": 200 if has else None,
            "charter": _flag(unit, f"c{late}", 50 + late), "task_list": _flag(unit, "t", 30 + late),
            "service_station": _flag(unit, "s", 60 + late), "deliberations": luck(unit, "d") * month.month // 60,
            "drills": luck(unit, "e") * month.month // 90, "annual_review": "是" if month.month == 12 else "否",
            "committee_members": 5 + luck(unit, "m") % 3, "local_members": luck(unit, "l") % 6, "population": 900,
            "volunteers": None if luck(unit, "v") < 6 else luck(unit, "v"), "grids": luck(unit, "g") % 4,
            "grid_managers": luck(unit, "n") % 4,
        }  # fmt: skip
        if unit.kind != "农村社区":
            row |= {
                "established": "2019-01" if luck(unit, "new") < 50 else None,
                "building_heads": _flag(unit, "b", 70),
            }
        return row

    return answers


def _flag(unit, salt: str, share: int) -> str | None:
    drawn = luck(unit, salt)
    return None if drawn % 10 == 9 else "是" if drawn < share else "否"


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Office:
    folder = tmp_path_factory.mktemp("odd")
    reference = small_city.measure_only(small_city.make(folder / "reference"), INDICATORS)
    made = Office(folder / "data", reference)
    for month, counties in SENT.items():
        made.submit(*(made.workbook(month, county, answers_of(month), _record(month, county)) for county in counties))
        if month == FEBRUARY:
            _correct(made)
        if month == MAY:
            made.send(MAY, PLAIN, _damaged(made))
        with session.writing(made.settings, "测试") as opened:
            monthly_run.publish_month(opened, made.settings, month)
        if month == JANUARY:
            Archive(made.settings.archive).append("approve", {"month": "2020-01"}, by="市局李某")
            made.send(JANUARY, PLAIN, answers_of(JANUARY))  # waits, because the month is approved
    return made


def _record(month: date, county: str) -> dict | None:
    return RECORD if county != AFTER else None


def _villages(office: Office, month: date) -> list:
    """Villages of 柏乡县 whose name stands once in the county."""
    units = [unit for unit in office.units(month, PLAIN) if unit.kind == "农村社区"]
    names = [unit.name for unit in units]
    return [unit for unit in units if names.count(unit.name) == 1]


def _correct(office: Office) -> None:
    """A correction of three rows: one changed, one as it was, one that says 有 of a facility without its area."""
    changed, kept, faulty = (unit.code for unit in _villages(office, FEBRUARY)[:3])
    rows = {changed: {"charter": "是", "task_list": "是"}, kept: {}, faulty: {"facility": "是", "facility_area": None}}

    def answers(unit):
        before = answers_of(FEBRUARY)(unit) or {"households": 300}
        return {**before, **rows[unit.code]} if unit.code in rows else None

    office.send(FEBRUARY, PLAIN, answers)


def _damaged(office: Office):
    """Two rows whose codes have lost their last digits, beside names that identify their units."""
    codes = {unit.code for unit in _villages(office, MAY)[:2]}
    return lambda unit: (
        {**(answers_of(MAY)(unit) or {"households": 300}), "code": unit.code[:10]} if unit.code in codes else None
    )


@pytest.fixture
def published(office, monkeypatch):
    """`shequ figures --json` in this process."""
    monkeypatch.setenv("SHEQU_REFERENCE", str(office.settings.reference))

    def figures(_, policy: str, month: int, level: str | None = None) -> list[dict]:
        asked = [
            "--data",
            str(office.settings.data),
            "figures",
            "--json",
            "--month",
            audit.dates.text(month),
            "--policy",
            policy,
        ]
        done = CliRunner().invoke(main, [*asked, *(["--level", level] if level else [])])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    monkeypatch.setattr(audit, "_published", figures)


def test_every_figure_status_and_gap_of_the_odd_months_is_recomputed(office, published, capsys):
    exit_status = audit.main([str(office.settings.data), "--reference", str(office.settings.reference)])
    said = capsys.readouterr().out
    assert exit_status == 0, said
    assert "differences: 0" in said
    assert all(f"  {key}: 0 compared" not in said for key in audit.KEYS), said


def test_what_came_out_is_what_was_worked_out_by_hand(office):
    release = open_release(settings=office.settings)
    units, spoke = office.units(JANUARY, PLAIN), answers_of(DECEMBER)
    silent = figure(release, "charter", PLAIN, JANUARY)
    assert (silent["carried"], silent["units"]) == (sum(spoke(unit) is not None for unit in units), len(units))
    drills = figure(release, "drills", PLAIN, JANUARY)  # what counts from 1 January is not lent
    assert (drills["yes"], drills["unknown"], drills["status"]) == (0, len(units), "no_data")
    record = figure(release, "agency", AFTER, JUNE)
    assert (record["yes"], record["carried"]) == (1, 1)  # 任县's 表2 of May
    assert figure(release, "agency", AFTER, JULY)["carried"] == 1
    assert all(_row(release, unit.code, MAY)["row_state"] == "accepted" for unit in _villages(office, MAY)[:2])
    changed, _, faulty = _villages(office, FEBRUARY)[:3]
    assert _row(release, changed.code, FEBRUARY)["task_list"] is True
    was_sent = answers_of(FEBRUARY)(faulty) is not None
    assert _row(release, faulty.code, FEBRUARY)["row_state"] == ("accepted" if was_sent else "held")


def _row(release, code: str, month: date) -> dict:
    [row] = release.rows("SELECT row_state, task_list FROM standing WHERE unit = ? AND month = ?", [code, month])
    return row
