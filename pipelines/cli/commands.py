"""The command line: `shequ`. Every command calls one plain function; what is printed is Chinese, `--json` is for programs.

Exit status: 0 done, 1 findings or refusal, 2 wrong use.
"""

import os
import sys
from pathlib import Path

import click

from pipelines import __version__, months, settings
from pipelines.cli import maintenance, matters_commands, operations, printing, reference_commands
from pipelines.cli.options import MONTH, user, with_settings
from pipelines.errors import Refusal
from pipelines.settings import Settings
from pipelines.system import durable_files


class _Chinese(click.Group):
    """Refusals are printed without a traceback; anything else is our bug and keeps it."""

    def invoke(self, ctx):
        try:
            with durable_files.refusing("操作"):
                return super().invoke(ctx)
        except Refusal as refusal:
            printing.say(f"未完成:{refusal}", err=True)
            ctx.exit(1)


@click.group(cls=_Chinese, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="运行数据所在文件夹(默认 data/,或环境变量 SHEQU_DATA)",
)
@click.version_option(__version__, prog_name="shequ")
@click.pass_context
def main(ctx: click.Context, data: Path | None) -> None:
    """社区:城乡社区治理政策落实进展。"""
    # what is written by this command and by the programs that it starts is for the owner and the group alone
    os.umask(0o027)
    ctx.obj = settings.load(data)


# ---- templates and samples


@main.command()
@click.option("--month", type=MONTH, required=True, help="报表月份,如 2020-06")
@click.option("--county", help="县（市、区）代码；不写则全部")
@click.option("--town", is_flag=False, flag_value="*", help="每个街道（乡镇）一个工作簿；写代码或名称的，只生成这一个")
@click.option("--blank", is_flag=True, help="不填入上月的答案")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="写到哪个文件夹")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def template(found: Settings, month, county, town, blank: bool, out: Path, as_json: bool) -> None:
    """生成待填的报表（每县一个工作簿）；从第二个月起填好上月已报的答案。"""
    from pipelines.edition.last_answers import last_answers
    from pipelines.reference import age, reference_bundle
    from pipelines.template import write_templates

    reference = reference_bundle.load(found.reference)
    last = None if blank else last_answers(found, reference.form.in_month(month), month)
    with printing.progress("生成报表") as report:
        paths = write_templates(
            reference.form,
            reference.rosters,
            month,
            out,
            county,
            lambda done, of: report(done, of, ""),
            town=town,
            last=last,
            caveats=[caveat.says for caveat in age.caveats(reference, month)],
        )
    if as_json:
        printing.print_json([str(p) for p in paths])
    else:
        source = f"，已填入{months.label(last.month)}的答案" if last else ""
        click.echo(f"已生成 {len(paths)} 个工作簿，在 {out}{source}")


@main.command()
@click.option("--months", "span", required=True, help="月份或区间,如 2018-08..2020-12")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="写到哪个文件夹")
@click.option("--seed", default=2018, show_default=True, help="随机种子;相同的种子得到相同的文件")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def sample(found: Settings, span: str, out: Path, seed: int, as_json: bool) -> None:
    """生成示例数据:在真实名册上虚构的、已填好的报表(每张表都标明“示例数据”)。"""
    from pipelines.reference import reference_bundle
    from pipelines.sample import write_samples

    reference = reference_bundle.load(found.reference)
    with printing.progress("生成示例数据") as report:
        paths = write_samples(
            reference.form,
            reference.rosters,
            months.parse_span(span),
            out,
            seed=seed,
            progress=lambda done, of: report(done, of, ""),
        )
    printing.print_json([str(p) for p in paths]) if as_json else click.echo(
        f"已生成 {len(paths)} 个示例工作簿,在 {out}"
    )


# ---- what comes in

_FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))


@main.command()
@_FILES
@click.option("--json", "as_json", is_flag=True, help="每个文件一行 JSON")
@with_settings
def check(found: Settings, files, as_json: bool) -> None:
    """读取并检查报表,不保存任何内容。"""
    from pipelines.intake import submit_files

    reports = submit_files.check(files, found)
    printing.reports(reports, as_json)


