"""What one month's figures cost on a local Spark beside DuckDB, from the same Parquet of a release.

    python -m lab.benchmarks.bench_cluster [--data DIR]

Both count every indicator of one policy at town, county and city level, on a month of the city that is made for it where no folder is
given. Needs PySpark (`make .venv/.spark`) and Java 17.
"""

import argparse
import importlib.util
import shutil
import statistics
import time
from pathlib import Path

import duckdb

from lab.benchmarks import city
from lab.benchmarks.measured import Lacking, Measured
from pipelines import months, settings
from pipelines.edition import Release, open_release, spark_check
from pipelines.figures import figure_counts as by_duckdb
from pipelines.reference import reference_bundle

ROUNDS = 3


def measure(quick: bool = False) -> list[Measured]:
    """G6: seconds on a local Spark, first and warm, beside DuckDB. Errors: `Lacking` where PySpark or Java is missing."""
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        raise Lacking("PySpark (make .venv/.spark) and Java 17 (default-jre-headless)")
    place, _ = city.kept(1)
    return compare(place.data, 1 if quick else ROUNDS)


def compare(data: Path | None, rounds: int = ROUNDS) -> list[Measured]:
    """Medians of `rounds` on the current release of a data folder."""
    place = settings.load(data)
    reference = reference_bundle.load(place.reference)
    release = open_release(settings=place)
    spark = spark_check.session()
    try:
        first = _seconds(lambda: _on_spark(spark, release, reference))
        warm = [_seconds(lambda: _on_spark(spark, release, reference)) for _ in range(rounds)]
        compared = spark_check.compare(spark, release, reference.main, reference.form, release.month)
    finally:
        spark.stop()
    theirs = statistics.median(_seconds(lambda: on_duckdb(release, reference)) for _ in range(rounds))
    what = f"a month's figures on Spark (local, 2 threads), {release.month:%Y-%m}"
    return [
        Measured("G6", f"{what}, first", first, "s", peer=theirs, peer_name="DuckDB"),
        Measured("G6", f"{what}, warm", statistics.median(warm), "s", peer=theirs, peer_name="DuckDB"),
        Measured("G6", f"figures that differ on Spark, of {compared.figures:,}", len(compared.differ), "figures", 0),
    ]


def _on_spark(spark, release: Release, reference) -> list[dict]:
    return spark_check.figures(spark, release, reference.main, reference.form, release.month)


def on_duckdb(release: Release, reference) -> None:
    """The same counts by the project's own SQL, from the same files."""
    key = months.key(release.month)
    con = duckdb.connect()
    for table in ("standing", "county_standing"):
        con.execute(
            f"CREATE TABLE {table} AS SELECT * FROM read_parquet('{release.folder}/tables/{table}/{key}.parquet')"
        )
    con.execute(
        "CREATE TABLE unit AS SELECT *, unit AS code, unit AS answered_as, county_code AS county_answered_as, '0' AS city_code FROM standing"
    )
    con.execute(
        "CREATE TABLE county AS SELECT *, unit AS code, unit AS answered_as, '0' AS city_code FROM county_standing"
    )
    warehouse = type("Opened", (), {"con": con, "reference": reference})()
    by_duckdb.create(warehouse)
    by_duckdb.judge_units(warehouse.con, warehouse.reference.form, [release.month], reference.main)
    by_duckdb.count(warehouse.con, warehouse.reference.rosters.city.code, 0, reference.main)


def _seconds(action) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=None)
    for line in compare(parser.parse_args().data):
        print(f"{line.what}: {line.ours:.2f} s; {line.peer_name} {line.peer:.2f} s; ratio {line.ratio:.1f}")
