"""The outbox: a message is a file as soon as it is written, and is moved when it has been sent, so that none is lost or sent twice.

`data/outbox/queue/<key>.json` waits, `data/outbox/sent/<key>.json` has gone, `data/outbox/dropped/<key>.json` was for a robot that is no
longer configured. A kill between sending and moving sends once more, with the same Message-ID. `send_waiting` is for any process: one at a
time sends.
"""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipelines import settings as installation
from pipelines.archive.store import sync_folder, write_durably
from pipelines.errors import Refusal
from pipelines.notify import contacts, robots
from pipelines.notify.contacts import Contacts, Robot
from pipelines.notify.messages import ROBOT, Message
from pipelines.notify.senders import SECONDS, BySmtp, Sender, ToFile, Undelivered
from pipelines.settings import Settings
from pipelines.system import locks

# seconds until the next try after the first failure; doubled with each
FIRST_PAUSE = 60.0
LONGEST_PAUSE = 6 * 3600.0
# the mail server as a whole, whoever the mail is for
MAIL = "邮件服务器"
# what 企业微信 and 钉钉 take from one robot in a minute
MOST_A_MINUTE = 20


class Outbox:
    """One installation's messages. `folder` is `data/outbox`."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.queue, self.sent = folder / "queue", folder / "sent"

    def put(self, messages: Iterable[Message], known: Contacts | None = None) -> int:
        """Write messages whose key is new, with a copy for each robot of `known` that takes their kind; returns how many."""
        own = list(messages)
        copies = [copy for message in own for copy in _for_robots(message, known.robots if known else ())]
        return sum(self._put(message) for message in [*own, *copies])

    def _put(self, message: Message) -> bool:
        name = f"{message.key}.json"
        if (self.queue / name).exists() or (self.sent / name).exists():
            return False
        write_durably(self.queue / name, json.dumps(message.public(), ensure_ascii=False).encode())
        return True

    def waiting(self) -> list[Message]:
        """Messages not sent yet; a file that holds no message is left in place."""
        return list(self._waiting())

    def _waiting(self) -> Iterator[Message]:
        for place in sorted(self.queue.glob("*.json")):
            with suppress(ValueError, TypeError, FileNotFoundError):
                yield Message(**json.loads(place.read_text(encoding="utf-8")))

    def move(self, message: Message, folder: Path) -> None:
        """Take a message out of the queue into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        (self.queue / f"{message.key}.json").replace(folder / f"{message.key}.json")
        sync_folder(folder)


def _for_robots(message: Message, known: Iterable[Robot]) -> Iterator[Message]:
    for robot in known:
        if message.brief and message.kind in robot.about:
            yield replace(message, key=f"{message.key}@{robot.name}", to=f"{ROBOT}{robot.name}", body="", files={})


@dataclass
class Pauses:
    """Times before which a recipient is not tried again, and recent messages to robots: `outbox/pauses.json`. Seconds since 1970."""

    place: Path
    failures: dict[str, tuple[int, float]] = field(default_factory=dict)
    lately: dict[str, list[float]] = field(default_factory=dict)

    @classmethod
    def load(cls, place: Path) -> "Pauses":
        """From the file; empty where it is missing or damaged."""
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            kept = json.loads(place.read_text(encoding="utf-8"))
            failures = {to: (int(count), float(until)) for to, (count, until) in kept["failures"].items()}
            return cls(place, failures, {name: list(map(float, times)) for name, times in kept["lately"].items()})
        return cls(place)

    def hold(self, to: str, now: float) -> bool:
        """Whether the recipient is paused. A time further ahead than the longest pause was written by a wrong clock and is ignored."""
        _, until = self.failures.get(to, (0, 0.0))
        return now < until <= now + LONGEST_PAUSE

    def failed(self, to: str, now: float) -> None:
        """A failed attempt at `now`: the pause doubles with each, up to `LONGEST_PAUSE` seconds."""
        count = self.failures.get(to, (0, 0.0))[0] + 1
        self.failures[to] = (count, now + min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(count - 1, 20)))
        self._keep()

    def went(self, to: str, now: float) -> None:
        """A message was delivered at `now`: no pause any more."""
        known = self.failures.pop(to, None)
        if to.startswith(ROBOT):
            self.lately[to] = [*self._within_a_minute(to, now), now]
        if known or to.startswith(ROBOT):
            self._keep()

    def full(self, to: str, now: float) -> bool:
        """Whether a robot got as many messages within the last minute as its service takes."""
        return len(self._within_a_minute(to, now)) >= MOST_A_MINUTE

    def _within_a_minute(self, to: str, now: float) -> list[float]:
        return [moment for moment in self.lately.get(to, ()) if 0 <= now - moment < 60]

    def _keep(self) -> None:
        write_durably(self.place, json.dumps({"failures": self.failures, "lately": self.lately}).encode())


