"""Where the areas and labels of a map stand, in per cent of its box: outlines made flat, thinned, and labels that do not collide."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dashboards.queries.row_types import Mark, Outline

Point = tuple[float, float]
# two points nearer than this are drawn as one
_FINE = 0.2
# of a label, of the box: letters are about 2 % wide at the map's font size
_LETTER, _LINE = 2.05, 2.3


@dataclass(frozen=True)
class Frame:
    """The box of the map: west and north edge in degrees, and how many per cent a degree is."""

    west: float
    north: float
    across: float
    down: float
    # width by height
    ratio: float

    def place(self, point: Sequence[float]) -> Point:
        return (point[0] - self.west) * self.across, (self.north - point[1]) * self.down


def frame(outlines: Sequence[Outline]) -> Frame:
    """The box around all outlines, with a degree of longitude as long as it is at the middle latitude."""
    points = [point for outline in outlines for ring in outline["rings"] for point in ring]
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    shrink = math.cos(math.radians((south + north) / 2))
    wide, high = (east - west) or 1.0, (north - south) or 1.0
    return Frame(west, north, 100 / wide, 100 / high, wide * shrink / high)


def polygon(outline: Outline, within: Frame) -> str:
    """All rings as one CSS polygon: from each ring a line leads back to the first point, which covers no area."""
    rings = [_thinned([within.place(point) for point in ring]) for ring in outline["rings"]]
    first = rings[0][0]
    edge = [point for ring in rings for point in [*ring, ring[0], first]]
    return ",".join(f"{x:.1f}% {y:.1f}%" for x, y in edge)


def _thinned(ring: Sequence[Point]) -> list[Point]:
    kept = [ring[0]]
    for point in ring[1:]:
        if math.dist(point, kept[-1]) >= _FINE:
            kept.append(point)
    return kept


def middles(outlines: Sequence[Outline], marks: Mapping[str, Mark], within: Frame) -> dict[str, Point]:
    """code → where the label of a county would best stand: deep within its area; of a county without one, beside its neighbour."""
    points = {outline["code"]: within.place(_deepest(outline)) for outline in outlines}
    for code, mark in marks.items():
        if mark["beside"] in points:
            x, y = points[mark["beside"]]
            points[code] = x + mark["shift"][0] * within.across, y - mark["shift"][1] * within.down
    return points


def _deepest(outline: Outline) -> Point:
    """The point of a grid over the longest ring that is farthest from its edge."""
    ring = [(p[0], p[1]) for p in max(outline["rings"], key=len)]
    xs, ys = [p[0] for p in ring], [p[1] for p in ring]
    across, down = (max(xs) - min(xs)) / _GRID, (max(ys) - min(ys)) / _GRID
    grid = [(min(xs) + across * (i + 0.5), min(ys) + down * (j + 0.5)) for i in range(_GRID) for j in range(_GRID)]
    inside = [point for point in grid if _within(point, ring)]
    return max(inside or [((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)], key=lambda p: _depth(p, ring))


_GRID = 14


def _within(point: Point, ring: Sequence[Point]) -> bool:
    """Whether a ray from the point to the east crosses the ring an odd number of times."""
    x, y = point
    crossed = False
    for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            crossed = not crossed
    return crossed


def _depth(point: Point, ring: Sequence[Point]) -> float:
    return min(math.dist(point, corner) for corner in ring)


@dataclass(frozen=True)
class Box:
    """A label's place: its middle and its size."""

    x: float
    y: float
    wide: float
    high: float

    def overlap(self, other: "Box") -> float:
        """Area shared with another box, in square per cent of the map."""
        across = (self.wide + other.wide) / 2 - abs(self.x - other.x)
        down = (self.high + other.high) / 2 - abs(self.y - other.y)
        return across * down if across > 0 and down > 0 else 0.0


def spread(wanted: Mapping[str, Point], texts: Mapping[str, Sequence[str]], ratio: float) -> dict[str, Point]:
    """code → middle of its label, moved as little as it must be so that no label covers another. `texts`: the lines of each label."""
    placed: dict[str, Box] = {}
    # long labels first: short ones find room beside them
    for code in sorted(wanted, key=lambda code: (-max(map(len, texts[code])), code)):
        wide = _LETTER * max(map(_width, texts[code]))
        high = _LINE * ratio * len(texts[code])
        boxes = (Box(x, y, wide, high) for x, y in _around(wanted[code], wide, high))
        placed[code] = min(boxes, key=lambda box: _cost(box, wanted[code], placed.values()))
    return {code: (box.x, box.y) for code, box in placed.items()}


def _width(text: str) -> float:
    """Width of a text in Chinese characters; digits and signs are about half as wide."""
    wide = len([letter for letter in text if ord(letter) > 0x2000])
    return wide + 0.56 * (len(text) - wide)


def _around(point: Point, wide: float, high: float) -> Iterable[Point]:
    """The point and places around it, each kept within the map."""
    for far in (0.0, 0.3, 0.6, 0.9, 1.2):
        for turn in range(12 if far else 1):
            angle = math.pi * turn / 6
            x, y = point[0] + far * wide * math.cos(angle), point[1] + far * 1.6 * high * math.sin(angle)
            yield min(max(x, wide / 2), 100 - wide / 2), min(max(y, high / 2), 100 - high / 2)


def _cost(box: Box, wanted: Point, others: Iterable[Box]) -> float:
    return 1000 * max(map(box.overlap, others), default=0.0) + math.dist((box.x, box.y), wanted)
