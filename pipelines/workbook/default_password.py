"""Files encrypted with the built-in password of Excel, which Excel and LibreOffice open without asking.

Excel encrypts an .xls whose structure is protected (保护工作簿) with it. Files under other passwords are refused.
"""

import io
import re
import struct
import zipfile
from typing import Any
from xml.parsers.expat import ExpatError

import msoffcrypto
from msoffcrypto import exceptions

PASSWORD = "VelvetSweatshop"  # noqa: S105  it is in every description of the format
_MOST_ROUNDS = 1_000_000  # most rounds of hashing, which the file states; Excel writes 100,000
_ROUNDS = re.compile(rb'spinCount="(\d+)"')
_INFORMATION = "EncryptionInfo"
# errors of the library over damaged files and other passwords
_ERRORS = (
    exceptions.FileFormatError, exceptions.ParseError, exceptions.DecryptionError, exceptions.InvalidKeyError,
    ExpatError, zipfile.BadZipFile, OSError, struct.error, ValueError, LookupError, TypeError, AttributeError,
    ArithmeticError, NotImplementedError, AssertionError,
)  # fmt: skip


def opened(data: bytes) -> bytes | None:
    """The decrypted file; None under another password or an unknown kind of encryption."""
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


def _load(file: Any) -> None:
    if file.format == "ooxml":
        file.load_key(password=PASSWORD, verify_password=True)
    else:
        file.load_key(password=PASSWORD)


def _is_bounded(ole: Any) -> bool:
    """Whether the description of the encryption is within the limits of size and hashing."""
    with ole.openstream(_INFORMATION) as stream:
        described = stream.read(1 << 16)
    rounds = _ROUNDS.findall(described)
    return b"<!" not in described and all(int(count) <= _MOST_ROUNDS for count in rounds if len(count) < 12)
