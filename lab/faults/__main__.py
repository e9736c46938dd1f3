"""Kill −9, or fail, a step at its N-th file-system event, for every N; then look, go on, and look again.

    python -m lab.faults --how kill --every 1 --random 100
    python -m lab.faults --worn    each step killed, begun again without room on the disk, begun again and killed: one round a step

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
from collections import Counter as Count
from collections.abc import Callable
from pathlib import Path

import pandas  # noqa: F401 pyarrow imports it with its first table: once here, not in every child

from lab.faults import checker, steps
from lab.faults.strikes import Counter, in_child
from pipelines.reference import reference_bundle

Strike = tuple[int, str]  # at which event, and how


def step_in(name: str, place: steps.Place, at: int, how: str) -> Callable:
    def work(send) -> None:
        counter = Counter(place.root, at, how)
        counter.install()
        try:
            steps.STEPS[name](place, lambda digest: send(f"ack {digest}"))
        finally:
            send(f"events {counter.count}")

    return work


def healed(name: str, place: steps.Place) -> Callable:
    def work(send) -> None:
        steps.go_on(name, place)
        send("figures " + json.dumps(steps.shown(place), ensure_ascii=False, default=str))

    return work


class Campaign:
    """All rounds, and what did not hold."""

    def __init__(self, root: Path):
        self.root, self.rounds, self.struck, self.troubles, self.refusals = root, 0, Count(), [], set()
        status, message = in_child(lambda send: send("|".join(map(str, steps.prepare(root)))))
        assert status == 0, message
        self.workbook, self.reference = map(Path, message.strip().split("|"))
        reference_bundle.load(self.reference)  # once here, not in every child
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
        _, message = in_child(step_in(name, place, 0, "kill"))
        assert "events" in message, message
        self.lasts[name] = time.monotonic() - began
        if steps.ends_as(name) not in self.expected:
            self.expected[steps.ends_as(name)] = self.go_on(name, place)
        return int(message.split("events ")[1])

    def go_on(self, name: str, place: steps.Place) -> str:
        _, message = in_child(healed(name, place))
        return message if message.startswith("figures") else f"not healed: {message}"

    def round(self, name: str, at: int, how: str, after: float | None = None) -> None:
        """One strike at a place of its own, and the look at what is left and at how it goes on."""
        place = self.place(name)
        acks, faults, _ = self.strike(name, place, (at, how), after)
        self.look(name, f"{how} at {at or after}", place, acks, faults)

    def worn(self, name: str, strikes: list[Strike]) -> None:
        """Several strikes at one place: each time the step is begun again. One that comes after the step's end is made at another place."""
        place, acks, all_faults, events = self.place(name), [], [], ""
        for at, how in strikes:
            more, faults, reached = self.strike(name, place, (at, how))
            acks, all_faults, events = acks + more, all_faults + faults, f"{events} {how} at {at}"
            if not reached:
                self.look(name, events, place, acks, all_faults)
                place = self.place(name)
                acks, all_faults, _ = self.strike(name, place, (at, how))
                events = f" {how} at {at}"
        self.look(name, events, place, acks, all_faults)

    def strike(
        self, name: str, place: steps.Place, strike: Strike, after: float | None = None
    ) -> tuple[list[str], list[str], bool]:
        """What was acknowledged before the strike, what does not hold after it, and whether it fell within the step."""
        at, how = strike
        status, message = in_child(step_in(name, place, at, how), after)
        reached = status < 0 or (0 < at <= int((message.split("events ")[1:] or ["0"])[0].split()[0]))
        self.struck.update([f"{name} {how}"] if reached else [])
        acks = [line[4:] for line in message.splitlines() if line.startswith("ack ")]
        refused = [line for line in message.splitlines() if line.startswith("!")]
        self.refusals |= {line.split(":")[0] for line in refused}
        faults = checker.faults(place.settings.data, acks)
        return acks, faults + [line for line in refused if not line.startswith("! Refusal")], reached

    def look(self, name: str, struck: str, place: steps.Place, acks: list[str], faults: list[str]) -> None:
        """Go on as the next ordinary run does, and note what does not hold then."""
        figures = self.go_on(name, place)
        if figures != self.expected[steps.ends_as(name)]:
            faults = [*faults, f"other figures: {figures[:300]}"]
        faults += checker.faults(place.settings.data, acks)
        faults += [f"left over: {path}" for path in checker.leftovers(place.root)]
        told_editions = checker.editions_told(place.settings.data)
        if len(told_editions) != len(set(told_editions)):
            faults.append(f"told twice: {told_editions}")
        self.rounds += 1
        self.troubles += [f"{name} {struck}: {fault}" for fault in faults]
        print(f"{self.rounds} {name} {struck}: {faults or 'well'}", file=sys.stderr, flush=True)


def worn_out(events: int, chance: random.Random) -> list[Strike]:
    """Killed in the step's second half, then begun again on a full disk, then begun again and killed: what is left to do is less each time."""
    early = max(1, events // 4)
    return [
        (chance.randint(events // 2, events * 9 // 10), "kill"),
        (chance.randint(1, early), "enospc"),
        (chance.randint(1, early), "kill"),
    ]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--steps", default=",".join(steps.STEPS))
    options.add_argument("--how", default="kill")
    options.add_argument(
        "--worn", action="store_true", help="three strikes a step at one place, instead of --how and --every"
    )
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
        for name in names if chosen.worn else ():
            campaign.worn(name, worn_out(counts[name], chance))
        for how in () if chosen.worn else chosen.how.split(","):
            for name in names:
                for at in range(chance.randint(1, chosen.every), counts[name] + 1, chosen.every):
                    campaign.round(name, at, how)
        for _ in range(chosen.random):
            name = chance.choice(names)
            campaign.round(name, 0, "kill", chance.uniform(0.001, campaign.lasts[name]))
    summary = {
        "events": counts,
        "rounds": campaign.rounds,
        "struck": campaign.struck.total(),
        "strikes": dict(sorted(campaign.struck.items())),
        "refusals": sorted(campaign.refusals),
    }
    print(json.dumps({**summary, "troubles": campaign.troubles}, ensure_ascii=False, indent=1))
    sys.exit(bool(campaign.troubles))


if __name__ == "__main__":
    main()
