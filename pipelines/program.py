"""Which program this is: its version and the hash of its source, so that a figure can be pinned to what computed it."""

import hashlib
from functools import cache
from pathlib import Path

from pipelines import __version__

FOLDER = Path(__file__).resolve().parent


@cache
def digest(*packages: str) -> str:
    """SHA-256 over the source of the named subpackages or modules (all of `pipelines` when none is named)."""
    content = hashlib.sha256(__version__.encode())
    for path in sorted(FOLDER.rglob("*.py")):
        name = path.relative_to(FOLDER).as_posix()
        if not packages or name.split("/")[0].removesuffix(".py") in packages:
            content.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return content.hexdigest()
