"""What must hold whatever was killed, looked at from outside: nothing here uses the code that it checks."""

import hashlib
import json
import re
from pathlib import Path


def faults(data: Path, acknowledged: list[str]) -> list[str]:
    """What does not hold of I1 (nothing acknowledged is lost) and I3 (what is current is whole)."""
    return [*_archive(data / "archive", acknowledged), *_current(data / "releases")]


def _archive(root: Path, acknowledged: list[str]) -> list[str]:
    broken, prev, received, last = [], "0" * 64, set(), None
    path = root / "ledger.jsonl"
    for line in path.read_bytes().split(b"\n")[:-1] if path.exists() else []:
        event = json.loads(line)
        if event["prev"] != prev:
            broken.append(f"chain broken at {event['seq']}")
        prev = hashlib.sha256(line).hexdigest()
        for digest in filter(None, (event["body"].get("sha256"), event["body"].get("bundle"))):
            if _digest(root / "objects" / digest[:2] / digest) != digest:
                broken.append(f"object of event {event['seq']} is missing or wrong")
        if event["kind"] == "submission":
            if event["body"]["sha256"] == last:
                broken.append(f"received twice: {event['seq']}")
            last = event["body"]["sha256"]
            received.add(last)
        elif event["kind"] == "withdraw":
            last = None
    return broken + [f"acknowledged and lost: {digest[:12]}" for digest in acknowledged if digest not in received]


def _current(shelf: Path) -> list[str]:
    if not (shelf / "current").exists():
        return []
    folder = shelf / (shelf / "current").read_text().strip()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    wanted = dict(manifest["files"])
    pages = [
        json.loads((folder / name).read_text()) for name in manifest["files"] if re.fullmatch(r".+/.+\.json", name)
    ]
    for tables in (*pages, manifest["tables"]):
        for table, entries in tables.items():
            wanted |= {f"tables/{table}/{key}.parquet": item["sha256"] for key, item in entries.items()}
    return [
        f"current: {name} is missing or wrong" for name, digest in wanted.items() if _digest(folder / name) != digest
    ]


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None


def leftovers(data: Path) -> list[str]:
    """What is half-made and would grow with every kill."""
    names = (str(path.relative_to(data)) for path in data.rglob("*"))
    return sorted(name for name in names if ".part" in name or name == ".rebuild" or ".restoring" in name)


def editions_told(data: Path) -> list[tuple[str, int]]:
    """Editions of the ledger, in order: one told twice would be two contents under one name."""
    lines = (data / "archive" / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    bodies = [event["body"] for event in map(json.loads, lines) if event["kind"] == "release"]
    return [(body["month"], body["edition"]) for body in bodies]
