"""Files under the built-in password of Excel: programs encrypt with it, and Excel and LibreOffice open them without asking.

Excel writes it itself into an .xls whose structure is protected (保护工作簿). A file under any other password stays closed.
"""

import io
import re
import struct
import zipfile
from xml.parsers.expat import ExpatError

import msoffcrypto
from msoffcrypto import exceptions

PASSWORD = "VelvetSweatshop"  # noqa: S105  it is in every description of the format
_MOST_ROUNDS = 1_000_000  # of hashing: the file itself states how often, and Excel's own files state 100,000
_ROUNDS = re.compile(rb'spinCount="(\d+)"')
_INFORMATION = "EncryptionInfo"
# What the library raises on files that are not what their headers say, and on other passwords.
_ERRORS = (
    exceptions.FileFormatError, exceptions.ParseError, exceptions.DecryptionError, exceptions.InvalidKeyError,
    ExpatError, zipfile.BadZipFile, OSError, struct.error, ValueError, LookupError, TypeError, AttributeError,
    ArithmeticError, NotImplementedError, AssertionError,
)  # fmt: skip


def opened(data: bytes) -> bytes | None:
    """The file without its encryption; None where it has another password, or a kind of encryption that is not known."""
    plain = io.BytesIO()
    try:
        file = msoffcrypto.OfficeFile(io.BytesIO(data))
        if file.format == "ooxml" and not _is_bounded(file.file):
            return None
        _load(file)
        file.decrypt(plain)
    except _ERRORS:
        return None
    return plain.getvalue()


def _load(file: object) -> None:
    if file.format == "ooxml":
        file.load_key(password=PASSWORD, verify_password=True)
    else:
        file.load_key(password=PASSWORD)


def _is_bounded(ole: object) -> bool:
    """Whether the description of the encryption is cheap to parse and to follow."""
    with ole.openstream(_INFORMATION) as stream:
        described = stream.read(1 << 16)
    rounds = _ROUNDS.findall(described)
    return b"<!" not in described and all(int(count) <= _MOST_ROUNDS for count in rounds if len(count) < 12)
