"""Promises about messages: addresses, delivery, the mail server's certificate, the dead man's switch."""

from datetime import date, datetime, timedelta
from pathlib import Path

from pipelines import settings as installation
from pipelines.errors import Refusal
from pipelines.months import SHANGHAI
from pipelines.notify import contacts
from pipelines.notify.contacts import NOBODY
from pipelines.reference.reference_bundle import Reference
from pipelines.serving import network_process
from pipelines.serving.promise import Promise
from pipelines.settings import Settings

SENT_WITHIN = timedelta(hours=1)
CERTIFICATE_LEFT = timedelta(days=14)
SEEN_WITHIN = timedelta(days=3)
TOUCHED_WITHIN = timedelta(hours=26)


def people(settings: Settings, reference: Reference | None, today: date) -> Promise:
    """The operator or the clerk, and the counties, have addresses."""
    try:
        addresses = contacts.load(settings.data / "contacts.yaml")
    except Refusal as trouble:
        return Promise("联系人", False, str(trouble))
    if addresses.keeper == NOBODY or not addresses.counties:
        lacking = "运维人员和市级经办人" if addresses.keeper == NOBODY else "各县"
        return Promise("联系人", False, f"没有{lacking}的地址，出了问题、逾期未报都无人得知；请写 contacts.yaml")
    counties = reference.rosters.counties(today) if reference else []
    without = [county.name for county in counties if county.code not in addresses.counties]
    says = f"{len(addresses.counties)} 个县有地址"
    return Promise("联系人", True, f"{says}；没有地址、不会收到催报：{'、'.join(without)}" if without else says)


def messages(settings: Settings, now: datetime) -> Promise:
    """No message waits for longer than an hour."""
    waiting = sorted((settings.data / "outbox" / "queue").glob("*.json"), key=_changed)
    if not waiting:
        return Promise(
            "消息", True, "没有待发的消息" + ("" if _mails() else "；没有设置邮件服务器，消息写成 outbox/mail 中的文件")
        )
    age = now - datetime.fromtimestamp(_changed(waiting[0]), SHANGHAI)
    due = (now - age + SENT_WITHIN).date()
    says = f"待发 {len(waiting)} 条，最早的已等 {_long(age)}"
    troubles = network_process.note(settings).get("troubles") or []
    return Promise("消息", age <= SENT_WITHIN, f"{says}：{troubles[0]}" if troubles else says, due)


def certificate(settings: Settings, now: datetime) -> Promise:
    """The mail server's certificate, as noted by `outside` within three days, is valid for two more weeks."""
    name = "邮件服务器证书"
    if not _secured():
        return Promise(name, True, "没有设置加密的邮件服务器")
    seen = network_process.note(settings).get("certificate") or {}
    looked = seen.get("at") or seen.get("tried")
    if not looked or now - datetime.fromisoformat(looked) > SEEN_WITHIN:
        return Promise(name, False, "超过三天没有看过；shequ serve 运行时每天看一次")
    if not seen.get("until"):
        return Promise(name, False, f"看不到：{seen.get('trouble') or '还没有按加密连接看过'}")
    until = datetime.fromisoformat(seen["until"])
    says = f"有效至 {until:%Y-%m-%d}"
    holds = until - now > CERTIFICATE_LEFT
    return Promise(
        name, holds, says if holds else f"{says}，不足两周；请管理邮件服务器的人更换", (until - CERTIFICATE_LEFT).date()
    )


def switch(settings: Settings, now: datetime) -> Promise:
    """The dead man's switch was touched within a day, where one is configured."""
    name = "值守信号"
    if not installation.switch():
        return Promise(name, True, "没有设置（SHEQU_SWITCH：每天触碰的网址或文件，触碰停止即报警）")
    seen = network_process.note(settings).get("switch") or {}
    touched = datetime.fromisoformat(seen["at"]) if seen.get("at") else None
    due = (touched + TOUCHED_WITHIN).date() if touched else None
    if touched and now - touched <= TOUCHED_WITHIN:
        return Promise(name, True, f"上次触碰 {touched:%Y-%m-%d %H:%M}", due)
    return Promise(name, False, f"超过一天没有触碰{'：' + seen['trouble'] if seen.get('trouble') else ''}", due)


def _mails() -> bool:
    try:
        return installation.mail() is not None
    except Refusal:
        return True


def _secured() -> bool:
    """Whether the mail server is to be reached by an encrypted connection; true where its configuration is wrong, which is reported then."""
    try:
        mail = installation.mail()
    except Refusal:
        return True
    return mail is not None and mail.security != "none"


def _changed(place: Path) -> float:
    try:
        return place.stat().st_mtime
    except FileNotFoundError:
        return datetime.now().timestamp()  # sent this moment


def _long(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    return (
        f"{minutes} 分钟" if minutes < 120 else f"{minutes // 60} 小时" if minutes < 2880 else f"{minutes // 1440} 天"
    )
