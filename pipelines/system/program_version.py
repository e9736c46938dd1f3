"""The version of this program, and digests of the source code that a result was computed by."""

import ast
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pipelines import __version__

FOLDER = Path(__file__).resolve().parents[1]
_STATEMENT = re.compile(rf"^ *((?:from|import) {FOLDER.name}\b(?:[^\n(]*\([^)]*\)|[^\n]*))", re.MULTILINE)


@cache
def digest(*entries: str) -> str:
    """SHA-256 of the named modules and all of ours they import; without names of all `pipelines`. Errors: `ValueError`."""
    content = hashlib.sha256(__version__.encode())
    for path in sorted(closure(*entries) if entries else FOLDER.rglob("*.py")):
        content.update(path.relative_to(FOLDER).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return content.hexdigest()


def closure(*entries: str) -> set[Path]:
    """The files of the modules named and of everything of ours that they import. Errors: as `digest`."""
    pending, files = [_required(name) for name in entries], set[Path]()
    while pending:
        path = pending.pop()
        if path not in files:
            files.add(path)
            pending += _imports(path)
    return files


def _required(name: str) -> Path:
    path = _file(name)
    if path is None:
        raise ValueError(f"no module of this program: {name}")
    return path


@cache
def _imports(path: Path) -> list[Path]:
    """Files of ours that a file imports, at its top or within a function, and their packages."""
    # parsing whole modules would cost a quarter of a second at each start
    statements = (ast.parse(statement).body[0] for statement in _STATEMENT.findall(path.read_text(encoding="utf-8")))
    names = {name for statement in statements for name in _imported_names(statement)}
    return [file for name in names for file in map(_file, _with_packages(name)) if file]


def _imported_names(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        # what follows `import` may be a module or a name of one: of a name there is no file
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _with_packages(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))


@cache
def _file(name: str) -> Path | None:
    """The file of a module of ours by its full name; None of anything else."""
    package, _, rest = name.partition(".")
    if package != FOLDER.name:
        return None
    place = FOLDER.joinpath(*rest.split(".")) if rest else FOLDER
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)
