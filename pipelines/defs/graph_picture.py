"""The graph of assets as a picture, `docs/assets.svg`: `python -m pipelines.defs.graph_picture [--check]`."""

import argparse
import sys
from collections.abc import Iterable
from html import escape

import dagster as dg

from pipelines import settings
from pipelines.defs import asset_specs, sources
from pipelines.reference import reference_bundle
from pipelines.settings import REPOSITORY

PLACE = REPOSITORY / "docs" / "assets.svg"
WIDTH, HEIGHT, GAP, BETWEEN, TOP = 168, 40, 16, 56, 44
COLOURS = {"sources": "#eef1f4", "received": "#e3eef7", "figures": "#e6f2e6", "edition": "#fbf1dc", "papers": "#f5e6ee"}


def specs() -> list[dg.AssetSpec]:
    """Specs of all assets, and of the sources that they are made from."""
    reference = reference_bundle.load(settings.load().reference)
    made = [*asset_specs.submissions(reference), *asset_specs.figures(reference), *asset_specs.release(reference)]
    made += asset_specs.report()
    used = {dep.asset_key for spec in made for dep in spec.deps}
    return [*(spec for spec in sources.specs() if spec.key in used), *made]


def columns(assets: Iterable[dg.AssetSpec]) -> list[list[dg.AssetSpec]]:
    """Assets in columns from left to right, each to the right of its inputs."""
    depth: dict[dg.AssetKey, int] = {}
    for spec in assets:  # in the order in which they are made
        depth[spec.key] = max((depth[dep.asset_key] + 1 for dep in spec.deps if dep.asset_key in depth), default=0)
    return [[spec for spec in assets if depth[spec.key] == n] for n in range(max(depth.values()) + 1)]


def svg() -> str:
    """The graph as SVG."""
    assets = specs()
    placed = columns(assets)
    tall = max(map(len, placed)) * (HEIGHT + GAP)
    at = {
        spec.key: (20 + n * (WIDTH + BETWEEN), TOP + (tall - len(column) * (HEIGHT + GAP)) // 2 + m * (HEIGHT + GAP))
        for n, column in enumerate(placed)
        for m, spec in enumerate(column)
    }
    lines = [_line(at[dep.asset_key], at[spec.key]) for spec in assets for dep in spec.deps if dep.asset_key in at]
    boxes = [_box(spec, *at[spec.key]) for spec in assets]
    wide = 20 + len(placed) * (WIDTH + BETWEEN)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {TOP + tall + 10}" font-family="sans-serif" font-size="12">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', *_legend(), *lines, *boxes, "</svg>", ""])


def _legend() -> list[str]:
    marks = []
    for n, (group, colour) in enumerate(COLOURS.items()):
        marks.append(f'<rect x="{20 + n * 110}" y="12" width="14" height="14" fill="{colour}" stroke="#8796a5"/>')
        marks.append(f'<text x="{40 + n * 110}" y="24">{group}</text>')
    return marks


def _line(start: tuple[int, int], end: tuple[int, int]) -> str:
    x, y, u, v = start[0] + WIDTH, start[1] + HEIGHT // 2, end[0], end[1] + HEIGHT // 2
    middle = (x + u) // 2
    return f'<path d="M{x} {y}C{middle} {y} {middle} {v} {u} {v}" fill="none" stroke="#b3bfca"/>'


def _box(spec: dg.AssetSpec, x: int, y: int) -> str:
    name, kinds = spec.key.to_user_string().removeprefix("sources/"), "、".join(sorted(spec.kinds))
    return (
        f"<g><title>{escape(spec.description or '')}</title>"
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="5" fill="{COLOURS[spec.group_name or "sources"]}" stroke="#8796a5"/>'
        f'<text x="{x + 8}" y="{y + 17}">{escape(name)}</text><text x="{x + 8}" y="{y + 32}" font-size="9" fill="#5a6772">{kinds}</text></g>'
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit with 1 where the picture is out of date"
    )
    text = svg()
    current = PLACE.exists() and PLACE.read_text(encoding="utf-8") == text
    if not parser.parse_args().check and not current:
        PLACE.write_text(text, encoding="utf-8")
    elif not current:
        print("docs/assets.svg: out of date; run make docs")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
