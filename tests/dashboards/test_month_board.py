"""A month closed on the page 报送 by somebody who never opens a terminal and never types an id."""

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components import submission_desk
from pipelines.archive.store import Archive
from pipelines.edition import open_release
from pipelines.errors import Refusal
from pipelines.intake import answer_matters, month_now, submit_files
from pipelines.notify import dispatch
from pipelines.serving import background_runs
from tests import small_city
from tests.books import Office, plain
from tests.dashboards.conftest import here, texts

MAY, JUNE, JULY, AUGUST = date(2019, 5, 1), date(2019, 6, 1), date(2019, 7, 1), date(2019, 8, 1)
BAIXIANG, ZONE, REN = "130524", "130571", "130526"


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Office:
    """Three counties, a month published; contacts of two of them."""
    folder = tmp_path_factory.mktemp("office")
    reference = small_city.make(folder / "reference", (BAIXIANG, ZONE, REN))
    small_city.measure_only(reference, ["facility_rural", "facility_urban"])
    made = Office(folder / "data", reference)
    for county in (BAIXIANG, ZONE, REN):
        made.send(MAY, county)
    made.run(MAY, with_papers=True)
    contacts = f"city: clerk@city.example\ncounties: {{'{BAIXIANG}': b@x.example, '{ZONE}': z@x.example}}\n"
    (made.settings.data / "contacts.yaml").write_text(contacts)
    return made


@pytest.fixture
def desk(app, office, monkeypatch):
    """The page 报送 as the clerk has it, with a name. What another process would do is done in this one."""
    monkeypatch.setenv("SHEQU_REFERENCE", str(office.settings.reference))
    monkeypatch.setattr(background_runs, "command", here)

    def opened(room: str = "board", **address: str):
        page = app(office.settings.data, "reporting", room=room, **address)
        assert not page.exception, page.exception
        if page.get("text_input") and any(box.key == "by" for box in page.text_input):
            page.text_input(key="by").input("李某").run()
        return page

    return opened


def click(page, key: str, **typed: str):
    """A button pressed after sentences were typed into the fields `<key>-<name>`."""
    for name, text in typed.items():
        page.text_input(key=f"{key}-{name}").input(text)
    page.button(key=key).click().run()
    assert not page.exception, page.exception
    return page


def faulty(office: Office):
    """A unit that no roster has, an answer that cannot be read, a number that asks for a reason."""
    units = office.units(JUNE, BAIXIANG)

    def answers(unit) -> dict:
        at = units.index(unit)
        wrong = {0: {"households": "约300"}, 1: {"facility_area": 30000}}
        wrong[2] = {"name": f"{unit.name}新村", "code": f"{BAIXIANG}999999"}
        return {**plain(unit), **wrong.get(at, {})}

    return answers


def ticks(unit) -> dict:
    return {**plain(unit), "facility": "√" if int(unit.code) % 2 else None}


def matter(office: Office, code: str) -> dict:
    return next(m for m in answer_matters.kept(office.settings, JUNE) if f"【{code}】" in m["message"])


def settle(page, matter: dict, action: str, text: str | None = None):
    """A matter opened, an action chosen, its sentence typed, its button pressed."""
    click(page, f"settle-{matter['id']}")
    chosen = [group for group in page.get("button_group") if group.key == f"action-{matter['id']}"]
    chosen[0].set_value(action).run()
    if text is not None:
        page.text_area(key=f"text-{matter['id']}").input(text)
    return click(page, f"do-{matter['id']}")


# ---- the month, in order


def test_forms_are_handed_out_as_one_file_or_as_a_zip(desk):
    page = desk(of="2019-05", step="hand_out")
    page.selectbox(key="form-county").select(ZONE)
    click(page, "form-make")
    _, name, content = page.session_state["forms"]
    # reports of May have come in: what is handed out now is June's
    assert name.endswith("2019年6月.xlsx") and content[:2] == b"PK"
    page.checkbox(key="form-towns").check()
    page.checkbox(key="form-blank").check()
    click(page, "form-make")
    label, name, content = page.session_state["forms"]
    assert name.endswith(".zip") and "空白表" in label
    assert all(file.endswith(".xlsx") for file in zipfile.ZipFile(io.BytesIO(content)).namelist())