@main.command()
@_FILES
@click.option("--receipts", type=click.Path(path_type=Path, file_okay=False), help="回执写到哪个文件夹")
@click.option("--by", default=user, help="报送人")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def submit(found: Settings, files, receipts: Path | None, by: str, as_json: bool) -> None:
    """接收报表:存档、读取、入库。"""
    from pipelines.intake import submit_files

    with printing.progress("读取报表") as report:
        reports = submit_files.submit(files, found, by, report)
    if receipts:
        submit_files.write_receipts(reports, found, receipts)
    printing.reports(reports, as_json)


# ---- figures and releases


@main.command()
@click.option("--month", type=MONTH, help="月份;不写则为最近有报表的月份")
@click.option("--by", default=user, help="发布人")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def run(found: Settings, month, by: str, as_json: bool) -> None:
    """计算一个月的数字,发布并生成报告。"""
    from pipelines.monthly import monthly_run

    warnings: list[str] = []
    with printing.progress("计算") as report:
        edition = monthly_run.run(found, month, by, report, warnings.append)
    if as_json:
        told = {"release": edition.label, "new": edition.new, "folder": str(edition.folder), "warnings": warnings}
        printing.print_json(told)
    else:
        verb = "已发布" if edition.new else "没有变化,仍为"
        click.echo(f"{verb} {months.label(edition.month)}第{edition.number}版:{edition.folder}")
        for warning in warnings:
            printing.say(f"  请核实 {warning}")


@main.command()
@click.option("--month", type=MONTH)
@click.option("--level", type=click.Choice(["city", "county", "town", "community"]))
@click.option("--unit", help="单位代码")
@click.option("--indicator", help="指标代码")
@click.option("--policy", help="政策代码")
@click.option(
    "--as-of", "as_of", type=click.Choice(["then", "now"]), default="then", help="按当时(then)或目前(now)区划"
)
@click.option("--json", "as_json", is_flag=True)
@with_settings
def figures(found: Settings, month, level, unit, indicator, policy, as_of: str, as_json: bool) -> None:
    """当前发布版中的数字。"""
    from pipelines.edition import figures as of_release
    from pipelines.edition import open_release

    release = open_release(settings=found)
    rows = of_release(release, month, level, unit, indicator, policy, now=as_of == "now")
    if as_json:
        printing.print_json(rows)
    else:
        printing.figures(rows, _indicators(release, policy))


def _indicators(release, policy: str | None) -> dict[str, dict]:
    """Name and units of each indicator, of the first policy where none is named."""
    sql = "SELECT * FROM indicator WHERE policy = coalesce(?, (SELECT id FROM policy LIMIT 1))"
    return {row["indicator"]: row for row in release.rows(sql, [policy])}


@main.command()
@click.argument("indicator")
@click.option("--month", type=MONTH)
@click.option("--unit", help="市、县、乡镇或社区(村)代码;不写则为全市")
@click.option("--policy")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def explain(found: Settings, indicator: str, month, unit, policy, as_json: bool) -> None:
    """一个数字的来历:条款、算式、所含单位,以及每个答案所在的单元格。"""
    from pipelines.edition import explain as of_release
    from pipelines.edition import open_release

    release = open_release(settings=found)
    story = of_release(release, indicator, month, unit, policy)
    if as_json:
        printing.print_json(story)
    else:
        labels = {row["field"]: row["label"] for row in release.rows("SELECT field, label FROM field")}
        printing.story(story, _indicators(release, policy)[indicator], labels)


@main.command()
@click.option("--month", type=MONTH, help="月份;不写则为当前发布版")
@click.option("--edition", type=int, help="第几版;不写则为该月最新一版")
@click.option("--variant", type=click.Choice(["month", "quarter", "year"]), help="月报、季报或年报;不写则按月份")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="写到哪个文件夹")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def report(found: Settings, month, edition, variant, out: Path, as_json: bool) -> None:
    """由一个发布版重新生成报告(docx、xlsx、html);同一版的报告每次都相同。"""
    from pipelines.edition import open_release
    from pipelines.reports import VARIANTS, write_reports

    paths = write_reports(open_release(month, edition, settings=found), out, VARIANTS.get(variant))
    printing.print_json([str(p) for p in paths]) if as_json else click.echo("已生成:\n" + "\n".join(map(str, paths)))


