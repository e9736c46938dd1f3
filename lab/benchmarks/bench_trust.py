"""What trust costs: verdicts from both ends of the bounds, the gate, a spot check, and a restore up to the first page.

    python -m lab.benchmarks.bench_trust [--quick]

An installation holds some months of the city. Verdicts: the CPU of judging its last month, every status three times (lower, upper and as
last reported), beside counting the same month. Gate: its last edition is retracted, and the retraction withdrawn. Spot check: the plan of
one indicator that a county meets is proposed, committed to and drawn. These are told beside merely reading the cells of the largest county's
workbook. Restore: a backup is restored into an empty folder and a server started on it sends the overview, beside a server
started on the installation itself; the other editions are made afterwards and not waited for.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from lab.benchmarks import city
from lab.benchmarks.bench_dashboard import APP, served
from lab.benchmarks.bench_reading import bare, in_turns
from lab.benchmarks.measured import Measured
from lab.benchmarks.session import session
from pipelines import months
from pipelines.edition import edition_folders, open_release, spot_planning
from pipelines.edition.spot_planning import Wish
from pipelines.figures import as_now, effective_answers, figure_counts, progress
from pipelines.intake import decisions, spot_desk
from pipelines.intake.session import writing
from pipelines.monthly import gate, whole_backup
from pipelines.months import SHANGHAI
from pipelines.settings import Settings

TURNS, DECIDE = 7, 15
# a county's share that its reports meet
_PROVEN = """SELECT i.indicator, f.unit FROM indicator AS i JOIN figure_all AS f ON (f.policy, f.indicator) = (i.policy, i.indicator)
             WHERE i.is_share AND i.counted = 'community' AND f.level = 'county' AND f.status = 'met' AND f.month = ?
             ORDER BY f.denominator DESC, i.position, f.unit LIMIT 1"""


def measure(quick: bool = False) -> list[Measured]:
    """Ratios to a floor of the same run."""
    count, turns = (2, 3) if quick else (12, TURNS)
    kept, sent = city.kept(count)
    month = months.add(city.FIRST, count - 1)
    largest = max(city.files(sent / months.key(month)), key=lambda path: path.stat().st_size).read_bytes()
    store = f"{count} months in store"
    with tempfile.TemporaryDirectory(prefix="shequ-trust-", dir=kept.data.parent) as folder:
        place = city.copy(kept, Path(folder) / "data")
        verdicts, counts = _judged(place, month, turns)
        proposed, gates, spots = [], [], []
        reading = statistics.median(_seconds(lambda: bare(largest)) for _ in range(turns))
        for turn in range(turns):
            gates.append(_seconds(lambda: _retracted(place)) / 2)
            spots.append(_seconds(lambda turn=turn: _drawn(place, month, turn, proposed)))
        restored, standing = _restored(place, Path(folder))
    floor = "bare read of the largest county's workbook"
    return [
        Measured("G2", f"verdicts of a month from both ends of the bounds, {store}", verdicts, "s CPU", None, counts, "counting it"),
        Measured("G1", f"an edition retracted or given back, {store}", statistics.median(gates), "s", DECIDE, reading, floor),
        Measured("G1", f"a spot check proposed, {store}", statistics.median(proposed), "s", None, reading, floor),
        Measured("G1", f"a spot check proposed, planned and drawn, {store}", statistics.median(spots), "s", None, reading, floor),
        Measured("G3", f"restore of {count} months until the overview is drawn", restored, "s", None, standing, "without a restore"),
    ]  # fmt: skip


def _judged(place: Settings, month: date, turns: int) -> list[float]:
    """CPU seconds of judging a month by its own divisions, and of counting it."""
    with writing(place, "基准") as opened:
        effective_answers.load_rosters(opened, month)
        return in_turns(
            turns,
            lambda: progress.compute(opened, [month], as_now.key(opened, month), "then", city.FIRST),
            lambda: figure_counts.compute(opened, [month], as_now.key(opened, month)),
        )


def _retracted(place: Settings) -> None:
    folder = edition_folders.current(place.releases)
    assert folder
    event = gate.retract(edition_folders.name_of(folder), "基准", place, city.BY)
    decisions.withdraw(event.seq, "基准", place, city.BY)


def _drawn(place: Settings, month: date, turn: int, proposed: list[float]) -> None:
    began = time.perf_counter()
    release = open_release(month, settings=place)
    (proven,) = release.rows(_PROVEN, [month])
    proposals = spot_planning.proposals(
        release, Wish(month, [proven["indicator"]], "county", proven["unit"], allowed=0)
    )
    proposed.append(time.perf_counter() - began)
    planned = datetime.now(SHANGHAI)
    drawn = planned + timedelta(days=3)
    number = spot_desk.Number("排列5", f"第{turn}期", drawn.date())
    event = spot_desk.plan(release, proposals, spot_desk.Terms(number), place, city.BY, planned)
    spot_desk.make_draw(event.body["list"], "12345", "体彩网", place, city.BY, drawn)


def _restored(place: Settings, folder: Path) -> tuple[float, float]:
    """Seconds from a backup to the overview, and to the overview of the installation that was backed up."""
    whole_backup.backup(place, folder / "backup")
    standing = _seconds(lambda: _overview(place))
    there = Settings(folder / "restored", place.reference)
    restored = _seconds(lambda: whole_backup.restore(there, folder / "backup"))
    return restored + _seconds(lambda: _overview(there)), standing


def _overview(place: Settings) -> None:
    with served(APP, place.data) as (address, pid), session(address, pid) as reader:
        assert reader.open()


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    for line in measure("--quick" in sys.argv[1:]):
        print(f"{line.what}: {line.ours:.3f} {line.unit}, {line.peer_name} {line.peer:.3f}: {line.ratio:.2f}")
