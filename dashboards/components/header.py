"""The header of every page: edition, selectors, and the reader's choice, which the address keeps so that a link opens the same view."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

import streamlit as st

from dashboards.queries import edition_data, submission_rows
from dashboards.text import escape, screen_wording
from dashboards.text.templates import show
from pipelines import months
from pipelines.edition import Release
from pipelines.edition.statuses import EDITION_KINDS

DIVISIONS = {"then": "当时区划", "now": "目前区划"}


@dataclass(frozen=True)
class View:
    """The edition, policy, month and divisions that the reader has chosen."""

    release: Release
    policy: str
    month: date
    divisions: str

    @property
    def city(self) -> str:
        return edition_data.rows(self.release, "SELECT unit FROM figure WHERE level = 'city' LIMIT 1")[0]["unit"]

    @property
    def city_name(self) -> str:
        return self.release.manifest.get("city") or "全市"

    @property
    def roster_month(self) -> date:
        """The month whose divisions count."""
        return self.release.month if self.divisions == "now" else self.month

    @property
    def due(self) -> date | None:
        return next(row["due"] for row in edition_data.policies(self.release) if row["id"] == self.policy)


def pick(name: str, title: str, options: dict[str, str], default: str | None = None, width: int = 240) -> str:
    """One choice, kept in the address under `name`. An unknown value in the address gets a page with the known ones."""
    key = f"pick-{name}"
    asked = _asked(name, options, default)
    known = asked in options
    st.session_state[key] = asked if known else None
    chosen = st.selectbox(
        title,
        list(options),
        key=key,
        format_func=lambda option: escape.plain(options[option]),
        on_change=_remember,
        args=(name, key),
        placeholder="请选择",
        filter_mode="contains",
        width=width,
    )
    if chosen is None:
        _help(title, asked, options)
        st.stop()
    _settle(name, chosen)
    return chosen


def tabs(name: str, title: str, options: dict[str, str], default: str) -> str:
    """One of a few kinds of content, kept in the address under `name`."""
    key = f"pick-{name}"
    asked = st.query_params.get(name, default)
    st.session_state[key] = asked if asked in options else default
    chosen = st.segmented_control(
        title,
        list(options),
        key=key,
        format_func=lambda option: options[option],
        on_change=_remember,
        args=(name, key),
        required=True,
        label_visibility="collapsed",
    )
    _settle(name, str(chosen))
    return str(chosen)


def _asked(name: str, options: dict[str, str], default: str | None) -> str | None:
    """What the address names; else what was chosen on an earlier page; else the default."""
    if name in st.query_params:
        return str(st.query_params[name])
    earlier = st.session_state.get(f"chosen-{name}")
    return earlier if earlier in options else default


def _remember(name: str, key: str) -> None:
    """A choice that the reader made: one entry in the browser's history."""
    if st.session_state[key] is not None:
        st.query_params[name] = st.session_state[key]


def _settle(name: str, value: str) -> None:
    """Keep a choice of this run for links and the next page. A default adds no entry to the browser's history."""
    st.session_state[f"chosen-{name}"] = value
    st.session_state.setdefault("address", {})[name] = value


def begin() -> None:
    """Before the first choice of a run: what the address carries besides. Read once, a page has hundreds of links."""
    st.session_state["address"] = {name: st.query_params[name] for name in CARRIED if name in st.query_params}


def title(what: str) -> None:
    """The name of the browser's tab: what the page is about comes first."""
    st.set_page_config(page_title=f"{escape.plain(what)} · 社区治理进展")


def address() -> dict[str, str]:
    """What has been chosen in this run and what the address carries besides: the whole view."""
    return dict(st.session_state.get("address", {}))


def complete_address(page: str) -> None:
    """Let the browser's address name the whole view, by our script."""
    current: View | None = st.session_state.get("view")
    newest = months.key(current.release.month) if current else ""
    show("address.html", page=page, query=urlencode(address()), newest=newest)


def seen_before(newest: str) -> str:
    """The newest month at the reader's last visit, `2020-11`; empty where it was this one or there was none. Our script keeps two."""
    last, _, before = st.context.cookies.get("shequ_seen", "").partition(".")
    return before if last == newest else last