@main.command()
@click.argument("file")
@click.argument("cell")
@click.option("--sheet", help="工作表名称(文件中有几张表时)")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def feeds(found: Settings, file: str, cell: str, sheet, as_json: bool) -> None:
    """一个单元格的去向:它成为哪个答案,进入哪些数字(FILE 为文件名或 SHA-256 的开头)。"""
    from pipelines.edition import feeds as of_release
    from pipelines.edition import open_release

    story = of_release(open_release(settings=found), file, cell, sheet)
    if as_json:
        printing.print_json(story)
        return
    printing.say(
        f"{story['file']} {story['sheet']}!{cell}:{story['unit']} 的 {story['field']} = {story['value']} [{story['raw']}]"
    )
    for figure in story["figures"]:
        printing.say(f"  {figure['month']} {figure['level']} {figure['unit']} {figure['indicator']} {figure['shown']}")


@main.command()
@click.option("--month", type=MONTH)
@click.option("--json", "as_json", is_flag=True)
@with_settings
def status(found: Settings, month, as_json: bool) -> None:
    """谁已报、谁未报、有哪些问题。"""
    from pipelines.intake import reporting_status

    state = reporting_status.status(found, month)
    printing.print_json(state) if as_json else printing.status(state)


# ---- decisions


@main.command()
@click.argument("month", type=MONTH)
@click.option("--by", default=user)
@click.option("--why", default="", help="还有县未报或文件待处理时,为什么仍然审核")
@click.option("--yes", is_flag=True, help="还有县未报或文件待处理时,不再询问")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def approve(found: Settings, month, by: str, why: str, yes: bool, as_json: bool) -> None:
    """审核一个月(锁定);还缺什么先说明,并随审核一起记入台账。"""
    from pipelines.intake import decisions, gap_wording, reporting_status

    state = reporting_status.status(found, month)
    told = gap_wording.lacking(decisions.lacking(state), state)
    if told:
        printing.say(f"注意,{months.label(month)}:" + ";".join(told), err=True)
    # a script cannot be asked: it is warned, and the ledger tells
    if told and not yes and sys.stdin.isatty():
        click.confirm("仍要审核(锁定)这个月吗?", abort=True, err=True)
    done = decisions.approve(month, found, by, why)
    printing.decided(done, as_json, f"{months.label(month)}已审核,此后的报表须先重开才生效")


@main.command()
@click.argument("month", type=MONTH)
@click.option("--why", required=True, help="理由")
@click.option("--by", default=user)
@click.option("--json", "as_json", is_flag=True)
@with_settings
def reopen(found: Settings, month, why: str, by: str, as_json: bool) -> None:
    """重开已审核的月份。"""
    from pipelines.intake import decisions

    printing.decided(decisions.reopen(month, why, found, by), as_json, f"{months.label(month)}已重开")


@main.command()
@click.argument("finding")
@click.option("--why", required=True, help="理由")
@click.option("--until", type=MONTH, required=True, help="有效至哪个月")
@click.option("--by", default=user)
@click.option("--json", "as_json", is_flag=True)
@with_settings
def waive(found: Settings, finding: str, why: str, until, by: str, as_json: bool) -> None:
    """接受一个问题(附理由和期限),随数字一并公布。"""
    from pipelines.intake import decisions

    printing.decided(
        decisions.waive(finding, why, until, found, by), as_json, f"问题 {finding} 已豁免至 {months.label(until)}"
    )


@main.command()
@click.argument("finding")
@click.option("--unit", required=True, help="名册中的 12 位代码")
@click.option("--by", default=user)
@click.option("--json", "as_json", is_flag=True)
@with_settings
def resolve(found: Settings, finding: str, unit: str, by: str, as_json: bool) -> None:
    """认定一行报的是名册中的哪个单位(以后照此办理)。"""
    from pipelines.intake import decisions

    printing.decided(decisions.resolve(finding, unit, found, by), as_json, f"已认定为 {unit}")


# ---- running things


for command in (
    *matters_commands.COMMANDS,
    maintenance.rebuild,
    maintenance.backup,
    maintenance.restore,
    reference_commands.reference,
):
    main.add_command(command)
for command in (
    operations.dashboard,
    operations.serve,
    operations.audit,
    operations.health,
    operations.reminders,
    operations.units,
):
    main.add_command(command)
