"""The process under `shequ serve` that uses the network, so that a slow mail server delays nothing else.

    python -m pipelines.serving.network_process

Every half minute: what waits in the outbox is sent, within a time limit. Once a day: the list of promises by mail to the operator (a sign of
life), the dead man's switch, the mail server's certificate. What was seen is noted in `data/outside.json`.
"""

import json
import smtplib
import socket
import ssl
import sys
import threading
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypedDict

from pipelines import settings as installation
from pipelines.archive.store import write_durably
from pipelines.errors import Refusal
from pipelines.months import SHANGHAI
from pipelines.notify import dispatch, outbox
from pipelines.notify.messages import Message
from pipelines.serving.promise import Promise
from pipelines.settings import Mail, Settings
from pipelines.system.durable_files import read_json

EVERY = 30.0
# seconds for all messages of one round, and for one question to the outside
SENDING, SECONDS = 60.0, 10.0
# the hour from which the daily duties are done
FROM = 7
# without a round for so long, the program hangs
OLDEST = timedelta(minutes=5)


class Duty(TypedDict, total=False):
    """A daily duty: when it was last tried (ISO 8601), then when it was done or, in Chinese, why not; `until`: a certificate's expiry."""

    tried: str
    at: str
    trouble: str
    until: str


def run(settings: Settings, stopping: threading.Event) -> None:
    """One round every `EVERY` seconds until `stopping` is set."""
    while not stopping.is_set():
        one_round(settings, datetime.now(SHANGHAI))
        stopping.wait(EVERY)


def one_round(settings: Settings, now: datetime) -> None:
    """Send waiting messages, and do the daily duties that are due. Failures are noted and tried again in a later round."""
    gone, troubles = outbox.send_waiting(settings, SENDING)
    known = {**note(settings), "at": now.isoformat(timespec="seconds"), "troubles": troubles[:5]}
    _keep(settings, known)
    for day, duty in (("certificate", _certificate), ("life", _life), ("switch", _switch)):
        if _is_due(known.get(day), now):
            known[day] = duty(settings, now)
            _keep(settings, known)
    if gone or troubles:
        print(f"发出 {gone} 条消息；{'；'.join(troubles)}".rstrip("；"), flush=True)


def probe(settings: Settings, now: datetime | None = None) -> str | None:
    """In Chinese, that the last round is too long ago; None where it is recent."""
    at = note(settings).get("at")
    if at is None:
        return "还没有动静"
    age = (now or datetime.now(SHANGHAI)) - datetime.fromisoformat(at)
    return None if abs(age) <= OLDEST else f"已 {abs(age).total_seconds() / 60:.0f} 分钟没有动静"


def note(settings: Settings) -> dict[str, Any]:
    """Content of `data/outside.json`; empty where it is missing or damaged."""
    return read_json(_place(settings))


def _keep(settings: Settings, known: dict[str, Any]) -> None:
    write_durably(_place(settings), json.dumps(known, ensure_ascii=False).encode())


def _place(settings: Settings) -> Path:
    return settings.data / "outside.json"


def _is_due(last: Duty | None, now: datetime) -> bool:
    """Whether a daily duty is due: once a day from `FROM` o'clock, after a failure again in an hour."""
    if not last:
        return True
    at = datetime.fromisoformat(last["tried"])
    if last.get("trouble"):
        return now - at >= timedelta(hours=1)
    return now.hour >= FROM and at.date() < now.date()


def _done(now: datetime, trouble: str | None = None) -> Duty:
    moment = now.isoformat(timespec="seconds")
    return {"tried": moment, "trouble": trouble} if trouble else {"tried": moment, "at": moment}


# ---- daily


def _life(settings: Settings, now: datetime) -> Duty:
    """Mail the list of promises to the operator, who notices when it does not come."""
    from pipelines.serving import health  # health imports this module

    promises = health.look(settings, now)
    known = dispatch.known(settings)
    dispatch.post(settings, [sign_of_life(promises, now, known.keeper)])
    return _done(now)


def sign_of_life(promises: list[Promise], now: datetime, to: str) -> Message:
    """The daily message: broken promises first, then the others with their due days."""
    broken = [p for p in promises if not p.well]
    lines = [f"问题  {p.what}：{p.says}" for p in broken]
    lines += [f"正常  {p.what}：{p.says}" + (f"（至 {p.due}）" if p.due else "") for p in promises if p.well]
    summary = f"{len(broken)} 项有问题" if broken else "一切正常"
    key = f"life-{now.date().isoformat()}"
    return Message(key, to, f"社区治理系统 {now.month}月{now.day}日：{summary}", "\n".join(lines) + "\n")


def _switch(settings: Settings, now: datetime) -> Duty:
    """Update the dead man's switch while services run and messages are delivered; the monitor alerts when it goes stale."""
    from pipelines.serving import health

    place = installation.switch()
    if not place:
        return _done(now)
    silent = [promise.what for promise in health.grave(settings, now) if not promise.well]
    if silent:
        return _done(now, f"未触碰，因为有问题：{'、'.join(silent)}")
    try:
        touch(place)
    except (OSError, ValueError) as error:
        return _done(now, f"{type(error).__name__} {error}"[:200])
    return _done(now)


def touch(place: str) -> None:
    """GET an http(s) address, or update the modification time of a file. Errors: `OSError`, `ValueError` for another kind of address."""
    if place.startswith(("http://", "https://")):
        with urllib.request.urlopen(place, timeout=SECONDS) as answer:  # noqa: S310 http(s) only, as the operator configured
            answer.read(1000)
    elif "://" in place:
        raise ValueError(f"SHEQU_SWITCH={place}")
    else:
        Path(place).touch()


def _certificate(settings: Settings, now: datetime) -> Duty:
    try:
        mail = installation.mail()
        if mail is None or mail.security == "none":
            return _done(now)
        until = certificate_until(mail)
    except (OSError, smtplib.SMTPException, Refusal, ValueError) as error:
        return _done(now, f"{type(error).__name__} {error}"[:200])
    return {**_done(now), "until": until.astimezone(SHANGHAI).isoformat(timespec="seconds")}


def certificate_until(mail: Mail) -> datetime:
    """Expiry of the mail server's certificate. Errors: `OSError`, `SMTPException` where it does not answer or is not trusted."""
    context = ssl.create_default_context()
    if mail.security == "ssl":
        with (
            socket.create_connection((mail.host, mail.port), SECONDS) as raw,
            context.wrap_socket(raw, server_hostname=mail.host) as secure,
        ):
            return _until(secure)
    with smtplib.SMTP(mail.host, mail.port, timeout=SECONDS) as server:
        server.starttls(context=context)
        secured = server.sock
        assert isinstance(secured, ssl.SSLSocket), "starttls raises where it does not secure the connection"
        return _until(secured)


def _until(secure: ssl.SSLSocket) -> datetime:
    certificate = secure.getpeercert()
    assert certificate, "the context takes no connection without a certificate"
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


def main() -> int:
    import signal

    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    run(installation.load(), stopping)
    return 0


if __name__ == "__main__":
    sys.exit(main())
