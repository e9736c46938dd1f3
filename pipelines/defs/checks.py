"""Asset checks: one for each that `pipelines.indicators.quality` derives from the declarations."""

from collections.abc import Iterator

import dagster as dg

from pipelines.defs.station import Station
from pipelines.indicators import quality
from pipelines.indicators.quality import Check, Verdict
from pipelines.release.verifying import faults

STAGES = ("submissions", "figures")


def build(declared: list[Check], assets: list[dg.AssetsDefinition]) -> list[dg.AssetChecksDefinition]:
    """The checks of each stage run together, over one opening of the warehouse. Blocking ones stop what comes after."""
    by_name = {asset.key.to_user_string(): asset for asset in assets}
    staged = [_stage(stage, [check for check in declared if check.stage == stage]) for stage in STAGES]
    return [*staged, _editions(by_name["release"])]


def _stage(stage: str, checks: list[Check]) -> dg.AssetChecksDefinition:
    specs = [dg.AssetCheckSpec(c.name, asset=stage, description=c.says, blocking=c.blocking) for c in checks]

    @dg.multi_asset_check(name=f"{stage}_checks", specs=specs)
    def judged(station: Station) -> Iterator[dg.AssetCheckResult]:
        with station.open("检查") as opened:
            yield from [_result(stage, verdict) for verdict in quality.judge(opened, checks)]

    return judged


def _result(stage: str, verdict: Verdict) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=verdict.holds,
        asset_key=stage,
        check_name=verdict.check.name,
        severity=dg.AssetCheckSeverity.ERROR if verdict.check.grave else dg.AssetCheckSeverity.WARN,
        description=verdict.check.says if verdict.holds else f"{verdict.check.says}:有 {verdict.count} 处不符",
        metadata=_offenders(verdict.count, verdict.ids),
    )


def _offenders(count: int, ids: list[str]) -> dict:
    return {"不符数": count, "不符者": dg.MetadataValue.json(ids)}


def _editions(release: dg.AssetsDefinition) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=release, blocking=True, description="每个月最新的发布版文件齐全,与其清单的校验值相符。")
    def whole_editions(station: Station) -> dg.AssetCheckResult:
        found = faults(station.settings.releases)
        return dg.AssetCheckResult(passed=not found, metadata=_offenders(len(found), found[: quality.SHOWN]))

    return whole_editions
