"""All months again from the archive: `shequ rebuild`.

    python -m lab.benchmarks.bench_rebuild [--quick] [--data DIR]

On copies of one installation of 29 months: once where every edition stands and is proved again, once where the archive is all that is left.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lab.benchmarks import city
from lab.benchmarks.measured import Measured
from pipelines import settings
from pipelines.monthly import rebuild_editions
from pipelines.settings import Settings
from pipelines.worker import worker_pool

SECONDS = 60.0


def measure(quick: bool = False, data: Path | None = None) -> list[Measured]:
    """G3: seconds of a rebuild."""
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        count = 3 if quick else city.WHOLE
        base = Settings(data, settings.load().reference) if data else city.kept(count)[0]
        for name, gone in (("every edition standing", ()), ("only the archive left", ("releases", "warehouse"))):
            result = _in_child("--rebuild", city.copy(base, Path(folder) / "copy"), *gone)
            what = f"rebuild of {result['releases']} editions, {name}"
            measured.append(Measured("G3", what, result["seconds"], "s", None if quick else SECONDS))
            measured.append(Measured("G3", f"{what}, CPU with children", result["cpu"], "s CPU"))
            shutil.rmtree(Path(folder) / "copy")
    return measured


def _in_child(*arguments: object) -> dict:
    texts = [str(item.data if isinstance(item, Settings) else item) for item in arguments]
    command = [sys.executable, "-m", "lab.benchmarks.bench_rebuild", *texts]
    done = subprocess.run(command, cwd=settings.REPOSITORY, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def rebuild(place: Settings, gone: list[str]) -> dict:
    """A rebuild without the folders `gone`: {releases, seconds, cpu}. Every edition must agree."""
    for name in gone:
        shutil.rmtree(place.data / name)
    with city.spending() as spent:
        verdict = rebuild_editions.rebuild(place)
        seconds = time.perf_counter() - spent.began
        worker_pool.dismiss()
    assert verdict["agrees"], verdict["message"]
    assert len(verdict["restored"]) == (verdict["releases"] if gone else 0)
    return {"releases": verdict["releases"], "seconds": seconds, "cpu": spent.cpu}


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--rebuild"]:
        print(json.dumps(rebuild(Settings(Path(arguments[1]), settings.load().reference), arguments[2:])))
    else:
        parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--quick", action="store_true")
        parser.add_argument("--data", type=Path)
        asked = parser.parse_args(arguments)
        for item in measure(asked.quick, asked.data):
            beside = f", {item.peer_name} {item.peer:.2f}, ratio {item.ratio:.2f}" if item.peer else ""
            print(f"{item.what}: {item.ours:.2f} {item.unit}{beside}")


if __name__ == "__main__":
    main(sys.argv[1:])
