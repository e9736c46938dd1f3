"""Chinese text has full-width punctuation in every string of screen and papers; numbers, codes and ratios keep their own."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("dashboards", "pipelines/reports")
    for kind in ("*.py", "*.html", "*.js")
    for path in (ROOT / folder).rglob(kind)
)
_CHINESE = "\u3400-\u9fff\u3001\u3002\u300a\u300b\u201c\u201d"
HALF_WIDTH = re.compile(rf"[{_CHINESE}][,:;?!()]|[,;?!()][{_CHINESE}]")


def texts(path: Path) -> list[str]:
    """String literals of a module but docstrings; lines of another file. What an f-string inserts is a placeholder."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return source.splitlines()
    tree = ast.parse(source)
    docs = {id(node.body[0].value) for node in ast.walk(tree) if _has_docstring(node)}
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    plain = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (docs | inside)
    ]
    return [*plain, *(_joined(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr))]


def _has_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None


def _joined(node: ast.JoinedStr) -> str:
    return "".join(part.value if isinstance(part, ast.Constant) else "\ue000" for part in node.values)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_chinese_text_has_full_width_marks(path):
    found = [text for text in texts(path) if HALF_WIDTH.search(text)]
    assert not found, f"中文里用全角标点：{found}"


@pytest.mark.parametrize("text", ["现值(完成", "还差,", "报送:", "是吗?", ";请核对", "甲)"])
def test_half_width_marks_are_seen(text):
    assert HALF_WIDTH.search(text)


@pytest.mark.parametrize(
    "text", ["45.7%（2,274/4,977）", "2020-05/1 第 1 版", "1,276 个社区（村）", "距 2020年底 17:30"]
)
def test_numbers_codes_and_ratios_keep_their_marks(text):
    assert not HALF_WIDTH.search(text)
