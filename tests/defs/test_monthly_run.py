"""A backfill through Dagster, in process: what it makes, what it says, and what stops it."""

import json
import shutil

import dagster as dg
import duckdb
import pytest

from pipelines import months
from pipelines.definitions import build_defs
from pipelines.defs import assets
from pipelines.edition import edition_folders, open_release, verify_files
from pipelines.errors import Refusal
from pipelines.intake import decisions, session
from pipelines.monthly import monthly_run
from pipelines.system import locks
from pipelines.warehouse import warehouse_checks
from tests.defs.conftest import AT_ONCE, FIRST, LAST, installed, run


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as made:
        yield made


@pytest.fixture(scope="module")
def installation(reference, workbooks, tmp_path_factory):
    found = installed(tmp_path_factory.mktemp("installation"), reference)
    shutil.copytree(workbooks, found.inbox, dirs_exist_ok=True)
    return found


@pytest.fixture(scope="module")
def first_run(installation, instance):
    return run(installation, instance)


def told(result, asset: str) -> dict[str, dict]:
    """Month → metadata of one asset's materializations."""
    return {
        event.partition: {key: item.value for key, item in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(asset)
    }


def evaluations(result) -> dict[tuple[str, str], dg.AssetCheckEvaluation]:
    """Stage and kind → what the check of that kind said."""
    found = result.get_asset_check_evaluations()
    return {(evaluation.asset_key.to_user_string(), evaluation.check_name): evaluation for evaluation in found}


def rules(evaluation: dg.AssetCheckEvaluation) -> dict[str, dict]:
    """Rule → its line in the table of a check."""
    return {record.data["检查"]: dict(record.data) for record in evaluation.metadata["逐项"].records}


def test_one_run_makes_every_month_of_the_backfill(first_run, installation):
    assert first_run.success
    for asset in ("submissions", "figures", "release", "report"):
        assert set(told(first_run, asset)) == {FIRST, LAST}
    assert [folder.parent.name for folder in edition_folders.editions(installation.releases)] == [FIRST, LAST]
    assert open_release(settings=installation).label == f"{LAST}/1"


def test_the_run_says_who_reported(first_run, reference):
    month = told(first_run, "submissions")[LAST]
    assert (month["已报县数"], month["应报县数"]) == (3, 20)
    assert month["未报"].count("、") == 16
    assert 0 < month["计入单位"] < month["名册单位"]


def test_the_run_says_what_was_computed_and_published(first_run, reference):
    figures, release = told(first_run, "figures")[LAST], told(first_run, "release")[LAST]
    in_force = [register for register in reference.registers if register.since <= months.parse(LAST)]
    assert figures["指标总数"] == sum(len(list(register)) for register in in_force)
    assert figures["数字行数"] > figures["指标总数"] * 4
    assert (release["发布版"], release["新版"], release["依据报表数"]) == (f"{LAST}/1", True, 6)
    assert release["对比"] == f"{FIRST}/1"
    assert release["变动的全市数字"] > 0


def test_the_inbox_is_empty_afterwards(first_run, installation):
    assert [path for path in installation.inbox.rglob("*") if path.is_file()] == []


def test_every_declared_check_is_evaluated_with_count_and_ids(first_run, reference):
    found = evaluations(first_run)
    kinds = {(check.stage, check.kind) for check in warehouse_checks.declared(reference)}
    assert set(found) == kinds | {("release", "whole_editions")}
    for evaluation in found.values():
        assert evaluation.metadata["不符数"].value >= len(evaluation.metadata["不符者"].value)
    lines = {rule: line for place in kinds for rule, line in rules(found[place]).items()}
    assert set(lines) == {check.name for check in warehouse_checks.declared(reference)}
    assert all(line["内容"] and line["不符数"] >= bool(line["不符者"]) for line in lines.values())


def test_missing_counties_are_a_warning_that_names_them(first_run):
    missing = evaluations(first_run)["submissions", "reported"]
    assert (missing.passed, missing.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert missing.metadata["不符数"].value == 2 * 17
    assert missing.metadata["不符者"].value[0].startswith(f"{FIRST} 1305")


def test_everything_grave_holds(first_run, reference):
    failed = [place for place, evaluation in evaluations(first_run).items() if not evaluation.passed]
    assert failed and not {
        (check.stage, check.kind) for check in warehouse_checks.declared(reference) if check.blocking
    } & set(failed)
    rules_of = {rule: line["不符数"] for place in failed for rule, line in rules(evaluations(first_run)[place]).items()}
    assert [
        check.name for check in warehouse_checks.declared(reference) if check.grave and rules_of.get(check.name)
    ] == []


def test_a_second_run_changes_nothing(first_run, installation, instance):
    again = run(installation, instance)
    assert again.success
    assert told(again, "submissions")[LAST]["本次收到"] == 0
    assert told(again, "release")[LAST]["新版"] is False
    assert len(list(edition_folders.editions(installation.releases))) == 2


def test_a_month_without_reports_fails_and_says_so(first_run, installation, instance):
    empty = run(installation, instance, "2019-01", "2019-01")
    assert not empty.success
    (failure,) = [event for event in empty.all_node_events if event.is_step_failure]
    said = failure.step_failure_data.user_failure_data.description
    assert said == "2019年1月没有任何有效报表，没有可计算的内容（最近有报表的月份是2018年9月）"


def test_a_month_without_reports_among_others_is_told_and_not_published(first_run, installation, instance):
    mixed = run(installation, instance, LAST, "2018-10")
    assert mixed.success
    assert told(mixed, "release")["2018-10"] == {"发布版": "该月没有任何报表，未成版"}
    assert list(edition_folders.editions(installation.releases, None))[-1].parent.name == LAST


def test_the_inbox_makes_one_working_edition_where_a_figure_changed_and_nobody_else_sees_it(
    first_run, installation, instance, reference, tmp_path
):
    data = shutil.copytree(installation.data, tmp_path / "data")
    copy = type(installation)(data, reference.folder)
    job = build_defs(copy).resolve_job_def("monthly")
    again = run_of_inbox(job, instance)
    assert again.success and told(again, "release")[LAST] == {"发布版": "没有数字变动，未成新版"}
    with session.writing(copy, "撤回") as opened:
        (seq, *_), *_ = opened.life().effective(months.parse(LAST)).values()
    decisions.withdraw(seq, "报错了", copy, "李某")
    assert run_of_inbox(job, instance).success
    assert edition_folders.name_of(edition_folders.current(copy.releases)) == f"{LAST}/1"
    assert open_release(edition="working", settings=copy).label == f"{LAST}/2"
    assert list((copy.releases / LAST / "2" / "reports").iterdir()) == []
    # what a person runs is released: its publication time is past
    assert monthly_run.run(copy, months.parse(LAST)).new is False
    assert open_release(settings=copy).label == f"{LAST}/2"


def run_of_inbox(job, instance):
    tags = {"dagster/partition": LAST, assets.INBOX: "1"}
    return job.execute_in_process(instance=instance, tags=tags, run_config=AT_ONCE)


def test_a_wrong_figure_stops_the_release_and_names_itself(first_run, installation, instance, reference, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(installation.data, data)
    broken = type(installation)(data, reference.folder)
    with duckdb.connect(str(broken.warehouse)) as con:
        con.execute("INSERT INTO figure SELECT * FROM figure WHERE level = 'city' AND month = '2018-09-01' LIMIT 1")
    result = run(broken, instance)
    assert not result.success
    doubled = evaluations(result)["figures", "keys"]
    assert (doubled.passed, doubled.metadata["不符数"].value) == (False, 1)
    assert rules(doubled)["key_figure"]["不符数"] == 1 and rules(doubled)["key_standing"]["不符数"] == 0
    assert "2018-09-01" in doubled.metadata["不符者"].value[0]
    assert told(result, "release") == {}
    (failure,) = [event for event in result.all_node_events if event.is_step_failure]
    said = failure.step_failure_data.user_failure_data.description
    assert said.startswith("检查未通过，未发布：表 figure ") and "有 1 处不符" in said and "shequ rebuild" in said
    with pytest.raises(Refusal, match="检查未通过，未发布：表 figure "):
        monthly_run.run(broken, months.parse(LAST))


def test_an_altered_edition_is_named(first_run, installation, reference, tmp_path):
    releases = tmp_path / "releases"
    shutil.copytree(installation.releases, releases)
    assert verify_files.faults(releases) == []
    (releases / LAST / "1" / "tables" / "figure" / f"{FIRST}.parquet").unlink()
    assert verify_files.faults(releases) == [f"{LAST}/1/tables/figure/{FIRST}.parquet：缺失或与清单的校验值不符"]


def test_a_busy_warehouse_is_said_without_a_traceback(first_run, installation, instance, monkeypatch):
    monkeypatch.setattr("pipelines.defs.resource.WAIT", 0.1)
    with locks.hold(installation.data / "warehouse" / "writer.lock", "接收报表"):
        result = run(installation, instance)
    (failure,) = [event for event in result.all_node_events if event.is_step_failure]
    assert "另一个任务正在写入（接收报表" in failure.step_failure_data.user_failure_data.description


# ---- none is missing


def test_every_table_of_the_warehouse_has_a_key_that_is_checked(first_run, installation, reference):
    with duckdb.connect(str(installation.warehouse), read_only=True) as con:
        tables = con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()
    without = {row[0] for row in tables} - set(warehouse_checks.keys(reference))
    assert not without, (
        f"声明这些表的键（pipelines/warehouse/warehouse_checks.py 的 KEYS），检查才不会漏掉它们：{sorted(without)}"
    )


def test_every_policy_is_checked_for_completeness_sums_bounds_and_movement(reference):
    names = {check.name for check in warehouse_checks.declared(reference)}
    for register in reference.registers:
        short = register.policy.id.replace("-", "_")
        assert {f"{kind}_{short}" for kind in ("complete", "sums", "bounds", "movement")} <= names


def test_every_declared_check_stands_in_dagster(installation, reference):
    graph = build_defs(installation).resolve_asset_graph()
    there = {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys}
    assert {(check.stage, check.kind) for check in warehouse_checks.declared(reference)} <= there
    # what stands for several blocks as each of them
    kinds = {(check.stage, check.kind, check.blocking) for check in warehouse_checks.declared(reference)}
    assert len({(stage, kind) for stage, kind, _ in kinds}) == len(kinds)
    assert {kind for _, kind, _ in kinds} == set(warehouse_checks.KINDS)


def test_names_of_checks_are_unique(reference):
    names = [check.name for check in warehouse_checks.declared(reference)]
    assert len(names) == len(set(names))


def test_metadata_can_be_written_as_json(first_run):
    for asset in ("submissions", "figures", "release"):
        assert json.dumps(told(first_run, asset), ensure_ascii=False)
