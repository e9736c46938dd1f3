"""The steps of a month: hand out forms, remind, send back, approve, compute and release; each with its opposite beside it."""

import io
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import streamlit as st

from dashboards.components import clerk, month_papers
from dashboards.queries.board_rows import Board, CountyRow
from dashboards.text import escape, screen_wording
from pipelines import months, settings
from pipelines.access.roles import Actor
from pipelines.edition.phrases import day
from pipelines.errors import Refusal
from pipelines.intake import answer_matters, decisions, month_now, month_wording
from pipelines.intake.open_matters import Matter
from pipelines.monthly import month_decisions, public_folder
from pipelines.monthly.public_folder import PublicMonth
from pipelines.notify import dispatch
from pipelines.serving import background_runs

# ---- hand out


def hand_out(board: Board) -> None:
    """The forms to be filled in: of all counties or one, one a county or a town, with last month's answers or blank."""
    names = {"": "全部县（市、区）", **{row.code: row.name for row in board.counties}}
    month = _asked_month(board)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        county = st.selectbox("发给谁", list(names), format_func=names.__getitem__, width=220, key="form-county")
        towns = st.checkbox("每个街道（乡镇）一份", key="form-towns")
        blank = st.checkbox("空白表（不填入上月答案）", key="form-blank")
        what = (
            f"{names[county]}{months.label(month)}{'空白表' if blank else '预填表'}{'（每乡镇一份）' if towns else ''}"
        )
        clerk.works(
            "生成",
            "form-make",
            lambda: _make_forms(month, county, towns, blank, what),
            f"{what}已生成，请下载。",
            type="primary",
        )
    if made := st.session_state.get("forms"):
        message, name, content = made
        st.download_button(
            f"下载 {message}（{len(content) / 2**20:.1f} MB）",
            content,
            file_name=name,
            key="form-load",
            on_click="ignore",
        )
    st.caption("预填表带着上月已接收的答案：县里只改有变动的，其余勾“已核对”。几份的打成一个压缩包（zip）。")


def _asked_month(board: Board) -> date:
    """The month whose forms are handed out: the one shown or, once it has reports, the next."""
    later = [board.month, months.add(board.month, 1)]
    usual = later[any(row.at for row in board.counties)]
    return st.segmented_control("月份", later, default=usual, format_func=months.label, required=True, key="form-month")


def _make_forms(month: date, county: str, towns: bool, blank: bool, what: str) -> Iterator[str]:
    place = settings.load()
    with tempfile.TemporaryDirectory(prefix="shequ-") as folder:
        options = [*(["--county", county] if county else []), *(["--town", "*"] if towns else [])]
        options += ["--blank"] if blank else []
        yield from background_runs.command(
            place, "template", "--month", months.key(month), "--out", folder, *options, doing="正在生成报表"
        )
        paths = sorted(Path(folder).iterdir())
        name, content = (paths[0].name, paths[0].read_bytes()) if len(paths) == 1 else (f"{what}.zip", zipped(paths))
        st.session_state["forms"] = (f"{what}，{len(paths)} 份", name, content)


