"""From plan to proven: the ledger, the one door, corrections, closing, the edition; and the attempts to cheat."""

import hashlib
from datetime import date, datetime

import pytest
from docx import Document
from openpyxl import load_workbook

from pipelines.access.roles import Actor
from pipelines.archive.store import Archive, objects_of
from pipelines.edition import open_release, spot_planning
from pipelines.edition.explain_figure import explain
from pipelines.edition.spot_planning import Wish
from pipelines.errors import Refusal
from pipelines.intake import returned_lists, spot_desk, spot_visit_lists, submit_files
from pipelines.monthly import month_decisions, monthly_run, rebuild_editions, republish_after_check, whole_backup
from pipelines.months import SHANGHAI
from pipelines.reports import write_reports
from pipelines.settings import Settings
from pipelines.verification import draw, spot_lists
from tests.books import Office
from tests.verification import spot_office
from tests.verification.spot_office import COUNTY, DAY, FACILITY, MONTH, PLANNED, all_so, at, but, drawn, only, send


def last(office: Office):
    return list(Archive(office.settings.archive).decisions())[-1]


def codes(report) -> list[str]:
    return [finding["code"] for finding in report.findings]


def first_code(office: Office, spot_list) -> str:
    return spot_visit_lists.tasks(spot_office.now_of(office, spot_list))[0].code


# ---- the whole way


def test_from_the_plan_to_the_edition_that_says_proven(office):
    spot_list = drawn(office)
    report = send(office, spot_list, all_so, at(3))
    assert (report.state, report.refused, report.errors) == ("spot", False, 0)
    assert f"{spot_list.number} 号抽查名单" in report.spot
    closed = spot_office.now_of(office, spot_list)
    assert closed.closing and closed.closing.body["how"] == "complete"
    before = open_release(settings=office.settings)
    [label] = republish_after_check.follow(office.settings)
    after = open_release(settings=office.settings)
    assert (after.label, after.manifest["kind"]) == (label, "checked")
    figures = "SELECT * FROM figure ORDER BY ALL"
    assert before.rows(figures) == after.rows(figures), "what was reported is never changed"
    [row] = after.rows("SELECT * FROM figure_spot")
    assert (row["status"], row["list"], row["checked"], row["month"]) == ("proven", 1, MONTH, MONTH)
    assert row["lower_count"] >= row["required"]
    [claim] = after.rows("SELECT * FROM spot_claim")
    assert claim["text"] == row["text"] and "有 95% 的把握" in row["text"] and "2020-04，1 号名单" in row["text"]
    visited = after.rows("SELECT * FROM spot_unit WHERE part = 'planned'")
    assert len(visited) == claim["planned"] == len(after.rows("SELECT * FROM spot_answer"))
    assert {spot_list["result"] for spot_list in visited} == {"属实"}
    assert republish_after_check.follow(office.settings) == [], "nothing more to say"
    story = explain(after, FACILITY, unit=visited[0]["code"])
    [check] = story["units"][0]["checks"]
    assert (check["list"], check["result"], check["days"]) == (1, "属实", "2020-05-06")


def test_the_papers_say_it_in_a_paragraph_and_a_table(office, tmp_path):
    spot_list = drawn(office)
    send(office, spot_list, all_so, at(3))
    republish_after_check.follow(office.settings)
    [docx, xlsx, html] = write_reports(open_release(settings=office.settings), tmp_path)
    paper = Document(docx)
    said = "\n".join(paragraph.text for paragraph in paper.paragraphs)
    assert "抽查核实情况" in said and "经抽查核实的有1项" in said and "2020年4月抽查" in said
    [table] = [table for table in paper.tables if table.cell(0, 0).text == "指标" and "走访" in table.cell(0, 3).text]
    assert "1号名单" in table.cell(1, 5).text
    page = html.read_text(encoding="utf-8")
    assert "经抽查核实的有1项" in page and "<h2>抽查情况</h2>" in page and "1号名单" in page
    [row] = load_workbook(xlsx)["抽查情况"].iter_rows(min_row=4, values_only=True)
    assert (
        row[3:7] == (len(spot_list.planned_keys()), len(spot_list.planned_keys()), 0, 0) and row[9] == spot_list.number
    )


