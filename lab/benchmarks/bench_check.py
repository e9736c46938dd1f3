"""`shequ check` of one workbook as a process, beside a process that merely reads it; and ods and xls beside the bare read.

    python -m lab.benchmarks.bench_check [--quick]

The workbook is that of the median county of a month of the sample; the process is started anew each time, and its CPU is that of all
processes that it starts. Once in an empty installation, once in one that holds two months, where warnings compare with the release.
LibreOffice saves the same workbook as ods and xls.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from lab.benchmarks import city, script
from lab.benchmarks.bench_reading import bare, in_turns, read, reference, workbooks
from lab.benchmarks.measured import Lacking, Measured
from pipelines import settings
from pipelines.settings import Settings

CHECK, FORMAT = 1.0, 4.0
FEW = 2


def measure(quick: bool = False) -> list[Measured]:
    """Ratios of CPU. Errors: `Lacking` without LibreOffice."""
    if not shutil.which("soffice"):
        raise Lacking("LibreOffice (soffice), which saves a workbook as ods and xls")
    known, rounds = reference(), 3 if quick else 9
    made = workbooks(known)
    name, data = list(made.items())[len(made) // 2]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(data)
        place = city.copy(city.kept(FEW)[0], Path(folder) / "held")
        empty = Settings(Path(folder) / "empty", place.reference)
        lines = [_checked(file, place, held, rounds) for place, held in ((empty, 0), (place, FEW))]
        for kind in ("ods", "xls"):
            saved = _saved_as(file, kind)
            ours, theirs = in_turns(rounds, lambda data=saved, name=f"{file.stem}.{kind}": read(data, name, known), lambda data=saved: bare(data))  # fmt: skip
            lines.append(Measured("G1", f"read, median county as {kind}", ours * 1e3, "ms CPU", FORMAT, theirs * 1e3, "calamine to_python"))  # fmt: skip
    return lines


def _checked(file: Path, place: Settings, held: int, rounds: int) -> Measured:
    check = [sys.executable, "-m", "pipelines.cli", "--data", str(place.data), "check", str(file)]
    pairs = [
        [script.cpu_of(command, settings.REPOSITORY) for command in (check, script.command([file]))]
        for _ in range(rounds)
    ]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    what = f"shequ check of the median county's workbook, a process with its children, {held} months held"
    return Measured("G1", what, ours, "s CPU", CHECK, theirs, script.NAME)


def _saved_as(file: Path, kind: str) -> bytes:
    command = ["soffice", "--headless", "--convert-to", kind, "--outdir", str(file.parent), str(file)]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return file.with_suffix(f".{kind}").read_bytes()


if __name__ == "__main__":
    for line in measure("--quick" in sys.argv):
        print(f"{line.what}: {line.ours:.2f} {line.unit}, {line.peer_name} {line.peer:.2f}, ratio {line.ratio:.2f}")
