"""What a reader types into the search: words that must all be found, each as it stands or as the initials of pinyin (`dg` for 东关).

`pinyin_initials.txt` has a line a letter: the letter, then every character of GB 2312 and of the rosters that can be read with it
(made once with pypinyin 0.55, MIT).
"""

import re
from functools import cache
from pathlib import Path

_INITIALS = Path(__file__).with_name("pinyin_initials.txt")
# fewer letters would find nearly everything
_LEAST = 2
_MOST = 6


def words(text: str) -> list[str]:
    """The words of a search, at most six."""
    return text.replace("，", " ").replace("、", " ").split()[:_MOST]


def pattern(word: str) -> str | None:
    """A regular expression for names that a word's letters are the initials of; None for a word that is no such letters."""
    if len(word) < _LEAST or not re.fullmatch("[A-Za-z]+", word):
        return None
    read = _read_as()
    return "".join(f"[{letter}{letter.upper()}{read.get(letter, '')}]" for letter in word.lower())


@cache
def _read_as() -> dict[str, str]:
    return {line[0]: line[1:] for line in _INITIALS.read_text(encoding="utf-8").splitlines()}


def matches(text: str, *names: str) -> bool:
    """Whether every word of a search is in one of the names."""
    return all(any(_in(word, name) for name in names) for word in words(text))


def _in(word: str, name: str) -> bool:
    initials = pattern(word)
    return word in name or bool(initials and re.search(initials, name))
