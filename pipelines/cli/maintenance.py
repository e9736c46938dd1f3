"""Rebuild, back up and restore an installation."""

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from pipelines.cli import printing
from pipelines.cli.options import JSON, with_settings
from pipelines.settings import Settings


@click.command()
@JSON
@with_settings
def rebuild(settings: Settings, as_json: bool) -> None:
    """仅凭档案和基础数据重做数据库与各发布版，并逐项核对数字。"""
    from pipelines.monthly import rebuild_editions

    with printing.progress("重建") as report:
        verdict = rebuild_editions.rebuild(settings, report)
    _finish(verdict, verdict["message"], verdict["agrees"], as_json)


def _finish(result: Mapping[str, object], message: str, good: bool, as_json: bool) -> None:
    printing.print_json(result) if as_json else printing.say(*message.split("\n"))
    if not good:
        sys.exit(1)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--verify", "only_verify", is_flag=True, help="只检查已有的备份，不作改动")
@click.option("--by", default="命令行")
@JSON
@with_settings
def backup(settings: Settings, folder: Path, only_verify: bool, by: str, as_json: bool) -> None:
    """把档案、配置、基础数据和当前发布版备份到另一磁盘上的文件夹（只复制新增的），并逐个校验。"""
    from pipelines.monthly import whole_backup as copies

    with printing.progress("备份") as report:
        result = copies.verify(folder) if only_verify else copies.backup(settings, folder, by, report)
    _finish(result, result["message"], result["whole"], as_json)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--rehearse", "only_rehearse", is_flag=True, help="演练：恢复到临时文件夹，重做并核对全部数字，不动本机")
@click.option("--by", default="命令行")
@JSON
@with_settings
def restore(settings: Settings, folder: Path, only_rehearse: bool, by: str, as_json: bool) -> None:
    """由备份恢复到空的数据文件夹：先放好当前发布版，随即可看；再重做数据库与其余各版。"""
    from pipelines.monthly import rebuild_editions, whole_backup

    if only_rehearse:
        _rehearse(settings, folder, by, as_json)
        return
    with printing.progress("恢复") as report:
        restored = whole_backup.restore(settings, folder, by, report)
        if not as_json:
            served = f"；{restored['served']} 已可查看（shequ serve），其余各版随后重做" if restored["served"] else ""
            printing.say(
                f"已恢复台账至第 {restored['seq']} 号，{restored['objects']} 个文件{served}", *restored["notes"]
            )
        verdict = rebuild_editions.rebuild(settings, report)
    _finish({**restored, "rebuild": verdict}, verdict["message"], verdict["agrees"], as_json)


def _rehearse(settings: Settings, folder: Path, by: str, as_json: bool) -> None:
    from pipelines.monthly import whole_backup

    with printing.progress("演练") as report:
        result = whole_backup.rehearse(settings, folder, by, report)
    word = "通过" if result["agrees"] else "没有通过"
    _finish(result, f"演练{word}：{result['message']}", result["agrees"], as_json)