def send_waiting(settings: Settings, total_time: float = 60.0) -> tuple[int, list[str]]:
    """Send what waits, for about `total_time` seconds at most: how many went, and in Chinese why others did not. Those stay for the next
    time: after a failure a recipient, or the server, is left alone for a minute, then for twice as long, up to six hours.

    All mails go over one connection. Does nothing while another process sends.
    """
    box = Outbox(settings.data / "outbox")
    if not next(box.queue.glob("*.json"), None):
        return 0, []
    try:
        with locks.hold(box.folder / ".lock", "发送消息", wait=0.0), _post(settings) as post:
            return _send(box, post, total_time)
    except locks.Busy:
        return 0, []


def _send(box: Outbox, post: "Post", total_time: float) -> tuple[int, list[str]]:
    end, pauses = time.monotonic() + total_time, Pauses.load(box.folder / "pauses.json")
    gone, troubles = 0, []
    for message in box.waiting():
        left, now, server = end - time.monotonic(), time.time(), post.server(message)
        if left <= 0:
            break
        if message.robot is not None and message.robot not in post.robots:
            box.move(message, box.folder / "dropped")
            continue
        if pauses.hold(message.to, now) or pauses.hold(server, now) or pauses.full(message.to, now):
            continue
        try:
            post.send(message, min(SECONDS, left))
        except Undelivered as trouble:
            pauses.failed(trouble.server or message.to, now)
            troubles.append(f"“{message.subject}”未能发给 {message.to}：{trouble}")
            continue
        box.move(message, box.sent)
        pauses.went(message.to, now)
        pauses.went(server, now)
        gone += 1
    return gone, troubles


@dataclass
class Post:
    """The senders of an installation: mail and robots."""

    mail: Sender
    robots: dict[str, Robot]

    def server(self, message: Message) -> str:
        """Key of the server under which failures are counted, besides the recipient."""
        return MAIL if message.robot is None else ""

    def send(self, message: Message, seconds: float) -> None:
        """Errors: `Undelivered`."""
        if message.robot is None:
            if isinstance(self.mail, BySmtp):
                self.mail.seconds = seconds
            self.mail.send(message)
        else:
            robots.send(self.robots[message.robot], message, seconds)


@contextmanager
def _post(settings: Settings) -> Iterator[Post]:
    """Mail where the environment names a server, else files under `data/outbox/mail`; the robots of the contacts."""
    known, files = contacts_of(settings), ToFile(settings.data / "outbox" / "mail")
    named = {robot.name: robot for robot in known.robots}
    try:
        mail = installation.mail()
    except Refusal as refusal:
        yield Post(_NoMail(str(refusal)), named)
        return
    with BySmtp(mail, files) if mail else nullcontext(files) as sender:
        yield Post(sender, named)


@dataclass(frozen=True)
class _NoMail:
    """In place of a mail server whose settings are wrong."""

    why: str

    def send(self, message: Message) -> None:
        raise Undelivered(self.why, MAIL)


def contacts_of(settings: Settings) -> Contacts:
    """The contacts; none while the file cannot be read (`shequ health` says so)."""
    try:
        return contacts.load(settings.data / "contacts.yaml")
    except Refusal:
        return Contacts()
