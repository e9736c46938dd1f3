"""The policy's text as reference data: paragraphs with their clause."""

import re
from dataclasses import dataclass
from pathlib import Path

_CHAPTER = re.compile(r"^([一二三四五六七八九十]+)、(.+)$")
_SECTION = re.compile(r"^(\([一二三四五六七八九十]+\))")
_SENTENCE = re.compile(r"[^。;]+[。;]?")


@dataclass(frozen=True)
class Paragraph:
    """One paragraph. `clause` is like `三(七)`, `五` in a chapter without sections, empty before the first chapter."""

    number: int
    clause: str
    heading: bool
    text: str

    @property
    def sentences(self) -> list[str]:
        """The paragraph split after 。 and ;."""
        return _SENTENCE.findall(self.text)


@dataclass(frozen=True)
class PolicyText:
    """The whole text, in order."""

    paragraphs: tuple[Paragraph, ...]

    def clause(self, clause: str) -> str:
        """All text of a clause (a chapter includes its sections), empty when there is no such clause."""
        return "\n".join(p.text for p in self.paragraphs if p.clause == clause or p.clause.startswith(f"{clause}("))

    @property
    def clauses(self) -> list[str]:
        return list(dict.fromkeys(p.clause for p in self.paragraphs if p.clause))

    def clause_of(self, quote: str) -> str | None:
        """Clause of the first paragraph with these words; None without one."""
        return next((p.clause for p in self.paragraphs if quote in p.text), None)


def load(path: Path) -> PolicyText:
    """Paragraphs of a text file: one a non-empty line; 一、 opens a chapter, (一) a section."""
    chapter = section = ""
    paragraphs: list[Paragraph] = []
    for line in filter(None, map(str.strip, path.read_text(encoding="utf-8").splitlines())):
        heading = _CHAPTER.match(line)
        if heading:
            chapter, section = heading[1], ""
        elif chapter and (opening := _SECTION.match(line)):
            section = opening[1]
        paragraphs.append(Paragraph(len(paragraphs) + 1, chapter + section, bool(heading), line))
    return PolicyText(tuple(paragraphs))