def zipped(paths: list[Path]) -> bytes:
    """Papers of Office in one file; they are compressed already."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as bundle:
        for path in paths:
            bundle.write(path, path.name)
    return made.getvalue()


# ---- who is missing


def remind(board: Board, by: str | Actor) -> None:
    """Who is missing, who of them can be reminded, and reminding all of them."""
    missing = board.missing
    if part := [f"{row.name} {row.units - row.accepted} 个" for row in board.counties if row.state == "part"]:
        st.caption(escape.markdown(f"已报而单位不全的：{'、'.join(part)}。打开一个县看缺哪些；可以只补报缺的。"))
    if not missing:
        st.caption("应报的县（市、区）都已报。")
        return
    reached = [row for row in missing if row.contact]
    st.markdown(escape.markdown(f"未报 {len(missing)} 个：{'、'.join(row.name for row in missing)}。"))
    if reached and st.button(f"催报（{len(reached)} 个县有联系地址）", key="remind-all", type="primary"):
        _remind(board.month, [row.code for row in reached], by)
    if len(reached) < len(missing):
        without = "、".join(row.name for row in missing if not row.contact)
        st.caption(
            escape.markdown(f"没有联系地址，须电话催报：{without}。地址写在 data/contacts.yaml，由运行维护人员填写。")
        )


def remind_county(board: Board, row: CountyRow, by: str | Actor) -> None:
    """The button of one missing county."""
    helped = None if row.contact else "没有联系地址：请电话催报；地址写在 data/contacts.yaml"
    if st.button("催报", key=f"remind-{row.code}", disabled=not row.contact, help=helped):
        _remind(board.month, [row.code], by)


def _remind(month: date, counties: list[str], by: str | Actor) -> None:
    place, messages = settings.load(), []

    def write() -> None:
        clerk.name(by, "approve")
        reminded, _ = dispatch.remind_now(place, month, counties, datetime.now().astimezone())
        messages.append(f"已写好催报，随即发出：{'、'.join(reminded)}（同一天只催一次）。")

    clerk.decided(write, lambda: messages[0])


def extend(board: Board, row: CountyRow, by: str | Actor) -> None:
    """Give a county longer, or excuse it. Its opposite is the withdrawal in the county's decisions."""
    key, month, usual = f"extend-{row.code}", board.month, board.now.usual_due
    next_day = max(row.due or usual, months.today()) + timedelta(days=1)
    with st.popover("延期或免报", key=f"{key}-pop"):
        excuse = st.checkbox("本月免报", key=f"{key}-excuse")
        until = (
            None
            if excuse
            else st.date_input("延至", next_day, usual + timedelta(days=1), key=f"{key}-until", format="YYYY-MM-DD")
        )
        why = st.text_input("理由", max_chars=200, key=f"{key}-why")
        what = ["--excuse"] if until is None else ["--until", until.isoformat()]
        work = ["extend", months.key(month), "--county", row.code, *what, "--why", why.strip()]
        said = f"{row.name}{months.label(month)}{'免报' if until is None else f'延至{day(until)}'}。"
        clerk.works("记下", key, lambda: _child(by, "reopen", work), said)


def admit(month: date, county: str, by: str | Actor, key: str, named: str = "") -> None:
    """Admit a unit that no edition of the roster lists yet. Its opposite is the withdrawal in the county's decisions."""
    towns = month_now.towns(settings.load(), month, county)
    name = st.text_input("名称", named, max_chars=60, key=f"{key}-name", placeholder="如 前三里村委会")
    town = st.selectbox("街道（乡镇）", list(towns), format_func=lambda code: towns[code], key=f"{key}-town")
    kind = st.selectbox("类型", month_now.UNIT_KINDS, key=f"{key}-kind")
    why = st.text_input("理由（批准设立的文件）", max_chars=200, key=f"{key}-why")
    st.caption(f"自{months.label(month)}起列入名册，代码由系统给出；新版名册列出它以后以名册为准。")
    if st.button("增设", key=key, type="primary"):
        clerk.decided(
            lambda: decisions.admit(name.strip(), town, kind, month, why, settings.load(), clerk.named(by)),
            f"已增设{name.strip()}，自{months.label(month)}起列入名册。",
        )


# longest sentence to a county, in characters
LONGEST = 500


