"""The warehouse damaged: the next run heals it without a hand, what was damaged is kept, the figures are the same (issue F 2)."""

import os
import random
import re
import subprocess
import sys

import dagster as dg
import pytest

from lab.faults import damage
from lab.faults.damage import MAY, Campaign
from lab.faults.rounds import selection
from pipelines import settings
from pipelines.defs import assets, partitions
from pipelines.defs.resource import refusals_shown
from pipelines.errors import Refusal
from pipelines.reference import reference_bundle
from pipelines.warehouse.projection import SetAside

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a journal is left by a fork that is killed")

FEW = [("file", damage.cut), ("file", damage.folder), ("wal", damage.flip), ("wal", damage.foreign)]
REST = [(part, hurt) for part in ("file", "wal") for hurt in (*damage.RANDOM, *damage.WHOLE) if (part, hurt) not in FEW]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory) -> Campaign:
    return Campaign(tmp_path_factory.mktemp("damage"))


@pytest.mark.parametrize("part, hurt", selection(FEW, REST), ids=lambda it: getattr(it, "__name__", it))
def test_the_next_run_heals_it_with_the_same_figures(campaign, hurt, part):
    faults = campaign.round(hurt, part == "wal", random.Random(7))
    assert faults.figures == campaign.expected
    assert len(faults.notes) <= 1, faults.notes
    assert faults.kept or not faults.notes, "移开的要留着"
    assert all("数据仓库已损坏，已移开" in note and "请再运行一次" in note for note in faults.notes)


def test_what_cannot_be_read_is_kept_with_its_journal_and_only_the_last(campaign):
    office = campaign.again()
    older = office.settings.warehouse.with_name("warehouse.duckdb.unusable-20200101-000000")
    older.mkdir()
    damage.zero_all(office.settings.warehouse, random.Random(1))
    kept = damage.heal(office).kept
    assert [name.split(".unusable-")[0] for name in kept] == ["warehouse.duckdb", "warehouse.duckdb.wal"]
    assert older.name not in kept


def test_a_warehouse_that_another_program_holds_is_told_with_its_process_and_left_alone(campaign):
    office = campaign.again()
    holds = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", holds, str(office.settings.warehouse)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(Refusal, match=re.escape(f"数据仓库正被另一个程序打开（进程 {other.pid}）；请关闭它后再试")):
            office.run(MAY)
        other.stdin.close()
    healed = damage.heal(office)
    assert (healed.notes, healed.kept, healed.figures) == ([], [], campaign.expected)


def test_dagster_tries_again_where_a_damaged_warehouse_was_set_aside_and_nowhere_else():
    for refusal, again in ((SetAside("数据仓库已损坏"), True), (Refusal("月份有误"), False)):
        with pytest.raises(dg.Failure) as failure, refusals_shown():
            raise refusal
        assert (failure.value.description, failure.value.allow_retries) == (str(refusal), again)
    reference = reference_bundle.load(settings.load().reference)
    stages = assets.build(partitions.partitions(reference), reference)
    assert [stage.op.retry_policy.max_retries for stage in stages] == [1, 1, 1, 1]