def test_a_rebuild_from_the_archive_gives_the_same_lists_bounds_and_words(office):
    spot_list = drawn(office)
    send(office, spot_list, but(first_code(office, spot_list), "不属实"), at(3))
    republish_after_check.follow(office.settings)
    verdict = rebuild_editions.rebuild(office.settings)
    assert verdict["agrees"] and verdict["releases"] == 2, verdict["message"]


def test_a_backup_holds_the_plan_the_list_and_what_was_seen_and_gives_them_back(office, tmp_path):
    spot_list = drawn(office)
    send(office, spot_list, all_so, at(3))
    copy = whole_backup.backup(office.settings, tmp_path / "copy", "测试")
    assert copy["whole"], copy["message"]
    bare = Settings(tmp_path / "bare", office.settings.reference)
    whole_backup.restore(bare, tmp_path / "copy")
    kept = [Archive(place.archive) for place in (office.settings, bare)]
    objects = [
        {digest: archive.read(digest) for e in archive.events() for digest in objects_of(e.body)} for archive in kept
    ]
    assert objects[0] == objects[1] and {"spot_plan", "spot_draw"} <= {event.kind for event in kept[1].events()}
    assert rebuild_editions.rebuild(bare)["agrees"]


def test_an_approved_month_gains_the_check_and_keeps_its_figures(office):
    month_decisions.approve(MONTH, office.settings, "李某")
    spot_list = drawn(office)
    send(office, spot_list, all_so, at(3))
    [label] = republish_after_check.follow(office.settings)
    assert label == open_release(settings=office.settings).label
    assert open_release(settings=office.settings).rows("SELECT status FROM figure_spot") == [{"status": "proven"}]


def test_an_installation_without_checks_has_empty_tables_and_no_files(reported):
    release = open_release(settings=reported.settings)
    assert release.rows("FROM figure_spot") == release.rows("FROM spot_unit") == []
    assert not [name for name in release.manifest["tables"] if name.startswith("spot")]


def test_the_monthly_run_publishes_what_was_closed_meanwhile(office):
    spot_list = drawn(office)
    send(office, spot_list, all_so, at(3))
    assert monthly_run.run(office.settings, by="测试").new
    assert open_release(settings=office.settings).manifest["kind"] == "checked"


# ---- planning and drawing


def test_a_share_is_planned_and_nothing_else(office):
    release = open_release(MONTH, settings=office.settings)
    [proposal] = spot_planning.proposals(release, Wish(MONTH, [FACILITY]))
    public = proposal.public()
    assert public["yes"] == public["required"] + public["slack"] and public["unmade_by"] == public["slack"] + 1
    assert public["plans"][0]["visits"] == sum(public["plans"][0]["per_stratum"])
    assert public["recommended"] == next(p["allowed"] for p in public["plans"] if p["chance"]["1"] >= 0.8)
    with pytest.raises(Refusal, match="没有指标"):
        spot_planning.proposals(release, Wish(MONTH, ["nothing"]))
    with pytest.raises(Refusal, match="最多能允许"):
        spot_planning.proposals(release, Wish(MONTH, [FACILITY], allowed=1000))
    [county] = spot_planning.proposals(release, Wish(MONTH, [FACILITY], level="county", unit=COUNTY))
    assert county.key == f"{FACILITY}@{COUNTY}" and county.claim == proposal.claim, "the only county"
    [poor] = spot_planning.proposals(release, Wish(MONTH, [FACILITY], budget=1))
    assert poor.chosen is None and poor.missing == public["plans"][0]["visits"] - 1
    with pytest.raises(Refusal, match="还缺"):
        poor.listed()