def test_two_files_at_once_are_two_cards_and_stay_while_one_looks_elsewhere(desk, office):
    files = [office.workbook(JUNE, BAIXIANG, faulty(office)), office.workbook(JUNE, REN, ticks)]
    page = desk("upload")
    page.file_uploader[0].set_value(
        [(path.name, path.read_bytes(), "application/octet-stream") for path in files]
    ).run()
    assert not page.exception, page.exception
    assert texts(page).count("与本月已收到的相比：新报") == 2
    page.query_params["room"] = "matters"
    page.run()
    page.query_params["room"] = "upload"
    page.run()
    sends = [button for button in page.button if button.label == "报送"]
    assert len(sends) == 2 and all(button.disabled for button in sends)
    page.text_input(key="by").input("李某").run()
    click(page, "submit-all")
    assert texts(page).count("：已接收。") == 2 and not [b for b in page.button if b.label == "报送"]
    # a name is asked for once a session
    page.query_params["room"] = "board"
    page.run()
    assert page.text_input(key="by").value == "李某"


def test_the_board_says_who_is_missing_and_what_waits(desk):
    page = desk(of="2019-06")
    said = texts(page)
    assert "未报 1 个：河北邢台经济开发区" in said and "逾期未报" in said
    assert "退回 2" in said and page.button(key=f"open-{BAIXIANG}").label == "打开"
    page = click(page, f"remind-{ZONE}")
    assert "已写好催报" in texts(page)


def test_the_missing_county_is_reminded_by_mail_once_a_day_and_one_without_address_is_named(desk, office):
    waiting = [m.to for m in dispatch.outbox(office.settings).waiting()]
    assert waiting == ["z@x.example"]
    (office.settings.data / "contacts.yaml").rename(office.settings.data / "aside.yaml")
    page = desk(of="2019-06", step="arrive")
    assert "没有联系地址，须电话催报：河北邢台经济开发区" in texts(page)
    assert page.button(key=f"remind-{ZONE}").disabled
    (office.settings.data / "aside.yaml").rename(office.settings.data / "contacts.yaml")


def test_a_unit_is_chosen_among_candidates_and_a_habit_settled_once(desk, office):
    page = click(desk(of="2019-06", step="returned"), f"open-{BAIXIANG}")
    unknown = matter(office, "unit_unknown")
    click(page, f"settle-{unknown['id']}")
    # what the finding names as alike comes first
    assert page.selectbox(key=f"unit-{unknown['id']}").value == office.units(JUNE, BAIXIANG)[2].code
    assert "已认定为" in texts(click(page, f"do-{unknown['id']}"))
    page = click(desk(of="2019-06", step="questions"), f"open-{REN}")
    habit = matter(office, "ticks_and_blanks")
    assert "空白就是“否”" in texts(settle(page, habit, "habit"))
    assert not [m for m in answer_matters.kept(office.settings, JUNE) if m["id"] in (unknown["id"], habit["id"])]


def test_a_word_of_the_countys_own_is_settled_once_and_no_action_is_offered_that_is_refused(desk, office):
    office.send(AUGUST, REN, lambda unit: {**plain(unit), "facility": "没有"})
    word = next(m for m in answer_matters.kept(office.settings, AUGUST) if "flag_word_unclear" in m["message"])
    page = click(desk(of="2019-08", step="returned"), f"open-{REN}")
    click(page, f"settle-{word['id']}")
    [actions] = [group for group in page.get("button_group") if group.key == f"action-{word['id']}"]
    # what could not be read cannot be waived
    assert "豁免" not in actions.options and "由市里为本县一次认定" in texts(page)
    page.radio(key=f"as-{word['id']}").set_value("否").run()
    assert "一律读作“否”" in texts(click(page, f"do-{word['id']}"))
    assert word["id"] not in {m["id"] for m in answer_matters.kept(office.settings, AUGUST)}
    # what is tried before it is sent is read in the same way
    path = office.workbook(AUGUST, REN, lambda unit: {**plain(unit), "facility": "没有"})
    tried = submit_files.preview(path.read_bytes(), path.name, office.settings).report
    assert not [finding for finding in tried.findings if finding["code"] == "flag_word_unclear"]
    # the decision is told in words, without an id
    [event] = [e for e in Archive(office.settings.archive).decisions() if e.body.get("as") and "没有" in e.body["key"]]
    said = next(line for line in texts(page).splitlines() if line.startswith(f"第 {event.seq} 号 认定"))
    assert "：没有”" in said and "读作“否”" in said and word["id"] not in said
    click(page, f"withdraw-{event.seq}", why="再核实")
    assert word["id"] in {m["id"] for m in answer_matters.kept(office.settings, AUGUST)}


