"""The same register on a cluster: every indicator compiled to Spark's SQL over the Parquet of a release.

    python -m pipelines.edition.spark_check [--data DIR] [--month 2020-06]      # figures of a release again on Spark, compared one by one

The expressions are the register's own, in Spark's dialect; the statements around them count as `pipelines.figures.figure_counts` does:
states of units, whole counts, exact decimal sums. Needs the optional extra `spark` (PySpark and a Java runtime), except
`statements`. On one machine DuckDB is much faster (docs/cluster.md); this is for organisations that have a cluster.
"""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import months, settings
from pipelines.edition import Release, open_release
from pipelines.errors import Refusal
from pipelines.months import SHANGHAI
from pipelines.reference import reference_bundle
from pipelines.reference.form import KINDS, Form, Part
from pipelines.reference.policy.register import Indicator, Register

if TYPE_CHECKING:  # the optional extra `spark`
    from pyspark.sql import SparkSession

PART = "DECIMAL(24,6)"
SUM = "DECIMAL(38,6)"
# columns compared; value, bounds and gap follow from them exactly
COUNTED = ("numerator", "denominator", "unknown", "scope_unknown", "carried", "answered")
KEY = ("indicator", "level", "unit")


# ---- SQL


def statements(register: Register, form: Form) -> dict[str, str]:
    """Spark SQL by name of the temporary view that it makes, in order, over the views `standing` and `county_standing`.

    `state` and `county_state`: one row per unit, a state (0–4) per indicator; `figure_community` and `figure_county`: one row per
    indicator, level above community and unit, with the columns of COUNTED.
    """
    community = [i for i in register if i.of == "community"]
    county = [i for i in register if i.of == "county"]
    return {
        "answer": f"SELECT unit, carried, {_answers(form.community)} FROM standing",
        "roster": "SELECT unit, kind, town_code, county_code, municipal_district, shared_funding, has_villages FROM standing",
        "county_answer": f"SELECT unit, carried, {_answers(form.county)} FROM county_standing",
        "county_roster": "SELECT unit, municipal_district, shared_funding, has_villages FROM county_standing",
        "rollup": _rollups(register, form),
        "state": f"""
            SELECT roster.unit, roster.town_code AS town, roster.county_code AS county,
                   coalesce(answer.carried, FALSE) AS carried, {_judged(community)}
            FROM roster LEFT JOIN answer ON answer.unit = roster.unit
            LEFT JOIN county_answer AS county ON county.unit = roster.county_code""",
        "county_state": f"""
            SELECT roster.unit, CAST(NULL AS STRING) AS town, roster.unit AS county,
                   coalesce(county.carried, FALSE) AS carried, {_judged(county)}
            FROM county_roster AS roster LEFT JOIN county_answer AS county ON county.unit = roster.unit
            LEFT JOIN rollup ON rollup.unit = roster.unit""",
        "figure_community": _figures("state", community, towns=True),
        "figure_county": _figures("county_state", county, towns=False),
    }


def _quoted(name: str) -> str:
    return f"`{name}`"


def _answers(part: Part) -> str:
    """A month table's answers under their field's id; those that the roster has a column of are named `reported:<field>`."""
    return ", ".join(f"{{{field.id}}} AS {_quoted(field.id)}" for field in part)


def _rollups(register: Register, form: Form) -> str:
    """A county's totals over its communities: at least what is known, at most what could still be (null: no limit)."""
    columns = []
    for name, rollup in register.rollups.items():
        field = form.community[rollup.sum]
        known = f"coalesce(sum(CAST(answer.{_quoted(field.id)} AS BIGINT)), 0)"
        kinds = ", ".join(f"'{kind}'" for kind in KINDS.get(field.applies, KINDS["all"]))
        missing = f"count_if(answer.{_quoted(field.id)} IS NULL AND roster.kind IN ({kinds}))"
        high = f"{known} + {missing}" if field.type == "flag" else f"CASE WHEN {missing} = 0 THEN {known} END"
        columns += [f"{known} AS {_quoted(name)}", f"{high} AS {_quoted(f'{name}:high')}"]
    listed = "".join(f", {column}" for column in columns)
    return f"SELECT roster.county_code AS unit{listed} FROM roster LEFT JOIN answer ON answer.unit = roster.unit GROUP BY 1"


