"""What the commands of `shequ` share: whose installation, and who is asking."""

import getpass
from collections.abc import Callable
from functools import wraps

import click

from pipelines.settings import Settings


def with_settings(command: Callable) -> Callable:
    """Hand the command its `Settings` as first argument."""

    @click.pass_obj
    @wraps(command)
    def wrapped(found: Settings, *args, **kwargs):
        return command(found, *args, **kwargs)

    return wrapped


def user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "未知用户"
