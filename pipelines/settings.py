"""Where things are. The only module that reads the environment."""

import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


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
    def receipts(self) -> Path:
        return self.data / "receipts"

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse" / "warehouse.duckdb"

    @property
    def releases(self) -> Path:
        return self.data / "releases"


def load(data: str | Path | None = None) -> Settings:
    """Settings from the argument, else `SHEQU_DATA` / `SHEQU_REFERENCE`, else the repository's own `data/`."""
    folder = data or os.environ.get("SHEQU_DATA") or REPOSITORY / "data"
    reference = os.environ.get("SHEQU_REFERENCE") or REPOSITORY / "data" / "reference"
    return Settings(Path(folder).resolve(), Path(reference).resolve())


def environment(settings: Settings) -> dict[str, str]:
    """What a child process needs in order to work on this installation."""
    return {**os.environ, "SHEQU_DATA": str(settings.data), "SHEQU_REFERENCE": str(settings.reference)}
