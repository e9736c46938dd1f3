"""A session with the dashboard as a browser holds one, over WebSocket: opens pages, turns what can be turned, hears what comes back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect

SECONDS = 180.0
# what a reader can turn: kind of element → what it may be set to, given what it shows
_TURNED = {
    "selectbox": lambda shown: list(shown.options),
    "button_group": lambda shown: [option.content for option in shown.options],
}


@dataclass(frozen=True)
class Control:
    """Something on the page that can be turned; `options` are the words to choose from, `now` the one chosen."""

    id: str
    kind: str
    label: str
    options: tuple[str, ...]
    now: str | None

    def turned(self, to: str) -> WidgetState:
        state = WidgetState(id=self.id)
        if self.kind == "button_group":
            state.string_array_value.data.append(to)
        else:
            state.string_value = to
        return state


@dataclass(frozen=True)
class Answer:
    """One run of the page: wall seconds, CPU seconds of the server, bytes heard, number of elements, what can be turned, words."""

    seconds: float
    cpu: float
    size: int
    elements: int
    controls: tuple[Control, ...]
    words: tuple[str, ...]


class Session:
    """One reader. `process` is the server's id: its CPU is read from the kernel's clock of that process."""

    def __init__(self, socket: ClientConnection, process: int) -> None:
        self.socket, self.clock = socket, (~process << 3) | 2
        self.query, self.page = "", ""
        self.states: dict[str, WidgetState] = {}

    def open(self, page: str = "", **address: str) -> Answer:
        """A page by its address, as by a link; what was turned before is forgotten."""
        self.states, self.query, self.page = {}, urlencode(address), ""
        return self._ask(page)

    def turn(self, control: Control, to: str) -> Answer:
        """Set a control of the page that is open, or write into a field of it."""
        self.states[control.id] = control.turned(to)
        return self._ask("")

    def _ask(self, page: str) -> Answer:
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.page_script_hash, asked.page_name = self.query, self.page, page
        asked.widget_states.widgets.extend(self.states.values())
        start, spent = time.perf_counter(), time.clock_gettime(self.clock)
        self.socket.send(message.SerializeToString())
        heard = list(self._heard())
        taken = time.perf_counter() - start, time.clock_gettime(self.clock) - spent
        return _answer(*taken, heard)

    def _heard(self) -> Iterator[tuple[int, ForwardMsg]]:
        """Messages with their sizes until the script has finished; where the address changes, it is kept."""
        while True:
            raw = self.socket.recv(timeout=SECONDS)
            message = ForwardMsg()
            message.ParseFromString(raw)
            kind = message.WhichOneof("type")
            if kind == "navigation":
                self.page = message.navigation.page_script_hash
            elif kind == "page_info_changed":
                self.query = message.page_info_changed.query_string
            yield len(raw), message
            if kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return


def _answer(seconds: float, cpu: float, heard: list[tuple[int, ForwardMsg]]) -> Answer:
    elements = [
        m.delta.new_element for _, m in heard if m.WhichOneof("type") == "delta" and m.delta.HasField("new_element")
    ]
    controls = tuple(filter(None, map(_control, elements)))
    broken = [e.exception.message for e in elements if e.WhichOneof("type") == "exception"]
    if broken:
        raise RuntimeError(f"a page broke: {broken}")
    said = [getattr(e, k).body for e in elements if (k := e.WhichOneof("type")) in ("markdown", "heading", "html")]
    return Answer(seconds, cpu, sum(size for size, _ in heard), len(elements), controls, tuple(said))


def _control(element) -> Control | None:
    kind = element.WhichOneof("type")
    if kind == "text_input":
        return Control(element.text_input.id, kind, element.text_input.label, (), None)
    if kind not in _TURNED:
        return None
    shown = getattr(element, kind)
    options = tuple(_TURNED[kind](shown))
    if kind == "selectbox":
        now = shown.raw_value if shown.HasField("raw_value") and shown.set_value else None
        now = now or (options[shown.default] if shown.HasField("default") and options else None)
    else:
        now = (
            next(iter(shown.raw_values), None)
            if shown.set_value
            else options[shown.default[0]]
            if shown.default
            else None
        )
    return Control(shown.id, kind, shown.label, options, now)


@contextmanager
def session(address: str, process: int) -> Iterator[Session]:
    """A session with the server at `address`; it has gone when the block is left."""
    place = address.replace("http", "ws") + "/_stcore/stream"
    with connect(place, origin=address, subprotocols=["streamlit"], max_size=None, open_timeout=120) as socket:
        yield Session(socket, process)
