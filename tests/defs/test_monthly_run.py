"""A backfill through Dagster, in process: what it makes, what it says, and what stops it."""

import json
import shutil
from datetime import datetime

import dagster as dg
import duckdb
import pytest

from pipelines import months
from pipelines.definitions import build_defs
from pipelines.defs import asset_checks, asset_specs, assets, sources
from pipelines.edition import edition_folders, open_release, verify_files
from pipelines.errors import Refusal
from pipelines.intake import decisions, session
from pipelines.monthly import monthly_run
from pipelines.months import SHANGHAI
from pipelines.serving import health
from pipelines.system import locks
from pipelines.warehouse import warehouse_checks
from tests.defs.conftest import AT_ONCE, FIRST, LAST, installed, run


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as made:
        yield made


@pytest.fixture(scope="module")
def installation(reference, workbooks, tmp_path_factory):
    settings = installed(tmp_path_factory.mktemp("installation"), reference)
    shutil.copytree(workbooks, settings.inbox, dirs_exist_ok=True)
    return settings


@pytest.fixture(scope="module")
def first_run(installation, instance):
    return run(installation, instance)


MADE = (
    "submission", "answers", "findings", "figures/opinions_2018", "figures/plan_2021", "verdicts", "movement", "edition", "docx",
    "xlsx", "html", "notices",
)  # fmt: skip


