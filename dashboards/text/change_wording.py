"""What changed in a county since the month before, in sentences."""

from collections.abc import Sequence

from dashboards.charts.palette import NAMES
from dashboards.text.screen_wording import number
from pipelines.edition.progress_rows import Moved, Slipped


def slipped(rows: Sequence[Slipped]) -> str:
    """`本月状态变差：甲率由进度正常变为进度偏慢；…。` of one county."""
    said = (f"{row['name']}由{NAMES[row['status_before']]}变为{NAMES[row['status']]}" for row in rows)
    return f"本月状态变差：{'；'.join(said)}。" if rows else ""


def moved_in(rows: Sequence[Moved], county: str, most: int = 3) -> str:
    """`本月新增：甲率 21 个，乙率 3 个；减少：…；另因补报增加：…。` of one county's units: first by work, then by reports and roster."""
    own = [(row["name"], place) for row in rows for place in row["counties"] if place["unit"] == county]
    beside = [(row["name"], place) for row in rows for place in row.get("beside", []) if place["unit"] == county]
    work = [(name, place["gained"] - place["lost"]) for name, place in own]
    reported, founded, boundary = (
        [(name, place["reported"] - place["founded"]) for name, place in beside],
        [(name, place["founded"]) for name, place in beside],
        [(name, place["boundary"]) for name, place in beside],
    )
    parts = [
        *_rose_and_fell("本月新增：", "减少：", work, most),
        *_rose_and_fell("另因补报增加：", "另因未报减少：", reported, most),
        *_rose_and_fell("另因新设单位首次填报增加：", "", founded, most),
        *_rose_and_fell("另因区划和名册调整增加：", "另因区划和名册调整减少：", boundary, most),
    ]
    # 另 only after something else
    return f"{'；'.join(parts).removeprefix('另')}。" if parts else ""


def _rose_and_fell(rises: str, falls: str, changes: Sequence[tuple[str, int]], most: int) -> list[str]:
    """Indicators with most units more, and those with most fewer."""
    rose = sorted((pair for pair in changes if pair[1] > 0), key=lambda pair: -pair[1])[:most]
    fell = sorted((pair for pair in changes if pair[1] < 0), key=lambda pair: pair[1])[:most]
    return [
        f"{word}{'，'.join(f'{name} {number(abs(units))} 个' for name, units in pairs)}"
        for word, pairs in ((rises, rose), (falls, fell))
        if pairs
    ]
