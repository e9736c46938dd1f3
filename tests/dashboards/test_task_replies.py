"""A county's reply to a task (督办): by command and by page, what is refused, what it changes (words) and what it does not (state)."""

import io
import json
from datetime import date, datetime

import pytest
from click.testing import CliRunner
from docx import Document
from python_calamine import CalamineWorkbook

from dashboards import signin
from pipelines.access import audit_log
from pipelines.access.roles import Actor
from pipelines.archive.store import Archive
from pipelines.cli.commands import main
from pipelines.edition import county_tasks, open_release
from pipelines.errors import Refusal
from pipelines.intake import answer_tasks
from pipelines.monthly import month_decisions, papers, rebuild_editions
from pipelines.months import SHANGHAI
from pipelines.reports import gather, next_steps, task_bulletin
from pipelines.reports.county_notice import write_notices
from tests import behind_office
from tests.behind_office import BAIXIANG, INDICATOR, JUNE, REN_COUNTY, REN_DISTRICT, few
from tests.books import Office
from tests.dashboards.conftest import texts

SAID = "已列支12万元，7月底前完工"
LI = "市局李某"
WANG = Actor("县局王某", "县级", (REN_COUNTY,), "wang@example.gov.cn")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Office:
    return behind_office.made(tmp_path_factory)


@pytest.fixture
def office(made, tmp_path) -> Office:
    return behind_office.copy(made, tmp_path)


def listed(office: Office, county: str, month: date | None = None) -> dict:
    release = open_release(month, settings=office.settings)
    [task] = county_tasks.tasks(release, "opinions-2018", county)
    release.close()
    return task


def words(office: Office, county: str) -> list[str]:
    return [reply["text"] for reply in listed(office, county)["replies"]]


