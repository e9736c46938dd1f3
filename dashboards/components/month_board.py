"""One month on one board: 下发 → 到齐 → 退回 → 说明 → 审定 → 发布; a line a county, a button a step."""

from collections.abc import Mapping
from datetime import date

import streamlit as st

from dashboards import signin
from dashboards.components import clerk, header, matter_cards, month_steps
from dashboards.queries import board_rows
from dashboards.queries.board_rows import Board, CountyRow
from dashboards.text import escape, screen_wording
from pipelines import months, settings
from pipelines.access.roles import Actor
from pipelines.edition.phrases import day
from pipelines.intake import month_now, reporting_status
from pipelines.intake.month_now import Decision

# how a habit is read, as the ledger says it; else the number of a month
READ_AS = {"yes": "是", "no": "否", "unknown": "未填"}
STATES = {"whole": "已报齐", "part": "已报", "missing": "未报", "late": "逾期未报", "excused": "本月免报"}
# most rows that have a button of their own
MOST = 30


def show() -> None:
    """The board of a month that the clerk chooses; default: the newest one that is over."""
    clerk.show_done()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        month = _month()
        by = clerk.person()
    if month is None:
        st.info("还没有收到任何报表。先下发报表，县里填好后在“上传报表”里收。")
        month = months.add(months.today().replace(day=1), -1)
    board = board_rows.board(month)
    st.caption(escape.markdown(month_steps.state_line(board)))
    _running()
    step = _step(board)
    with st.container(border=True, key="step"):
        _panel(step, board, by)
    _counties(step, board, by)
    _submissions(board, by)
    _decisions(board, by)


def _month() -> date | None:
    """A month with reports, or the one after, whose forms are handed out and reminders sent before any report comes in."""
    known = month_now.known_months(settings.load())[::-1]
    if not known:
        return None
    later = months.add(known[0], 1)
    known = [later, *known] if later <= months.today() else known
    options = {months.key(month): months.label(month) for month in known}
    return months.parse(header.pick("of", "办理哪个月", options, months.key(board_rows.usual(known)), width=160))


def _running() -> None:
    if running := reporting_status.news(settings.load(), month_now.mark(settings.load()))["running"]:
        since = screen_wording.day(running["since"])
        st.info(
            escape.markdown(f"正在运行：{running['doing']}，始于 {since}。不用等，照常办理；决定要等它结束才能记下。")
        )


# ---- steps


def _step(board: Board) -> str:
    """The chosen step, by default the first that is not done; another month or files just sent reset the choice."""
    sent = st.session_state.pop("files sent", False)
    if sent or st.session_state.get("step-of", board.month) != board.month:
        st.query_params.pop("step", None)
    st.session_state["step-of"] = board.month
    return header.tabs("step", "步骤", _labels(board), _next_step(board))


def _labels(board: Board) -> dict[str, str]:
    now, due = board.now, len(board.counties) - board.count("excused")
    open_, explained = board.total("questions"), board.total("explained")
    released = "工作版" if now.working else "已办" if now.released else "未办"
    return {
        "hand_out": "1 下发",
        "arrive": f"2 到齐 {board.count('whole')}/{due}",
        "returned": f"3 退回 {board.total('returned') + len(board.of(None))}",
        "questions": f"4 说明 {open_ + explained}" + (f"（{explained} 待采纳）" if explained else ""),
        "approve": f"5 审定 {'已办' if now.approved else '未办'}",
        "release": f"6 发布 {released}",
    }


def _next_step(board: Board) -> str:
    rows = board.counties
    if not any(row.at for row in rows):
        return "hand_out"
    if any(row.state in ("missing", "late", "part") for row in rows):
        return "arrive"
    if board.of(None) or any(row.returned for row in rows):
        return "returned"
    if any(row.questions or row.explained for row in rows):
        return "questions"
    return "release" if board.now.approved else "approve"


def _panel(step: str, board: Board, by: str | Actor) -> None:
    """What is done about all counties at once in a step."""
    if step == "hand_out":
        month_steps.hand_out(board)
    elif step == "arrive":
        month_steps.remind(board, by)
    elif step == "approve":
        month_steps.approve(board, by)
    elif step == "release":
        month_steps.release(board, by)
    elif step == "returned":
        _returned(board, by)
    else:
        explained = board.total("explained")
        sentence = f"{explained} 件县里已说明，待采纳或追问。" if explained else "没有待采纳的说明。"
        st.caption(f"{sentence}打开一个县，逐件采纳、追问、豁免或认定。")


def _returned(board: Board, by: str | Actor) -> None:
    nobodys = board.of(None)
    st.caption("不能计入的文件、暂不计入的内容、认不出的单位。打开一个县，逐件认定、豁免或退回给县里。")
    if nobodys:
        st.markdown(f"**看不出县（市、区）的文件**（{len(nobodys)} 件）")
        matter_cards.cards(nobodys, {}, by, "nobody")