def test_anybody_draws_the_same_list_again(office):
    spot_list = drawn(office)
    seed = hashlib.sha256(spot_desk.seed_text(spot_list).encode()).hexdigest()
    assert spot_list.draw.body["seed"] == seed
    [stratum] = spot_list.drawn[FACILITY]
    uids = spot_list.population[FACILITY][stratum.id]
    assert list(stratum.order) == sorted(uids, key=lambda uid: hashlib.sha256(f"{seed},{uid}".encode()).hexdigest())
    assert spot_list.redrawn()
    line = next(raw for raw in Archive(office.settings.archive).ledger.read_text().splitlines() if '"spot_plan"' in raw)
    assert hashlib.sha256(line.encode()).hexdigest() == spot_list.plan_hash


def test_the_groups_take_along_a_workbook_and_a_paper_each(office, tmp_path):
    spot_list = drawn(office, groups={"甲组": None, "乙组": COUNTY})
    lists = spot_visit_lists.visit_lists(spot_list, "示例数据")
    assert [each.group for each in lists] == ["甲组"], "nobody inspects his own county"
    paths = spot_visit_lists.write(lists, tmp_path / "out")
    assert [path.suffix for path in paths] == [".xlsx", ".docx"] and all(path.stat().st_size for path in paths)
    assert sum(len(each.tasks) for each in lists) == len(spot_list.planned_keys())


# ---- cheating


def test_nobody_draws_twice_or_before_the_day_or_takes_an_unwelcome_number_back(office):
    number = spot_office.planned(office)
    draws = spot_desk.make_draw
    with pytest.raises(Refusal, match="才公布"):
        draws(number, "12345", "网", office.settings, "李某", PLANNED)
    with pytest.raises(Refusal, match="公布在哪里"):
        draws(number, "12345", " ", office.settings, "李某", DAY)
    draws(number, "12345", "网", office.settings, "李某", DAY)
    with pytest.raises(Refusal, match="不能再抽"):
        draws(number, "54321", "网", office.settings, "李某", DAY)
    for when in (DAY, at(90)):
        with pytest.raises(Refusal, match="不能撤回"):
            spot_desk.withdraw(number, "不满意", office.settings, "李某", when)
    with pytest.raises(Refusal, match="不是报送或决定"):
        month_decisions.withdraw(last(office).seq, "不满意", office.settings, "李某")


def test_a_plan_may_be_taken_back_before_its_day_and_is_shown_for_ever(office):
    number = spot_office.planned(office)
    with pytest.raises(Refusal, match="理由"):
        spot_desk.withdraw(number, " ", office.settings, "李某", PLANNED)
    spot_desk.withdraw(number, "选错了指标", office.settings, "李某", PLANNED)
    [spot_list] = spot_desk.all_lists(office.settings)
    assert spot_desk.result(spot_list, {}, DAY.date())["note"] == "已撤回：选错了指标"
    with pytest.raises(Refusal, match="已经撤回"):
        spot_desk.make_draw(number, "12345", "网", office.settings, "李某", DAY)


def test_no_event_of_a_list_is_taken_back_as_a_decision_is(office):
    spot_list = drawn(office)
    send(office, spot_list, all_so, at(3))
    now = spot_office.now_of(office, spot_list)
    for event in (now.plan, now.draw, now.closing):
        with pytest.raises(Refusal):
            month_decisions.withdraw(event.seq, "不想要", office.settings, "李某")
    assert spot_office.result_of(office, spot_list)["claims"][0]["status"] == "proven"


def test_a_second_list_of_the_same_claim_is_for_estimate_only(office):
    unwelcome, second = drawn(office), drawn(office, digits="99999")
    send(office, second, all_so, at(3))
    claim = spot_office.result_of(office, second)["claims"][0]
    assert claim["estimate"] and claim["status"] is None and "只作估计" in claim["text"]
    republish_after_check.follow(office.settings)
    [row] = open_release(settings=office.settings).rows("SELECT status, list FROM figure_spot")
    assert row == {"status": "unsupported", "list": 1}, "the first list decides, and nobody was visited in its window"
    assert not spot_office.result_of(office, unwelcome)["claims"][0].get("estimate")


