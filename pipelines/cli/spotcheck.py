"""`shequ spotcheck plan | draw | record | result`: reported answers proven by visits."""

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines import months
from pipelines.cli import printing
from pipelines.cli.options import BY, JSON, MONTH, PERHAPS_BY, decision, with_settings
from pipelines.errors import Refusal
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.edition.open_edition import Release
    from pipelines.edition.spot_planning import Proposal
    from pipelines.intake.outcome import Report
    from pipelines.intake.spot_desk import ListResult, Terms

_OUT = click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="名单写到哪个文件夹")


@click.group(help="抽查：按公开号码抽出单位，走访核实，看所报的达标站不站得住。")
def spotcheck() -> None:
    pass


@spotcheck.command()
@click.option("--month", type=MONTH, required=True, help="核查哪个月的情况")
@click.option("--indicator", "indicators", multiple=True, help="指标代码，可写几个")
@click.option("--level", type=click.Choice(["city", "county"]), default="city", show_default=True)
@click.option("--unit", help="县（市、区）代码（--level county 时）")
@click.option("--strata", type=click.Choice(["one", "county"]), help="全市一层，或按县分层；不写则由程序选")
@click.option("--budget", type=click.IntRange(1), help="一共能走访多少次")
@click.option("--allowed", type=click.IntRange(0), help="允许几个未能属实；不写则用建议的")
@click.option("--source", help="抽取号码的来源，如 排列5，或 现场掷骰")
@click.option("--issue", help="期号，如 2021001")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="号码公布之日，须在今天之后")
@click.option("--window", type=int, default=15, show_default=True, help="抽取后多少天内交回")
@click.option("--group", "groups", multiple=True, metavar="名称[=县代码]", help="检查组及其所在的县，可写几个")
@click.option("--commit", is_flag=True, help="记入台账（须写 --by、--source、--issue、--day）")
@click.option("--withdraw", "withdrawn", type=int, help="撤回一份尚未到号码之日的名单")
@click.option("--why", default="", help="撤回的理由")
@PERHAPS_BY
@JSON
@with_settings
def plan(
    settings: Settings,
    month: date,
    commit: bool,
    withdrawn: int | None,
    why: str,
    by: str | None,
    as_json: bool,
    **asked,
) -> None:
    """算一算走访多少次能证明什么；加 --commit 定下来（在号码公布之前）。"""
    from pipelines.edition import open_release, spot_planning
    from pipelines.edition.spot_planning import Wish
    from pipelines.intake import spot_desk

    if (commit or withdrawn) and not by:
        raise click.UsageError("请用 --by 写明经办人的姓名")
    if withdrawn:
        assert by, "asked for above"
        event = spot_desk.withdraw(withdrawn, why, settings, by)
        printing.decided(event, as_json, f"{withdrawn} 号名单已撤回，记录永久保留")
        return
    if not asked["indicators"]:
        raise click.UsageError("请用 --indicator 写明指标")
    release = open_release(month, settings=settings)
    names = ("level", "unit", "strata", "budget", "allowed")
    wish = Wish(month, asked["indicators"], **{name: asked[name] for name in names})
    proposals = spot_planning.proposals(release, wish)
    number = None
    if commit:
        assert by, "asked for above"
        number = spot_desk.plan(release, proposals, _terms(asked), settings, by).body["list"]
    _show_plan(month, release, proposals, number, as_json)


def _terms(asked: dict[str, Any]) -> "Terms":
    from pipelines.intake.spot_desk import ONE_GROUP, Number, Terms

    missing = [f"--{name}" for name in ("source", "issue", "day") if not asked[name]]
    if missing:
        raise click.UsageError(f"加 --commit 时须写 {'、'.join(missing)}")
    pairs = (text.partition("=") for text in asked["groups"])
    groups = {name.strip(): county.strip() or None for name, _, county in pairs}
    return Terms(
        Number(asked["source"], asked["issue"], asked["day"].date()), groups or dict(ONE_GROUP), asked["window"]
    )


def _show_plan(
    month: date, release: "Release", proposals: Sequence["Proposal"], number: int | None, as_json: bool
) -> None:
    from pipelines.edition import spot_planning
    from pipelines.verification import sentences

    visits = spot_planning.visits(proposals)
    hopeless = [proposal for proposal in proposals if not proposal.claim.met]
    if as_json:
        head = {
            "month": months.key(month),
            "edition": release.label,
            "digest": release.manifest["digest"],
            "list": number,
        }
        printing.print_json({**head, "claims": [proposal.public() for proposal in proposals], "visits": visits})
    else:
        for proposal in proposals:
            claim = proposal.claim
            printing.say(f"{proposal.name}：已报 {claim.reported:,} 个，目标需 {claim.required:,} 个")
            printing.say(f"  {sentences.margin(claim) if claim.met else sentences.not_met(claim)}")
            _show_plans(proposal)
        printing.say(f"合计 {visits:,} 次走访" + (f"；已记为 {number} 号名单" if number else ""))
    if hopeless:
        sys.exit(1)


