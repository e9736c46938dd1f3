"""Community, village or statistical look-alike, by the code; and which of the three kinds a unit is.

Digits 10–12: 001–199 居委会, 200–399 村委会, 400–599 look-alikes. Digits 7–9 (GB/T 10114): 001–099 街道, 100–199 镇,
200–399 乡, from 400 farms, parks and zones. A 街道 is recognised by these digits and not by its name, because the name varies
(街道办事处, 街道, and 赞善办事处, which is 130582004 and became 赞善街道 in 2019 without any change in fact), while in all
editions every town of 001–099 is a 街道 and no other town is called one. A zone or farm (轴承工业园区, 大曹庄管理区) is none.
"""

from datetime import date
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from pipelines.errors import Refusal
from pipelines.reference.roster.arrow import text
from pipelines.reference.roster.county_attributes import Span
from pipelines.reference.strict_yaml import Entry, Plain, Prose, build, load_yaml

URBAN, TOWN, RURAL = "城市社区", "城镇社区", "农村社区"
KINDS = (URBAN, TOWN, RURAL)


def is_community(code: str) -> bool:
    """居委会."""
    return "001" <= code[9:] <= "199"


def is_village(code: str) -> bool:
    """村委会."""
    return "200" <= code[9:] <= "399"


def is_unit(code: str) -> bool:
    """Surveyed at all: 居委会 or 村委会, no look-alike."""
    return "001" <= code[9:] <= "399"


def are_units(codes: pa.ChunkedArray) -> pa.ChunkedArray:
    """`is_unit` of many codes."""
    digits = pc.utf8_slice_codeunits(codes, 9, 12)
    return pc.and_(pc.greater_equal(digits, text("001")), pc.less_equal(digits, text("399")))


def is_street(town_code: str) -> bool:
    """街道, by the digits of the town's code."""
    return "001" <= town_code[6:9] <= "099"


def derive(code: str, county_type: str, municipal: bool) -> str:
    """The kind of a unit in a month in which its county is (not) a municipal district."""
    if is_village(code):
        return RURAL
    if municipal or (county_type == "县级市" and is_street(code[:9])):
        return URBAN
    return TOWN


class Override(Entry):
    """A reviewed kind of one code, for all months or for some."""

    code: str = Field(pattern=r"^\d{12}$")
    kind: Literal["城市社区", "城镇社区", "农村社区"]
    reason: Prose = Field(min_length=1)
    first: str | None = Field(None, alias="from")
    last: str | None = Field(None, alias="until")

    @property
    def span(self) -> Span:
        return Span(**{"from": self.first, "until": self.last})

    def holds(self, month: date) -> bool:
        return self.span.holds(month)


class _OverrideFile(Entry):
    overrides: list[Plain]


def load_overrides(path: Path) -> list[Override]:
    """The reviewed kinds. A look-alike cannot be made a unit here."""
    declared = build(_OverrideFile, load_yaml(path), path.name)
    overrides = [build(Override, item, f"{path.name}：第{n}条") for n, item in enumerate(declared.overrides, 1)]
    for override in overrides:
        override.span.check(f"{path.name}：{override.code}")
        if not is_unit(override.code):
            raise Refusal(f"{path.name}：{override.code} 不是居委会或村委会的代码，不能指定社区类型")
    return overrides
