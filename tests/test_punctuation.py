"""Chinese text has full-width punctuation in every string that people read; numbers, codes and ratios keep their own."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path
    for folder in ("dashboards", "pipelines")
    for kind in ("*.py", "*.html", "*.js")
    for path in (ROOT / folder).rglob(kind)
    if ".min." not in path.name
)
DECLARED = [ROOT / "data/reference" / name for name in ("findings.yaml", "behaviour.yaml")]
_CHINESE = "\u3400-\u9fff\u3001\u3002\u300a\u300b\u201c\u201d"
_INSERTED = "\ue000"  # what an f-string inserts
HALF_WIDTH = re.compile(
    rf"[{_CHINESE}][,:;?!()]|[,;?!()][{_CHINESE}]"
    rf"|(?<=[{_CHINESE}])\s*{_INSERTED}[,;?!(]|[,;?!)]{_INSERTED}\s*(?=[{_CHINESE}])"
)
_PATTERN = re.compile(r"\(\?[:<=!]|\\[dsw]|\[\^?[^\]]{2,}\]|\)\$")  # regular expressions
_LINKS = re.compile(r"`[^`]*`|(?<=\])\([^)]*\)")  # commands and addresses
# compared with what stands in a sheet, whose marks are folded to half width
MATCHED = {"单位:", "。.,;、!"}


def texts(path: Path) -> list[str]:
    """String literals of a module but docstrings and regular expressions; lines of another file. What an f-string inserts is a placeholder."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return _LINKS.sub("", source).splitlines()
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
    joined = [_joined(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    return [text for text in [*plain, *joined] if text not in MATCHED and not _PATTERN.search(text)]


def _has_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None


def _joined(node: ast.JoinedStr) -> str:
    return "".join(part.value if isinstance(part, ast.Constant) else _INSERTED for part in node.values)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_chinese_text_has_full_width_marks(path):
    wrong = [text for text in texts(path) if HALF_WIDTH.search(text)]
    assert not wrong, f"中文里用全角标点：{wrong}"


@pytest.mark.parametrize("path", DECLARED, ids=lambda path: path.name)
def test_findings_and_questions_have_full_width_marks(path):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    quoted = [text for line in lines for text in re.findall(r'"([^"]*)"', re.sub(r"\{\w+\}", _INSERTED, line))]
    wrong = [text for text in quoted if HALF_WIDTH.search(text)]
    assert quoted and not wrong, f"中文里用全角标点：{wrong}"


def test_the_guide_has_full_width_marks():
    guide = (ROOT / "docs/用户指南.md").read_text(encoding="utf-8")
    prose = [
        re.sub(r"`[^`]*`|\]\([^)]*\)", _INSERTED, line) for line in guide.splitlines() if not line.startswith("    ")
    ]
    wrong = [line for line in prose if HALF_WIDTH.search(line)]
    assert prose and not wrong, f"中文里用全角标点：{wrong}"


@pytest.mark.parametrize(
    "text", ["现值(完成", "还差,", "报送:", "是吗?", ";请核对", "甲)", "县 \ue000(\ue000)", "共 \ue000;\ue000 份"]
)
def test_half_width_marks_are_seen(text):
    assert HALF_WIDTH.search(text)


@pytest.mark.parametrize(
    "text", ["45.7%（2,274/4,977）", "2020-05/1 第 1 版", "1,276 个社区（村）", "距 2020年底 17:30"]
)
def test_numbers_codes_and_ratios_keep_their_marks(text):
    assert not HALF_WIDTH.search(text)