# the choices that a link carries to the page that it opens
CARRIED = ("policy", "month", "divisions", "county", "indicator", "unit", "edition", "pinned")


def _help(title: str, asked: str | None, options: dict[str, str]) -> None:
    if asked:
        st.warning(
            f"地址里的{title}“{escape.markdown(asked)}”在这里找不到：可能已改名、撤并，或不属于所选的月份和政策。"
        )
    first = "、".join(escape.markdown(name) for name in list(options.values())[:30])
    st.markdown(f"请在上面选择{title}。可选：{first}{'等' if len(options) > 30 else ''}。")


def header() -> View | None:
    """Title, edition and selectors. None before the first edition."""
    release = _release()
    if release is None:
        return None
    with st.container(key="header", horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        left = st.container(width="content")
        right = st.container(key="selectors", horizontal=True, width="content", vertical_alignment="bottom")
    with right:
        policy = _policy(release)
        month = pick("month", "月份", _months(release), release.manifest["month"], width=150)
        divisions = pick("divisions", "区划", DIVISIONS, "then", width=130)
    view = View(release, policy, months.parse(month), divisions)
    with left:
        st.header(f"{escape.markdown(view.city_name)}城乡社区治理进展", anchor=False)
        st.caption(_edition_line(view))
    show("page_foot.html", title=f"{view.city_name}城乡社区治理进展")
    return view


def _release() -> Release | None:
    newest, trouble = edition_data.newest()
    if trouble:
        instead = f"以下是此前完好的 {newest.label}。" if newest else "也没有更早的可用。"
        st.error(escape.markdown(f"最新的发布版不能打开，{instead}请告诉运行维护人员：{trouble}"))
    _greet(newest)
    asked = st.query_params.get("edition")
    if newest is None or asked is None or asked == newest.label:
        return newest
    named = edition_data.edition(asked)
    if named is None:
        st.warning(f"没有发布版“{escape.markdown(asked)}”，以下是最新的 {newest.label}。")
        return newest
    st.info(f"您正在看较早的发布版 {named.label}；最新的是 {newest.label}。去掉地址里的 edition 即回到最新版。")
    return named


def _greet(newest: Release | None) -> None:
    """Say that a newer edition has appeared since the reader's last click: figures may differ from those just read."""
    label = newest.label if newest else None
    seen = st.session_state.get("edition_seen")
    if seen and label != seen:
        st.info(f"刚刚换成了新发布的 {label}（您上次看的是 {seen}）。")
    st.session_state["edition_seen"] = label


def _policy(release: Release) -> str:
    known = {row["id"]: row["title"] for row in edition_data.policies(release)}
    if len(known) == 1 and st.query_params.get("policy", next(iter(known))) in known:
        return next(iter(known))
    return pick("policy", "政策", known, next(iter(known)), width=320)


def _months(release: Release) -> dict[str, str]:
    return {key: months.label(months.parse(key)) for key in reversed(release.manifest["months"])}


def _edition_line(view: View) -> str:
    """Edition, date, data as of, approval as it is now, how many counties it rests on."""
    manifest = view.release.manifest
    state = submission_rows.standing(view.release, view.month)
    sample = "示例数据 · " if manifest.get("sample") else ""
    return (
        f"{sample}{months.label(view.month)} · {manifest['month']} 第 {manifest['edition']} 版（{EDITION_KINDS[manifest['kind']]}）· "
        f"{screen_wording.day(manifest['published_at'])}发布 · 数据截至第 {manifest['as_of']} 号收件 · {state}"
    )


def view() -> View:
    """The view of this run, for a page. Before the first edition it shows what to do and stops."""
    current: View | None = st.session_state.get("view")
    if current is None:
        _first_day()
        st.stop()
    return current


def _first_day() -> None:
    st.header("还没有发布任何月份", anchor=False)
    st.markdown(
        "这里会显示全市和各县市区的进展。先做三件事：\n\n"
        "1. 在 **报送** 页上传各县市区的报表（或把文件放进收件箱文件夹）；\n"
        "2. 由市里运行当月计算：`shequ run`（每月也会自动运行）；\n"
        "3. 回到本页，数字即在眼前，无需重启。"
    )
    st.caption("没有报表也想看看？运行 make run 会生成示例数据。")
