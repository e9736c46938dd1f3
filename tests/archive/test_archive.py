"""The archive: nothing that came in is lost, and what was changed by hand is noticed."""

import json
import multiprocessing
import threading
from datetime import datetime

import pytest

from pipelines.archive.store import Archive
from pipelines.errors import Refusal
from pipelines.months import SHANGHAI
from pipelines.system import locks
from pipelines.system.durable_files import write_durably


@pytest.fixture
def archive(tmp_path) -> Archive:
    return Archive(tmp_path / "archive")


def filled(archive: Archive, count: int = 3) -> Archive:
    for number in range(count):
        archive.append("submission", {"sha256": archive.put(b"workbook %d" % number), "file": f"{number}.xlsx"}, "甲")
    return archive


# ---- bytes


def test_the_same_bytes_twice_are_one_object(archive):
    assert archive.put(b"abc") == archive.put(b"abc")
    assert len([path for path in archive.objects.rglob("*") if path.is_file()]) == 1


def test_bytes_come_back_as_they_went_in(archive):
    data = bytes(range(256)) * 100
    assert archive.read(archive.put(data)) == data


def test_an_object_cannot_be_written_by_accident(archive):
    assert archive.path(archive.put(b"abc")).stat().st_mode & 0o222 == 0


def test_an_altered_object_is_refused_by_name(archive):
    digest = archive.put(b"abc")
    place = archive.path(digest)
    place.chmod(0o600)
    place.write_bytes(b"abd")
    with pytest.raises(Refusal, match=f"档案文件 {digest[:12]}… 的内容已被改动，与其校验值不符；请从备份恢复"):
        archive.read(digest)


def test_a_missing_object_is_refused_by_name(archive):
    with pytest.raises(Refusal, match="档案缺少文件 000000000000…；请从备份恢复"):
        archive.read("0" * 64)


def test_a_write_that_fails_leaves_neither_half_nor_leftover_under_the_name(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipelines.system.durable_files.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_durably(tmp_path / "it", b"abc")
    assert not (tmp_path / "it").exists()


# ---- events


def test_events_are_numbered_and_chained(archive):
    events = list(filled(archive).events())
    assert [event.seq for event in events] == [1, 2, 3]
    assert events[0].prev == "0" * 64
    assert archive.verify() == []


def test_events_can_be_read_from_and_up_to_a_number(archive):
    filled(archive, 5)
    assert [event.seq for event in archive.events(after=1, until=3)] == [2, 3]


def test_numbers_order_events_when_the_clock_jumps_back(archive):
    archive.append("a", {}, now=datetime(2020, 5, 1, tzinfo=SHANGHAI))
    archive.append("b", {}, now=datetime(2019, 1, 1, tzinfo=SHANGHAI))
    assert [(event.seq, event.kind) for event in archive.events()] == [(1, "a"), (2, "b")]
    assert archive.verify() == []


def test_a_long_event_at_the_end_is_found(archive):
    """The tail is read backwards in blocks of 64 KiB: an event may be longer."""
    archive.append("a", {"text": "字" * 100_000})
    assert archive.append("b", {}).seq == 2
    assert archive.verify() == []


@pytest.mark.parametrize("kept", [1, 40, -2])
def test_a_torn_last_line_is_passed_over_and_the_next_event_follows_the_last_whole_one(archive, kept):
    filled(archive, 2)
    whole = archive.ledger.read_bytes()
    archive.append("submission", {"file": "torn"})
    torn = archive.ledger.read_bytes()[len(whole) :]
    archive.ledger.write_bytes(whole + torn[:kept])

    assert [event.seq for event in archive.events()] == [1, 2]
    assert archive.append("approve", {}).seq == 3
    assert [event.kind for event in archive.events()] == ["submission", "submission", "approve"]
    assert archive.verify() == ["台账第 3 行残缺（写入时断电或被改动）；其后的事件不受影响"]


def test_a_last_event_that_lost_only_its_line_end_counts_once(archive):
    """Cut there, the bytes are a whole event: it keeps its number, and the next one follows it."""
    filled(archive, 2)
    archive.ledger.write_bytes(archive.ledger.read_bytes()[:-1])
    assert [event.seq for event in archive.events()] == [1, 2]
    assert (archive.last_seq(), archive.append("approve", {}).seq) == (2, 3)
    assert [event.seq for event in archive.events()] == [1, 2, 3]
    assert archive.verify() == []


@pytest.mark.parametrize("tail", [b"\0" * 300, b'{"at":"2020', "字".encode()[:2]])
def test_what_a_power_cut_leaves_behind_the_last_line_costs_nothing(archive, tail):
    filled(archive, 2)
    with archive.ledger.open("ab") as file:
        file.write(tail)
    assert archive.append("approve", {}).seq == 3
    assert [event.seq for event in archive.events()] == [1, 2, 3]
    assert archive.verify() == ["台账第 3 行残缺（写入时断电或被改动）；其后的事件不受影响"]


def test_a_damaged_object_is_mended_by_the_same_bytes(archive):
    digest = archive.put(b"workbook")
    archive.path(digest).chmod(0o640)
    archive.path(digest).write_bytes(b"work")
    assert archive.put(b"workbook") == digest
    assert archive.read(digest) == b"workbook"


def altered(line: bytes) -> bytes:
    return line.replace("甲".encode(), "乙".encode())


def test_an_event_changed_by_hand_breaks_the_chain_behind_it(archive):
    lines = filled(archive).ledger.read_bytes().splitlines(keepends=True)
    archive.ledger.write_bytes(lines[0] + altered(lines[1]) + lines[2])
    (fault,) = archive.verify()
    assert fault == "台账第 3 行（第 3 号）与前一行不相衔接：有事件被改动、删除或插入；请与备份核对"


def test_an_event_deleted_breaks_the_chain(archive):
    lines = filled(archive).ledger.read_bytes().splitlines(keepends=True)
    archive.ledger.write_bytes(lines[0] + lines[2])
    assert len(archive.verify()) == 1


def test_verification_names_an_altered_object(archive):
    filled(archive, 1)
    digest = next(archive.events()).body["sha256"]
    archive.path(digest).unlink()
    assert [fault.split("；")[0] for fault in archive.verify()] == [f"档案缺少文件 {digest[:12]}…"]


def _append_many(root, who):
    archive = Archive(root)
    for number in range(25):
        archive.append("submission", {"who": who, "number": number}, who)


def test_two_processes_appending_at_once_lose_and_mix_nothing(archive):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append_many, args=(archive.root, who)) for who in ("甲", "乙")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    events = list(archive.events())
    assert [event.seq for event in events] == list(range(1, 51))
    assert archive.verify() == []
    for who in ("甲", "乙"):
        assert [event.body["number"] for event in events if event.by == who] == list(range(25))


