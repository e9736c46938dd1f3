"""Asset checks: one for each kind that `pipelines.warehouse.warehouse_checks` derives from the declarations, made by the stage that they look at.

A check is one row of the page of an asset; which of its rules fail, how often and where stands in its table. A row for each of
forty rules, made by steps of their own, cost a month a third more: Dagster writes a check to its databases six times.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

import dagster as dg

from pipelines.reference.reference_bundle import Reference
from pipelines.warehouse import warehouse_checks
from pipelines.warehouse.warehouse_checks import Check, Verdict

WHOLE = "whole_editions"


def declared(stage: str, reference: Reference) -> list[dg.AssetCheckSpec]:
    """The checks of a stage. Blocking ones stop what comes after."""
    return [
        dg.AssetCheckSpec(kind, asset=stage, description=warehouse_checks.KINDS[kind], blocking=first.blocking)
        for kind, (first, *_) in _by_kind(warehouse_checks.of_stage(reference, stage))
    ]


def _by_kind(checks: Iterable[Check]) -> Iterator[tuple[str, list[Check]]]:
    order = list(warehouse_checks.KINDS)
    for kind, group in groupby(sorted(checks, key=lambda check: order.index(check.kind)), key=lambda check: check.kind):
        yield kind, list(group)


def results(found: list[Verdict]) -> Iterator[dg.AssetCheckResult]:
    """What a stage found, a result a kind."""
    verdicts = {verdict.check: verdict for verdict in found}
    for kind, checks in _by_kind(verdicts):
        yield _result(kind, [verdicts[check] for check in checks])


def _result(kind: str, found: list[Verdict]) -> dg.AssetCheckResult:
    failed = [verdict for verdict in found if not verdict.holds]
    grave = any(verdict.check.grave for verdict in failed or found)
    return dg.AssetCheckResult(
        passed=not failed,
        asset_key=found[0].check.stage,
        check_name=kind,
        severity=dg.AssetCheckSeverity.ERROR if grave else dg.AssetCheckSeverity.WARN,
        description="；".join(map(str, failed)) or warehouse_checks.KINDS[kind],
        metadata={
            **_offenders(sum(verdict.count for verdict in found), [one for verdict in failed for one in verdict.ids]),
            "逐项": dg.MetadataValue.table([_line(verdict) for verdict in found]),
        },
    )


def _line(verdict: Verdict) -> dg.TableRecord:
    told = {"检查": verdict.check.name, "内容": verdict.check.says, "不符数": verdict.count}
    return dg.TableRecord({**told, "不符者": "、".join(verdict.ids)})


def _offenders(count: int, ids: list[str]) -> dict:
    return {"不符数": count, "不符者": dg.MetadataValue.json(ids[: warehouse_checks.SHOWN])}


def of_editions() -> dg.AssetCheckSpec:
    says = "本次所涉月份和当前的发布版文件齐全，与其清单的校验值相符。"
    return dg.AssetCheckSpec(WHOLE, asset="release", description=says, blocking=True)


def whole(faults: list[str]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not faults, asset_key="release", check_name=WHOLE, metadata=_offenders(len(faults), faults)
    )
