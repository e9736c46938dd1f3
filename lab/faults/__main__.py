"""Kill −9, or fail, a step at its N-th file-system event, for every N; then look, go on, and look again.

    python -m lab.faults --how kill --every 1 --random 100

Children are forked before anything is opened, so that a round costs no start-up. Prints one JSON object.
"""

import argparse
import json
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lab.faults import checker, steps
from lab.faults.strikes import Counter, in_child


def step_in(name: str, place: steps.Place, at: int, how: str) -> Callable:
    def work(tell) -> None:
        counter = Counter(place.root, at, how)
        counter.install()
        steps.STEPS[name](place, lambda digest: tell(f"ack {digest}"))
        tell(f"events {counter.count}")

    return work


def healed(name: str, place: steps.Place) -> Callable:
    def work(tell) -> None:
        steps.go_on(name, place)
        tell("figures " + json.dumps(steps.shown(place), ensure_ascii=False, default=str))

    return work


class Campaign:
    """All rounds, and what did not hold."""

    def __init__(self, root: Path):
        self.root, self.rounds, self.struck, self.troubles, self.refusals = root, 0, 0, [], set()
        status, told = in_child(lambda tell: tell("|".join(map(str, steps.prepare(root)))))
        assert status == 0, told
        self.workbook, self.reference = map(Path, told.strip().split("|"))
        self.expected: dict[str, str] = {}
        self.lasts: dict[str, float] = {}

    def place(self, name: str) -> steps.Place:
        root = self.root / "round"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.root / f"before-{name}", root)
        return steps.Place(root, self.workbook, self.reference)

    def undisturbed(self, name: str) -> int:
        """How many events the step has; remembers how long it takes and what the figures are when nothing happens."""
        place, began = self.place(name), time.monotonic()
        _, told = in_child(step_in(name, place, 0, "kill"))
        assert "events" in told, told
        self.lasts[name] = time.monotonic() - began
        self.expected[name] = self.go_on(name, place)
        return int(told.split("events ")[1])

    def go_on(self, name: str, place: steps.Place) -> str:
        _, told = in_child(healed(name, place))
        return told if told.startswith("figures") else f"not healed: {told}"

    def round(self, name: str, at: int, how: str, after: float | None = None) -> None:
        place = self.place(name)
        status, told = in_child(step_in(name, place, at, how), after)
        self.rounds += 1
        self.struck += status != 0
        acks = [line[4:] for line in told.splitlines() if line.startswith("ack ")]
        refused = [line for line in told.splitlines() if line.startswith("!")]
        self.refusals |= {line.split(":")[0] for line in refused}
        found = checker.faults(place.settings.data, acks)
        found += [line for line in refused if not line.startswith("! Refusal")]
        if self.go_on(name, place) != self.expected[name]:
            found.append(f"other figures: {self.go_on(name, place)[:300]}")
        found += checker.faults(place.settings.data, acks)
        found += [f"left over: {path}" for path in checker.leftovers(place.root)]
        told_editions = checker.editions_told(place.settings.data)
        if len(told_editions) != len(set(told_editions)):
            found.append(f"told twice: {told_editions}")
        self.troubles += [f"{name} {how} at {at or after}: {fault}" for fault in found]
        print(f"{self.rounds} {name} {how} at {at or after}: {status} {found or 'well'}", file=sys.stderr, flush=True)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--steps", default=",".join(steps.STEPS))
    options.add_argument("--how", default="kill")
    options.add_argument("--every", type=int, default=1, help="strike at every so manieth event")
    options.add_argument("--random", type=int, default=0, help="kills at random moments, in all")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    multiprocessing.set_start_method("spawn")
    with tempfile.TemporaryDirectory(prefix="shequ-faults-") as folder:
        campaign = Campaign(Path(folder))
        names = chosen.steps.split(",")
        counts = {name: campaign.undisturbed(name) for name in names}
        chance = random.Random(chosen.seed)
        for how in chosen.how.split(","):
            for name in names:
                for at in range(chance.randint(1, chosen.every), counts[name] + 1, chosen.every):
                    campaign.round(name, at, how)
        for _ in range(chosen.random):
            name = chance.choice(names)
            campaign.round(name, 0, "kill", chance.uniform(0.001, campaign.lasts[name]))
    told = {
        "events": counts,
        "rounds": campaign.rounds,
        "struck": campaign.struck,
        "refusals": sorted(campaign.refusals),
    }
    print(json.dumps({**told, "troubles": campaign.troubles}, ensure_ascii=False, indent=1))
    sys.exit(bool(campaign.troubles))


if __name__ == "__main__":
    main()
