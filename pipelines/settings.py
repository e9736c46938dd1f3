"""Folders, limits and the mail server of an installation. The only module that reads the environment."""

import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from pipelines.errors import Refusal

# pydantic looks through all packages for plugins at its first import; there are none
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

# the folder that holds the packages `pipelines` and `dashboards`
SOURCES = Path(__file__).resolve().parent.parent
# a wheel carries the repository's other files in here (setup.py)
_CARRIED = SOURCES / "pipelines" / "_repository"
REPOSITORY = _CARRIED if _CARRIED.exists() else SOURCES


@dataclass(frozen=True)
class Limits:
    """Limits for reading one file: `memory` in MB of address space, `cpu` and `wall` in seconds."""

    memory: int = 2048
    cpu: int = 60
    wall: int = 90


@dataclass(frozen=True)
class Settings:
    """Folders of one installation: run-time state (`data`) and committed reference data (`reference`)."""

    data: Path
    reference: Path

    @property
    def archive(self) -> Path:
        return self.data / "archive"

    @property
    def inbox(self) -> Path:
        return self.data / "inbox"

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse" / "warehouse.duckdb"

    @property
    def releases(self) -> Path:
        return self.data / "releases"


def load(data: str | Path | None = None) -> Settings:
    """Settings from the argument, `SHEQU_DATA` / `SHEQU_REFERENCE`, or `data/` of the repository (from a wheel: of the current folder)."""
    folder = data or os.environ.get("SHEQU_DATA") or (Path("data") if REPOSITORY == _CARRIED else REPOSITORY / "data")
    reference = os.environ.get("SHEQU_REFERENCE") or REPOSITORY / "data" / "reference"
    here = Path.cwd()
    return _at(here / folder, here / reference)


@lru_cache(maxsize=64)
def _at(folder: Path, reference: Path) -> Settings:
    """Resolves links once: a page of the dashboard calls this a dozen times."""
    return Settings(folder.resolve(), reference.resolve())


def anonymous() -> bool:
    """Whether the server was started for everybody, to read aggregates only (`--anonymous-read-only`)."""
    return os.environ.get("SHEQU_ANONYMOUS") == "1"


def proxy_secret() -> str:
    """The secret that identifies the reverse proxy; from the environment only."""
    return os.environ.get("SHEQU_PROXY_SECRET", "")


def limits() -> Limits:
    """The limits for reading one file, with those of the environment. Errors: `Refusal` for a value that is no positive integer."""
    names = {"memory": "SHEQU_READ_MEMORY", "cpu": "SHEQU_READ_CPU", "wall": "SHEQU_READ_WALL"}
    given = {limit: os.environ[name] for limit, name in names.items() if os.environ.get(name)}
    wrong = [f"{names[limit]}={text}" for limit, text in given.items() if not text.isdecimal() or int(text) < 1]
    if wrong:
        raise Refusal(f"环境变量 {'、'.join(wrong)} 不是正整数；请改正（内存以 MB 计，时间以秒计）")
    return Limits(**{limit: int(text) for limit, text in given.items()})


def bare_environment() -> dict[str, str]:
    """The environment of a worker that parses files from outside: the program's place and nothing of this installation."""
    # one thread: files are read in parallel
    return {"PYTHONPATH": str(SOURCES), "PYTHONUTF8": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def clear_environment() -> None:
    """Empty the environment of this process: a worker forked for one file needs none."""
    os.environ.clear()


def environment(settings: Settings, anonymous: bool = False) -> dict[str, str]:
    """The environment of a child process that works on this installation."""
    variables = {**os.environ, "SHEQU_DATA": str(settings.data), "SHEQU_REFERENCE": str(settings.reference)}
    return {**variables, "SHEQU_ANONYMOUS": "1"} if anonymous else variables


def backup_folder() -> Path | None:
    """Where the nightly backup goes (`SHEQU_BACKUP`); None where none is set."""
    place = os.environ.get("SHEQU_BACKUP")
    return Path.cwd() / place if place else None


def public_folder(settings: Settings) -> Path:
    """Where the pages for the public go (`SHEQU_PUBLIC`, else `public/` of the data)."""
    place = os.environ.get("SHEQU_PUBLIC")
    return Path.cwd() / place if place else settings.data / "public"


def switch() -> str:
    """The address or file that is touched daily while all runs (`SHEQU_SWITCH`); empty where none is set."""
    return os.environ.get("SHEQU_SWITCH", "")


@dataclass(frozen=True)
class Mail:
    """The mail server. `security` is starttls | ssl | none."""

    host: str
    port: int
    security: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


def mail() -> Mail | None:
    """The mail server named by `SHEQU_SMTP_HOST` and its siblings; None where none is set."""
    host = os.environ.get("SHEQU_SMTP_HOST")
    if not host:
        return None
    security = os.environ.get("SHEQU_SMTP_SECURITY", "starttls")
    usual = {"ssl": 465, "starttls": 587, "none": 25}
    if security not in usual:
        raise Refusal(f"SHEQU_SMTP_SECURITY 是“{security}”；只能是 starttls、ssl 或 none")
    port = int(os.environ.get("SHEQU_SMTP_PORT") or usual[security])
    sender = os.environ.get("SHEQU_SMTP_FROM") or f"shequ@{host}"
    user, password = os.environ.get("SHEQU_SMTP_USER", ""), os.environ.get("SHEQU_SMTP_PASSWORD", "")
    return Mail(host, port, security, sender, user, password)
