"""Zip files whose bytes follow from their content alone: the date of every member is 1980-01-01."""

import io
import zipfile
from collections.abc import Iterable

_DATE = (1980, 1, 1, 0, 0, 0)


def unzipped(data: bytes) -> dict[str, bytes]:
    """Name → content of each member, in the order of the file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: Iterable[tuple[str, bytes]], level: int | None = None, mode: int = 0o600) -> bytes:
    """A deflated zip of (name, content), in this order. `level` of compression: 0 to 9 (default: zlib's); `mode`: permissions of members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = mode << 16
            archive.writestr(entry, content, compresslevel=level)
    return out.getvalue()
