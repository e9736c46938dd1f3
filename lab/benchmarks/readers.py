"""Readers of a dashboard over WebSocket, as browsers ask it: each asks now and then for another page, county, month or indicator."""

import random
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

from pipelines.edition import Release

LABEL = re.compile(r"(\d{4}-\d\d) 第 (\d+) 版")
SECONDS = 180.0
# pages whose only words "第 N 版" are those of the header
PAGES = ("", "indicator", "map", "county")


@dataclass(frozen=True)
class Answer:
    """One run of the page: what was asked, when (seconds of `time.monotonic`), which editions it names, what it says."""

    asked: tuple[str, str]
    start: float
    end: float
    editions: frozenset[str]
    words: tuple[str, ...]
    errors: tuple[str, ...]

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass
class Crowd:
    """What the readers have heard so far; `errors` are sessions that broke."""

    answers: list[Answer] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    finished: int = 0
    enough: threading.Event = field(default_factory=threading.Event)

    def wrong(self) -> list[str]:
        """Exceptions on pages, broken sessions, and answers that name not exactly one edition."""
        mixed = [f"{a.asked}: {sorted(a.editions)}" for a in self.answers if len(a.editions) != 1]
        return [*self.errors, *(error for a in self.answers for error in a.errors), *mixed]

    def differing(self) -> list[tuple]:
        """What was asked of the same edition twice and said two things."""
        said: dict[tuple, set] = {}
        for answer in self.answers:
            said.setdefault((answer.asked, answer.editions), set()).add(answer.words)
        return [asked for asked, words in said.items() if len(words) > 1]


def choices(release: Release) -> list[tuple[str, str]]:
    """(page, query) of all that the readers may ask, of a release."""
    indicators = [
        row["indicator"] for row in release.rows("SELECT DISTINCT indicator FROM figure WHERE level = 'city'")
    ]
    counties = [row["unit"] for row in release.rows("SELECT DISTINCT unit FROM figure WHERE level = 'county'")]
    dice = random.Random(7)
    programs = []
    for _ in range(60):
        asked = {"month": dice.choice(release.manifest["months"][-6:]), "county": dice.choice(sorted(counties))}
        programs.append((dice.choice(PAGES), urlencode(asked | {"indicator": dice.choice(sorted(indicators))})))
    return programs


@contextmanager
def reading(address: str, asked: list[tuple[str, str]], readers: int, pause: float):
    """A `Crowd` that reads while the block runs; all have gone when it is left."""
    crowd = Crowd()
    with ThreadPoolExecutor(readers) as pool:
        try:
            for number in range(readers):
                pool.submit(_read, crowd, address, asked, random.Random(number), pause)
            yield crowd
        finally:
            crowd.enough.set()


def _read(crowd: Crowd, address: str, asked: list, dice: random.Random, pause: float) -> None:
    from websockets.sync.client import connect

    place = address.replace("http", "ws") + "/_stcore/stream"
    try:
        with connect(place, origin=address, subprotocols=["streamlit"], max_size=None, open_timeout=120) as socket:
            while not crowd.enough.is_set():
                crowd.answers.append(_ask(socket, dice.choice(asked)))
                crowd.enough.wait(dice.uniform(0, 2 * pause))
        crowd.finished += 1
    except Exception as broken:
        crowd.errors.append(f"session broke: {broken!r}")


def _ask(socket, asked: tuple[str, str]) -> Answer:
    """Ask for a page and read until its script has finished."""
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    start = time.monotonic()
    message = BackMsg()
    message.rerun_script.page_name, message.rerun_script.query_string = asked
    socket.send(message.SerializeToString())
    words, errors = [], []
    while True:
        heard = ForwardMsg()
        heard.ParseFromString(socket.recv(timeout=SECONDS))
        kind = heard.WhichOneof("type")
        if kind == "delta":
            _hear(heard.delta.new_element, words, errors)
        if kind == "script_finished" and heard.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            break
    named = frozenset("/".join(label) for said in words for label in LABEL.findall(said))
    return Answer(asked, start, time.monotonic(), named, tuple(words), tuple(errors))


def _hear(element, words: list[str], errors: list[str]) -> None:
    """Words of the page; the note that a newer edition came (an alert) belongs to the reader, not to the page."""
    kind = element.WhichOneof("type")
    if kind == "exception":
        errors.append(f"{element.exception.type}: {element.exception.message}")
    elif kind in ("markdown", "heading", "html"):
        words.append(getattr(element, kind).body)