# ---- a line a county


def _counties(step: str, board: Board, by: str | Actor) -> None:
    rows = _concerned(step, board)
    if len(rows) < len(board.counties):
        st.caption(f"以下是这一步有事要办的 {len(rows)} 个县（市、区）。")
    with st.container(gap="xxsmall", key="counties"):
        for row in rows:
            opened = st.session_state.get("open_county") == row.code
            with st.container(border=opened, key=f"county-{row.code}"):
                _line(step, board, row, by, opened)
                if opened:
                    _county(board, row, by)


def _concerned(step: str, board: Board) -> list[CountyRow]:
    """Counties that a step is about: missing ones first, returned ones, those with questions; else all."""
    rows = board.counties
    if step == "returned":
        return sorted((row for row in rows if row.returned), key=lambda row: -row.returned)
    if step == "questions":
        concerned = (row for row in rows if row.questions or row.explained)
        return sorted(concerned, key=lambda row: (-row.explained, -row.questions))
    order = {"late": 0, "missing": 1, "part": 2, "whole": 3, "excused": 4}
    return sorted(rows, key=lambda row: order[row.state]) if step == "arrive" else rows


def _line(step: str, board: Board, row: CountyRow, by: str | Actor, opened: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"line-{row.code}"):
        st.markdown(f"**{escape.markdown(row.name)}**", width=150)
        st.markdown(_state_line(row, board), width=380)
        st.markdown(_waits(row), width=260)
        with st.container(horizontal=True, width="content"):
            if step == "arrive" and row.state in ("missing", "late"):
                month_steps.remind_county(board, row, by)
            if step == "arrive" and row.state in ("missing", "late", "part"):
                month_steps.extend(board, row, by)
            if st.button("收起" if opened else "打开", key=f"open-{row.code}"):
                st.session_state["open_county"] = None if opened else row.code
                st.rerun()


def _state_line(row: CountyRow, board: Board) -> str:
    """`已报 117/121 个单位，7月3日收到`."""
    colour = {"late": "red", "missing": "orange", "part": "orange", "whole": "green", "excused": "gray"}[row.state]
    said = f":{colour}[**{STATES[row.state]}**]"
    if row.state in ("whole", "part"):
        held = f"，暂不计入 {row.held}" if row.held else ""
        at = f"{int(row.at[5:7])}月{int(row.at[8:10])}日收到" if row.at else ""
        said += f" {row.accepted}/{row.units} 个单位{held} :gray[{at}]"
    elif row.due and row.due != board.now.usual_due:
        said += f" :gray[延至{day(row.due)}]"
    return said


def _waits(row: CountyRow) -> str:
    parts = []
    if row.returned:
        parts.append(f":red[退回 {row.returned}]")
    if row.questions:
        parts.append(f":orange[待说明 {row.questions}]")
    if row.explained:
        parts.append(f":blue[待采纳 {row.explained}]")
    return " · ".join(parts) or ":gray[没有待办]"


def _county(board: Board, row: CountyRow, by: str | Actor) -> None:
    """An open county: its matters under their files, its other files, decisions about it."""
    matters = board.of(row.code)
    if matters:
        matter_cards.cards(matters, {row.code: row.name}, by, f"of-{row.code}")
    else:
        st.caption("没有待办事项。")
    if row.state in ("missing", "late"):
        _elsewhere(board, row, by)
    if row.state == "part" and (lacking := board_rows.missing_units(board.month, row.code)):
        st.caption(escape.markdown(lacking))
    if signin.may("resolve"):
        with st.popover("增设社区（村）", key=f"admit-{row.code}-pop"):
            month_steps.admit(board.month, row.code, by, f"admit-{row.code}")
    if made := board_rows.settled(board.now, row.code, board_rows.all_matters()):
        names = board_rows.subjects(board.month)
        for decision in made:
            _withdrawal(decision, names, by)


def _elsewhere(board: Board, row: CountyRow, by: str | Actor) -> None:
    """Reports of a missing county for later months, whose month may be wrong."""
    place = settings.load()
    for month in (known for known in month_now.known_months(place) if known > board.month):
        for sent in month_now.submissions(place, month, {row.code}):
            with st.container(horizontal=True, vertical_alignment="center"):
                said = f"收到过{months.label(month)}的报表“{sent['file']}”（第 {sent['seq']} 号）；月份有笔误的，撤回后请县里改正重报。"
                st.markdown(escape.markdown(said), width=760)
                matter_cards.withdrawal(sent["seq"], by)


# ---- what may be taken back


