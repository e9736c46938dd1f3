"""Mail against a small SMTP server of the test's own."""

import email
import email.policy
import ipaddress
import socketserver
import ssl
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipelines import settings
from pipelines.errors import Refusal
from pipelines.notify.contacts import NOBODY
from pipelines.notify.messages import Message
from pipelines.notify.outbox import Outbox, send_waiting
from pipelines.notify.senders import BySmtp, ToFile, Undelivered
from pipelines.settings import Mail, Settings

MESSAGE = Message("failed-1", "clerk@city.example", "任务未完成", "原因：\n.开头的一行\n")


class Session(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs to hand over one message."""

    def setup(self):
        if self.server.tls and not self.server.starts_plain:
            self.encrypt()
        super().setup()

    def encrypt(self) -> None:
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)

    def handle(self):
        self.say("220 test")
        while line := self.rfile.readline():
            if not self.answer(line.decode().strip()):
                return

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def answer(self, line: str) -> bool:
        word = line.split(" ")[0].upper()
        self.server.heard.append(line)
        if word == "EHLO":
            offered = "250-STARTTLS\r\n" if self.server.starts_plain else ""
            self.say(f"250-test\r\n{offered}250 AUTH PLAIN")
        elif word == "STARTTLS":
            self.say("220 go on")
            self.encrypt()
            super().setup()
            self.server.heard.append("-- encrypted --")
        elif word == "RCPT" and self.server.refuses in line:
            self.say("550 no such user")
        elif word == "DATA":
            self.say("354 go on")
            self.server.mails.append(self.data())
            self.say("250 ok")
        else:
            self.say({"QUIT": "221 bye", "AUTH": "235 ok"}.get(word, "250 ok"))
        return word != "QUIT"

    def data(self) -> bytes:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    tls: ssl.SSLContext | None = None
    starts_plain = False

    def handle_error(self, request, client_address):
        """A client that turns away is what some tests want."""


@pytest.fixture
def server():
    with Server(("127.0.0.1", 0), Session) as made:
        made.heard, made.mails, made.refuses = [], [], "nobody"
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


def send(mail: Mail, folder: Path, *messages: Message) -> None:
    with BySmtp(mail, ToFile(folder)) as sender:
        for message in messages:
            sender.send(message)


def plain(port: int, user: str = "") -> Mail:
    return Mail("127.0.0.1", port, "none", "shequ@city.example", user, "secret")


def test_a_message_arrives_whole_in_chinese(server, tmp_path):
    send(plain(server.server_address[1], "clerk"), tmp_path, MESSAGE)
    mail = email.message_from_bytes(server.mails[0], policy=email.policy.default)
    assert (mail["Subject"], mail["To"], mail["Message-ID"]) == (MESSAGE.subject, MESSAGE.to, "<failed-1@shequ>")
    assert mail.get_content().replace("\r\n", "\n") == MESSAGE.body
    assert any(line.startswith("AUTH") for line in server.heard)


def test_a_refused_address_is_undelivered_and_says_why(server, tmp_path):
    server.refuses = "@"
    with pytest.raises(Undelivered, match="no such user"):
        send(plain(server.server_address[1]), tmp_path, MESSAGE)


def test_all_mails_go_over_one_connection_and_a_refused_address_costs_only_itself(server, tmp_path, monkeypatch):
    place, box = Settings(tmp_path, tmp_path), Outbox(tmp_path / "outbox")
    monkeypatch.setenv("SHEQU_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("SHEQU_SMTP_PORT", str(server.server_address[1]))
    monkeypatch.setenv("SHEQU_SMTP_SECURITY", "none")
    server.refuses = "gone@city.example"
    box.put(
        [replace(MESSAGE, key=key, to=to) for key, to in [("1", "a@x.y"), ("2", "gone@city.example"), ("3", "b@x.y")]]
    )
    gone, troubles = send_waiting(place)
    assert (gone, len(troubles), len(server.mails)) == (2, 1, 2)
    assert sum(line.upper().startswith("EHLO") for line in server.heard) == 1
    assert [message.key for message in box.waiting()] == ["2"]
    assert send_waiting(place) == (0, [])


def test_a_server_that_is_down_is_asked_once_and_then_left_alone(server, tmp_path, monkeypatch):
    place, box = Settings(tmp_path, tmp_path), Outbox(tmp_path / "outbox")
    monkeypatch.setenv("SHEQU_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("SHEQU_SMTP_PORT", str(server.server_address[1]))
    server.shutdown()
    server.server_close()
    box.put([replace(MESSAGE, key=key) for key in "abc"])
    assert [len(send_waiting(place)[1]) for _ in range(2)] == [1, 0]
    assert len(box.waiting()) == 3


def test_a_server_that_is_not_there_is_undelivered(server, tmp_path):
    port = server.server_address[1]
    server.shutdown()
    server.server_close()
    with pytest.raises(Undelivered, match=rf"邮件服务器 127.0.0.1:{port}：ConnectionRefusedError"):
        send(plain(port), tmp_path, MESSAGE)


def test_without_encryption_offered_the_password_is_not_sent(server, tmp_path):
    mail = Mail("127.0.0.1", server.server_address[1], "starttls", "a@b.example", "clerk", "secret")
    with pytest.raises(Undelivered, match="STARTTLS"):
        send(mail, tmp_path, MESSAGE)
    assert not any(line.startswith("AUTH") for line in server.heard)


def test_who_has_no_address_gets_a_file(server, tmp_path):
    send(plain(server.server_address[1]), tmp_path, Message("k", NOBODY, "s", "b\n"))
    assert server.mails == []
    assert (tmp_path / "k.eml").exists()


def test_the_environment_names_the_server_and_keeps_the_password_out_of_sight(monkeypatch):
    assert settings.mail() is None
    monkeypatch.setenv("SHEQU_SMTP_HOST", "mail.example")
    monkeypatch.setenv("SHEQU_SMTP_PASSWORD", "secret")
    assert (settings.mail().port, settings.mail().security) == (587, "starttls")
    assert "secret" not in repr(settings.mail())
    monkeypatch.setenv("SHEQU_SMTP_SECURITY", "off")
    with pytest.raises(Refusal, match="starttls、ssl 或 none"):
        settings.mail()


# ---- encrypted


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A key and a certificate of this machine in one file, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")]), datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = builder.add_extension(here, critical=False).sign(key, hashes.SHA256())
    place = tmp_path_factory.mktemp("tls") / "server.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    place.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return place


@pytest.fixture(params=["starttls", "ssl"])
def encrypted(request, server, certificate):
    """A server that encrypts at once, or when asked; `Mail` for it."""
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(certificate)
    server.starts_plain = request.param == "starttls"
    return server, Mail("127.0.0.1", server.server_address[1], request.param, "a@b.example", "clerk", "secret")


def test_over_starttls_and_ssl_a_message_arrives(encrypted, certificate, tmp_path, monkeypatch):
    server, mail = encrypted
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    send(mail, tmp_path, MESSAGE)
    assert len(server.mails) == 1
    signed_in = next(n for n, line in enumerate(server.heard) if line.startswith("AUTH"))
    assert mail.security == "ssl" or "-- encrypted --" in server.heard[:signed_in]


def test_a_server_whose_certificate_nobody_vouches_for_gets_neither_message_nor_password(encrypted, tmp_path):
    server, mail = encrypted
    with pytest.raises(Undelivered, match="certificate verify failed"):
        send(mail, tmp_path, MESSAGE)
    assert server.mails == [] and not any(line.startswith("AUTH") for line in server.heard)