def shequ(office: Office, *args: str) -> tuple[int, str]:
    environment = {"SHEQU_REFERENCE": str(office.settings.reference)}
    result = CliRunner().invoke(main, ["--data", str(office.settings.data), *args], env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


# ---- by command


def test_replies_by_command_stay_beside_each_other_and_close_nothing(office):
    before = listed(office, REN_COUNTY)
    for text in (SAID, "资金已拨付，正在施工"):
        status, output = shequ(office, "tasks", "reply", REN_COUNTY, INDICATOR, "--text", text, "--by", "县局王某")
        assert status == 0, output
    status, output = shequ(office, "tasks", "--county", REN_COUNTY, "--json")
    [task] = json.loads(output)
    assert status == 0 and [reply["text"] for reply in task["replies"]] == [SAID, "资金已拨付，正在施工"]
    assert (task["replies"][0]["by"], task["replies"][0]["month"]) == ("县局王某", "2020-05")
    after = listed(office, REN_COUNTY)
    assert {**after, "replies": []} == before and after["state"] == "open"
    status, output = shequ(office, "tasks")
    assert (
        f"[{REN_COUNTY} {INDICATOR}]" in output
        and f"县里答复（县局王某，{datetime.now(SHANGHAI).date()}）：{SAID}" in output
    )
    assert listed(office, BAIXIANG)["replies"] == []


def test_a_reply_is_taken_back_and_given_back_and_a_rebuild_follows(office):
    first = answer_tasks.reply(REN_COUNTY, INDICATOR, SAID, office.settings, WANG)
    answer_tasks.reply(REN_COUNTY, INDICATOR, "资金已拨付", office.settings, WANG)
    taken = month_decisions.withdraw(first.seq, "写错", office.settings, LI)
    assert words(office, REN_COUNTY) == ["资金已拨付"]
    month_decisions.withdraw(taken.seq, "没有写错", office.settings, LI)
    assert words(office, REN_COUNTY) == [SAID, "资金已拨付"]
    assert rebuild_editions.rebuild(office.settings)["differ"] == []
    assert words(office, REN_COUNTY) == [SAID, "资金已拨付"]


@pytest.mark.parametrize("by", ["", "root"])
def test_a_reply_bears_a_persons_name(office, by):
    status, output = shequ(office, "tasks", "reply", REN_COUNTY, INDICATOR, "--text", SAID, "--by", by)
    assert status == 2 and "姓名" in output
    with pytest.raises(Refusal, match="姓名"):
        answer_tasks.reply(REN_COUNTY, INDICATOR, SAID, office.settings, by)
    assert words(office, REN_COUNTY) == []


@pytest.mark.parametrize(
    ("county", "indicator", "text", "said"),
    [
        (REN_COUNTY, "nothing", SAID, "没有 130526 关于指标 nothing 的督办事项"),
        ("999999", INDICATOR, SAID, "没有 999999 关于指标 facility_rural 的督办事项"),
        (REN_COUNTY, INDICATOR, "情况属实。", "没有说明办理情况"),
    ],
)
def test_what_is_no_task_and_what_says_nothing_is_refused(office, county, indicator, text, said):
    status, output = shequ(office, "tasks", "reply", county, indicator, "--text", text, "--by", "县局王某")
    assert status == 1 and said in output
    assert not [event for event in Archive(office.settings.archive).events() if event.kind == "reply"]


def test_a_county_replies_to_its_own_tasks_alone(office):
    with pytest.raises(Refusal, match="您只能办理 130526 的"):
        answer_tasks.reply(BAIXIANG, INDICATOR, SAID, office.settings, WANG)
    with pytest.raises(Refusal, match="不能报送"):
        answer_tasks.reply(BAIXIANG, INDICATOR, SAID, office.settings, Actor("张领导", "领导"))
    refused = [event.by for event in audit_log.since(office.settings) if event.kind == "refused"]
    assert refused == ["县局王某", "张领导"] and words(office, BAIXIANG) == []


def test_a_personal_number_is_struck_out(office):
    event = answer_tasks.reply(REN_COUNTY, INDICATOR, "请联系 13812345678 王某", office.settings, WANG)
    assert event.body["text"] == "请联系 *** 王某"
    assert "13812345678" not in (office.settings.archive / "ledger.jsonl").read_text(encoding="utf-8")


def test_a_task_that_data_closed_needs_no_reply(office):
    for county in (BAIXIANG, REN_DISTRICT):
        office.send(JUNE, county)
    office.run(JUNE)
    with pytest.raises(Refusal, match="已由2020年6月的数据办结，不用答复"):
        answer_tasks.reply(BAIXIANG, INDICATOR, SAID, office.settings, LI)


# ---- on paper


def test_the_papers_carry_the_replies_also_under_the_countys_next_code(office, tmp_path):
    answer_tasks.reply(REN_COUNTY, INDICATOR, SAID, office.settings, WANG)
    paths = write_notices(open_release(settings=office.settings), tmp_path / "may", county=REN_COUNTY)
    notice = Document(str(next(path for path in paths if path.suffix == ".docx")))
    assert notice.tables[0].rows[1].cells[-1].text == SAID
    book = CalamineWorkbook.from_path(str(next(path for path in paths if path.suffix == ".xlsx")))
    heads, row = book.get_sheet_by_name("督办事项").to_python()
    assert row[heads.index("县里答复")].endswith(f"（县局王某）：{SAID}") and not row[heads.index("办理情况（请填写）")]
    for county in (BAIXIANG, REN_DISTRICT):
        office.send(JUNE, county, few)
    office.run(JUNE)
    assert words(office, REN_DISTRICT) == [SAID]
    release = open_release(settings=office.settings)
    facts = gather(release)
    assert "各县（市、区）答复1项" in next_steps.follow_up(facts).text
    [table] = Document(io.BytesIO(task_bulletin.build(facts))).tables
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    assert {row[0]: row[rows[0].index("答复")] for row in rows[1:]} == {"任泽区": "1", "柏乡县": "0"}


def test_the_months_paper_is_issued_anew_where_a_reply_of_the_month_before_goes(office):
    event = answer_tasks.reply(REN_COUNTY, INDICATOR, SAID, office.settings, WANG)
    for county in (BAIXIANG, REN_DISTRICT):
        office.send(JUNE, county, few)
    folder = office.run(JUNE, with_papers=True).folder
    papers.issue(office.settings, folder)
    assert not (folder / "reports" / papers.EARLIER).exists()
    month_decisions.withdraw(event.seq, "写错", office.settings, LI)
    papers.issue(office.settings, folder)
    assert (folder / "reports" / papers.EARLIER / "1").exists()


# ---- on the page


def test_a_reply_made_on_the_page_shows_at_once(office, app, monkeypatch):
    monkeypatch.setenv("SHEQU_REFERENCE", str(office.settings.reference))
    page = app(office.settings.data, "tasks", county=REN_COUNTY)
    assert not page.exception and "县里答复" not in texts(page)
    page.text_input(key="by").set_value("县局王某").run()
    page.text_area[0].set_value(SAID)
    page.button(key="reply").click().run()
    assert not page.exception and "已记下任县对" in texts(page) and f"：{SAID}" in texts(page)
    [reply] = listed(office, REN_COUNTY)["replies"]
    assert reply["by"] == "县局王某"
    month_decisions.withdraw(reply["seq"], "写错", office.settings, LI)
    assert SAID not in texts(app(office.settings.data, "tasks", county=REN_COUNTY))


def test_on_the_page_a_county_is_offered_and_shown_its_own(office, app, monkeypatch):
    monkeypatch.setenv("SHEQU_REFERENCE", str(office.settings.reference))
    answer_tasks.reply(BAIXIANG, INDICATOR, "柏乡的话另有安排", office.settings, LI)
    monkeypatch.setattr(signin, "_who", lambda: (WANG, ""))
    page = app(office.settings.data, "tasks")
    assert not page.exception and "柏乡的话" not in texts(page)
    assert [option.split("　")[0] for option in page.selectbox(key="reply-task").options] == ["任县"]
    monkeypatch.setattr(signin, "_who", lambda: (Actor("张领导", "领导"), ""))
    page = app(office.settings.data, "tasks")
    assert "柏乡的话" in texts(page) and not page.text_area and not [b for b in page.button if b.key == "reply"]


def test_notices_are_sent_from_the_page_by_the_city_alone(office, app, monkeypatch):
    monkeypatch.setenv("SHEQU_REFERENCE", str(office.settings.reference))
    (office.settings.data / "contacts.yaml").write_text(f'counties:\n  "{BAIXIANG}": b@c.example\n', encoding="utf-8")
    page = app(office.settings.data, "tasks")
    assert not page.exception and "没有联系地址，须另行送达：任县" in texts(page)
    page.text_input(key="by").set_value("市局李某").run()
    page.button(key="send-notices").click().run()
    assert "2020年5月各县督办通知已写好" in texts(page)
    [mail] = (office.settings.data / "outbox" / "sent").iterdir()
    assert mail.name == f"notice-2020-05-1-{BAIXIANG}.json"
    # who has no address gets it by hand
    page.button(key="make-notices").click().run()
    assert "通报和各县督办通知已生成" in texts(page)
    assert "下载 督办通知2020年5月.zip" in {button.label for button in page.get("download_button")}
    monkeypatch.setattr(signin, "_who", lambda: (WANG, ""))
    page = app(office.settings.data, "tasks")
    assert not page.exception and not [b for b in page.button if b.key == "send-notices"]
