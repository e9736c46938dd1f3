"""Messages between the main process and a worker: a line of JSON, then parts of bytes. Nothing is unpickled."""

import json
from collections.abc import Sequence
from typing import IO, Any

# the line of JSON, and the parts
Head = dict[str, Any]
Message = tuple[Head, list[bytes]]
LONGEST_HEAD = 256 << 20
LARGEST_PART = 2 << 30


class MalformedMessage(ValueError):
    """Malformed or truncated message from the peer."""


def send(stream: IO[bytes], head: Head, parts: Sequence[Any] = ()) -> None:
    """Write one message. `parts` are bytes-like."""
    header = {**head, "parts": [memoryview(part).nbytes for part in parts]}
    stream.write(json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    for part in parts:
        stream.write(part)
    stream.flush()


def receive(stream: IO[bytes]) -> Message | None:
    """The next message; None at the end of the stream. Errors: `MalformedMessage`."""
    line = stream.readline(LONGEST_HEAD)
    if not line:
        return None
    try:
        head = json.loads(line)
        sizes = head.pop("parts")
    except (ValueError, KeyError, AttributeError) as fault:
        raise MalformedMessage(repr(line[:80])) from fault
    return head, [_exactly(stream, size) for size in sizes]


def _exactly(stream: IO[bytes], size: int) -> bytes:
    if not isinstance(size, int) or not 0 <= size <= LARGEST_PART:
        raise MalformedMessage(f"a part of {size!r} bytes")
    data = stream.read(size)
    if len(data) != size:
        raise MalformedMessage(f"{len(data)} of {size} bytes")
    return data
