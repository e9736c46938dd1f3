"""督办: gaps as tasks, with their notices and the replies of the counties."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines import months
from pipelines import settings as installation
from pipelines.cli import printing
from pipelines.cli.options import JSON, MONTH, decision, with_settings
from pipelines.errors import Refusal
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.edition.progress_rows import Task


@click.group(invoke_without_command=True)
@click.option("--month", type=MONTH, help="月份；不写则为当前发布版")
@click.option("--county", help="只看一个县（六位代码）")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="另把通报和各县督办通知（docx、xlsx）写到这个文件夹"
)
@JSON
@click.pass_context
@with_settings
def tasks(
    settings: Settings, context: click.Context, month: date | None, county: str | None, out: Path | None, as_json: bool
) -> None:
    """督办：把各县未达标的指标列为事项，说明未达标多少、欠达超进度；只由以后月份的数据销号，回落的重新列入。"""
    if context.invoked_subcommand is None:
        _list(settings, month, county, out, as_json)


@tasks.command()
@click.argument("county")
@click.argument("indicator")
@click.option("--text", required=True, help="办理情况：采取了什么措施、何时完成")
@decision
def reply(settings: Settings, county: str, indicator: str, text: str, by: str, as_json: bool) -> None:
    """答复一个督办事项（县里）；答复不销号，撤回用 shequ withdraw。"""
    from pipelines.intake import answer_tasks

    event = answer_tasks.reply(county, indicator, text, settings, by)
    printing.decided(event, as_json, f"已记下 {county} 对督办事项 {indicator} 的答复（第 {event.seq} 号）")


@tasks.command()
@click.option("--month", type=MONTH, help="月份；不写则为当前发布版")
@decision
def send(settings: Settings, month: date | None, by: str, as_json: bool) -> None:
    """把各县的督办通知（docx、xlsx）用邮件发给有联系地址的县；每版每县只发一次。"""
    from pipelines.notify import notices, outbox

    sent = notices.write(settings, month, by)
    _, troubles = outbox.send_waiting(settings)
    if as_json:
        printing.print_json({**sent._asdict(), "troubles": troubles})
        return
    way = "随即发出" if installation.mail() else "没有设邮件服务器，成为 data/outbox/mail 里的 .eml 文件"
    printing.say(f"已写好 {len(sent.written)} 个县的督办通知，{way}")
    for label, names in (("此前已发过", sent.before), ("没有联系地址，须另行送达", sent.without)):
        if names:
            printing.say(f"{label}：{'、'.join(names)}")
    if troubles:
        printing.say(*troubles, err=True)


def _list(settings: Settings, month: date | None, county: str | None, out: Path | None, as_json: bool) -> None:
    from pipelines.edition import open_release
    from pipelines.edition.county_tasks import tasks as of_release

    release = open_release(month, settings=settings)
    if county and not release.rows("SELECT 1 FROM county WHERE unit = ?", [county]):
        raise Refusal(f"{months.label(release.month)}没有代码为 {county} 的县（市、区）")
    policy = release.rows("SELECT id FROM policy ORDER BY since")[-1]["id"]
    listed = of_release(release, policy, county)
    paths = _papers(settings, release, out, county) if out else []
    if as_json:
        printing.print_json([{**task, **_plain(task)} for task in listed])
        return
    _print(listed)
    for path in paths:
        printing.say(f"已生成：{path}")


def _plain(task: "Task") -> dict[str, str | None]:
    closed = months.key(task["closed"]) if task["closed"] else None
    return {"opened": months.key(task["opened"]), "closed": closed, "due": task["due"].isoformat()}


def _print(listed: list["Task"]) -> None:
    from pipelines.reports.county_notice import progress

    standing = [task for task in listed if task["state"] != "closed"]
    for task in standing:
        done = "" if task["done"] is None else f"，本月完成 {task['done']}"
        quota = "" if task["quota"] is None else f"（应完成 {task['quota']}）"
        until = f"，{task['due']:%Y-%m-%d} 前"
        which = f"[{task['county']} {task['indicator']}] {task['short']} {task['name']}"
        printing.say(f"{which}：未达标 {task['failing']}{done}{quota}，{progress(task)}{until}")
        for reply in task["replies"]:
            printing.say(f"      县里答复（{reply['by']}，{reply['at'][:10]}）：{reply['text']}")
    printing.say(f"共 {len(standing)} 项督办事项，另有 {len(listed) - len(standing)} 项已办结")


def _papers(settings: Settings, release, out: Path, county: str | None) -> list[Path]:
    from pipelines.archive.store import write_durably
    from pipelines.notify import notices
    from pipelines.reports import gather, office, task_bulletin
    from pipelines.reports.county_notice import write_notices

    known = office.load(settings)
    paths = write_notices(release, out, notices.due(settings, release.month), county, known)
    if not county:
        facts = gather(release, None, 1, (), known)
        paths.insert(0, out / f"{months.key(release.month)}_督办通报_第{release.edition}版.docx")
        write_durably(paths[0], task_bulletin.build(facts))
    return paths