def send_back(month: date, county: str, group: list[Matter], by: str | Actor, key: str, wrong: str) -> None:
    """A sentence to the county about matters of one file (what is wrong stands in it already), noted with each of them and mailed;
    where wanted, the file is taken back, so that its figures do not count."""
    seq = group[0]["seq"]
    text = st.text_area("对县里说什么", wrong[:LONGEST], max_chars=LONGEST, height=120, key=f"{key}-text")
    back = st.checkbox("同时撤回这份报表：改正重报以前，它的数字不再计入", key=f"{key}-withdraw")
    if not st.button("退回", key=key, type="primary"):
        return
    place, sent = settings.load(), []

    def write() -> None:
        who = clerk.name(by, "reopen")
        if not text.strip():
            raise Refusal("请写明要县里改什么")
        noted = answer_matters.of_each(
            [matter["id"] for matter in group],
            lambda each: answer_matters.ask(each, text.strip(), place, clerk.named(by)),
        )
        if noted.refused:
            raise Refusal("；".join(dict.fromkeys(noted.refused.values())))
        if back:
            month_decisions.withdraw(seq, text.strip(), place, by)
        sent.append(dispatch.write_to_county(place, month, county, text.strip(), who, datetime.now().astimezone()))

    def said() -> str:
        message = "已写好消息，随即发给县里" if sent[0] else "县里没有联系地址，请另行告知"
        return f"已退回，记在各件下面，县里在回执里看到；{message}{f'；第 {seq} 号已撤回，可在“决定”里恢复' if back else ''}。"

    clerk.decided(write, said)


# ---- approve, compute, release


def approve(board: Board, by: str | Actor) -> None:
    """Approve a month, or open an approved one again."""
    now = board.now
    if now.approved:
        st.markdown(
            escape.markdown(
                f"已于{screen_wording.day(now.approved.at)}由{now.approved.by}审定；重开后，等着的报表计入。"
            )
        )
        reopen(board.month, by)
        return
    lacking = month_wording.lacking(decisions.lacking(board.state), board.state)
    lacking += _open_questions(board)
    st.caption("审定后该月锁定、成版并发布：再来的报表先存着，重开后才计入。")
    meant, why = True, ""
    if lacking:
        st.warning(escape.markdown("还缺：" + "；".join(lacking) + "。"))
        meant = st.checkbox("知道还缺这些，仍要审定", key="approve-meant")
        why = st.text_input("理由", max_chars=200, key="approve-why", width=480)
    label, work = months.label(board.month), ["approve", months.key(board.month), "--yes", "--why", why.strip()]
    clerk.works(
        f"审定 {label}",
        "approve",
        lambda: _child(by, "approve", work, bool(lacking) and not (meant and why.strip())),
        f"{label}已审定。",
        type="primary",
    )


def _open_questions(board: Board) -> list[str]:
    """Matters that an approval would pass over."""
    count = board.total("waits")
    return [f"{count} 件待办事项没有办结"] if count else []


def _child(by: str | Actor, action: str, work: list[str], unmeant: bool = False) -> Iterator[str]:
    """A decision that makes an edition or papers, in a process of its own."""
    who = clerk.name(by, action)
    if unmeant:
        raise Refusal("还有缺的：请勾选“仍要审定”并写明理由，或等补齐后再审定")
    return background_runs.command(settings.load(), *work, "--by", who)


def reopen(month: date, by: str | Actor) -> None:
    """The button 重开 with its reason."""
    clerk.works_with_reason(
        "重开",
        f"reopen-{months.key(month)}",
        lambda why: _child(by, "reopen", ["reopen", months.key(month), "--why", why]),
        f"{months.label(month)}已重开。",
    )


# taking one of these back makes another edition current or issues papers anew
HEAVY = ("approve", "reopen", "extend", "gate", "retract", "publicise")


def withdraw(seq: int, by: str | Actor) -> None:
    """Take back a decision about a month, in a process of its own."""
    clerk.works_with_reason(
        "撤回",
        f"withdraw-{seq}",
        lambda why: _child(by, "reopen", ["withdraw", str(seq), "--why", why]),
        f"第 {seq} 号已撤回。",
    )


