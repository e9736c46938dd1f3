"""What an installation does not do without end: large files, many files, names that steer a terminal, a disk that cannot be written."""

import errno
import json
import os
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from pipelines.cli.commands import main
from pipelines.defs import inbox_sensor
from pipelines.errors import Refusal
from pipelines.intake import collect_inbox, reporting_status, submit_files
from pipelines.system import durable_files
from tests.defs.conftest import installed, reference  # noqa: F401 a fixture


@pytest.fixture
def installation(tmp_path, reference):  # noqa: F811
    return installed(tmp_path, reference)


def test_a_file_is_judged_by_its_size_and_not_read(installation, monkeypatch):
    with (installation.inbox / "大.xlsx").open("wb") as file:
        file.truncate(60 * 2**30)
    monkeypatch.setattr(inbox_sensor, "_digest", lambda path: pytest.fail(f"{path} was read"))
    assert inbox_sensor.look(installation, 0.0, [])[0] == []
    _, (large,) = inbox_sensor.look(installation, 0.0, [])
    assert (large.path, large.size, large.sha256) == ("大.xlsx", 60 * 2**30, "")


def test_one_look_takes_so_many_files_and_the_next_ones_the_rest(installation, monkeypatch):
    monkeypatch.setattr(inbox_sensor, "MOST_FILES", 3)
    for number in range(8):
        (installation.inbox / f"{number}.xlsx").write_bytes(b"%d" % number)
    seen, _ = inbox_sensor.look(installation, 0.0, [])
    assert len(seen) == 3
    more, _ = inbox_sensor.look(installation, 0.0, seen)
    assert len(more) == 6 and more[:3] == seen
    monkeypatch.setattr(inbox_sensor, "MOST_KNOWN", 4)
    assert len(inbox_sensor.look(installation, 0.0, more)[0]) == 4, "what the cursor remembers is bounded"
    monkeypatch.setattr(inbox_sensor, "MOST_BYTES", 0)
    assert len(inbox_sensor.look(installation, 0.0, [])[0]) == 1, "and so is what one look hashes"


def test_a_run_takes_so_many_files(installation, monkeypatch):
    for number in range(5):
        (installation.inbox / f"{number}.xlsx").write_bytes(b"%d" % number)
    collect_inbox.take_in(collect_inbox.Archive(installation.archive), installation, most=2)
    assert sorted(path.name for path in installation.inbox.iterdir()) == ["2.xlsx", "3.xlsx", "4.xlsx"]


def test_a_line_break_in_a_name_does_not_begin_a_line(installation, tmp_path):
    name = tmp_path / "a\n正常  磁盘\x1b[31m.xlsx"
    name.write_bytes(b"")
    messages = (
        CliRunner()
        .invoke(main, ["--data", str(installation.data), "check", str(name), str(tmp_path / "b\nc.xlsx")])
        .output
    )
    assert "\x1b" not in messages and not any(line.startswith(("正常", "c.xlsx")) for line in messages.splitlines()), (
        messages
    )
    assert "a\ufffd正常" in messages


@pytest.mark.parametrize("fault", [errno.EROFS, errno.EACCES])
def test_status_on_a_disk_that_cannot_be_written_tells_what_was_kept(installation, monkeypatch, fault):
    @contextmanager
    def refused(*_, **__):
        with durable_files.refusing("查看报送情况"):
            raise OSError(fault, os.strerror(fault), str(installation.data))
        yield

    monkeypatch.setattr(reporting_status, "settled", refused)
    assert reporting_status.status(installation)["running"] is None
    done = CliRunner().invoke(main, ["--data", str(installation.data), "status", "--json"])
    assert done.exit_code == 0 and json.loads(done.output)["counties"] == []


def test_a_full_disk_is_no_reason_to_tell_what_was_kept(installation, monkeypatch):
    @contextmanager
    def refused(*_, **__):
        with durable_files.refusing("查看报送情况"):
            raise OSError(errno.EIO, "x", "y")
        yield

    monkeypatch.setattr(reporting_status, "settled", refused)
    with pytest.raises(Refusal):
        reporting_status.status(installation)


def test_a_name_that_cannot_be_opened_is_told_without_its_control_characters(tmp_path):
    with pytest.raises(Refusal, match=r"找不到文件“.*a\ufffdb”"):
        submit_files.read_file(tmp_path / "a\nb")
