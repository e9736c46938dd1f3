"""What senders call their files: text for the ledger, never a path, and safe to be shown.

A name comes from outside like the file itself. It may hold bytes of another encoding, control characters, turns of direction,
somebody's telephone number. It is kept as text; what it could do to a terminal, a mail or a page is taken from it where it is shown.
"""

import os
from pathlib import Path, PureWindowsPath

from pipelines.answers import personal_data

# bytes of a name that every file system takes, with room for what a program puts behind it
MOST_BYTES = 200


def of(path: Path | str) -> str:
    """The last part of a path as text for the ledger, without personal numbers.

    A name whose bytes are no UTF-8 (Windows packs names in GB18030) is read as GB18030, else its odd bytes are written out.
    """
    name = Path(path).name
    try:
        raw = os.fsencode(name)
    except UnicodeEncodeError:  # halves of characters, which no file system has
        raw = name.encode("utf-8", "replace")
    return personal_data.masked(_decoded(raw))


def _decoded(raw: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "backslashreplace")


def last_part(name: str) -> str:
    """What an upload is called, without the folders of whichever system it comes from, and no longer than a file system takes.

    The end is kept: it tells the kind of file.
    """
    own = PureWindowsPath(Path(name).name).name.replace("\x00", "").encode("utf-8", "replace")
    kept = own[-MOST_BYTES:].decode("utf-8", "ignore").strip()
    return kept if kept.strip(".") else "报表"


def shown(text: object) -> str:
    """A line for a terminal or a mail: whatever cannot be printed, or would turn the direction, stands as U+FFFD."""
    # the blank of Chinese texts (U+3000) is one that Python does not call printable
    return "".join(letter if letter.isprintable() or letter == "\u3000" else "\ufffd" for letter in str(text))