def test_a_warning_is_explained_accepted_and_asked_again(desk, office):
    page = click(desk(of="2019-06", step="questions"), f"open-{BAIXIANG}")
    area = matter(office, "area_unit_slip")
    assert "没有说明情况" in texts(settle(page, area, "explain", "核实无误"))
    page = click(desk(of="2019-06", step="questions"), f"open-{BAIXIANG}")
    settle(page, area, "explain", "与镇政府合用办公楼，全楼三万平方米")
    assert "县里说明（李某" in texts(page) and "全楼三万平方米" in texts(page)
    settle(page, area, "ask", "社区自用多少平方米？")
    assert "市里追问（李某" in texts(page)
    settle(page, area, "explain", "自用三百平方米，表内应为全楼面积")
    click(page, f"accept-{area['id']}")
    lines = [line for line in texts(page).splitlines() if " 采纳 " in line]
    unit = next(unit.name for unit in office.units(JUNE, BAIXIANG) if unit.code == area["unit"])
    assert lines and all(unit in line and area["id"] not in line for line in lines), lines
    assert area["id"] not in {m["id"] for m in answer_matters.kept(office.settings, JUNE) if m["state"] == "explained"}


def test_what_has_one_cause_is_settled_in_one_click_and_taken_back_one_by_one(desk, office, monkeypatch):
    large = {unit.code for unit in office.units(JULY, BAIXIANG)[4:7]}
    sent = office.send(
        JULY, BAIXIANG, lambda unit: {**plain(unit), **({"facility_area": 30000} if unit.code in large else {})}
    )

    def group(step: str) -> str:
        return f"all-of-{BAIXIANG}-{sent.seq}-area_unit_slip-{step}"

    def matters(*states: str) -> dict[str, str]:
        kept = answer_matters.kept(office.settings, JULY)
        return {m["unit"]: m["id"] for m in kept if "area_unit_slip" in m["message"] and m["state"] in states}

    page = click(desk(of="2019-07", step="questions"), f"open-{BAIXIANG}")
    assert "一并处理 3 件" in {button.label for button in page.button}
    settle(page, {"id": group("questions")}, "explain", "与镇政府合用办公楼，全楼三万平方米")
    assert "3 件已记下情况说明" in texts(page) and len(matters("explained")) == 3
    # one of them is refused: the others are accepted, and it is said which was not and why
    last, accept = list(matters("explained").values())[-1], answer_matters.accept

    def all_but_one(finding: str, *more):
        if finding == last:
            raise Refusal("已经办结")
        return accept(finding, *more)

    monkeypatch.setattr(answer_matters, "accept", all_but_one)
    click(page, f"accept-{group('explained')}")
    left = next(unit.name for unit in office.units(JULY, BAIXIANG) if matters("explained") == {unit.code: last})
    assert "2 件已采纳" in texts(page) and f"另有 1 件没有办成：柏乡镇 {left}（已经办结）" in texts(page)
    events = [e for e in Archive(office.settings.archive).decisions() if e.kind == "accept"][-2:]
    assert {e.body["finding"] for e in events} == set(matters("settled").values())
    click(page, f"withdraw-{events[0].seq}", why="要再看")
    assert events[0].body["finding"] in matters("explained").values() and len(matters("settled")) == 1
    # what is open is waived together, once a reason is given
    settle(page, {"id": group("explained")}, "waive", " ")
    assert "请写明理由" in texts(page)


def test_a_unit_that_the_roster_does_not_list_yet_is_admitted_and_taken_back_in_its_county(desk, office):
    page, key = click(desk(of="2019-06"), f"open-{BAIXIANG}"), f"admit-{BAIXIANG}"
    town = next(code for code, name in month_now.towns(office.settings, JUNE, BAIXIANG).items() if name == "柏乡镇")
    page.selectbox(key=f"{key}-town").select(town)
    page.selectbox(key=f"{key}-kind").select("农村社区")
    assert "请写明理由" in texts(click(page, key, name="幸福新村村委会", why=" "))
    click(page, key, name="幸福新村村委会", why="县政府批复设立")
    assert "已增设幸福新村村委会，自2019年6月起列入名册" in texts(page)
    units = month_now.units(office.settings, JUNE, BAIXIANG)
    [code] = [code for code, name in units.items() if name == "柏乡镇 幸福新村村委会"]
    assert code[:9] == town[:9] and code not in month_now.units(office.settings, MAY, BAIXIANG)
    # its way back stands in the county that is still open
    [event] = [e for e in Archive(office.settings.archive).decisions() if e.kind == "admit"]
    click(page, f"withdraw-{event.seq}", why="批复还没有生效")
    assert code not in month_now.units(office.settings, JUNE, BAIXIANG)


