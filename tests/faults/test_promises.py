"""What docs/reliability.md promises is proven by tests that exist, and by commands that can be given (issue F)."""

import ast
import re
from pathlib import Path

from pipelines.settings import REPOSITORY

PAGE = (REPOSITORY / "docs" / "reliability.md").read_text(encoding="utf-8")


def functions_of(path: Path) -> set[str]:
    """Names of the test functions of a file."""
    return {node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)}


def test_every_test_that_the_page_names_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) >= 40
    missing = [f"{path}::{test}" for path, test in named if test not in functions_of(REPOSITORY / path)]
    assert not missing, f"docs/reliability.md 指向不存在的测试:{missing}"


def test_every_command_that_the_page_names_can_be_given():
    modules = set(re.findall(r"python -m ((?:tests|lab)[\w.]*)", PAGE))
    assert {"lab.faults", "lab.faults.damage", "lab.faults.power"} <= modules
    for module in modules:
        place = REPOSITORY / module.replace(".", "/")
        assert place.with_suffix(".py").exists() or (place / "__main__.py").exists(), module


def test_every_promise_has_its_proof():
    rows = [
        line
        for line in PAGE.splitlines()
        if line.startswith("| ") and not line.startswith(("| promise", "| campaign", "|---"))
    ]
    assert len(rows) >= 20
    assert [row for row in rows if "::" not in row and "python -m" not in row] == []
