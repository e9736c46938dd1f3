"""What docs/reliability.md, operations.md and security.md promise is held by tests that exist, and by commands that can be given."""

import ast
import re
from pathlib import Path

import pytest

from pipelines.settings import REPOSITORY


def page(name: str) -> str:
    return (REPOSITORY / "docs" / f"{name}.md").read_text(encoding="utf-8")


PAGE = page("reliability")


def functions_of(path: Path) -> set[str]:
    """Names of the test functions of a file."""
    return {node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("name", "most"), [("reliability", 40), ("operations", 70), ("security", 40)])
def test_every_test_that_the_page_names_exists(name, most):
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page(name))
    assert len(named) >= most and page(name).count("::") == len(named)
    missing = [f"{path}::{test}" for path, test in named if test not in functions_of(REPOSITORY / path)]
    assert not missing, f"docs/{name}.md 指向不存在的测试：{missing}"


def test_every_threat_has_its_test_and_every_section_of_operations_too():
    rows = [line for line in page("security").splitlines() if line.startswith("| ") and not line.startswith("| threat")]
    assert len(rows) >= 20 and [row for row in rows if "::" not in row] == []
    sections = [part for part in page("operations").split("\n## ")[1:] if "held by no test" not in part.splitlines()[0]]
    assert len(sections) >= 9 and [part.splitlines()[0] for part in sections if "::" not in part] == []


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