def test_a_number_left_undrawn_is_still_the_claims_list(office):
    number = spot_office.planned(office)
    [spot_list] = spot_desk.all_lists(office.settings)
    assert spot_desk.note(spot_list, at(1).date()) == "应于 5 月 5 日抽取，未抽取"
    later = drawn(office)
    assert (
        spot_lists.deciding(
            returned_lists.of_ledger(Archive(office.settings.archive)), spot_list.claims[FACILITY].about, MONTH
        ).number
        == number
    )
    assert spot_office.result_of(office, later)["claims"][0]["estimate"]


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (spot_desk.Number("排列5", "2020101", PLANNED.date()), "不晚于计划之日"),
        (spot_desk.Number("本系统台账", "1", DAY.date()), "由本系统产生"),
        (spot_desk.Number("", "1", DAY.date()), "来源"),
    ],
)
def test_the_number_is_public_and_to_come(office, number, why):
    release = open_release(MONTH, settings=office.settings)
    proposals = spot_planning.proposals(release, Wish(MONTH, [FACILITY]))
    with pytest.raises(Refusal, match=why):
        spot_desk.plan(release, proposals, spot_desk.Terms(number), office.settings, "李某", PLANNED)


def test_dice_are_twenty_and_thrown_before_two(office):
    release = open_release(MONTH, settings=office.settings)
    proposals = spot_planning.proposals(release, Wish(MONTH, [FACILITY]))
    terms = spot_desk.Terms(spot_desk.Number(spot_desk.DICE, "1", DAY.date()))
    number = spot_desk.plan(release, proposals, terms, office.settings, "李某", PLANNED).body["list"]
    with pytest.raises(Refusal, match="二十个"):
        spot_desk.make_draw(number, "12345", "民政局张某、统计局王某", office.settings, "李某", DAY)
    with pytest.raises(Refusal, match="两人"):
        spot_desk.make_draw(number, "12345678901234567890", "张某", office.settings, "李某", DAY)
    assert spot_desk.make_draw(
        number, "12345678901234567890", "民政局张某、统计局王某", office.settings, "李某", DAY
    ).draw


# ---- what comes back


def test_part_of_the_list_is_recorded_and_the_rest_stays_open(office):
    spot_list = drawn(office)
    code = first_code(office, spot_list)
    assert send(office, spot_list, only(code, "属实"), at(2)).rows["accepted"] == 1
    now = spot_office.now_of(office, spot_list)
    assert now.closing is None and now.without_result == len(spot_list.planned_keys()) - 1
    assert spot_office.result_of(office, spot_list)["note"].startswith("1 号名单抽查中 1/")
    report = send(office, spot_list, only(code, "不属实"), at(3))
    assert codes(report) == ["spot_reason"] and "说明为空" in report.findings[0]["message"]
    assert send(office, spot_list, only(code, "不属实", note="复看后更正"), at(4)).errors == 0
    again = spot_office.now_of(office, spot_list)
    assert [v.answer.result for v in again.versions[_uid(again, code), FACILITY]] == ["属实", "不属实"]
    assert spot_office.result_of(office, spot_list)["changed"] == 1


def _uid(spot_list, code: str) -> str:
    return next(uid for uid, unit in spot_list.units.items() if unit.code == code)


def test_results_may_be_taken_back_until_the_list_is_closed(office):
    spot_list = drawn(office)
    seq = send(office, spot_list, but(first_code(office, spot_list), "不属实"), at(2)).seq
    with pytest.raises(Refusal, match="名单已于 2020-05-07 结束"):
        month_decisions.withdraw(seq, "改错了", office.settings, "李某")
    today = datetime.now(SHANGHAI)
    other = drawn(office, day=today)
    report = send(office, other, only(first_code(office, other), "不属实", days=f"{today:%Y-%m-%d}"), today)
    assert (report.errors, report.rows["accepted"]) == (0, 1), report.findings
    seq = report.seq
    taken = month_decisions.withdraw(seq, "走错了村", office.settings, "李某")
    assert spot_office.now_of(office, other).standing == {}
    assert [v.withdrawn for v in spot_lists_answers(office, other)] == [True], "it stays among the versions"
    month_decisions.withdraw(taken.seq, "没有走错", office.settings, "李某")
    assert len(spot_office.now_of(office, other).standing) == 1


