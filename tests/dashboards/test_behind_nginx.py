"""The example for nginx as it is committed, loaded by a real nginx: TLS, headers, and who comes as nginx says it."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.serving import programs
from tests.dashboards.conftest import ROOT, _wait
from tests.dashboards.test_browser import CHROMIUM, QUIET
from tests.dashboards.test_roles import PEOPLE, SECRET

NGINX, OPENSSL = shutil.which("nginx") or "/usr/sbin/nginx", shutil.which("openssl")
EXAMPLES = ROOT / "deploy" / "nginx"
NAME = "shequ.example.gov.cn"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (Path(NGINX).exists() and OPENSSL), reason="没有安装 nginx(apt-get install nginx-light)"),
]


def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def replaced(text: str, **places: object) -> str:
    """The example with this machine's places; each stands in it."""
    for old, new in places.items():
        assert old in text
        text = text.replace(old, str(new))
    return text


@pytest.fixture(scope="module")
def data(made, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("proxied")
    for name in ("archive", "warehouse", "releases"):
        (folder / name).symlink_to(made["both"] / name)
    (folder / "access.yaml").write_text(f"mode: proxy\nhosts: [{NAME}]" + PEOPLE, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def dashboard(data):
    """The dashboard as `shequ serve` starts it: its port."""
    port = free()
    command = programs.dashboard_command(settings.load(data), programs.Ports(dashboard=port))
    environment = {**os.environ, "SHEQU_DATA": str(data), "SHEQU_PROXY_SECRET": SECRET}
    with (data / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        _wait(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield port
        server.terminate()
        server.wait(120)


@pytest.fixture(scope="module")
def nginx(data, dashboard):
    """nginx with the committed example, on a port of its own; the port."""
    port, key, chain = free(), data / "key.pem", data / "chain.pem"
    made = [
        OPENSSL,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        f"/CN={NAME}",
        "-keyout",
        key,
        "-out",
        chain,
    ]
    subprocess.run(list(map(str, made)), check=True, capture_output=True)
    for person in ("city", "baixiang"):
        hashed = subprocess.run(
            [OPENSSL, "passwd", "-apr1", "pw"], check=True, capture_output=True, text=True
        ).stdout.strip()
        with (data / "people").open("a") as file:
            file.write(f"{person}:{hashed}\n")
    signed = replaced(
        (EXAMPLES / "signed-in.conf").read_text(),
        **{"/etc/nginx/shequ-people": data / "people", "replace-by-at-least-32-random-characters": SECRET},
    )
    (data / "signed-in.conf").write_text(signed)
    dropped = '        proxy_set_header X-Forwarded-User "";\n        proxy_set_header X-Shequ-Secret "";\n'
    site = replaced(
        (EXAMPLES / "shequ.conf").read_text(),
        **{
            "listen 443": f"listen 127.0.0.1:{port}", "/etc/ssl/shequ/fullchain.pem": chain, "/etc/ssl/shequ/key.pem": key,
            "127.0.0.1:8501": f"127.0.0.1:{dashboard}", dropped: f"        include {data}/signed-in.conf;\n",
        },
    )  # fmt: skip
    temporary = "".join(
        f"{kind}_temp_path {data}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = f"user root; pid {data}/nginx.pid; error_log {data}/nginx.log; daemon off; events {{}}\n"
    text += f"http {{ access_log {data}/access.log; {temporary}\n{site}\n}}\n"
    (data / "nginx.conf").write_text(text)
    command = [NGINX, "-c", str(data / "nginx.conf"), "-p", str(data)]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield port
    server.terminate()
    server.wait(120)


def asked(port: int, path: str = "/", name: str = NAME, **headers: str) -> tuple[int, dict]:
    """Status and headers of one request through nginx, for a name of the certificate or another."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain, server_hostname=name) as line,
    ):
        sent = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n{sent}\r\n".encode())
        head = line.makefile("rb").read().split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    return int(head[0].split()[1]), dict(row.split(": ", 1) for row in head[1:])


PASSWORD = {"Authorization": "Basic Y2l0eTpwdw=="}  # city:pw


def test_it_answers_its_own_name_only_and_asks_who_comes(nginx):
    assert asked(nginx)[0] == 401
    status, headers = asked(nginx, **PASSWORD)
    assert status == 200 and "nginx/" not in headers["Server"]
    assert headers["X-Frame-Options"] == "DENY" and headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"] and headers["Strict-Transport-Security"]
    assert asked(nginx, "/_stcore/metrics", **PASSWORD)[0] == 403
    with pytest.raises((ssl.SSLError, ConnectionError)):
        asked(nginx, name="other.example")


def handshake(port: int, host: str, origin: str) -> int:
    """Status of a WebSocket's first request to the dashboard itself."""
    sent = f"GET /_stcore/stream HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    sent += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=300) as line:
        line.sendall(sent.encode())
        return int(line.recv(100).split()[1])


def test_the_server_behind_knows_its_names_and_asks_nobody_for_them(dashboard, data):
    assert handshake(dashboard, NAME, f"https://{NAME}") == 101
    assert handshake(dashboard, "evil.example", "https://evil.example") == 403
    assert handshake(dashboard, NAME, "https://evil.example") == 403
    log = (data / "server.log").read_text()
    assert "disallowed Origin or Host" in log and "external IP" not in log


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as engine:
        arguments = [*QUIET, f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]
        opened = engine.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


def words(browser, address: str, heading: str, person: str | None = None, headers: dict | None = None) -> list[str]:
    """Opens the page as a person with nginx's password and waits for these words; what the browser complained of."""
    login = {"username": person, "password": "pw"} if person else None
    context = browser.new_context(ignore_https_errors=True, http_credentials=login, extra_http_headers=headers or {})
    page, complaints = context.new_page(), []
    page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    page.goto(address, timeout=300_000)
    page.get_by_text(heading).first.wait_for(timeout=300_000)
    context.close()
    return complaints


@pytest.mark.skipif(CHROMIUM is None, reason="没有安装 Chromium(apt-get install chromium)")
def test_the_person_is_whom_nginx_names_whatever_the_caller_says(browser, nginx, dashboard, data):
    place = f"https://{NAME}:{nginx}/reporting?room=board"
    assert (
        words(
            browser, place, "经办人：李市级（市级）", "city", {"X-Forwarded-User": "leader", "X-Shequ-Secret": "x" * 40}
        )
        == []
    )
    words(
        browser, f"https://{NAME}:{nginx}/county?county=130502&part=near", "单位清单只给本县市区和市里看。", "baixiang"
    )
    # past nginx: the secret is missing, or guessed
    for headers in ({}, {"X-Forwarded-User": "city"}, {"X-Forwarded-User": "city", "X-Shequ-Secret": "x" * 40}):
        words(browser, f"http://127.0.0.1:{dashboard}", "请从单位的统一入口访问。", None, headers)
    for log in ("nginx.log", "access.log", "server.log"):
        assert SECRET not in (data / log).read_text(errors="replace")