# ---- locks


def test_a_lock_says_who_holds_it_since_when(tmp_path):
    place = tmp_path / "a.lock"
    with locks.hold(place, "接收报表"), pytest.raises(Refusal) as refusal, locks.hold(place, "审定", wait=0):
        pass
    assert "另一个任务正在写入（接收报表，进程 " in str(refusal.value)
    assert "已等待 0 秒；请稍后再试" in str(refusal.value)


def test_a_lock_left_by_an_error_is_free(tmp_path):
    place = tmp_path / "a.lock"
    with pytest.raises(ZeroDivisionError), locks.hold(place, "出错"):
        raise ZeroDivisionError
    with locks.hold(place, "再来", wait=0):
        assert json.loads(place.read_text())["doing"] == "再来"


def _hold_for_ever(place, held):
    with locks.hold(place, "被杀"):
        held.set()
        threading.Event().wait()


def test_a_lock_of_a_killed_process_is_free(tmp_path):
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    holder = context.Process(target=_hold_for_ever, args=(tmp_path / "a.lock", held))
    holder.start()
    assert held.wait(30)
    holder.kill()
    holder.join(10)
    with locks.hold(tmp_path / "a.lock", "接着做", wait=1):
        assert json.loads((tmp_path / "a.lock").read_text())["doing"] == "接着做"


def test_a_lock_waits_for_its_holder(tmp_path):
    place, order = tmp_path / "a.lock", []
    first_holds = threading.Event()

    def first():
        with locks.hold(place, "先"):
            first_holds.set()
            threading.Event().wait(0.3)
            order.append("先")

    thread = threading.Thread(target=first)
    thread.start()
    first_holds.wait()
    with locks.hold(place, "后", wait=10):
        order.append("后")
    thread.join()
    assert order == ["先", "后"]


def test_events_after_a_number_are_found_by_searching(tmp_path):
    archive = Archive(tmp_path)
    for number in range(400):
        archive.append("waive", {"finding": f"F{number}", "why": "x" * (number % 90), "until": "2020-12"})
        if number % 50 == 7:
            with archive.ledger.open("ab") as torn:
                torn.write(b'{"seq": 3, "torn')
    every = [event.seq for event in archive.events()]
    assert every == list(range(1, 401)) and archive.ledger.stat().st_size > 4 * 16_384
    for after in (0, 1, 57, 58, 199, 200, 399, 400, 500):
        assert [event.seq for event in archive.events(after)] == every[after:]
    assert [event.seq for event in archive.events(after=350, until=352)] == [351, 352]


def test_decisions_are_all_events_but_submissions_whatever_stands_in_their_texts(archive):
    filled(archive)
    said = 'x"kind":"submission"}'
    archive.append("reopen", {"month": "2020-05", "why": said})
    archive.append("submission", {"sha256": archive.put(b"again"), "file": '"kind":"reopen".xlsx'})
    archive.append("approve", {"month": "2020-05"}, by=said)
    with archive.ledger.open("ab") as file:
        file.write(b'{"kind":"app')  # a power cut
    archive.append("waive", {"finding": "f", "why": said})
    everything = [event for event in archive.events() if event.kind != "submission"]
    assert [event.kind for event in everything] == ["reopen", "approve", "waive"]
    assert list(archive.decisions()) == everything
    assert [event.kind for event in archive.decisions(after=4, until=6)] == ["approve"]
