"""Uploads over the raw protocol, as somebody sends them who never saw a page: PUT /_stcore/upload_file in all three ways of signing in."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from websockets.sync.client import connect

from dashboards import upload_door
from pipelines import settings
from pipelines.access import roles
from pipelines.access.roles import Actor
from pipelines.serving import process_tree, programs
from tests.dashboards.conftest import ROOT, _wait
from tests.dashboards.test_roles import PEOPLE, SECRET
from tests.serving.test_checks import free

MB = 2**20
AUTH = (
    '[auth]\nredirect_uri = "http://localhost/oauth2callback"\ncookie_secret = "{0}"\nclient_id = "c"\nclient_secret = "s"\n'
    'server_metadata_url = "http://127.0.0.1:1/.well-known/openid-configuration"\n'
)


@contextmanager
def served(data: Path, anonymous: bool = False) -> Iterator[tuple[str, int]]:
    """The dashboard as `shequ dashboard` starts it over a folder without editions: its address and process."""
    ports = programs.Ports(dashboard=free(), anonymous=anonymous)
    place = settings.load(data)
    (data / "secrets.toml").write_text(AUTH.format("k" * 48))
    command = [*programs.dashboard_command(place, ports), "--secrets.files", str(data / "secrets.toml")]
    environment = {**os.environ, "SHEQU_DATA": str(data), "SHEQU_PROXY_SECRET": SECRET}
    if anonymous:
        environment["SHEQU_ANONYMOUS"] = "1"
    with (data / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait(f"http://127.0.0.1:{ports.dashboard}/_stcore/health", server)
        yield f"http://127.0.0.1:{ports.dashboard}", server.pid
    finally:
        server.terminate()
        server.wait(120)


@contextmanager
def session(address: str, headers: dict[str, str] | None = None) -> Iterator[str]:
    """A live session whose page was drawn once: its id."""
    place = address.replace("http", "ws") + "/_stcore/stream"
    options = {"origin": address, "subprotocols": ["streamlit"], "max_size": None, "additional_headers": headers}
    with connect(place, **options) as socket:
        asked, known = BackMsg(), ""
        asked.rerun_script.query_string = ""
        socket.send(asked.SerializeToString())
        while True:
            heard = ForwardMsg()
            heard.ParseFromString(socket.recv(timeout=900))
            kind = heard.WhichOneof("type")
            if kind == "new_session":
                known = heard.new_session.initialize.session_id
            if kind == "script_finished" and heard.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                break
        yield known


def put(address: str, known: str, size: int, name: str = "a") -> int:
    """The status of one PUT of so many bytes, with the token against forgery that anybody can fetch."""
    with httpx.Client(base_url=address, timeout=900) as client:
        client.get("/_stcore/health")
        token = client.cookies.get("_streamlit_xsrf", "")
        sent = client.put(
            f"/_stcore/upload_file/{known}/{name}",
            files={"file": ("a.xlsx", b"x" * size)},
            headers={"X-Xsrftoken": token},
        )
    return sent.status_code


@pytest.mark.slow
def test_on_this_machine_what_is_sent_is_limited_and_anonymous_readers_send_nothing(tmp_path):
    with served(tmp_path) as (address, pid):
        before = process_tree.memory_mb(pid)
        with session(address) as known:
            assert [put(address, known, 45 * MB, str(n)) for n in range(5)] == [204, 204, 204, 204, 413]
            assert put(address, "no-session", 10) == 403
            assert httpx.put(f"{address}/_stcore/upload_file/{known}/z", content=iter([b"x"])).status_code == 411
        assert process_tree.memory_mb(pid) - before < 400
    with served(tmp_path, anonymous=True) as (address, _), session(address) as known:
        assert put(address, known, 10) == 403


@pytest.mark.slow
def test_behind_a_proxy_only_who_may_submit_sends(tmp_path):
    (tmp_path / "access.yaml").write_text("mode: proxy" + PEOPLE, encoding="utf-8")
    (tmp_path / "access.yaml").chmod(0o640)
    with served(tmp_path) as (address, _):
        answers = {}
        for person in ("city", "baixiang", "leader", "planner", "stranger", None):
            headers = {"X-Forwarded-User": person, "X-Shequ-Secret": SECRET} if person else None
            with session(address, headers) as known:
                answers[person] = put(address, known, 1000)
                if person == "baixiang":  # struck from the list: nothing more from this moment, without a click
                    (tmp_path / "access.yaml").write_text("mode: proxy" + PEOPLE.replace("id: baixiang", "id: gone"))
                    assert put(address, known, 1000, "b") == 403
        assert answers == {"city": 204, "baixiang": 204, "leader": 403, "planner": 403, "stranger": 403, None: 403}


@pytest.mark.slow
def test_with_openid_connect_nobody_sends_before_signing_in(tmp_path):
    (tmp_path / "access.yaml").write_text("mode: oidc" + PEOPLE, encoding="utf-8")
    (tmp_path / "access.yaml").chmod(0o640)
    with served(tmp_path) as (address, _), session(address) as known:
        assert put(address, known, 60 * MB) == 403


# ---- the bookkeeping, without a server


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """A runtime whose sessions the test names, and an empty ledger of the door."""
    manager, live = MemoryUploadedFileManager("/up"), {"one", "two"}
    fake = SimpleNamespace(uploaded_file_mgr=manager, is_active_session=live.__contains__)
    monkeypatch.setattr(upload_door.runtime, "get_instance", lambda: fake)
    monkeypatch.setattr(upload_door.runtime, "exists", lambda: True)
    monkeypatch.setattr(upload_door, "_LEDGER", upload_door._Ledger())
    monkeypatch.setenv("SHEQU_DATA", str(tmp_path))
    return SimpleNamespace(manager=manager, live=live)


def keep(kept, known: str, name: str, size: int) -> None:
    kept.manager.add_file(known, UploadedFileRec(name, "a.xlsx", "x", b"x" * size))


def test_room_is_limited_for_a_session_and_in_all_also_for_what_is_on_its_way(kept, monkeypatch):
    monkeypatch.setattr(upload_door, "MOST_A_SESSION", 100)
    monkeypatch.setattr(upload_door, "MOST_IN_ALL", 150)
    keep(kept, "one", "a", 60)
    with upload_door._reserved("one", 40):
        with pytest.raises(upload_door.Refused) as refused, upload_door._reserved("one", 1):
            pass
        assert refused.value.status == 413
        with pytest.raises(upload_door.Refused) as refused, upload_door._reserved("two", 51):
            pass
        assert refused.value.status == 503
    with upload_door._reserved("two", 51):
        pass


def test_what_nobody_took_and_what_a_session_left_is_forgotten(kept):
    upload_door.admit("one", roles.OPERATOR, 10_000)
    keep(kept, "one", "a", 10)
    keep(kept, "two", "b", 10)
    assert upload_door.sweep(0.0) == 0
    kept.live.discard("two")
    assert upload_door.sweep(10.0) == 0
    assert upload_door.sweep(11.0 + upload_door.GONE_AFTER) == 1
    assert upload_door.sweep(1.0 + upload_door.KEPT) == 1
    assert not any(kept.manager.file_storage.values())


def test_who_loses_the_right_loses_what_was_sent(kept):
    upload_door.admit("one", roles.OPERATOR, 10_000)
    keep(kept, "one", "a", 10)
    upload_door.admit("one", Actor("张领导", "领导"), 10_000)
    assert not kept.manager.file_storage.get("one")
    with pytest.raises(upload_door.Refused):
        upload_door._require_admitted("one")


def test_a_sign_in_that_has_ended_sends_nothing(kept):
    upload_door.admit("one", roles.OPERATOR, -1)
    with pytest.raises(upload_door.Refused):
        upload_door._require_admitted("one")
