"""Texts of messages, in Chinese: plain functions from facts to messages. A key is used for one message only."""

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from pipelines import months
from pipelines.edition.statuses import EDITION_KINDS
from pipelines.intake import file_names
from pipelines.intake.month_report import RefusedFile
from pipelines.notify import due_dates
from pipelines.notify.contacts import Contacts, Kind
from pipelines.notify.reporting_state import Standing

ROBOT = "robot:"


@dataclass(frozen=True)
class Message:
    """A message to one address, sent once by `key`; `brief`, `link`: for robots, counts only; `files`: name → base64."""

    key: str
    to: str
    subject: str
    body: str
    kind: Kind = "fault"
    brief: str = ""
    link: str = ""
    files: dict[str, str] = field(default_factory=dict)

    @property
    def robot(self) -> str | None:
        """The name of the robot that it is for; None for mail."""
        return self.to.removeprefix(ROBOT) if self.to.startswith(ROBOT) else None

    def public(self) -> dict[str, Any]:
        return asdict(self)


_OPENING = {"soon": "将于{due}截止", "today": "今天截止", "late": "已逾期{days}天"}


def reminders(standing: Standing, contacts: Contacts) -> list[Message]:
    """One message to the clerk, one to each missing county that has an address and whose own due day calls for it; none on other days."""
    due = {county: standing.due_of(county[0]) for county in standing.missing}
    called = {county: day for county, day in due.items() if due_dates.occasion(day, standing.today)}
    if not called:
        return []
    key = f"remind-{months.key(standing.month)}-{standing.today.isoformat()}"
    month, today = months.label(standing.month), standing.today
    # the usual due day, else the earliest of those extended ones that call for a reminder today
    when = _when(standing.usual_due if standing.usual_due in called.values() else min(called.values()), today)
    subject = f"{month}报表{when}：{_counted(standing)}"
    to_clerk = Message(
        f"{key}-city", contacts.clerk, subject, _overview(standing, when), "remind",
        f"{subject}，已报{len(standing.reported)}个。", contacts.page(f"reporting?room=board&of={months.key(standing.month)}"),
    )  # fmt: skip
    refused = {code: [row for row in standing.refused if row["county"] == code] for code, _ in standing.missing}
    return [
        to_clerk,
        *(
            _to_county(key, month, _when(day, today), county, refused[county[0]], contacts)
            for county, day in called.items()
            if county[0] in contacts.counties
        ),
    ]


def _when(due: date, today: date) -> str:
    occasion = due_dates.occasion(due, today)
    assert occasion, "reminders are written on days that call for them"
    return _OPENING[occasion].format(due=_written(due), days=due_dates.days_late(due, today))


