"""Robots of chat groups and a plain webhook, tried against a server that answers as they do."""

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from pipelines.errors import Refusal
from pipelines.notify import contacts, dispatch, outbox, robots
from pipelines.notify.contacts import Robot
from pipelines.notify.messages import Message
from pipelines.notify.outbox import MOST_A_MINUTE, Outbox, contacts_of, send_waiting
from pipelines.settings import Settings

NEWS = Message(
    "release-2020-06-1", "a@b.example", "题", "张三 13800000000\n", "release", "2020年6月第1版已发布。", "https://x/"
)


class Service(BaseHTTPRequestHandler):
    """Keeps what is posted; answers what the test says."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), json.loads(body)))
        answer = json.dumps(self.server.answer).encode()
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Silence."""


@pytest.fixture
def service():
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as made:
        made.got, made.answer, made.status = [], {"errcode": 0, "errmsg": "ok"}, 200
        made.url = f"http://127.0.0.1:{made.server_address[1]}"
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture
def place(tmp_path) -> Settings:
    return Settings(tmp_path, tmp_path)


def configured(place: Settings, *entries: dict) -> None:
    (place.data / "contacts.yaml").write_text(yaml.safe_dump({"robots": list(entries)}, allow_unicode=True))


def test_without_configuration_no_robot_gets_anything(place):
    dispatch.post(place, [NEWS])
    assert [message.to for message in dispatch.outbox(place).waiting()] == ["a@b.example"]


def test_each_service_gets_the_sentence_and_the_link_and_never_the_mail(place, service):
    configured(
        place,
        {"name": "微信群", "kind": "企业微信", "url": f"{service.url}/w?key=1"},
        {"name": "钉群", "kind": "钉钉", "url": f"{service.url}/d?access_token=1", "secret": "SECx"},
        {"name": "hook", "kind": "webhook", "url": f"{service.url}/h", "secret": "s"},
        {"name": "运维", "kind": "webhook", "url": f"{service.url}/o", "about": ["fault"]},
    )
    dispatch.post(place, [NEWS])
    assert send_waiting(place) == (4, [])
    got = {urlsplit(path).path: (path, headers, body) for path, headers, body in service.got}
    assert set(got) == {"/w", "/d", "/h"} and "张三" not in str(service.got)
    text = "【社区治理】2020年6月第1版已发布。\nhttps://x/"
    assert got["/w"][2] == got["/d"][2] == {"msgtype": "text", "text": {"content": text}}
    assert got["/h"][2] == {"key": "release-2020-06-1@hook", "kind": "release", "text": NEWS.brief, "link": NEWS.link}
    asked = parse_qs(urlsplit(got["/d"][0]).query)
    digest = hmac.new(b"SECx", f"{asked['timestamp'][0]}\nSECx".encode(), hashlib.sha256).digest()
    assert base64.b64decode(asked["sign"][0]) == digest
    body = json.dumps(got["/h"][2], ensure_ascii=False).encode()
    assert got["/h"][1]["X-Shequ-Signature"] == hmac.new(b"s", body, hashlib.sha256).hexdigest()
    # delivered once
    dispatch.post(place, [NEWS])
    assert send_waiting(place) == (0, []) and len(service.got) == 3


def test_a_robot_gets_no_more_in_a_minute_than_its_service_takes(place, service, monkeypatch):
    moment = [1_000_000.0]
    monkeypatch.setattr(outbox.time, "time", lambda: moment[0])
    configured(place, {"name": "群", "kind": "企业微信", "url": service.url})
    box = Outbox(place.data / "outbox")
    copies = [Message(f"{n:03}@群", "robot:群", "题", "", "release", f"第 {n} 条") for n in range(45)]
    box.put(copies)
    sent = []
    for moment[0] in (1_000_000.0, 1_000_030.0, 1_000_061.0, 1_000_122.0):
        sent.append(send_waiting(place)[0])
    assert sent == [MOST_A_MINUTE, 0, MOST_A_MINUTE, 5]
    texts = [body["text"]["content"] for _, _, body in service.got]
    assert texts == [f"【社区治理】第 {n} 条" for n in range(45)]


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (200, {"errcode": 45009, "errmsg": "api freq out of limit"}, "45009 api freq out of limit"),
        (200, ["?"], "答复认不出"),
        (500, {}, "Internal Server Error"),
    ],
)
def test_a_robot_that_refuses_is_tried_again_later_and_its_address_is_not_told(place, service, status, answer, said):
    service.status, service.answer = status, answer
    configured(place, {"name": "群", "kind": "钉钉", "url": f"{service.url}/?access_token=geheim"})
    dispatch.post(place, [NEWS])
    gone, (trouble,) = send_waiting(place)
    assert gone == 1 and said in trouble and "geheim" not in trouble
    assert send_waiting(place) == (0, [])
    assert [message.robot for message in dispatch.outbox(place).waiting()] == ["群"]


def test_a_dead_channel_holds_up_no_other(place, service):
    configured(
        place,
        {"name": "死", "kind": "webhook", "url": "http://127.0.0.1:9/"},
        {"name": "活", "kind": "webhook", "url": service.url},
    )
    dispatch.post(place, [NEWS])
    gone, troubles = send_waiting(place)
    assert (gone, len(troubles), len(service.got)) == (2, 1, 1)


def test_what_was_for_a_robot_that_is_gone_is_set_aside(place, service):
    configured(place, {"name": "群", "kind": "webhook", "url": service.url})
    dispatch.post(place, [NEWS])
    (place.data / "contacts.yaml").unlink()
    assert send_waiting(place) == (1, []) and dispatch.outbox(place).waiting() == []
    assert len(list((place.data / "outbox" / "dropped").iterdir())) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "飞书"}, {"url": "file:///etc/passwd"}, {"name": "a/b"}, {"about": ["all"]}, {"token": "geheim"}],
)
def test_a_wrong_entry_is_refused_and_its_secret_is_not_told(place, wrong):
    configured(place, {"name": "群", "kind": "钉钉", "url": "https://x/?access_token=geheim"} | wrong)
    with pytest.raises(Refusal) as refused:
        contacts.load(place.data / "contacts.yaml")
    assert "geheim" not in str(refused.value)
    assert contacts_of(place).robots == ()


def test_the_text_fits_what_the_services_take():
    robot = Robot(name="群", kind="企业微信", url="https://x")
    payload = json.loads(robots._body(robot, Message("k", "", "", "", "release", "字" * 5000)))
    assert len(payload["text"]["content"].encode()) <= 2048