def metadata_of(result, asset: str) -> dict[str, dict]:
    """Month → metadata of one asset's materializations."""
    return {
        event.partition: {key: item.value for key, item in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey.from_user_string(asset)
    }


def evaluations(result) -> dict[tuple[str, str], dg.AssetCheckEvaluation]:
    """Stage and kind → what the check of that kind said."""
    every = result.get_asset_check_evaluations()
    return {(evaluation.asset_key.to_user_string(), evaluation.check_name): evaluation for evaluation in every}


def places(reference, wanted=lambda check: True) -> set[tuple[str, str]]:
    """Asset and kind of every check that is wanted."""
    checks = filter(wanted, warehouse_checks.declared(reference))
    return {(asset_checks.asset_of(check, reference).to_user_string(), check.kind) for check in checks}


def rules(evaluation: dg.AssetCheckEvaluation) -> dict[str, dict]:
    """Rule → its line in the table of a check."""
    return {record.data["检查"]: dict(record.data) for record in evaluation.metadata["逐项"].records}


def test_one_run_makes_every_month_of_the_backfill(first_run, installation):
    assert first_run.success
    for asset in MADE:
        assert set(metadata_of(first_run, asset)) == {FIRST, LAST}
    assert [folder.parent.name for folder in edition_folders.editions(installation.releases)] == [FIRST, LAST]
    assert open_release(settings=installation).label == f"{LAST}/1"


def test_the_run_says_who_reported(first_run, reference):
    month = metadata_of(first_run, "submission")[LAST]
    assert (month["已报县数"], month["应报县数"]) == (3, 20)
    assert month["未报"].count("、") == 16
    assert 0 < month["计入单位"] < month["名册单位"]


def test_the_run_says_what_was_computed_and_published(first_run, reference):
    figures, release = metadata_of(first_run, "verdicts")[LAST], metadata_of(first_run, "edition")[LAST]
    in_force = [register for register in reference.registers if register.since <= months.parse(LAST)]
    assert figures["指标总数"] == sum(len(list(register)) for register in in_force)
    assert figures["数字行数"] > figures["指标总数"] * 4
    assert (release["发布版"], release["新版"], release["依据报表数"]) == (f"{LAST}/1", True, 6)
    assert release["对比"] == f"{FIRST}/1"
    assert release["变动的全市数字"] > 0


def test_the_inbox_is_empty_afterwards(first_run, installation):
    assert [path for path in installation.inbox.rglob("*") if path.is_file()] == []


def test_every_declared_check_is_evaluated_with_count_and_ids(first_run, reference):
    checks = evaluations(first_run)
    kinds = places(reference)
    assert set(checks) == kinds | {("edition", "whole_editions")}
    for evaluation in checks.values():
        assert evaluation.metadata["不符数"].value >= len(evaluation.metadata["不符者"].value)
    lines = {rule: line for place in kinds for rule, line in rules(checks[place]).items()}
    assert set(lines) == {check.name for check in warehouse_checks.declared(reference)}
    assert all(line["内容"] and line["不符数"] >= bool(line["不符者"]) for line in lines.values())


def test_missing_counties_are_a_warning_that_names_them(first_run):
    missing = evaluations(first_run)["submission", "reported"]
    assert (missing.passed, missing.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert missing.metadata["不符数"].value == 2 * 17
    assert missing.metadata["不符者"].value[0].startswith(f"{FIRST} 1305")


def test_everything_grave_holds(first_run, reference):
    failed = [place for place, evaluation in evaluations(first_run).items() if not evaluation.passed]
    assert failed and not places(reference, lambda check: check.blocking) & set(failed)
    rules_of = {rule: line["不符数"] for place in failed for rule, line in rules(evaluations(first_run)[place]).items()}
    assert [
        check.name for check in warehouse_checks.declared(reference) if check.grave and rules_of.get(check.name)
    ] == []


def test_a_second_run_changes_nothing(first_run, installation, instance):
    again = run(installation, instance)
    assert again.success
    assert metadata_of(again, "submission")[LAST]["本次收到"] == 0
    assert metadata_of(again, "edition")[LAST]["新版"] is False
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
    assert metadata_of(mixed, "edition")["2018-10"] == {"发布版": "该月没有任何报表，未成版"}
    assert list(edition_folders.editions(installation.releases, None))[-1].parent.name == LAST


def test_the_inbox_makes_one_working_edition_where_a_figure_changed_and_nobody_else_sees_it(
    first_run, installation, instance, reference, tmp_path
):
    data = shutil.copytree(installation.data, tmp_path / "data")
    copy = type(installation)(data, reference.folder)
    job = build_defs(copy).resolve_job_def("monthly")
    again = run_of_inbox(job, instance)
    assert again.success and not metadata_of(again, "edition") and not metadata_of(again, "docx")
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
    doubled = evaluations(result)["verdicts", "keys"]
    assert (doubled.passed, doubled.metadata["不符数"].value) == (False, 1)
    assert rules(doubled)["key_figure"]["不符数"] == 1 and rules(doubled)["key_standing"]["不符数"] == 0
    assert "2018-09-01" in doubled.metadata["不符者"].value[0]
    assert metadata_of(result, "edition") == {}
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
    assert places(reference) <= there
    # what stands for several blocks as each of them
    assert not places(reference, lambda check: check.blocking) & places(reference, lambda check: not check.blocking)
    assert {kind for _, kind in places(reference)} == set(warehouse_checks.KINDS)


def select(settings, instance, selection, month: str = LAST):
    """The selected part of a month's assets and checks, run alone."""
    partitions = build_defs(settings).resolve_asset_graph().get(dg.AssetKey("verdicts")).partitions_def
    job = dg.define_asset_job("part", selection=selection, partitions_def=partitions)
    repository = build_defs(settings, jobs=[job]).get_repository_def()
    return repository.get_job("part").execute_in_process(
        instance=instance,
        # as the page launches it: `partition_key` is for jobs with assets
        tags={"dagster/partition": month},
        raise_on_error=False,
        run_config=AT_ONCE if "submissions" in str(selection) else None,
    )


def test_a_part_of_an_operation_and_a_check_alone_can_be_asked_for(first_run, installation, instance, reference):
    """One table of those that an operation makes; one check of a month, which makes nothing."""
    part = select(installation, instance, dg.AssetSelection.assets("verdicts").without_checks())
    assert (
        part.success
        and metadata_of(part, "verdicts")
        and not metadata_of(part, "figures/opinions_2018")
        and not evaluations(part)
    )
    key = asset_specs.figures_key(reference.registers[0])
    alone = select(installation, instance, dg.AssetSelection.checks(dg.AssetCheckKey(key, "sums")))
    ((place, evaluation),) = evaluations(alone).items()
    assert alone.success and place == (key.to_user_string(), "sums") and evaluation.partition == LAST
    assert not alone.get_asset_materialization_events()


def test_a_batch_of_refused_files_materialises_nothing(first_run, installation, instance, reference, tmp_path):
    copy = type(installation)(shutil.copytree(installation.data, tmp_path / "data"), reference.folder)
    (copy.inbox / "柏乡县2018年9月.xlsx").write_bytes(b"")
    result = run_of_inbox(build_defs(copy).resolve_job_def("monthly"), instance)
    assert (
        result.success
        and not result.get_asset_materialization_events()
        and not [path for path in copy.inbox.rglob("*") if path.is_file()]
    )


# ---- what Dagster shows before anything runs


def test_every_asset_says_what_it_is_whose_it_is_and_what_it_is_made_of(installation, reference):
    graph = build_defs(installation).resolve_asset_graph()
    made = {node.key.to_user_string(): node for node in map(graph.get, graph.materializable_asset_keys)}
    assert set(made) == set(MADE)
    for name, node in made.items():
        assert (
            node.kinds
            and node.owners
            and node.tags["shequ/grain"] == "month"
            and node.code_version
            and node.description
        ), name
    outside = {key.to_user_string() for key in graph.external_asset_keys}
    assert outside == {f"sources/{name}" for name in sources.SOURCES}
    assert dg.AssetKey(["sources", "roster"]) in made["answers"].parent_keys
    windows = made["edition"].freshness_policy
    assert (windows.warn_window.to_timedelta().days, windows.fail_window.to_timedelta().days) == (38, 42)


def test_columns_come_from_the_clauses_expressions(reference):
    specs = {spec.key.to_user_string(): spec for spec in asset_specs.figures(reference)}
    answers = next(spec for spec in asset_specs.submissions(reference) if spec.key == dg.AssetKey("answers"))
    asked = {column.name for column in answers.metadata["dagster/column_schema"].columns}
    for register in reference.registers:
        spec = specs[asset_specs.figures_key(register).to_user_string()]
        lineage = spec.metadata["dagster/column_lineage"].deps_by_column
        assert set(lineage) == {indicator.id for indicator in register}
        assert {dep.column_name for deps in lineage.values() for dep in deps} <= asked
    facility = specs["figures/opinions_2018"].metadata["dagster/column_lineage"].deps_by_column["facility_rural"]
    assert [dep.column_name for dep in facility] == ["facility"]


def test_a_month_shows_which_months_before_it_lend_to_it(installation, reference):
    graph = build_defs(installation).resolve_asset_graph()
    (counted,) = [
        d
        for d in graph.get(dg.AssetKey(["figures", "opinions_2018"])).assets_def.specs_by_key.values()
        if d.key.path[-1] == "opinions_2018"
    ]
    lent = next(dep.partition_mapping for dep in counted.deps if dep.asset_key == dg.AssetKey("answers"))
    assert (lent.start_offset, lent.end_offset) == (-2, 0)


def test_every_promise_is_a_check_that_can_be_run_alone(installation, reference, instance):
    seen = {promise.what for promise in health.state(installation, datetime.now(SHANGHAI))}
    assert set(sources.CHECKS) <= seen
    result = select(
        installation, instance, dg.AssetSelection.checks(dg.AssetCheckKey(sources.key("roster"), "in_force")), None
    )
    ((place, evaluation),) = evaluations(result).items()
    assert place == ("sources/roster", "in_force") and not evaluation.passed and "2023" in evaluation.description


def test_every_day_the_ages_of_the_sources_and_all_promises_are_noted(installation, instance):
    done = build_defs(installation).resolve_job_def("duty").execute_in_process(instance=instance)
    noted = {event.asset_key for event in done.all_events if event.is_asset_observation}
    assert noted == {sources.key(name) for name in set(sources.SOURCES) - {"installation"}}
    keys = [dg.AssetCheckKey(sources.asset_of(what), name) for what, (_, name) in sources.CHECKS.items()]
    known = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    assert set(known) == set(keys) and known[keys[0]].event


def test_sources_are_told_with_their_age(installation):
    ages = sources.ages(installation, datetime.now(SHANGHAI))
    assert set(ages) == set(sources.SOURCES) - {"installation"}
    assert ages["archive"]["距今天数"] == 0 and ages["roster"]["距今天数"] > 365


def test_names_of_checks_are_unique(reference):
    names = [check.name for check in warehouse_checks.declared(reference)]
    assert len(names) == len(set(names))


def test_metadata_can_be_written_as_json(first_run):
    for asset in MADE:
        assert json.dumps(metadata_of(first_run, asset), ensure_ascii=False)
