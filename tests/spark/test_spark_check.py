"""The register on Spark: its statements for everybody, its figures against the release's where PySpark and Java are there."""

import shutil
import sys
from dataclasses import replace

import pytest
import sqlglot

from pipelines.edition import open_release, spark_check
from pipelines.reference import reference_bundle
from tests import small_city
from tests.reports.small import installation


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return reference_bundle.load(small_city.make(tmp_path_factory.mktemp("cluster") / "reference"))


def test_every_statement_is_spark_sql(reference):
    for register in reference.registers:
        for name, sql in spark_check.statements(register, reference.form).items():
            sql = spark_check._placed(
                sql, [f.id for part in (reference.form.community, reference.form.county) for f in part]
            )
            assert sqlglot.parse_one(sql, dialect="spark"), name


def test_every_indicator_is_judged_in_spark(reference):
    for register in reference.registers:
        made = spark_check.statements(register, reference.form)
        missing = [i.id for i in register if f"AS `{i.id}`" not in made["state"] + made["county_state"]]
        assert not missing


def test_answers_named_like_roster_columns_are_found_under_their_other_name():
    placed = spark_check._placed(
        "SELECT {name} AS `name`, {platform} AS `platform`", ["name", "reported:name", "platform"]
    )
    assert placed == "SELECT `reported:name` AS `name`, `platform` AS `platform`"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return installation(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def release(place):
    return open_release(settings=place)


@pytest.fixture(scope="module")
def counted(place):
    """The reference data that the release was made with."""
    return reference_bundle.load(place.reference)


@pytest.fixture(scope="module")
def spark():
    pytest.importorskip("pyspark", reason="PySpark is not installed (make test-cluster installs it)")
    if shutil.which("java") is None:
        pytest.skip("no Java runtime")
    session = spark_check.session()
    yield session
    session.stop()


@pytest.mark.slow
def test_spark_and_duckdb_count_every_figure_the_same(spark, release, counted):
    for register in (r for r in counted.registers if release.month >= r.since):
        outcome = spark_check.compare(spark, release, register, counted.form, release.month)
        assert outcome.figures > 500
        assert outcome.differ == []


@pytest.mark.slow
def test_a_difference_is_told_with_both_numbers(spark, release, counted):
    """The comparison itself can fail: one indicator that asks for something else differs, and only that one."""
    changed = next(i for i in counted.main if i.is_share and i.of == "community" and i.scope.source != "TRUE")
    other = replace(changed, share=changed.scope)
    register = replace(counted.main, indicators=tuple(other if i is changed else i for i in counted.main))
    outcome = spark_check.compare(spark, release, register, counted.form, release.month)
    assert outcome.differ and {key[0] for key, *_ in outcome.differ} == {changed.id}


def test_without_pyspark_the_refusal_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    with pytest.raises(spark_check.Refusal, match=r"shequ\[spark\]"):
        spark_check.session()
