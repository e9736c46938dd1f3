"""What the commands of `shequ` share: whose installation, which month, and who is asking."""

import getpass
from collections.abc import Callable
from functools import wraps

import click

from pipelines import months
from pipelines.errors import Refusal
from pipelines.settings import Settings


class _Month(click.ParamType):
    name = "YYYY-MM"

    def convert(self, value, param, ctx):
        try:
            return months.parse(value)
        except Refusal as refusal:
            self.fail(str(refusal), param, ctx)


MONTH = _Month()


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