def test_a_closed_list_takes_only_what_lowers_the_bound(office):
    spot_list = drawn(office)
    code = first_code(office, spot_list)
    send(office, spot_list, all_so, at(2))
    before = spot_office.result_of(office, spot_list)["claims"][0]["lower_count"]
    late = send(office, spot_list, only(code, "不属实", note="群众反映"), at(30))
    assert "名单已结束" in late.spot
    lower = spot_office.result_of(office, spot_list)["claims"][0]["lower_count"]
    assert lower < before
    send(office, spot_list, only(code, "属实", note="再改回来"), at(31))
    assert spot_office.result_of(office, spot_list)["claims"][0]["lower_count"] == lower
    [row] = [r for r in spot_lists_answers(office, spot_list) if r.answer.result == "属实" and r.late]
    assert not row.counts, "kept and shown, in no bound"


def spot_lists_answers(office, spot_list):
    return [version for versions in spot_office.now_of(office, spot_list).versions.values() for version in versions]


def test_the_window_closes_the_list_and_a_blank_counts_against_the_claim(office):
    spot_list = drawn(office)
    code = first_code(office, spot_list)
    send(office, spot_list, lambda task: None if task.code == code else spot_office.says("属实"), at(2))
    assert spot_office.now_of(office, spot_list).closing is None
    report = send(office, spot_list, only(code, "属实"), at(16))
    closed = spot_office.now_of(office, spot_list)
    assert closed.closing.body["how"] == "window" and closed.closing.seq < report.seq + 2
    [stratum] = spot_office.result_of(office, spot_list)["claims"][0]["strata"]
    assert stratum["open"] == 1, "逾期的属实不算"


def test_an_unreached_unit_is_replaced_for_the_estimate_only(office):
    spot_list = drawn(office)
    code = first_code(office, spot_list)
    report = send(office, spot_list, but(code, "未能核实", days="2020-05-06、2020-05-07"), at(3))
    assert report.errors == 0
    now = spot_office.now_of(office, spot_list)
    assert now.closing is None, "候补还没有去"
    [(spare, _)] = now.spares_due()
    assert spare == now.drawn[FACILITY][0].order[len(spot_list.planned_keys())], "next in order"
    send(office, spot_list, only(now.units[spare].code, "属实"), at(5))
    closed = spot_office.now_of(office, spot_list)
    [stratum] = spot_office.result_of(office, spot_list)["claims"][0]["strata"]
    assert closed.closing and (stratum["open"], stratum["spare_confirmed"]) == (1, 1)


def _marked(office, spot_list, **changed: object):
    """The list's workbook with changed marks, so that it is another list's."""
    [visits] = spot_visit_lists.visit_lists(spot_list)
    return type(visits)(**{**vars(visits), **changed})


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"number": 9}, "台账中没有这一号"), ({"plan": "0" * 64}, "1 号名单的另一次抽取")],
)
def test_a_list_of_another_draw_is_answered_and_kept(office, changed, why):
    spot_list = drawn(office)
    path = spot_office.filled(_marked(office, spot_list, **changed), all_so, office.sent, "别的.xlsx")
    [report] = submit_files.submit([path], office.settings, by="测试", now=at(3))
    assert report.refused and codes(report) == ["spot_list"] and why in report.findings[0]["message"]
    assert spot_office.now_of(office, spot_list).standing == {}
    assert Archive(office.settings.archive).read(report.sha256) == path.read_bytes()


