"""Asset specs: kinds, owners, columns, column lineage, freshness.

An asset is a table or a kind of paper of one month. Four operations make them (`pipelines.defs.assets`):

| operation | assets |
|---|---|
| submissions | `submission`, `answers`, `findings` |
| figures | `figures/<policy>` for each policy, `verdicts` |
| release | `movement`, `edition` |
| report | `docx`, `xlsx`, `html`, `notices` |
"""

import warnings
from collections.abc import Iterable
from datetime import timedelta

import dagster as dg

from pipelines.defs import sources
from pipelines.edition import column_names
from pipelines.figures.change_breakdown import MOVEMENT
from pipelines.figures.progress import FIGURE
from pipelines.figures.standing_answers import CARRY_MONTHS
from pipelines.reference.policy.register import Indicator, Register
from pipelines.reference.reference_bundle import Reference
from pipelines.system import program_version

OWNERS = ["team:governance_statistics"]
# due monthly; warns a week late (holidays), then fails
FRESH = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=42), warn_window=timedelta(days=38))


def _with_months_before(number: int) -> dg.TimeWindowPartitionMapping:
    """Partition mapping to a month and the months before it."""
    with warnings.catch_warnings():
        # the last argument is a beta feature of Dagster
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.TimeWindowPartitionMapping(
            start_offset=-number, end_offset=0, allow_nonexistent_upstream_partitions=True
        )


# number of months that answers are carried
CARRIED, SINCE_LAST = _with_months_before(CARRY_MONTHS), _with_months_before(1)
PAPERS = ("docx", "xlsx", "html")


def figures_key(register: Register) -> dg.AssetKey:
    """Key of the asset of a policy's figures."""
    return dg.AssetKey(["figures", register.policy.id.replace("-", "_")])


def submissions(reference: Reference) -> list[dg.AssetSpec]:
    """Assets of received reports. Grains: submission; community and county; finding."""
    form = reference.form
    answers = [*_typed("month", "DATE"), *_typed("unit", "VARCHAR"), *map(_question, form.community)]
    answers += [dg.TableColumn(f"county.{field.id}", field.sql_type, field.label) for field in form.county]
    entry, read_with = "pipelines.intake.collect_inbox", [sources.key("form"), sources.key("roster")]
    return [
        _spec("submission", "收到的报表，一份一行：谁的、哪个月的、何时收到、是否采用。", "received", entry,
              [sources.key("inbox"), *read_with], kinds={"excel", "duckdb"}),
        _spec("answers", "各社区（村）和各县的答案，一个单位一行，一个问题一列。", "received", entry, ["submission", *read_with],
              columns=answers),
        _spec("findings", "读报表时发现的问题，一处一行，指明单元格。", "received", entry, ["submission", "answers"],
              columns=_texts("id", "code", "severity", "sheet", "cell", "field", "unit", "found", "expected", "message")),
    ]  # fmt: skip


def figures(reference: Reference) -> list[dg.AssetSpec]:
    """Assets of figures: counts per policy, and the verdicts."""
    entry, keys = "pipelines.figures.update", [figures_key(register) for register in reference.registers]
    lent = dg.AssetDep("answers", partition_mapping=CARRIED)
    counted = [
        _spec(key, f"《{register.policy.title}》各指标：每个单位是否达到，逐级汇总的数字及其上下限。", "figures", entry,
              [lent, sources.key("registers"), sources.key("roster")],
              columns=[*_typed("unit", "VARCHAR"), *map(_indicator, register)], lineage=_lineage(register))
        for key, register in zip(keys, reference.registers, strict=True)
    ]  # fmt: skip
    verdicts = _spec(
        "verdicts", "各级各项指标的数字、目标、状态和还差的数；状态所依据的走势取自该指标以前各月。", "figures", entry,
        [*keys, sources.key("registers")], columns=[_column(name, kind) for name, kind in FIGURE.items()],
    )  # fmt: skip
    return [*counted, verdicts]


