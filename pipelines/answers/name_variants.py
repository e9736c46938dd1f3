"""Names of communities, villages and towns, compared exactly after folding and within their usual variants; never by likeness.

东关社区居委会, 东关社区居民委员会 and 东关社区 are one name with and without the body that it stands for. A 居委会 and a
村委会 of one name are two bodies.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from pipelines.reference.labels import fold

_BODIES = (
    (re.compile(r"(?<=.)(?:社区居民委员会|社区居委会|社区居委|社区委员会)$"), "社区", "居"),
    (re.compile(r"(?<=.)(?:居民委员会|居委会|居委)$"), "", "居"),
    (re.compile(r"(?<=.)(?:村村民委员会|村村委会|村村委)$"), "村", "村"),
    (re.compile(r"(?<=.)(?:村民委员会|村委会|村委)$"), "", "村"),
    (re.compile(r"(?<=.)社区$"), "社区", "居"),
)
_CORE = re.compile(r"(?<=.)(?:社区|村)$")
_BRACKETED_BODY = re.compile(
    r"(?<=.)\([^()]*?(社区居民委员会|社区居委会|村民委员会|居民委员会|村委会|居委会|社区|村)\)$"
)
# what lists put before and behind a name: an ordinal, a mark, a full stop
_LISTED = re.compile(r"^(?:[*#·•●■★☆]|\(\d{1,3}\)|\d{1,3}[.、,)])+|[。.、,;:*]+$")
_TOWN = re.compile(r"(?<=.)(?:街道办事处|街道办|办事处|街道|镇人民政府|乡人民政府|镇|乡)$")
_NOISE = re.compile(r"[()·.,、*#]")


class Forms(NamedTuple):
    """A name as written, without its body (东关社区), and bare (东关); `body` is 居, 村 or unsaid."""

    written: str
    stem: str
    core: str
    body: str


@lru_cache(maxsize=1 << 16)
def forms(name: str) -> Forms:
    """The spellings of a unit name that are compared: as written, without the committee, the core, and the committee."""
    written = fold(name)
    for pattern, kept, body in _BODIES:
        ending = pattern.search(written)
        if ending:
            stem = written[: ending.start()] + kept
            return Forms(written, stem, _CORE.sub("", stem), body)
    return Forms(written, written, _CORE.sub("", written), "")


def keys(name: str) -> tuple[tuple[str, str], ...]:
    """Keys to look a name up by, strictest first: as written, by stem and body, by core and body."""
    form = forms(name)
    return ("=" + form.written, ""), (form.stem, form.body), ("~" + form.core, form.body)


def index_keys(name: str) -> set[tuple[str, str]]:
    """All keys under which a roster name can be found: those of a sender who leaves the body out too."""
    form = forms(name)
    bare = {(form.stem, ""), ("~" + form.core, "")}
    return {*keys(name), *bare}


def without_bracketed_body(name: str) -> tuple[str, str] | None:
    """前三里(村委会) as 前三里村委会, and as 前三里; None where there is no body in brackets."""
    written = fold(name)
    bracketed = _BRACKETED_BODY.search(written)
    return (written[: bracketed.start()] + bracketed[1], written[: bracketed.start()]) if bracketed else None


def without_list_marks(name: str) -> str:
    """1.前三里村委会 and *前三里村委会。 as 前三里村委会."""
    return _LISTED.sub("", name)


def same(given: str, known: str) -> bool:
    """Whether a given name is a variant of a known one."""
    return not index_keys(known).isdisjoint(keys(given))


@lru_cache(maxsize=1 << 14)
def town_stem(name: str) -> str:
    """钢铁路街道办事处 and 钢铁路街道 are 钢铁路; 内步乡 that became a 镇 stays 内步."""
    return _TOWN.sub("", _NOISE.sub("", fold(name)))
