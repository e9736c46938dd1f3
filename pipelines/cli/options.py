"""Options shared by commands: settings, month, edition, and who decides."""

import re
from collections.abc import Callable
from datetime import date
from functools import wraps

import click

from pipelines import months
from pipelines.errors import Refusal
from pipelines.settings import Settings


class _Month(click.ParamType[date]):
    name = "YYYY-MM"

    def convert(self, value, param, ctx):
        try:
            return months.parse(value)
        except Refusal as refusal:
            self.fail(str(refusal), param, ctx)


MONTH = _Month()


class _Edition(click.ParamType[str]):
    """`2020-06/2`, or `working` for the newest edition whether it is released or not."""

    name = "YYYY-MM/N"

    def convert(self, value, param, ctx):
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])/[1-9]\d{0,5}|working", value):
            self.fail(f"“{value}”不是版次；请写成 2020-06/2 这样的形式", param, ctx)
        return value


EDITION = _Edition()


def open_edition(settings: Settings, edition: str | None):
    """The edition that `--edition` names; the current one where it is not given."""
    from pipelines.archive import released_editions
    from pipelines.edition import open_release

    if edition is None:
        return open_release(settings=settings)
    if edition == "working":
        return open_release(edition="working", settings=settings)
    return open_release(*released_editions.order(edition), settings=settings)


def _person(ctx: click.Context, param: click.Parameter, value: str) -> str:
    from pipelines.intake import signature

    try:
        return signature.person(value)
    except Refusal as refusal:
        raise click.BadParameter(str(refusal), ctx, param) from None


# who decides: wrong use, exit status 2, where nobody is named
BY = click.option("--by", required=True, metavar="姓名", callback=_person, help="经办人的姓名，随决定永久保留")

# the same where only some uses of a command decide something
PERHAPS_BY = click.option(
    "--by", metavar="姓名", help="经办人的姓名", callback=lambda *given: given[2] and _person(*given)
)


JSON = click.option("--json", "as_json", is_flag=True)


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Hand the command its `Settings` as first argument."""

    @click.pass_obj
    @wraps(command)
    def wrapped(settings: Settings, *args, **kwargs):
        return command(settings, *args, **kwargs)

    return wrapped


def decision(command: Callable[..., None]) -> Callable[..., None]:
    """A command that decides something: its settings, `--by` and `--json`."""
    return BY(JSON(with_settings(command)))