def _submissions(board: Board, by: str | Actor) -> None:
    """Submissions in force or waiting, each with receipt, original and withdrawal."""
    rows = month_now.submissions(settings.load(), board.month)
    with st.expander(f"{months.label(board.month)}的报送（{len(rows)} 份）", key="submissions"):
        listed = rows if st.session_state.get("all-submissions") else rows[:MOST]
        for row in listed:
            waits = "，在等" if row["waiting"] else ""
            said = f"第 {row['seq']} 号 {row['county']}“{row['file']}”，{row['by']}，{screen_wording.day(row['at'])}{waits}"
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(escape.markdown(said), width=640)
                if not _shown_above(board, row["seq"]):
                    matter_cards.files(row["seq"], None, row["file"])
                    matter_cards.withdrawal(row["seq"], by)
                else:
                    st.caption("在上面的县里办理")
        if len(rows) > len(listed) and st.button(f"显示其余 {len(rows) - len(listed)} 份", key="more-submissions"):
            st.session_state["all-submissions"] = True
            st.rerun()


def _shown_above(board: Board, seq: int) -> bool:
    """Whether the buttons are on the page already, in the open county: a widget's key must be unique."""
    opened = st.session_state.get("open_county")
    return any(m["seq"] == seq and m["county"] in (opened, None) for m in board.matters)


def _decisions(board: Board, by: str | Actor) -> None:
    """The decisions of the month, the newest first, each with its opposite beside it."""
    rows, names = board_rows.decisions(board.month), board_rows.subjects(board.month)
    with st.expander(f"{months.label(board.month)}和不限月份的决定（{len(rows)} 个）", key="decisions"):
        shown = {d["seq"] for d in _of_open_county(board)}
        listed = rows if st.session_state.get("all-decisions") else rows[:MOST]
        for row in listed:
            if not row["in_force"]:
                st.markdown(f"~~{escape.markdown(decision_line(row, names))}~~ 已撤回")
            elif row["seq"] in shown or not row["withdrawable"]:
                # its button stands in the open county, or on the page 抽查
                st.markdown(escape.markdown(decision_line(row, names)))
            else:
                _withdrawal(row, names, by)
        if len(rows) > len(listed) and st.button(f"显示其余 {len(rows) - len(listed)} 个", key="more-decisions"):
            st.session_state["all-decisions"] = True
            st.rerun()


def _of_open_county(board: Board) -> list[Decision]:
    code = st.session_state.get("open_county")
    return board_rows.settled(board.now, code, board_rows.all_matters()) if code else []


def decision_line(row: Decision, names: Mapping[str, str]) -> str:
    """`第 9 号 审定，市局李某，2020年7月8日 09:30：理由`, with what it is about. `names`: `board_rows.subjects`."""
    of = row["finding"] or row["matter"]
    about = [
        row["name"] or "",
        f"{row['month']}/{row['edition']}" if row["edition"] else "",
        names.get(row["county"] or "", row["county"] or "") if not (of and of in names) else "",
        (names.get(of) or board_rows.asked(row)) if of else "",
        f"指标 {row['indicator']}" if row["indicator"] else "",
        f"为 {names.get(row['unit'], row['unit'])}" if row["unit"] else "",
        f"读作“{READ_AS.get(row['as'], row['as'] + '月')}”" if row["as"] else "",
        f"第 {row['of']} 号" if row["of"] else "",
        "免报" if row["excuse"] else "",
        f"至{_until(row['until'])}" if row["until"] else "",
    ]
    what = " ".join(filter(None, (month_now.DECISIONS[row["kind"]], *about)))
    why = row["why"] or row["text"]
    return f"第 {row['seq']} 号 {what}，{row['by']}，{screen_wording.day(row['at'])}" + (f"：{why}" if why else "")


def _until(text: str) -> str:
    """A day as text; of a waiver, a month."""
    return day(date.fromisoformat(text)) if len(text) > len("2020-06") else months.label(months.parse(text))


def _withdrawal(row: Decision, names: Mapping[str, str], by: str | Actor) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(escape.markdown(decision_line(row, names)), width=760)
        if board_rows.taken_back(row) in month_steps.HEAVY:
            month_steps.withdraw(row["seq"], by)
        else:
            matter_cards.withdrawal(row["seq"], by)


# ---- open matters of all months


def matters() -> None:
    """Everything that waits for somebody, of all months and all counties or one, under the files that it is about."""
    clerk.show_done()
    by = clerk.person()
    waiting = board_rows.waiting()
    names: dict[str, str] = {row["county"]: row["county"] for row in waiting if row["county"]}
    for key in sorted({row["month"] for row in waiting if row["month"]}):
        names |= month_now.counties(settings.load(), months.parse(key))
    # a county's last matter may have been settled just now
    asked = {code: code for code in st.query_params.get_all("whose") if code}
    whose = header.pick("whose", "县市区", {"": "全部县（市、区）", **asked, **names}, "", width=240) if waiting else ""
    shown = [row for row in waiting if whose in ("", row["county"])]
    if not shown:
        st.success("没有待办事项。")
        return
    st.caption(f"共 {len(shown)} 件，在报送的文件下面；每件写明怎么办，办结或改正后自己消失。")
    matter_cards.cards(shown, names, by, "all")
