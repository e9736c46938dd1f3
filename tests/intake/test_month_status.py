"""The state of the months for whoever asks while another task writes: at once, true of a moment that is named, healed by itself."""

from datetime import date

import pytest

from lab.faults import checker
from pipelines.archive.store import Archive
from pipelines.cli import printing
from pipelines.intake import decisions, month_status, month_wording, reporting_status, submit_files
from pipelines.system import locks
from tests import small_city
from tests.books import Office

APRIL, MAY, JULY = (date(2020, month, 1) for month in (4, 5, 7))
ZONE, BAIXIANG = "130571", "130524"


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    city = small_city.make(tmp_path_factory.mktemp("live") / "reference", [ZONE, BAIXIANG])
    return small_city.measure_only(city, ("facility_rural",))


@pytest.fixture
def office(reference, tmp_path) -> Office:
    made = Office(tmp_path / "data", reference)
    made.send(APRIL, ZONE)
    return made


def writing(office, doing: str = "月度计算"):
    """Another task at work."""
    return locks.hold(office.settings.data / "warehouse" / "writer.lock", doing)


def shown(office, month=None) -> dict:
    """The state of a month as it is told, without what differs by who asks."""
    state = reporting_status.status(office.settings, month)
    return {name: state[name] for name in ("month", "state", "counties", "waiting", "refused", "as_of")}


def test_while_another_task_writes_the_state_before_it_is_told_at_once(office, monkeypatch):
    monkeypatch.setattr(submit_files, "PATIENCE", 0.0)
    before = shown(office)
    with writing(office), monkeypatch.context() as noting:
        waits, acquire = set(), locks._acquire

        def noted(file, path, wait):
            waits.update({wait} if path.name == "writer.lock" else ())
            acquire(file, path, wait)

        noting.setattr(locks, "_acquire", noted)
        sent = office.submit(office.workbook(APRIL, BAIXIANG))[0]
        state = reporting_status.status(office.settings)
    assert waits == {0}, "seconds for which the other task is waited for"
    assert sent.state == "received"
    assert {name: state[name] for name in before} == before
    assert (state["running"]["doing"], [arrived["seq"] for arrived in state["unread"]]) == ("月度计算", [sent.seq])
    after = reporting_status.status(office.settings)
    assert (after["running"], after["unread"], after["as_of"]) == (None, [], sent.seq)
    assert [county["state"] for county in after["counties"]] == ["effective", "effective"]


def test_a_month_without_reports_is_told_as_such_while_another_task_writes(office):
    with writing(office):
        state = shown(office, JULY)
    assert [(county["code"], county["state"]) for county in state["counties"]] == [
        (BAIXIANG, "missing"),
        (ZONE, "missing"),
    ]
    assert state == shown(office, JULY)


@pytest.mark.parametrize("damage", ["head missing", "head torn", "head of another kind", "month missing", "month torn"])
def test_damage_is_no_error_and_the_next_settling_mends_it(office, damage):
    whole, data = shown(office), office.settings.data
    [month] = (data / "live").glob("*.json")
    place = data / "live.json" if damage.startswith("head") else month
    if damage.endswith("missing"):
        place.unlink()
    else:
        place.write_text("[]" if damage.endswith("kind") else place.read_text(encoding="utf-8")[:40], encoding="utf-8")
    with writing(office):
        state = reporting_status.status(office.settings)
    assert state["counties"] == [] or state["counties"] == whole["counties"]
    assert shown(office) == whole
    assert month_status.read(data, APRIL)["counties"] == whole["counties"]


def test_what_a_killed_writer_left_half_written_goes_with_the_next_writer(office):
    shelf = office.settings.releases
    for folder in (shelf / "objects", shelf / "2020-04" / ".1.part" / "tables", office.settings.data / ".rebuild"):
        folder.mkdir(parents=True)
    (shelf / "objects" / ".county_source.123.part").write_bytes(b"half a table")
    assert len(checker.leftovers(office.settings.data)) == 4
    reporting_status.status(office.settings)
    assert checker.leftovers(office.settings.data) == []


def test_a_month_that_stays_as_it_is_is_not_written_again(office):
    data = office.settings.data
    [april] = (data / "live").glob("*.json")
    written = april.stat().st_mtime_ns
    later = office.send(MAY, ZONE)
    assert {path.name[:7] for path in (data / "live").glob("*.json")} == {"2020-04", "2020-05"}
    assert april.stat().st_mtime_ns == written
    assert [state["month"] for state in month_status.since(data, later.seq - 1)] == ["2020-05"]


def test_a_refused_file_is_named_until_its_county_sends_one_that_counts(office, tmp_path):
    empty = tmp_path / "柏乡县2020年4月.xlsx"
    empty.write_bytes(b"")
    [sent] = office.submit(empty)
    arrived = date.fromisoformat(
        next(e.at for e in Archive(office.settings.archive).events() if e.seq == sent.seq)[:10]
    )
    ended = date(arrived.year - (arrived.month == 1), (arrived.month - 2) % 12 + 1, 1)
    [file] = reporting_status.status(office.settings, ended)["refused"]
    assert (file["seq"], file["file"], file["county"]) == (sent.seq, empty.name, None)
    assert "空" in file["why"]


# ---- decisions and files sent again


def test_what_was_lacking_stands_with_the_approval(office):
    (office.settings.inbox / "迟到.xlsx").parent.mkdir(parents=True, exist_ok=True)
    (office.settings.inbox / "迟到.xlsx").write_bytes(b"PK")
    state = reporting_status.status(office.settings, APRIL)
    said = month_wording.lacking(decisions.lacking(state), state)
    assert said == ["1 个县（市、区）未报：柏乡县", "收件箱中有 1 个文件尚未接收：迟到.xlsx"]
    event = decisions.approve(APRIL, office.settings, "市局李某", why="柏乡县停电")
    assert event.body == {"month": "2020-04", "missing": [BAIXIANG], "inbox": ["迟到.xlsx"], "why": "柏乡县停电"}
    assert decisions.lacking(reporting_status.status(office.settings, APRIL)) == {}


def test_a_file_sent_again_is_told_which_report_counts(office, capsys):
    path = office.workbook(APRIL, BAIXIANG)
    [first] = office.submit(path)
    [again] = office.submit(path)
    assert (again.state, again.seq, again.in_force["seq"]) == ("known", first.seq, first.seq)
    printing.reports([again], False, office.settings)
    assert f"（即第 {first.seq} 号收件，正在生效）" in capsys.readouterr().out
