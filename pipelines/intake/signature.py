"""Who signs a decision: a person, by name."""

import pwd

from pipelines.errors import Refusal


def person(name: str) -> str:
    """The name as it stands in the ledger. Errors: `Refusal` for none, and for an account of the operating system."""
    name = name.strip()
    if not name:
        raise Refusal("请写明经办人的姓名：决定由谁作出，要永久保留")
    if _is_account(name):
        raise Refusal(f"“{name}”是操作系统的账号，不是姓名；请写经办人自己的姓名")
    return name


def _is_account(name: str) -> bool:
    try:
        pwd.getpwnam(name.lower())
    except (KeyError, ValueError):
        return False
    return True