def _show_plans(proposal: "Proposal") -> None:
    lines: list[tuple[object, ...]] = [("允许未能属实", "走访", "成功把握（百里挑一不实）", "")]
    for option in proposal.plans:
        mark = "选定" if proposal.chosen and option.allowed == proposal.chosen.allowed else ""
        lines.append((option.allowed, option.visits, f"{float(100 * option.chance[1]):.0f}%", mark))
    if proposal.plans:
        printing.table(lines, right=(0, 1, 2))
    if proposal.missing:
        printing.say(f"  预算不够，还缺 {proposal.missing:,} 次走访")


@spotcheck.command()
@click.argument("number", metavar="名单号", type=int)
@click.option("--number", "digits", required=True, help="公布的号码，如 12345")
@click.option("--published", required=True, help="号码公布在哪里；现场掷骰的写两位在场人员")
@BY
@_OUT
@JSON
@with_settings
def draw(
    settings: Settings, number: int, digits: str, published: str, by: str, out: Path | None, as_json: bool
) -> None:
    """用公布的号码抽出名单，生成各组带走的表（xlsx、docx）。"""
    from pipelines.intake import spot_desk, spot_visit_lists

    drawn = spot_desk.make_draw(number, digits, published, settings, by)
    paths = (
        spot_visit_lists.write(spot_visit_lists.visit_lists(drawn, spot_desk.remark(settings, drawn)), out)
        if out
        else []
    )
    public = spot_desk.public_draw(drawn)
    if as_json:
        printing.print_json({**public, "files": [str(path) for path in paths]})
        return
    printing.say(f"{number} 号名单已抽取：{public['units']} 个单位，种子 {public['seed']}")
    printing.say(*([str(path) for path in paths] or ["名单文件用 shequ spotcheck result 名单号 --out 文件夹 生成"]))


@spotcheck.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@decision
def record(settings: Settings, files: tuple[Path, ...], by: str, as_json: bool) -> None:
    """读回填好的名单（与 shequ submit 相同，按内容识别）。"""
    from pipelines.intake import submit_files
    from pipelines.monthly import republish_after_check

    reports = submit_files.submit(files, settings, by)
    records = [_recorded(settings, report) for report in reports]
    editions = republish_after_check.follow(settings, by)
    for entry, report in zip(records, reports, strict=True):
        if as_json:
            printing.print_json(entry)
        else:
            printing.say(f"{report.file}：{report.spot or '不是抽查名单，按报表处理'}")
            for finding in report.findings:
                printing.say(f"  {finding['message']}")
    for edition in editions if not as_json else ():
        printing.say(f"名单已结束，{edition} 已加注抽查")
    if any(report.refused or report.errors for report in reports):
        sys.exit(1)


def _recorded(settings: Settings, report: "Report") -> dict[str, object]:
    from pipelines.intake import returned_lists

    number, replaced, late = returned_lists.recorded(settings, report.seq)
    blank = report.rows["read"] - report.rows["accepted"]
    still = {} if number is None else {"open": returned_lists.still_open(settings, number)}
    return {
        "file": report.file, "seq": report.seq, "list": number, "recorded": report.rows["accepted"], "open": None, **still,
        "held": blank, "replaced": replaced, "late": late, "findings": report.findings,
    }  # fmt: skip


@spotcheck.command()
@click.argument("number", metavar="[名单号]", type=int, required=False)
@_OUT
@JSON
@with_settings
def result(settings: Settings, number: int | None, out: Path | None, as_json: bool) -> None:
    """各名单查到了什么、证明了什么；--out 再写一遍名单（含应补的候补）。"""
    from pipelines.intake import spot_desk, spot_visit_lists

    chosen = [spot_desk.named(settings, number)] if number else spot_desk.all_lists(settings)
    lists = {spot_list.number: spot_list for spot_list in spot_desk.all_lists(settings)}
    today = months.today()
    results = [spot_desk.result(spot_list, lists, today) for spot_list in chosen]
    if as_json:
        printing.print_json(results[0] if number else results)
    else:
        for each in results:
            _show_result(each)
        if not results:
            printing.say("还没有抽查")
    if out and number:
        if not chosen[0].draw:
            raise Refusal(f"{number} 号名单还没有抽取；请先 shequ spotcheck draw {number}")
        spot_visit_lists.write(spot_visit_lists.visit_lists(chosen[0], spot_desk.remark(settings, chosen[0])), out)


def _show_result(result: "ListResult") -> None:
    from pipelines.verification import sentences

    printing.say(f"{result['list']} 号名单（{result['month']}）：{result['note']}")
    for claim in result["claims"]:
        words = sentences.STATUS.get(claim["status"] or "", "")
        printing.say(f"  {claim['indicator']} {words}")
        if claim["text"]:
            printing.say(f"  {claim['text']}")
    if result["spares_due"] and result["state"] == "open":
        printing.say(f"  应补走访候补 {len(result['spares_due'])} 个；名单用 --out 再生成")
