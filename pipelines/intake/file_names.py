"""File names of senders: as text for the ledger, never a path, and safe to be shown.

A name comes from outside like the file itself. It may hold bytes of another encoding, control characters, turns of direction,
somebody's telephone number. It is kept as text; what it could do to a terminal, a mail or a page is taken from it where it is shown.
"""

import os
from pathlib import Path, PureWindowsPath

from pipelines.answers import personal_data

# bytes of a name that every file system accepts, with room for a suffix
MOST_BYTES = 200


def of(path: Path | str) -> str:
    """The last part of a path as text for the ledger, without personal numbers.

    A name whose bytes are not UTF-8 is decoded as GB18030 (zip files of Windows), else its bytes are escaped.
    """
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