def _judged(indicators: Iterable[Indicator]) -> str:
    columns = []
    for i in indicators:
        columns.append(f"({_state(i)}) AS {_quoted(i.id)}")
        for part, expression in (("n", i.numerator), ("d", i.denominator)):
            if expression is not None:
                answered = f"CASE WHEN ({_state(i)}) = 1 THEN CAST({expression.sql('spark')} AS {PART}) END"
                columns.append(f"{answered} AS {_quoted(f'{part}:{i.id}')}")
    return ", ".join(columns)


def _state(indicator: Indicator) -> str:
    """0 out of scope, 1 yes (both parts answered), 2 no, 3 share (or a part) unknown, 4 scope unknown."""
    scope = indicator.scope.sql("spark")
    if indicator.share is not None:
        share = indicator.share.sql("spark")
        answered = f"WHEN ({share}) IS NULL THEN 3 WHEN {share} THEN 1 ELSE 2"
    else:
        parts = [part.sql("spark") for part in (indicator.numerator, indicator.denominator) if part is not None]
        answered = f"WHEN ({parts[0]}) IS NULL OR ({parts[1]}) IS NULL THEN 3 ELSE 1"
    return f"CASE WHEN ({scope}) IS NULL THEN 4 WHEN NOT ({scope}) THEN 0 {answered} END"


def _figures(table: str, indicators: list[Indicator], towns: bool) -> str:
    """Counts at every level above community: a share sums units, a ratio its two parts over the units that answered both."""
    ids = ", ".join(_quoted(i.id) for i in indicators)
    ratios = [i for i in indicators if not i.is_share]
    is_ratio = "long.indicator IN ({})".format(", ".join(f"'{i.id}'" for i in ratios) or "''")
    sets = "(indicator, county), (indicator)" + (", (indicator, county, town)" if towns else "")
    no_town = "grouping(town) = 1" if towns else "TRUE"
    yes, scope = _either("n", "state = 1"), _either("d", "state BETWEEN 1 AND 3")
    return f"""
        WITH long AS (
            SELECT unit, town, county, carried, indicator, state
            FROM (SELECT unit, town, county, carried, {ids} FROM {table})
            UNPIVOT INCLUDE NULLS (state FOR indicator IN ({ids}))),
        part AS ({_parts(table, ratios)}),
        judged AS (
            SELECT long.*, part.n, part.d, {is_ratio} AS is_ratio
            FROM long LEFT JOIN part ON part.unit = long.unit AND part.indicator = long.indicator)
        SELECT indicator,
               CASE WHEN grouping(county) = 1 THEN 'city' WHEN {no_town} THEN 'county' ELSE 'town' END AS level,
               CASE WHEN grouping(county) = 1 THEN '' WHEN {no_town} THEN county ELSE {"town" if towns else "county"} END AS unit,
               {yes} AS numerator, {scope} AS denominator,
               count_if(state IN (3, 4)) AS unknown, count_if(state = 4) AS scope_unknown,
               count_if(carried AND (state = 1 OR (NOT is_ratio AND state BETWEEN 2 AND 3))) AS carried,
               count_if(state = 1) AS answered
        FROM judged GROUP BY GROUPING SETS ({sets})"""


def _either(part: str, condition: str) -> str:
    summed = f"CAST(coalesce(sum({part}), 0) AS {SUM})"
    return f"CASE WHEN any_value(is_ratio) THEN {summed} ELSE CAST(count_if({condition}) AS {SUM}) END"


def _parts(table: str, ratios: list[Indicator]) -> str:
    if not ratios:
        return f"SELECT '' AS unit, '' AS indicator, CAST(NULL AS {PART}) AS n, CAST(NULL AS {PART}) AS d WHERE FALSE"
    columns = ", ".join(f"{_quoted(f'n:{i.id}')}, {_quoted(f'd:{i.id}')}" for i in ratios)
    pairs = ", ".join(f"({_quoted(f'n:{i.id}')}, {_quoted(f'd:{i.id}')}) AS {_quoted(i.id)}" for i in ratios)
    return f"""SELECT unit, indicator, n, d FROM (SELECT unit, {columns} FROM {table})
               UNPIVOT EXCLUDE NULLS ((n, d) FOR indicator IN ({pairs}))"""


