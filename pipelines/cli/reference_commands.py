"""`shequ reference`: content and age of the reference data, and unused files beside it."""

from datetime import date

import click

from pipelines import months
from pipelines.cli import printing
from pipelines.cli.options import JSON, MONTH, with_settings
from pipelines.settings import Settings


@click.group()
def reference() -> None:
    """基础数据：表样、名册、政策、节假日。"""


@reference.command()
@click.option("--month", type=MONTH, help="按哪个月份检查；不写则为上月")
@JSON
@with_settings
def check(settings: Settings, month: date | None, as_json: bool) -> None:
    """检查基础数据：有哪些、有多旧、哪些文件没有登记。有未登记的文件时退出状态为 1。"""
    from pipelines.reference import inventory

    reference_data = inventory.take(settings.reference, month or months.add(months.today().replace(day=1), -1))
    printing.print_json(reference_data.to_json()) if as_json else _print(reference_data)
    if reference_data.unlisted:
        raise SystemExit(1)


def _print(reference_data) -> None:
    click.echo(f"基础数据 {reference_data.folder}")
    click.echo(f"表样　　{'、'.join(reference_data.form)}（首个为现行版本）")
    for roster in reference_data.rosters:
        click.echo(
            f"名册　　{roster['year']}年版，截止{roster['cut_off']}，{roster['units']}个社区（村），{roster['file']}"
        )
    for policy in reference_data.policies:
        term = f"{policy['since']} 至 {policy['until']}"
        click.echo(f"政策　　{policy['title']}（{policy['id']}），{term}，{policy['indicators']}项指标")
    click.echo(f"节假日　{'、'.join(map(str, reference_data.holidays)) or '无'}")
    for caveat in reference_data.caveats:
        printing.say(f"请注意　{caveat.says}")
    for file in reference_data.unlisted:
        if file.trouble:
            printing.say(
                f"未登记　{file.file} 没有登记在 rosters/editions.yaml 中，未被使用；不能登记：{file.trouble}。"
            )
            continue
        printing.say(f"未登记　{file.file}（{file.units}个社区（村））没有登记在 rosters/editions.yaml 中，未被使用。")
        printing.say("　　　　核对后把下面一行加到 editions 末尾，MM-DD 改为该版的截止日：")
        click.echo(file.entry)
