"""Check the name of the person who decides."""

import pwd
import unicodedata

from pipelines.errors import Refusal

# names that the program itself uses, in any case
_PROGRAMS = {"系统", "命令行", "收件箱", "dagster"}


def person(name: str) -> str:
    """The name for the ledger, without invisible signs. Errors: `Refusal` for system accounts and the program's own names."""
    seen = "".join(letter if letter.isprintable() else " " for letter in name if unicodedata.category(letter) != "Cf")
    seen = " ".join(seen.split())
    if not any(letter.isalpha() for letter in seen):
        raise Refusal("请写明经办人的姓名：决定由谁作出，要永久保留")
    plain = unicodedata.normalize("NFKC", seen).lower()
    if _is_account(plain):
        raise Refusal(f"“{seen}”是操作系统的账号，不是姓名；请写经办人自己的姓名")
    if plain in _PROGRAMS:
        raise Refusal(f"“{seen}”是程序自己的落款，不是姓名；请写经办人自己的姓名")
    return seen


def _is_account(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except (KeyError, ValueError):
        return False
    return True
