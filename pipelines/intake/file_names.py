"""File names of senders as text for the ledger, never a path. What could act on a terminal, mail or page is removed where they are shown."""

import os
from pathlib import Path, PureWindowsPath

from pipelines.answers import personal_data

# bytes of a name that every file system accepts, with room for a suffix
MOST_BYTES = 200


def of(path: Path | str) -> str:
    """The last part of a path as text for the ledger, without personal numbers. Bytes that are not UTF-8 are read as GB18030, else escaped."""
    name = Path(path).name
    try:
        raw = os.fsencode(name)
    except UnicodeEncodeError:  # lone surrogates
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
    """The name of an upload without folders, shortened to what a file system accepts; its end with the extension is kept."""
    own = PureWindowsPath(Path(name).name).name.replace("\x00", "").encode("utf-8", "replace")
    kept = own[-MOST_BYTES:].decode("utf-8", "ignore").strip()
    return kept if kept.strip(".") else "报表"


def shown(text: object) -> str:
    """A line for a terminal or a mail: unprintable characters and direction marks become U+FFFD."""
    # U+3000, the Chinese space, is not printable for Python
    return "".join(letter if letter.isprintable() or letter == "\u3000" else "\ufffd" for letter in str(text))
