"""The status palette under deuteranopia (Machado 2009, severity 1) and in grey: colours apart, signs legible."""

from itertools import combinations

import pytest

from dashboards.charts.palette import DARK, LIGHT, NAMES

DEUTERANOPIA = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)
GREY = ((0.2126, 0.7152, 0.0722),) * 3
# what must never be taken for one another at a glance: reached, in time, slow, too slow, gone back, missed
LADDER = ("met", "on_track", "lagging", "off_track", "reversing", "overdue")


def linear(colour: str) -> list[float]:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def seen(colour: str, eye: tuple) -> list[float]:
    return [min(1.0, max(0.0, sum(k * p for k, p in zip(row, linear(colour), strict=True)))) for row in eye]


def lab(rgb: list[float]) -> list[float]:
    """CIE L*a*b* of linear RGB (D65)."""
    x = (0.4124 * rgb[0] + 0.3576 * rgb[1] + 0.1805 * rgb[2]) / 0.95047
    y = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]
    z = (0.0193 * rgb[0] + 0.1192 * rgb[1] + 0.9505 * rgb[2]) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)]


def apart(one: str, other: str, eye: tuple) -> float:
    pairs = zip(lab(seen(one, eye)), lab(seen(other, eye)), strict=True)
    return sum((a - b) ** 2 for a, b in pairs) ** 0.5


def contrast(one: str, other: str, eye: tuple) -> float:
    weights = GREY[0]
    lights = sorted(sum(w * p for w, p in zip(weights, seen(c, eye), strict=True)) for c in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


@pytest.mark.parametrize("ink", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("one", "other"), list(combinations(LADDER, 2)))
def test_the_steps_of_progress_stay_apart_in_deuteranopia(ink, one, other):
    assert apart(ink.fill[one], ink.fill[other], DEUTERANOPIA) >= 15


@pytest.mark.parametrize("ink", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("good", ["met", "on_track"])
def test_what_goes_back_is_not_taken_for_good_on_a_grey_print(ink, good):
    assert apart(ink.fill[good], ink.fill["reversing"], GREY) >= 15


@pytest.mark.parametrize("ink", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("eye", [DEUTERANOPIA, GREY], ids=["deuteranopia", "grey"])
@pytest.mark.parametrize("status", [status for status in NAMES if status != "not_applicable"])
def test_each_sign_is_legible_on_its_colour(ink, eye, status):
    assert contrast(ink.fill[status], ink.on[status], eye) >= 3


@pytest.mark.parametrize("ink", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("eye", [DEUTERANOPIA, GREY], ids=["deuteranopia", "grey"])
@pytest.mark.parametrize("status", NAMES)
def test_each_sign_is_legible_on_the_page(ink, eye, status):
    assert contrast(ink.mark(status), ink.paper, eye) >= 3