def test_a_county_sends_no_results_about_itself(office):
    """Neither the list nor a report, refused as such, with the list's rows on a sheet beside it."""
    spot_list, county = drawn(office), Actor("赵柏乡", "县级", (COUNTY,))
    path = spot_office.filled(spot_visit_lists.visit_lists(spot_list)[0], all_so, office.sent, "自己查.xlsx")
    both = load_workbook(office.workbook(MONTH, COUNTY, lambda unit: None))
    sheet = both.create_sheet("附")
    for cells in load_workbook(path).worksheets[0].iter_rows(values_only=True):
        sheet.append(cells)
    both.save(office.sent / "夹带.xlsx")
    for sent in (path, office.sent / "夹带.xlsx"):
        assert submit_files.check([sent], office.settings, now=at(3))[0].spot, "read as a list"
        with pytest.raises(Refusal, match="不能抽查"):
            submit_files.submit([sent], office.settings, county, now=at(3))
    assert spot_office.now_of(office, spot_list).standing == {}


def test_results_before_the_draw_are_refused(office):
    spot_list = drawn(office)
    path = spot_office.filled(spot_visit_lists.visit_lists(spot_list)[0], all_so, office.sent, "太早.xlsx")
    second = spot_office.planned(office)
    early = _marked(office, spot_list, number=second)
    [report] = submit_files.submit(
        [spot_office.filled(early, all_so, office.sent, "未抽.xlsx")], office.settings, now=at(1)
    )
    assert "还没有抽取" in report.findings[0]["message"]
    late = spot_office.filled(
        spot_visit_lists.visit_lists(spot_list)[0], lambda t: spot_office.says("属实", days="2020-05-01"), office.sent
    )
    [report] = submit_files.submit([late], office.settings, now=at(3))
    assert set(codes(report)) == {"spot_day"} and report.rows["accepted"] == 0
    assert path.exists() and spot_office.now_of(office, spot_list).standing == {}


def test_two_inspectors_who_disagree_in_a_file_are_both_held(office):
    spot_list = drawn(office)
    [visits] = spot_visit_lists.visit_lists(spot_list)
    path = spot_office.filled(visits, all_so, office.sent, "两人.xlsx")
    book = load_workbook(path)
    sheet = book.worksheets[0]
    sheet.append([cell.value for cell in sheet[4]])
    sheet.cell(sheet.max_row, 9).value = "不属实"
    book.save(path)
    [report] = submit_files.submit([path], office.settings, now=at(3))
    assert codes(report) == ["spot_twice", "spot_twice"] and report.rows["accepted"] == len(visits.tasks) - 1
    assert spot_office.now_of(office, spot_list).closing is None


def test_an_edited_list_is_held_at_its_cells(office):
    spot_list = drawn(office)
    [visits] = spot_visit_lists.visit_lists(spot_list)
    path = spot_office.filled(visits, all_so, office.sent, "改过.xlsx")
    book = load_workbook(path)
    sheet = book.worksheets[0]
    easy = next(unit for unit in spot_list.units.values() if unit.code not in {task.code for task in visits.tasks})
    sheet["D4"], sheet["E4"] = easy.name, easy.code
    sheet["G5"] = "否"
    book.save(path)
    [report] = submit_files.submit([path], office.settings, now=at(3))
    assert codes(report) == ["spot_row", "spot_altered"] and report.rows["accepted"] == len(visits.tasks) - 2
    assert "不在 1 号名单上" in report.findings[0]["message"]


def test_a_list_saved_without_its_marks_is_known_by_its_title_and_rows(office):
    spot_list = drawn(office)
    path = spot_office.filled(spot_visit_lists.visit_lists(spot_list)[0], all_so, office.sent, "另存.xlsx")
    book = load_workbook(path)
    del book["_shequ"]
    book.worksheets[0]["A1"] = "核查表"
    book.save(path)
    seen = submit_files.check([path], office.settings, now=at(3))[0]
    assert "这是 1 号抽查名单" in seen.spot and not seen.refused, "a check stores nothing"
    [report] = submit_files.submit([path], office.settings, now=at(3))
    assert report.state == "spot" and spot_office.now_of(office, spot_list).closing


def test_the_plain_number_is_used_as_it_was_published():
    assert draw.value("排列5", "第2020101期", "12345") == "排列5 2020101 12345"
    assert date(2020, 5, 5) == DAY.date()
