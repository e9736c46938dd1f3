"""Files that are there whole or not at all, also after a power cut."""

import os
from pathlib import Path


def write_durably(place: Path, data: bytes, mode: int = 0o640) -> None:
    """Bytes at `place` whole or not at all: temporary name, fsync, rename, fsync of the folder."""
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".{place.name}.{os.getpid()}.part")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.chmod(mode)
    temporary.replace(place)
    sync_folder(place.parent)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