# ---- running and comparing


@dataclass(frozen=True)
class Comparison:
    """Figures of one policy and month by Spark beside those of the release. `differ` names key, column, theirs and ours."""

    policy: str
    month: date
    figures: int
    differ: list[tuple[object, ...]]


def session() -> "SparkSession":
    """A local Spark. Errors: `Refusal` where PySpark or Java is missing."""
    try:
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ImportError:
        raise Refusal("没有安装 PySpark；请运行 pip install 'shequ[spark]'（还需要 Java 17）") from None
    builder = SparkSession.builder.master("local[2]").appName("shequ")
    for key, value in _SETTINGS.items():
        builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except PySparkRuntimeError:
        raise Refusal("Spark 没有启动；请检查是否装有 Java 17 或更新版本（java -version）") from None


_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.session.timeZone": str(SHANGHAI),
    "spark.sql.shuffle.partitions": "4",
    # overflow is an error instead of a rounded number
    "spark.sql.ansi.enabled": "true",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
}


def figures(
    spark: "SparkSession", release: Release, register: Register, form: Form, month: date
) -> list[dict[str, Any]]:
    """One month's figures of a policy on Spark, from the release's Parquet: dicts of KEY and COUNTED."""
    for table in ("standing", "county_standing"):
        path = release.folder / "tables" / table / f"{months.key(month)}.parquet"
        spark.read.parquet(str(path)).createOrReplaceTempView(table)
    for name, sql in statements(register, form).items():
        source = {"answer": "standing", "county_answer": "county_standing"}.get(name)
        spark.sql(_placed(sql, spark.table(source).columns) if source else sql).createOrReplaceTempView(name)
    rows = spark.sql("SELECT * FROM figure_community UNION ALL SELECT * FROM figure_county").collect()
    return [row.asDict() for row in rows]


def _placed(sql: str, columns: list[str]) -> str:
    """The answers' columns filled in: `reported:<field>` where the month table has such a column, else the field's own."""
    own = {name.removeprefix("reported:"): _quoted(name) for name in sorted(columns, key=lambda c: ":" in c)}
    return sql.format_map({name: column for name, column in own.items() if name.isidentifier()})


def compare(spark: "SparkSession", release: Release, register: Register, form: Form, month: date) -> Comparison:
    """Every figure of a month above community level, Spark's against the release's own."""
    rows = release.rows(
        f"SELECT {', '.join((*KEY, *COUNTED))} FROM figure_all WHERE policy = ? AND month = ?",
        [register.policy.id, month],
    )
    ours = {_key(row): row for row in rows}
    theirs = {_key(row): row for row in figures(spark, release, register, form, month)}
    differ: list[tuple[object, ...]] = [
        (key, "", key in theirs, key in ours) for key in sorted(ours.keys() ^ theirs.keys())
    ]
    differ += [
        (key, column, theirs[key][column], row[column])
        for key, row in ours.items()
        for column in COUNTED
        if key in theirs and theirs[key][column] != row[column]
    ]
    return Comparison(register.policy.id, month, len(ours), differ)


def _key(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["indicator"], row["level"], "" if row["level"] == "city" else row["unit"]


def main(arguments: list[str] | None = None) -> int:
    """Compare one month (default: the release's own) of every policy; exit status 1 where a figure differs."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.edition.spark_check", description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--month", type=months.parse)
    asked = parser.parse_args(arguments)
    installation = settings.load(asked.data)
    reference = reference_bundle.load(installation.reference)
    release = open_release(settings=installation)
    month = asked.month or release.month
    spark = session()
    try:
        outcomes = [
            compare(spark, release, register, reference.form, month)
            for register in reference.registers
            if month >= register.since
        ]
    finally:
        spark.stop()
    for outcome in outcomes:
        verdict = "逐项一致" if not outcome.differ else f"有 {len(outcome.differ)} 处不同，如 {outcome.differ[:3]}"
        print(f"{outcome.policy} {months.label(outcome.month)}：{outcome.figures} 个数字，{verdict}")
    return 1 if any(outcome.differ for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
