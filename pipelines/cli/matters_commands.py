"""Commands for open matters; each decision needs a person's name."""

from datetime import date, datetime
from pathlib import Path

import click

from pipelines import months
from pipelines.cli import printing
from pipelines.cli.options import JSON, MONTH, decision, with_settings
from pipelines.settings import Settings

WHY = click.option("--why", required=True, help="理由")


@click.command()
@click.argument("seq", metavar="ID", type=int)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="写到哪个文件夹")
@JSON
@with_settings
def original(settings: Settings, seq: int, out: Path, as_json: bool) -> None:
    """一份报送的原件，一字不改。"""
    from pipelines.intake import answer_matters

    path = answer_matters.original(seq, out, settings)
    printing.print_json({"seq": seq, "file": str(path)}) if as_json else printing.say(f"已写出：{path}")


@click.command()
@click.option("--month", type=MONTH, help="月份；不写则全部")
@JSON
@with_settings
def matters(settings: Settings, month: date | None, as_json: bool) -> None:
    """所有等人处理的事：退回的文件、认不出的单位、未答复的需核实问题、等待的报表。"""
    from pipelines.intake import answer_matters
    from pipelines.intake.open_matters import KIND_NAMES, STATE_NAMES

    listed = answer_matters.matters(settings, month)
    if as_json:
        printing.print_json(listed)
        return
    waiting = [matter for matter in listed if matter["state"] in ("open", "explained")]
    for matter in waiting:
        where = " ".join(filter(None, (matter["county"], matter["month"])))
        kind, state = KIND_NAMES[matter["kind"]], STATE_NAMES[matter["state"]]
        printing.say(f"[{matter['id']}] {kind}（{state}）{where} 第 {matter['seq']} 号：{matter['message']}")
        for heading, said in (("情况说明", matter["explanation"]), ("市里追问", matter["question"])):
            if said:
                printing.say(f"      {heading}：{said}")
    printing.say(f"共 {len(waiting)} 件待办" if waiting else "没有待办的事")


@click.command("explain-finding")
@click.argument("finding")
@click.option("--text", required=True, help="情况说明")
@decision
def explain_finding(settings: Settings, finding: str, text: str, by: str, as_json: bool) -> None:
    """对一个需核实的问题说明情况（县里）。"""
    from pipelines.intake import answer_matters

    printing.decided(answer_matters.explain(finding, text, settings, by), as_json, f"已记下对问题 {finding} 的说明")


@click.command()
@click.argument("findings", nargs=-1, required=True)
@decision
def accept(settings: Settings, findings: tuple[str, ...], by: str, as_json: bool) -> None:
    """采纳县里的情况说明（可以一次几个），数值不变则不再提示；或采纳政策之前月份的报表。"""
    from pipelines.intake import answer_matters

    printing.decided_each(findings, lambda key: answer_matters.accept(key, settings, by), as_json, "已采纳 {}")


@click.command()
@click.argument("findings", nargs=-1, required=True)
@click.option("--text", required=True, help="要问什么")
@decision
def ask(settings: Settings, findings: tuple[str, ...], text: str, by: str, as_json: bool) -> None:
    """就一个问题（可以一次几个）（再）问县里。"""
    from pipelines.intake import answer_matters

    printing.decided_each(
        findings, lambda key: answer_matters.ask(key, text, settings, by), as_json, "已就问题 {} 追问"
    )


@click.command()
@click.argument("matters", nargs=-1, required=True)
@WHY
@decision
def dismiss(settings: Settings, matters: tuple[str, ...], why: str, by: str, as_json: bool) -> None:
    """一件（可以一次几件）待办的事不予处理。"""
    from pipelines.intake import answer_matters

    printing.decided_each(matters, lambda key: answer_matters.dismiss(key, why, settings, by), as_json, "{} 不予处理")


@click.command()
@click.argument("month", type=MONTH)
@click.option("--county", required=True, help="县（市、区）代码")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="延至哪一天")
@click.option("--excuse", is_flag=True, help="免报")
@WHY
@decision
def extend(
    settings: Settings, month: date, county: str, until: datetime | None, excuse: bool, why: str, by: str, as_json: bool
) -> None:
    """给一个县延期，或免报。"""
    from pipelines.monthly import month_decisions

    day = until.date() if until else None
    event = month_decisions.extend(month, county, settings, by, why, day, excuse)
    printing.decided(event, as_json, f"{county} {months.label(month)}{'免报' if excuse else f'延至 {day}'}")


@click.command()
@click.option("--name", required=True, help="社区（村）名称")
@click.option("--town", required=True, help="街道（乡镇）代码")
@click.option("--kind", required=True, help="城市社区、城镇社区或农村社区")
@click.option("--from", "since", type=MONTH, required=True, help="从哪个月起")
@WHY
@decision
def admit(settings: Settings, name: str, town: str, kind: str, since: date, why: str, by: str, as_json: bool) -> None:
    """增设一个名册尚未列入的单位。"""
    from pipelines.intake import decisions

    event = decisions.admit(name, town, kind, since, why, settings, by)
    printing.decided(event, as_json, f"已增设 {name}，代码 {event.body['code']}")


COMMANDS = (original, matters, explain_finding, accept, ask, dismiss, extend, admit)
