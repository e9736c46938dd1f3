"""Commands for the operator: start, health, reminders, systemd units, audit log."""

import sys
from pathlib import Path

import click

from pipelines.cli import printing
from pipelines.cli.options import JSON, MONTH, with_settings
from pipelines.settings import Settings


@click.command()
@click.option("--port", default=8501, show_default=True)
@click.option("--address", default="127.0.0.1", show_default=True, help="监听的地址；本机以外须先设置登录")
@click.option("--anonymous-read-only", "anonymous", is_flag=True, help="不登录：任何人只能看汇总数字")
@with_settings
def dashboard(settings: Settings, port: int, address: str, anonymous: bool) -> None:
    """打开看板（不另说明则只在本机）。"""
    from pipelines.serving import programs

    sys.exit(programs.dashboard(settings, programs.Ports(port, address=address, anonymous=anonymous)))


@click.command()
@click.option("--port", default=8501, show_default=True, help="看板的端口")
@click.option("--dagster-port", default=3000, show_default=True, help="Dagster 界面的端口（只在本机）")
@click.option("--code-port", default=4266, show_default=True, help="Dagster 代码服务的端口（只在本机）")
@click.option("--address", default="127.0.0.1", show_default=True, help="看板监听的地址；本机以外须先设置登录")
@click.option("--anonymous-read-only", "anonymous", is_flag=True, help="不登录：任何人只能看汇总数字")
@with_settings
def serve(settings: Settings, port: int, dagster_port: int, code_port: int, address: str, anonymous: bool) -> None:
    """同时运行并看护 Dagster（定时、收件箱、界面）和看板。"""
    from pipelines.serving import programs, start

    sys.exit(start.serve(settings, programs.Ports(port, dagster_port, code_port, address, anonymous)))


@click.command()
@JSON
@with_settings
def health(settings: Settings, as_json: bool) -> None:
    """逐项看本系统的承诺守没守住；有一项不守，退出码为 1。

    看各程序和定时、发布、核对、备份和演练、消息、联系人、名册、政策、节假日等。
    """
    from pipelines.serving import health as healthy

    promises = healthy.look(settings)
    if as_json:
        for promise in promises:
            printing.print_json(promise.public())
    else:
        printing.say(*(f"{'正常' if promise.well else '问题'}  {promise.what}：{promise.says}" for promise in promises))
    if not all(promise.well for promise in promises):
        sys.exit(1)


@click.command()
@click.option("--month", type=MONTH, help="月份；不写则为刚结束的月份")
@JSON
@with_settings
def reminders(settings: Settings, month, as_json: bool) -> None:
    """一个月的催报状态：谁已报、谁未报、谁逾期。"""
    from pipelines.notify import reporting_state

    state = reporting_state.on_this_day(settings, month)
    printing.print_json(state) if as_json else printing.standing(state)


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="写到哪个文件夹")
@click.option("--user", default="shequ", show_default=True, help="以哪个系统用户运行")
@with_settings
def units(settings: Settings, out: Path, user: str) -> None:
    """生成本机的 systemd 单元文件。"""
    from pipelines.serving import systemd_units as templates

    printing.say("已生成：", *map(str, templates.write(settings, out, user)))


@click.command()
@click.option("--since", default="", help="从哪一天起，如 2020-06-01")
@click.option("--json", "as_json", is_flag=True, help="每个事件一行 JSON")
@with_settings
def audit(settings: Settings, since: str, as_json: bool) -> None:
    """谁登录、退出、被拒绝、导出了什么；并核对日志未被改动。"""
    from pipelines.access import audit_log as log
    from pipelines.access import roles

    for event in log.since(settings, since):
        printing.print_json(event.__dict__) if as_json else printing.say(log.line(event))
    faults = list(log.audit_ledger(settings).verify())
    for fault in faults:
        printing.say(fault, err=True)
    roles.load(settings)
    if faults:
        sys.exit(1)