def test_a_county_is_excused_and_the_excuse_taken_back_beside_it(desk, office):
    page = desk(of="2019-06", step="arrive")
    page.checkbox(key=f"extend-{ZONE}-excuse").check().run()
    click(page, f"extend-{ZONE}", why="受灾")
    assert "本月免报" in texts(page)
    [event] = [e for e in Archive(office.settings.archive).decisions() if e.kind == "extend"]
    assert event.by == "李某" and event.body["why"] == "受灾"
    click(page, f"open-{ZONE}")
    click(page, f"withdraw-{event.seq}", why="已恢复报送")
    assert "逾期未报" in texts(page) and not month_now.of(office.settings, JUNE).excused


def test_a_file_is_sent_back_with_a_sentence_and_its_figures_do_not_count(desk, office):
    page = click(desk(of="2019-06", step="returned"), f"open-{BAIXIANG}")
    held = matter(office, "not_a_number")
    click(page, f"settle-{held['id']}")
    [chosen] = [group for group in page.get("button_group") if group.key == f"action-{held['id']}"]
    chosen.set_value("return").run()
    page.text_area(key=f"back-{held['id']}-text").input("户数请填确切的数字")
    page.checkbox(key=f"back-{held['id']}-withdraw").check()
    click(page, f"back-{held['id']}")
    assert f"第 {held['seq']} 号已撤回" in texts(page)
    assert held["seq"] not in {row["seq"] for row in month_now.submissions(office.settings, JUNE)}
    mails = [m for m in dispatch.outbox(office.settings).waiting() if m.to == "b@x.example"]
    assert any("户数请填确切的数字" in mail.body for mail in mails)
    # and back again
    undo = next(e for e in reversed(list(Archive(office.settings.archive).decisions())) if e.kind == "withdraw")
    click(page, f"withdraw-{undo.seq}", why="先计入其余各行")
    assert held["seq"] in {row["seq"] for row in month_now.submissions(office.settings, JUNE)}
    # what was sent back stands with the matter, also where the county has no address
    page = click(desk(of="2019-06", step="returned"), f"open-{BAIXIANG}")
    assert "市里退回（李某" in texts(page)
    assert matter(office, "not_a_number")["question"] == "户数请填确切的数字"


def test_a_month_is_computed_released_approved_reopened_and_retracted_each_with_its_way_back(desk, office):
    place = office.settings
    page = click(desk(of="2019-06", step="release"), "run")
    assert month_now.of(place, JUNE).released == "2019-06/1" and "papers" not in {button.key for button in page.button}
    assert "2019-06/1 的报告：" in texts(page)
    papers = {button.label for button in page.get("download_button")}
    assert {"下载月报（docx）", "下载月报（xlsx）", "下载月报（html）"} <= papers
    # what the city says to an explanation is printed at once where the clerk wants it
    answer_matters.ask(matter(office, "area_unit_slip")["id"], "请附房产证", place, "李某")
    page = click(desk(of="2019-06", step="release"), "papers")
    assert "2019-06/1 的报告已更新" in texts(page) and "papers" not in {button.key for button in page.button}
    page = click(desk(of="2019-06", step="approve"), "approve")
    assert "请勾选“仍要审定”并写明理由" in texts(page)
    page.checkbox(key="approve-meant").check()
    click(page, "approve", why="其余下月补报")
    assert "2019年6月已审定" in texts(page) and month_now.of(place, JUNE).approved.by == "李某"
    click(page, "reopen-2019-06", why="开发区补报")
    assert month_now.of(place, JUNE).state == "reopened"
    before = open_release(settings=place).label
    page = click(desk(of="2019-06", step="release"), "retract", why="数字有误")
    assert "已收回" in texts(page) and open_release(settings=place).label != before
    event = next(e for e in reversed(list(Archive(place.archive).decisions())) if e.kind == "retract")
    click(page, f"withdraw-{event.seq}", why="没有错")
    assert open_release(settings=place).label == before
    # every decision with its kind, name and reason; a button where it is in force
    page = desk(of="2019-06", step="release")
    listed = [row for row in month_now.decisions(place) if row["month"] in (None, "2019-06")]
    assert {"approve", "reopen", "retract", "withdraw"} <= {row["kind"] for row in listed}
    for row in listed:
        assert f"第 {row['seq']} 号 {month_now.DECISIONS[row['kind']]}" in texts(page), row
        assert (row["why"] or row["text"] or "") in texts(page) and row["by"] in texts(page)
    buttons = {button.key for button in page.button}
    assert {f"withdraw-{row['seq']}" for row in listed if row["in_force"]} <= buttons