def release(reference: Reference) -> list[dg.AssetSpec]:
    """Assets of an edition: its tables, and the reasons why figures changed since the month before."""
    entry = "pipelines.monthly.monthly_run"
    keys = [figures_key(register) for register in reference.registers]
    before = [dg.AssetDep(key, partition_mapping=SINCE_LAST) for key in keys]
    return [
        _spec("movement", "与上月相比，每个数字变动的原因：口径、更正、区划、答案、报送。", "edition", entry, before,
              kinds={"parquet"}, columns=[_column(field.name, str(field.type)) for field in MOVEMENT]),
        _spec("edition", "不可更改的一版；指定月份之外，也更新当前发布版。收件箱的只成工作版。", "edition", entry,
              ["verdicts", "findings", "movement", sources.key("calendar")], kinds={"parquet", "duckdb"}, fresh=True),
    ]  # fmt: skip


def report() -> list[dg.AssetSpec]:
    """Assets of the report: one per kind of paper, and the notices."""
    said = {"docx": "月报（公文格式）。", "xlsx": "月报附表。", "html": "月报网页，一个文件，不联网。"}
    papers = [
        _spec(
            name, f"{said[name]}放在发布版的 reports 文件夹。", "papers", "pipelines.reports", ["edition"], kinds={name}
        )
        for name in PAPERS
    ]
    notices = _spec(
        "notices",
        "写给经办人的发布消息，待对外收发程序送出。",
        "papers",
        "pipelines.notify.dispatch",
        ["edition"],
        kinds={"mail"},
    )
    return [*papers, notices]


# ---- one asset


def _spec(
    key: str | dg.AssetKey,
    description: str,
    group: str,
    entry: str,
    deps: Iterable[str | dg.AssetKey | dg.AssetDep],
    kinds: Iterable[str] = ("duckdb", "table"),
    columns: list[dg.TableColumn] | None = None,
    lineage: dg.TableColumnLineage | None = None,
    fresh: bool = False,
) -> dg.AssetSpec:
    metadata: dict[str, object] = {}
    if columns:
        metadata["dagster/column_schema"] = dg.TableSchema(columns)
    if lineage:
        metadata["dagster/column_lineage"] = lineage
    return dg.AssetSpec(
        key,
        deps=list(deps),
        description=description,
        group_name=group,
        kinds=set(kinds),
        owners=OWNERS,
        tags={"shequ/grain": "month"},
        # hash of the source code behind the asset: it is out of date when that changes
        code_version=program_version.digest(entry)[:12],
        metadata=metadata,
        freshness_policy=FRESH if fresh else None,
    )


def _typed(name: str, kind: str) -> list[dg.TableColumn]:
    return [_column(name, kind)]


def _texts(*names: str) -> list[dg.TableColumn]:
    return [_column(name, "VARCHAR") for name in names]


def _column(name: str, kind: str) -> dg.TableColumn:
    """A column with its meaning in Chinese, where the descriptor of an edition has one."""
    return dg.TableColumn(name, kind, column_names.COLUMNS.get(name, (None,))[0])


def _question(field) -> dg.TableColumn:
    return dg.TableColumn(field.id, field.sql_type, field.label)


def _indicator(indicator: Indicator) -> dg.TableColumn:
    says = f"{indicator.name}（{indicator.clause}）：{indicator.quote}"
    return dg.TableColumn(indicator.id, "TINYINT", says)


def _lineage(register: Register) -> dg.TableColumnLineage:
    """Indicator → the questions that its expressions read."""
    answers = dg.AssetKey("answers")
    return dg.TableColumnLineage({
        indicator.id: [dg.TableColumnDep(answers, name) for name in _questions(indicator, register)] for indicator in register
    })  # fmt: skip


def _questions(indicator: Indicator, register: Register) -> list[str]:
    """Columns of `answers`: of 表1 by their id, of 表2 with `county.` before it; a rollup is the question that it sums."""
    fields = []
    for name in indicator.fields:
        prefix, _, field = name.rpartition(".")
        if prefix == "rollup":
            fields.append(register.rollups[field].sum)
        else:
            fields.append(f"county.{field}" if (prefix or indicator.of) == "county" else field)
    return list(dict.fromkeys(fields))
