"""Decisions of the city: each needs a person's name and has an opposite."""

import sys
from datetime import date
from typing import TYPE_CHECKING

import click

from pipelines import months
from pipelines.cli import printing
from pipelines.cli.options import BY, EDITION, JSON, MONTH, decision, with_settings
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.archive.store import Event

_WHY = click.option("--why", required=True, help="理由")


@click.command()
@click.argument("month", type=MONTH)
@BY
@click.option("--why", default="", help="还有县未报或文件待处理时，为什么仍然审定")
@click.option("--yes", is_flag=True, help="还有县未报或文件待处理时，不再询问")
@JSON
@with_settings
def approve(settings: Settings, month: date, by: str, why: str, yes: bool, as_json: bool) -> None:
    """审定一个月（锁定）：成版、发布，报告盖上审定；还缺什么先说明，并随审定一起记入台账。"""
    from pipelines.intake import decisions, month_wording, reporting_status
    from pipelines.monthly import month_decisions

    state = reporting_status.status(settings, month)
    lacking = month_wording.lacking(decisions.lacking(state), state)
    if lacking:
        printing.say(f"注意，{months.label(month)}：" + "；".join(lacking), err=True)
    # no question where input is no terminal: the warning is printed, and the ledger records the gaps
    if lacking and not yes and sys.stdin.isatty():
        click.confirm("仍要审定（锁定）这个月吗？", abort=True, err=True)
    event = month_decisions.approve(month, settings, by, why)
    printing.decided(event, as_json, f"{months.label(month)}已审定，此后的报表须先重开才生效")


@click.command()
@click.argument("month", type=MONTH)
@_WHY
@decision
def reopen(settings: Settings, month: date, why: str, by: str, as_json: bool) -> None:
    """重开已审定的月份。"""
    from pipelines.monthly import month_decisions

    event = month_decisions.reopen(month, why, settings, by)
    printing.decided(event, as_json, f"{months.label(month)}已重开；重新计算用 shequ run --month {months.key(month)}")


@click.command()
@click.argument("month", type=MONTH)
@decision
def release(settings: Settings, month: date, by: str, as_json: bool) -> None:
    """把一个月最新的工作版发布给所有人。"""
    from pipelines.monthly import month_decisions

    event = month_decisions.release(month, settings, by)
    printing.decided(event, as_json, f"{event.body['month']}/{event.body['edition']} 已发布")


@click.command()
@click.argument("edition", type=EDITION)
@_WHY
@decision
def retract(settings: Settings, edition: str, why: str, by: str, as_json: bool) -> None:
    """收回一版（如 2020-06/2）：此前发布的一版重新成为当前版；什么都不删除。"""
    from pipelines.edition import edition_folders
    from pipelines.monthly import month_decisions

    event = month_decisions.retract(edition, why, settings, by)
    current = edition_folders.named(settings.releases)
    now = f"当前版为 {edition_folders.name_of(current)}" if current else "现在没有发布版"
    printing.decided(event, as_json, f"{edition} 已收回，{now}{_gone_from_public(settings, event)}")


@click.command()
@click.argument("month", type=MONTH)
@decision
def publicise(settings: Settings, month: date, by: str, as_json: bool) -> None:
    """公开（政务公开）：把一个月的发布版做成供群众看的网页和数据，只到县一级；撤回用 shequ withdraw。"""
    from pipelines.monthly import month_decisions
    from pipelines.settings import public_folder

    event = month_decisions.publicise(month, settings, by)
    page = public_folder(settings) / months.key(month) / "index.html"
    said = f"{event.body['month']}/{event.body['edition']} 已公开：{page}；撤回用 shequ withdraw {event.seq}"
    printing.decided(event, as_json, said)


@click.command()
@click.argument("of", metavar="ID", type=int)
@_WHY
@decision
def withdraw(settings: Settings, of: int, why: str, by: str, as_json: bool) -> None:
    """撤回一份报送、一个决定或一次撤回（ID 为其编号）。"""
    from pipelines.monthly import gate, month_decisions

    event = month_decisions.withdraw(of, why, settings, by)
    empty = gate.current_without_reports(settings)
    more = f"。当前版 {empty} 所在的月份已没有有效报表，收回用 shequ retract {empty}" if empty else ""
    gone = _gone_from_public(settings, event)
    printing.decided(event, as_json, f"第 {of} 号已撤回{gone or '；重新计算用 shequ run'}{more}")


def _gone_from_public(settings: Settings, event: "Event") -> str:
    """`；2020年6月的公开页已撤下…`: the public pages that a decision took back; empty where it took none."""
    from pipelines.monthly import public_folder

    gone = [months.label(month) for month in public_folder.taken_back_by(settings, event.seq)]
    return f"；{'、'.join(gone)}的公开页已撤下，只留撤回的说明" if gone else ""


@click.command()
@click.argument("findings", nargs=-1, required=True)
@_WHY
@click.option("--until", type=MONTH, required=True, help="有效至哪个月")
@decision
def waive(settings: Settings, findings: tuple[str, ...], why: str, until: date, by: str, as_json: bool) -> None:
    """豁免一个问题（可以一次几个；附理由和期限），随数字一起发布。"""
    from pipelines.intake import decisions

    sentence = f"问题 {{}} 已豁免至 {months.label(until)}"
    printing.decided_each(
        findings, lambda finding: decisions.waive(finding, why, until, settings, by), as_json, sentence
    )


@click.command()
@click.argument("finding")
@click.option("--unit", help="名册中的 12 位代码")
@click.option("--as", "value", help="这个县的这种写法读作什么")
@decision
def resolve(settings: Settings, finding: str, unit: str | None, value: str | None, by: str, as_json: bool) -> None:
    """认定一行报的是名册中的哪个单位，或一种写法读作什么（以后照此办理）。"""
    from pipelines.intake import decisions

    if (unit is None) == (value is None):
        raise click.UsageError("请写 --unit 或 --as，二者取其一")
    event = decisions.resolve(finding, unit, settings, by, value)
    printing.decided(event, as_json, f"已认定为 {unit or value}")


COMMANDS = (approve, reopen, release, retract, publicise, withdraw, waive, resolve)
