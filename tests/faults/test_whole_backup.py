"""The copy of a whole installation: what sets it up comes back too, the current edition is readable at once, and it is rehearsed."""

import json
from datetime import datetime, timedelta

import dagster as dg
import pytest

from pipelines.access import audit_log
from pipelines.definitions import build_defs
from pipelines.edition import figures, open_release
from pipelines.monthly import rebuild_editions, whole_backup
from pipelines.months import SHANGHAI
from pipelines.notify import dispatch
from pipelines.notify.messages import Message
from pipelines.serving import backup_promises as promises
from pipelines.settings import Settings
from tests.faults.test_backup import office, published  # noqa: F401 fixtures

SET_UP = {
    "access.yaml": "mode: oidc\npeople:\n- {id: a, name: 甲, role: 领导}\n",
    "contacts.yaml": "operator: a@b.example\n",
    "dagster.yaml": "telemetry: {enabled: false}\n",
    ".streamlit/secrets.toml": "[auth]\n",
}


@pytest.fixture
def copied(office, tmp_path):  # noqa: F811
    """An installation that was set up, with a message that waits, and its copy."""
    for name, text in SET_UP.items():
        (office.settings.data / name).parent.mkdir(exist_ok=True)
        (office.settings.data / name).write_text(text)
        (office.settings.data / name).chmod(0o600)
    dispatch.post(office.settings, [Message("a", "x@y.example", "题", "文")])
    copy = whole_backup.backup(office.settings, tmp_path / "copy", "测试")
    assert copy["whole"] and copy["edition"] == "2020-04/1" and copy["files"] > len(SET_UP), copy
    return office, tmp_path / "copy"


def test_everything_that_sets_an_installation_up_comes_back_and_the_edition_is_readable_before_anything_is_made(
    copied, tmp_path
):
    office, folder = copied  # noqa: F811
    bare = Settings(tmp_path / "bare", office.settings.reference)
    restored = whole_backup.restore(bare, folder)
    assert restored["served"] == "2020-04/1" and restored["notes"] == []
    assert not bare.warehouse.exists(), "nothing was made yet"
    assert figures(open_release(settings=bare)) == figures(open_release(settings=office.settings))
    for name, text in SET_UP.items():
        assert (bare.data / name).read_text() == text and (bare.data / name).stat().st_mode & 0o777 == 0o600
    assert [message.key for message in dispatch.outbox(bare).waiting()] == ["a"]
    assert rebuild_editions.rebuild(bare)["agrees"]


def test_reference_data_that_differs_is_put_beside_and_told_and_nothing_is_replaced(copied, tmp_path):
    office, folder = copied  # noqa: F811
    other = tmp_path / "reference"
    other.mkdir()
    bare = Settings(tmp_path / "bare", other)
    bare.data.mkdir()
    (bare.data / "contacts.yaml").write_text("")
    (note,) = whole_backup.restore(bare, folder)["notes"]
    assert "SHEQU_REFERENCE" in note and list(other.iterdir()) == []
    assert (bare.data / "reference-restored" / "form.yaml").read_bytes() == (
        office.settings.reference / "form.yaml"
    ).read_bytes()
    assert (bare.data / "contacts.yaml").read_text() == ""


@pytest.mark.parametrize("what", ["installation", "edition"])
def test_a_damaged_part_of_the_copy_is_named_and_the_archive_comes_back_all_the_same(copied, tmp_path, what):
    office, folder = copied  # noqa: F811
    victim = next(
        path for path in (folder / what).rglob("*") if path.is_file() and path.suffix not in (".json", ".docx")
    )
    victim.chmod(0o640)
    victim.write_bytes(b"x")
    verdict = whole_backup.verify(folder)
    assert not verdict["whole"] and "备份中的" in verdict["message"]
    restored = whole_backup.restore(Settings(tmp_path / "bare", office.settings.reference), folder)
    assert restored["seq"] == 3 and (restored["served"] is None) is (what == "edition")


def test_the_list_of_today_names_what_stands_today(copied):
    office, folder = copied  # noqa: F811
    (office.settings.data / "contacts.yaml").unlink()
    whole_backup.backup(office.settings, folder)
    (place,) = (folder / "installation").glob("*.json")
    assert "contacts.yaml" not in json.loads(place.read_text())


def test_a_rehearsal_compares_every_figure_leaves_nothing_and_is_kept_as_a_promise(copied):
    office, folder = copied  # noqa: F811
    rehearsal = whole_backup.rehearse(office.settings, folder, "测试")
    assert rehearsal["agrees"] and rehearsal["releases"] == 1 and "1/1" in rehearsal["message"]
    assert not (office.settings.data / ".rehearsal").exists()
    seen = promises.rehearsed(office.settings, datetime.now(SHANGHAI))
    assert seen.well and "演练通过" in seen.says
    assert [event.kind for event in audit_log.since(office.settings)][-1] == "rehearsal"


@pytest.mark.parametrize(("same", "agrees"), [(False, True), (True, False)])
def test_after_an_upgrade_what_an_earlier_program_published_breaks_no_rehearsal(copied, monkeypatch, same, agrees):
    office, folder = copied  # noqa: F811
    differ = [{"release": "2020-04/1", "tables": [], "same_program": same, "old": True, "sound": False}]
    verdict = {"agrees": False, "releases": 3, "agree": 2, "differ": differ, "archive": [], "message": ""}
    monkeypatch.setattr(rebuild_editions, "rebuild", lambda *_: verdict)
    rehearsal = whole_backup.rehearse(office.settings, folder, "测试")
    assert rehearsal["agrees"] is agrees and ("另有 1 个由早先的程序发布" in rehearsal["message"]) is agrees


def test_the_nightly_job_makes_the_copy_and_rehearses_every_four_weeks(office, tmp_path, monkeypatch):  # noqa: F811
    job = build_defs(office.settings).resolve_job_def("copies")
    with dg.DagsterInstance.ephemeral() as instance:
        monkeypatch.delenv("SHEQU_BACKUP", raising=False)
        assert job.execute_in_process(instance=instance).success
        monkeypatch.setenv("SHEQU_BACKUP", str(tmp_path / "copy"))
        assert job.execute_in_process(instance=instance).success
        assert job.execute_in_process(instance=instance).success
    kinds = [event.kind for event in audit_log.since(office.settings)]
    assert kinds.count("backup") == 2 and kinds.count("rehearsal") == 1
    assert promises.backed_up(office.settings, datetime.now(SHANGHAI) + timedelta(days=1)).well