def release(board: Board, by: str | Actor) -> None:
    """Compute, release, take back."""
    now, key = board.now, months.key(board.month)
    st.markdown(escape.markdown("；".join(_standing(board)) + "。"))
    with st.container(horizontal=True, vertical_alignment="center"):
        compute = "重新计算" if now.working or now.released else "计算"
        clerk.works(
            compute,
            "run",
            lambda: background_runs.run_month(settings.load(), board.month, clerk.name(by, "publish")),
            f"{months.label(board.month)}已{compute}。",
            help="发布时间已过、已审定或各县报齐的，当即发布",
        )
        if now.working:
            clerk.works(
                f"发布 {now.working}",
                "release",
                lambda: _child(by, "publish", ["release", key]),
                f"{now.working} 已发布。",
                type="primary",
            )
        if released := now.released:
            clerk.works_with_reason(
                f"收回 {released}",
                "retract",
                lambda why: _child(by, "publish", ["retract", released, "--why", why]),
                f"{released} 已收回，此前发布的一版重新成为当前版。",
            )
    month_papers.newest(board, by)
    _public(board, by)


def _public(board: Board, by: str | Actor) -> None:
    """The page for citizens of the released edition, and taking it back."""
    now, key = board.now, months.key(board.month)
    public = public_folder.state(settings.load(), board.month)
    standing = public if public and not public.down else None
    st.markdown(escape.markdown(_said_of_public(public)))
    with st.container(horizontal=True, vertical_alignment="center"):
        if now.released and now.released != (standing and standing.edition):
            message = f"{now.released} 已公开，网页和数据在 {settings.public_folder(settings.load()) / key}。"
            clerk.works(
                f"公开 {now.released}",
                "publicise",
                lambda: _child(by, "publish", ["publicise", key]),
                message,
                help="做成供群众看的网页和数据，只到县一级",
            )
        if standing:
            seq = standing.decisions[-1].seq
            clerk.works_with_reason(
                f"撤回公开 {standing.edition}",
                "conceal",
                lambda why: _child(by, "publish", ["withdraw", str(seq), "--why", why]),
                f"{standing.edition} 的公开页已撤下，只留撤回的说明。",
            )


def _said_of_public(public: PublicMonth | None) -> str:
    if public is None:
        return "政务公开：尚未公开。"
    last = public.decisions[-1]
    if public.down:
        return f"政务公开：{public.edition} 已于{screen_wording.day(public.down.at)}撤下。"
    said = f"政务公开：{public.edition}，{last.by}，{screen_wording.day(last.at)}"
    return said + ("；以后又发布了新的一版，再公开即换成新的数字，并注明更正。" if public.newer else "。")


def _standing(board: Board) -> list[str]:
    now, said = board.now, []
    if now.released:
        how = month_wording.OPENED.get(now.editions.released[now.released].body.get("how", ""), "")
        said.append(f"已发布 {now.released}" + (f"（{how}）" if how else ""))
    elif now.publication > datetime.now().astimezone():
        said.append(f"尚未发布；{_moment(now.publication)}自动发布，此前可由人发布")
    else:
        said.append(f"尚未发布；发布时间（{_moment(now.publication)}）已过，计算后即发布")
    if now.working:
        said.append(f"工作版 {now.working} 尚未发布，只有办理的人看得到")
    where = "Dagster 运行" if background_runs.dagster(settings.load()) else "另起进程运行（没有 shequ serve）"
    return [*said, f"计算由{where}"]


def _moment(at: datetime) -> str:
    return screen_wording.day(at.isoformat())


# ---- by whom and when


def state_line(board: Board) -> str:
    """Where the month stands, in one sentence."""
    arrived = board.count("whole", "part")
    said = [f"{month_wording.APPROVAL[board.now.state]}，{arrived}/{len(board.counties)} 个县（市、区）已报"]
    said.append(f"应报日期 {day(board.now.usual_due)}")
    waits = len(board.state["waiting"])
    if waits:
        early = months.last_day(board.month) >= months.today()
        since = f"该月还没有结束，自{day(months.add(board.month, 1))}起计入" if early else "等重开或采纳后计入"
        said.append(f"{waits} 份报表在等：{since}")
    if board.now.caveat:
        said.append(board.now.caveat)
    return "；".join(said) + "。"
