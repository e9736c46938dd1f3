"""Messages between a process and the child that parses for it: a line of JSON, then parts of bytes. Nothing is unpickled.

send(stream, head, parts)      receive(stream) -> (head, parts), or None where the stream has ended
"""

import json
from typing import BinaryIO

LONGEST_HEAD = 256 << 20
LARGEST_PART = 2 << 30


class Garbled(ValueError):
    """What came is no message: the other side has lost its mind, or died in the middle of one."""


def send(stream: BinaryIO, head: dict, parts: list = ()) -> None:
    """One message. `parts` are bytes-like."""
    told = {**head, "parts": [memoryview(part).nbytes for part in parts]}
    stream.write(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    for part in parts:
        stream.write(part)
    stream.flush()


def receive(stream: BinaryIO) -> tuple[dict, list[bytes]] | None:
    """The next message. Errors: `Garbled`."""
    line = stream.readline(LONGEST_HEAD)
    if not line:
        return None
    try:
        head = json.loads(line)
        sizes = head.pop("parts")
    except (ValueError, KeyError, AttributeError) as fault:
        raise Garbled(repr(line[:80])) from fault
    return head, [_exactly(stream, size) for size in sizes]


def _exactly(stream: BinaryIO, size: int) -> bytes:
    if not isinstance(size, int) or not 0 <= size <= LARGEST_PART:
        raise Garbled(f"a part of {size!r} bytes")
    data = stream.read(size)
    if len(data) != size:
        raise Garbled(f"{len(data)} of {size} bytes")
    return data