def test_a_released_month_is_shown_to_the_public_and_taken_back(desk, office):
    page = click(desk(of="2019-05", step="release"), "publicise")
    shown = office.settings.data / "public" / "2019-05"
    assert "2019-05/1 已公开" in texts(page) and (shown / "figures.csv").exists()
    assert "publicise" not in {button.key for button in page.button}
    click(page, "conceal", why=" ")
    assert "请写明理由" in texts(page) and (shown / "figures.csv").exists()
    click(page, "conceal", why="数字有误")
    assert "撤下" in texts(page) and [path.name for path in shown.iterdir()] == ["index.html"]
    undo = next(e for e in reversed(list(Archive(office.settings.archive).decisions())) if e.kind == "withdraw")
    click(page, f"withdraw-{undo.seq}", why="没有错")
    assert (shown / "figures.csv").exists()


def test_a_reason_and_a_persons_name_are_asked_for(desk, app, office):
    page = click(desk(of="2019-06", step="release"), "retract", why=" ")
    assert "请写明理由" in texts(page)
    nameless = app(office.settings.data, "reporting", room="board", of="2019-06", step="release")
    assert "请先填写经办人" in texts(click(nameless, "run"))
    nameless.text_input(key="by").input("root").run()
    assert "不是姓名" in texts(click(nameless, "retract", why="数字有误"))


def test_open_matters_stand_under_their_files_with_what_to_do(desk, office, tmp_path):
    stray = tmp_path / "报表.xlsx"
    stray.write_bytes(b"not a workbook")
    office.submit(stray)
    page = desk("matters")
    said = texts(page)
    assert "看不出县（市、区）" in said and "不是电子表格" in said
    lost = next(m for m in answer_matters.kept(office.settings) if m["kind"] == "no_county")
    click(page, f"settle-{lost['id']}")
    assert "请报送人在标题或文件名里写明" in texts(page)
    page.text_area(key=f"text-{lost['id']}").input("不是报表")
    assert lost["file"] not in texts(click(page, f"do-{lost['id']}"))
    assert isinstance(page.session_state["clerk"], str) and Path(office.settings.data).exists()


def test_a_second_press_follows_the_work_that_the_first_began():
    """Work that has ended meanwhile is begun again."""

    def script():
        import streamlit as st

        from dashboards.components import clerk

        def work():
            st.session_state["begun"] = st.session_state.get("begun", 0) + 1
            yield "正在审定，已 0 秒"

        clerk.show_done()
        clerk.works("审定", "approve", work, "已审定。")

    page = AppTest.from_function(script).run()
    page.session_state["going"] = {"已审定。": iter(["正在审定，已 1 秒"])}
    click(page, "approve")
    assert "已审定。" in texts(page) and "begun" not in page.session_state
    click(page, "approve")
    assert "已审定。" in texts(page) and page.session_state["begun"] == 1


def test_of_a_file_whose_months_disagree_the_month_is_said_to_be_unknown_and_not_the_county(desk, office, tmp_path):
    path = office.workbook(JUNE, BAIXIANG, plain)
    other = tmp_path / f"{path.stem.replace('2019年6月', '')}2019年4月.xlsx"
    other.write_bytes(path.read_bytes())
    page = desk("upload")
    page.session_state["desk"] = {"a" * 64: submission_desk.Dropped(other.name, other.read_bytes())}
    page.run()
    assert not page.exception and "县市区不明" not in texts(page)
    assert "整个文件无法计入。月份不明：读到" in texts(page)


def test_all_matters_of_a_file_are_sent_back_in_one_click(desk, office):
    july = date(2019, 7, 1)
    first, second, *_ = office.units(july, BAIXIANG)
    wrong = {first.code: {"households": "约300"}, second.code: {"name": "无名屯", "code": f"{BAIXIANG}999998"}}
    office.send(july, BAIXIANG, lambda unit: {**plain(unit), **wrong.get(unit.code, {})})
    page = click(desk(of="2019-07", step="returned"), f"open-{BAIXIANG}")
    (opener,) = [button for button in page.button if button.label.startswith("整份退回")]
    key = opener.key.removeprefix("settle-")
    click(page, opener.key)
    assert "无名屯" in page.text_area(key=f"back-{key}-text").value
    page.text_area(key=f"back-{key}-text").input("两处一并改正后重报")
    click(page, f"back-{key}")
    assert "已退回" in texts(page)
    kept = answer_matters.kept(office.settings, july)
    asked = [matter for matter in kept if matter.get("question") == "两处一并改正后重报"]
    assert f"（{len(asked)} 件）" in opener.label and len({matter["kind"] for matter in asked}) > 1
