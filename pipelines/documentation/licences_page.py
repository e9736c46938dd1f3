"""`docs/licences.md`: what each locked package says of its licence. `python -m pipelines.documentation.licences_page --write` writes it."""

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "licences.md"
_LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==(\S+)(?: ; ([^\\\n]*))?", re.MULTILINE)
_HEAD = """# Licences

Generated from the metadata of the installed packages of `requirements.lock` (`python -m pipelines.documentation.licences_page --write`); do not edit.
What a package says of itself is repeated, not judged; `not stated` is to be looked up in its sources.

| package | version | licence |
|---|---|---|
"""


def locked() -> list[tuple[str, str, str]]:
    """Name, version, and the condition under which it is installed (empty: always), one per line of the lock."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return [(name, version, marker.strip()) for name, version, marker in _LOCKED.findall(text)]


def licence(name: str, version: str) -> str | None:
    """The licence expression, else the classifiers, else the first line of the free text; None if it is not installed."""
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return None
    if about["Version"] != version:
        return None
    classifiers = [c.split(" :: ")[-1] for c in about.get_all("Classifier", []) if c.startswith("License ::")]
    told = about.get("License-Expression") or " / ".join(classifiers) or (about.get("License") or "").strip()
    return (told.splitlines() or ["not stated"])[0].replace("|", "/")[:100]


def row(name: str, version: str, told: str) -> str:
    return f"| {name} | {version} | {told} |"


def page() -> str:
    rows = [
        row(name, version, licence(name, version) or f"not installed here: {marker}")
        for name, version, marker in locked()
    ]
    return _HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__" and "--write" in sys.argv:
    PAGE.write_text(page(), encoding="utf-8")