def _written(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _counted(standing: Standing) -> str:
    return f"{len(standing.missing)}个县（市、区）未报"


def _to_county(
    key: str, month: str, when: str, county: tuple[str, str], refused: list[RefusedFile], contacts: Contacts
) -> Message:
    code, name = county
    body = f"{name}：\n\n{month}报表{when}，{_refused_text(refused) if refused else _MISSING}\n"
    return Message(f"{key}-{code}", contacts.counties[code], f"{name}{month}报表{when}", body, "remind")


def reminder(standing: Standing, county: tuple[str, str], contacts: Contacts) -> Message | None:
    """The reminder to a missing county at a person's request, once a day; None where it has no address."""
    if county[0] not in contacts.counties:
        return None
    day, today = standing.due_of(county[0]), standing.today
    left = (day - today).days
    when = f"将于{_written(day)}截止" if left > 0 else "今天截止" if left == 0 else f"已逾期{-left}天"
    key = f"remind-{months.key(standing.month)}-{today.isoformat()}"
    refused = [row for row in standing.refused if row["county"] == county[0]]
    return _to_county(key, months.label(standing.month), when, county, refused, contacts)


_MISSING = (
    "尚未收到你单位的报表。请填好市级发来的工作簿，自查后报送。\n"
    "如已报送仍收到本提醒，多半是文件认不出是哪个县的，或刚收到尚未读取：请查看回执或询问市级。"
)


def _refused_text(refused: list[RefusedFile]) -> str:
    lines = [
        f"- {_day(row['at'])}收到的“{row['file']}”（第 {row['seq']} 号收件）：{row['why'] or '见回执'}"
        for row in refused
    ]
    return "\n".join(["你单位报来的文件未被采用，须改正后重报：", *lines, "回执里标出了每一处，改正后另存再报。"])


def _day(at: str) -> str:
    return f"{int(at[5:7])}月{int(at[8:10])}日"


def _overview(standing: Standing, when: str) -> str:
    total = len(standing.reported) + len(standing.missing) + len(standing.excused)
    month, arrived = months.label(standing.month), len(standing.reported)
    lines = [f"{month}报表{when}。应报{total}个县（市、区），已报{arrived}个。", ""]
    late = set(standing.late)
    lines += _line("逾期未报", standing.late)
    lines += _line("未报", tuple(county for county in standing.missing if county not in late), standing)
    lines += _line("本月免报", standing.excused)
    lines += _line("已报但有错误待改正", standing.with_errors)
    lines += _refused_lines(standing)
    if standing.unread:
        lines.append(f"另有{standing.unread}份报表已存档、尚未读取，未计在内")
    if standing.waiting:
        lines.append(f"另有{standing.waiting}份报表在该月审定后收到，重开（shequ reopen）后才生效")
    if standing.inbox:
        lines.append(f"收件箱中尚未接收：{'、'.join(map(file_names.shown, standing.inbox))}")
    if standing.caveat:
        lines.append(f"注意：{standing.caveat}")
    return "\n".join(lines) + "\n"


def _line(heading: str, counties: tuple[tuple[str, str], ...], standing: Standing | None = None) -> list[str]:
    """One line: the label and the names; with `standing`, the due day beside each county that has another than the usual one."""
    if not counties:
        return []
    names = [name + (_extended(standing, code) if standing else "") for code, name in counties]
    return [f"{heading}：{'、'.join(names)}"]


def _extended(standing: Standing, code: str) -> str:
    due = standing.due_of(code)
    return f"（延至{_written(due)}）" if due != standing.usual_due else ""


def _refused_lines(standing: Standing) -> list[str]:
    """Refused files by county; those of unknown counties last."""
    names = dict(standing.reported + standing.missing)
    lines = [
        f"- {names.get(row['county'] or '', '不知是哪个县的')}“{row['file']}”：{row['why'] or '见回执'}"
        for row in sorted(standing.refused, key=lambda row: (row["county"] is None, row["county"], row["seq"]))
    ]
    return [f"未被采用的报表{len(lines)}份，须改正后重报：", *lines] if lines else []


def published(month: date, edition: int, kind: str, verdict: str, contacts: Contacts) -> Message:
    """Message about a released edition: its verdict in one sentence."""
    change = EDITION_KINDS[kind]
    label = f"{months.label(month)}第{edition}版"
    return Message(
        f"release-{months.key(month)}-{edition}", contacts.clerk, f"{label}已{change}", f"{verdict}\n",
        "release", f"{label}已{change}。{verdict}", contacts.page(f"?month={months.key(month)}"),
    )  # fmt: skip


def run_failed(run: str, label: str, reasons: list[str], contacts: Contacts) -> Message:
    """Message about a failed run, with the reasons of its steps."""
    said = "\n".join(f"- {reason}" for reason in reasons) or "- 运行进程意外结束（断电、重启或被结束）"
    body = f"任务 {label}（编号 {run}）没有完成：\n{said}\n\n当前发布版不受影响。处理后可在 Dagster 界面重新运行。\n"
    return Message(f"failed-{run}", contacts.keeper, f"任务未完成：{label}", body, "fault", f"任务未完成：{label}。")


def fault(kind: str, subject: str, faults: list[str], today: date, contacts: Contacts) -> Message:
    """Message about faults of the installation, once a day for the same faults."""
    mark = hashlib.sha256("\n".join(faults).encode()).hexdigest()[:12]
    key = f"{kind}-{today.isoformat()}-{mark}"
    return Message(key, contacts.keeper, subject, "\n".join(faults) + "\n", "fault", f"{subject}。")
