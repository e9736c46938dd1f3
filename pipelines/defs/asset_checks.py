"""Asset checks: one per kind of `warehouse_checks`, with a table of its failing rules. One per rule would make a month a third slower."""

import warnings
from collections.abc import Iterable, Iterator

import dagster as dg

from pipelines.defs.asset_specs import figures_key
from pipelines.reference.reference_bundle import Reference
from pipelines.warehouse import warehouse_checks
from pipelines.warehouse.warehouse_checks import Check, Verdict

WHOLE = "whole_editions"


def declared(stage: str, reference: Reference, partitions: dg.PartitionsDefinition) -> list[dg.AssetCheckSpec]:
    """The checks of a stage, per month. A blocking one that fails stops later stages."""
    return [
        _spec(kind, asset, warehouse_checks.KINDS[kind], partitions, first.blocking)
        for (asset, kind), (first, *_) in _grouped(warehouse_checks.of_stage(reference, stage), reference)
    ]


def _spec(
    name: str, asset: dg.AssetKey, says: str, partitions: dg.PartitionsDefinition, blocking: bool
) -> dg.AssetCheckSpec:
    with warnings.catch_warnings():
        # partitioned checks are a preview feature of Dagster
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.AssetCheckSpec(name, asset=asset, description=says, blocking=blocking, partitions_def=partitions)


def asset_of(check: Check, reference: Reference) -> dg.AssetKey:
    """The asset that a check is shown at: the policy's own figures where the check is about one policy."""
    for register in reference.registers:
        if check.name == f"{check.kind}_{register.policy.id.replace('-', '_')}":
            return figures_key(register)
    if check.stage == "submissions":
        return dg.AssetKey("submission" if check.kind == "reported" else "answers")
    return dg.AssetKey("verdicts")


def _grouped(checks: Iterable[Check], reference: Reference) -> list[tuple[tuple[dg.AssetKey, str], list[Check]]]:
    groups: dict[tuple[dg.AssetKey, str], list[Check]] = {}
    for check in checks:
        groups.setdefault((asset_of(check, reference), check.kind), []).append(check)
    return list(groups.items())


def results(verdicts: list[Verdict], reference: Reference) -> Iterator[dg.AssetCheckResult]:
    """A stage's verdicts as Dagster's results: one per asset and kind of check."""
    of_check = {verdict.check: verdict for verdict in verdicts}
    for (asset, kind), checks in _grouped(of_check, reference):
        yield _result(kind, asset, [of_check[check] for check in checks])


def _result(kind: str, asset: dg.AssetKey, verdicts: list[Verdict]) -> dg.AssetCheckResult:
    failed = [verdict for verdict in verdicts if not verdict.holds]
    grave = any(verdict.check.grave for verdict in failed or verdicts)
    return dg.AssetCheckResult(
        passed=not failed,
        asset_key=asset,
        check_name=kind,
        severity=dg.AssetCheckSeverity.ERROR if grave else dg.AssetCheckSeverity.WARN,
        description="；".join(map(str, failed)) or warehouse_checks.KINDS[kind],
        metadata={
            **_violations(sum(v.count for v in verdicts), [key for verdict in failed for key in verdict.ids]),
            "逐项": dg.MetadataValue.table([_line(verdict) for verdict in verdicts]),
        },
    )


def _line(verdict: Verdict) -> dg.TableRecord:
    return dg.TableRecord({
        "检查": verdict.check.name, "内容": verdict.check.says, "不符数": verdict.count, "不符者": "、".join(verdict.ids),
    })  # fmt: skip


def _violations(count: int, ids: list[str]) -> dict[str, int | dg.JsonMetadataValue]:
    return {"不符数": count, "不符者": dg.MetadataValue.json(ids[: warehouse_checks.SHOWN])}


def of_editions(partitions: dg.PartitionsDefinition) -> dg.AssetCheckSpec:
    """The check that the files of the editions agree with their manifests."""
    says = "本次所涉月份和当前的发布版文件齐全，与其清单的校验值相符。"
    return _spec(WHOLE, dg.AssetKey("edition"), says, partitions, blocking=True)


def whole(faults: list[str]) -> dg.AssetCheckResult:
    """The result of that check."""
    return dg.AssetCheckResult(
        passed=not faults, asset_key=dg.AssetKey("edition"), check_name=WHOLE, metadata=_violations(len(faults), faults)
    )
