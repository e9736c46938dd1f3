"""Commands that keep an installation: make everything again, copy it away, bring it back."""

import sys
from pathlib import Path

import click

from pipelines.cli import printing
from pipelines.cli.options import with_settings
from pipelines.settings import Settings


@click.command()
@click.option("--json", "as_json", is_flag=True)
@with_settings
def rebuild(found: Settings, as_json: bool) -> None:
    """仅凭档案和基础数据重做数据库与各发布版，并逐项核对数字。"""
    from pipelines.monthly import rebuild_editions

    with printing.progress("重建") as report:
        verdict = rebuild_editions.rebuild(found, report)
    printing.print_json(verdict) if as_json else printing.say(verdict["message"])
    if not verdict["agrees"]:
        sys.exit(1)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--verify", "only_verify", is_flag=True, help="只检查已有的备份，不作改动")
@click.option("--by", default="命令行")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def backup(found: Settings, folder: Path, only_verify: bool, by: str, as_json: bool) -> None:
    """把档案备份到另一磁盘上的文件夹（只复制新增的），并逐个校验。"""
    from pipelines.archive import backup as copies

    with printing.progress("备份") as report:
        result = copies.verify(folder) if only_verify else copies.backup(found, folder, by, report)
    printing.print_json(result) if as_json else printing.say(result["message"])
    if not result["whole"]:
        sys.exit(1)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--by", default="命令行")
@click.option("--json", "as_json", is_flag=True)
@with_settings
def restore(found: Settings, folder: Path, by: str, as_json: bool) -> None:
    """由备份恢复到空的数据文件夹，再重做数据库与各发布版。"""
    from pipelines.archive import backup as copies
    from pipelines.monthly import rebuild_editions

    with printing.progress("恢复") as report:
        restored = copies.restore(found, folder, by, report)
        verdict = rebuild_editions.rebuild(found, report)
    told = f"已恢复台账至第 {restored['seq']} 号，{restored['objects']} 个文件。\n{verdict['message']}"
    printing.print_json({**restored, "rebuild": verdict}) if as_json else printing.say(told)
    if not verdict["agrees"]:
        sys.exit(1)
