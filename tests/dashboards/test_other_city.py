"""Another city by reference data alone: template, submission, run, pages and papers, and nowhere a word of the first city."""

import csv
import gzip
import io
import json
import shutil
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from pipelines import settings, template
from pipelines.edition import open_release
from pipelines.reports import write_reports
from tests.books import Office, plain
from tests.dashboards.conftest import texts

REFERENCE = settings.REPOSITORY / "data" / "reference"
NATIONAL = next(
    (
        place
        for folder in settings.REPOSITORY.parents
        if (place := folder / "shared" / "rosters" / "china_2023.csv.gz").exists()
    ),
    None,
)
FIRST_CITY = ("邢台", "襄都", "信都", "130500", "1305")
MONTH = date(2020, 5, 1)
HEAD = ("code", "name", "town_code", "town", "county_code", "county")


@dataclass(frozen=True)
class OtherCity:
    """A city that the test sets up: its counties by code, its roster's rows, and whether it has a `city.yaml`."""

    code: str
    name: str
    counties: dict[str, tuple[str, str]]
    rows: list[tuple[str, ...]]
    facts: bool


def invented() -> OtherCity:
    """Two counties with two towns each, no map."""
    counties = {"990102": ("东湖区", "市辖区"), "990121": ("西山县", "县")}
    rows = [
        (
            f"{county}{town:03}{unit:03}",
            f"{kind}{unit}{suffix}",
            f"{county}{town:03}",
            place,
            county,
            counties[county][0],
        )
        for county in counties
        for town, place in ((1, "城关街道"), (100, "河口镇"))
        for kind, suffix, first in (("东街", "社区居委会", 1), ("柳林", "村委会", 201))
        for unit in range(first, first + 3)
    ]
    return OtherCity("990100", "云溪市", counties, sorted(rows), facts=False)


def shijiazhuang() -> OtherCity:
    """Three counties of 石家庄 in the national roster, which names neither towns nor counties."""
    counties = {"130107": ("井陉矿区", "市辖区"), "130171": ("高新区", "开发区"), "130172": ("循环化工园区", "开发区")}
    with gzip.open(NATIONAL, "rt", encoding="utf-8") as lines:
        rows = [
            (row["code"], row["name"], row["town_code"], f"{row['town_code'][-3:]}街道", row["county_code"],
             counties[row["county_code"]][0])
            for row in csv.DictReader(lines)
            if row["county_code"] in counties
        ]  # fmt: skip
    return OtherCity("130100", "石家庄市", counties, rows, facts=True)


def set_up(city: OtherCity, folder: Path) -> Path:
    """Reference data of the city: the form and the registers are the first city's, with its name changed."""
    (folder / "rosters").mkdir(parents=True)
    for name in ("form.yaml", "findings.yaml", "behaviour.yaml", "kinds.yaml", "calendar.yaml"):
        shutil.copy(REFERENCE / name, folder / name)
    shutil.copytree(REFERENCE / "policies", folder / "policies")
    for path in folder.glob("policies/*/*"):
        path.write_text(path.read_text(encoding="utf-8").replace("邢台", city.name[:-1]), encoding="utf-8")
    with (folder / "rosters" / "roster.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEAD, *city.rows])
    editions = "source: 名册\neditions:\n  - {year: 2018, cut_off: 2018-07-31, file: roster.csv}\n"
    (folder / "rosters" / "editions.yaml").write_text(editions, encoding="utf-8")
    entries = [
        f'  - {{code: "{code}", type: {kind}, municipal_district: {"always" if kind == "市辖区" else "never"}, '
        "shared_funding: never}"
        for code, (_, kind) in city.counties.items()
    ]
    listed = [f'city: {{code: "{city.code}", name: {city.name}}}', "counties:", *entries]
    (folder / "counties.yaml").write_text("\n".join(listed) + "\n", encoding="utf-8")
    (folder / "succession.yaml").write_text("variants: []\nreviewed: []\n", encoding="utf-8")
    if city.facts:
        _facts(city, folder)
    return folder


def _facts(city: OtherCity, folder: Path) -> None:
    """A map on which the last county has no outline."""
    *drawn, marked = city.counties
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": city.counties[code][0]},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[114 + n, 38], [115 + n, 38], [115 + n, 39], [114 + n, 38]]],
            },
        }
        for n, code in enumerate(drawn)
    ]
    (folder / "outlines.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    declared = [
        "outlines: [{file: outlines.geojson}]",
        f'without_outline: [{{code: "{marked}", beside: "{drawn[0]}", shift: [0.1, 0.1]}}]',
        "division_changes: [{month: 2014-09, text: 藁城、鹿泉、栾城撤市（县）设区。}]",
    ]
    (folder / "city.yaml").write_text("\n".join(declared) + "\n", encoding="utf-8")


@pytest.fixture(
    scope="module",
    params=[
        invented,
        pytest.param(shijiazhuang, marks=pytest.mark.skipif(NATIONAL is None, reason="全国名册不在旁边，石家庄从略")),
    ],
    ids=lambda made: made.__name__,
)
def city(request) -> OtherCity:
    return request.param()


@pytest.fixture(scope="module")
def office(city, tmp_path_factory) -> Office:
    """The city's installation with one month: every county has its template, all but the last send it filled in."""
    folder = tmp_path_factory.mktemp("city")
    office = Office(folder / "data", set_up(city, folder / "reference"))
    reference = office.reference
    blank = template.write_templates(reference.form, reference.rosters, MONTH, folder / "templates")
    assert len(blank) == len(city.counties)
    for code in list(city.counties)[:-1]:
        assert office.send(MONTH, code, plain, record={"agency": "是"}).state == "effective"
    office.run(MONTH, with_papers=True)
    return office


@pytest.fixture
def opened(app, office, monkeypatch):
    monkeypatch.setenv("SHEQU_REFERENCE", str(office.settings.reference))
    return lambda page, **address: app(office.settings.data, page, **address)


def whole(page) -> str:
    """All that a page sends to the browser: words, HTML and the data of its charts."""
    charts = [chart.proto.spec for chart in page.get("plotly_chart")]
    return "\n".join([texts(page), *(item.proto.body for item in page.get("html")), *charts])


def test_pages_speak_of_this_city_only(opened, city):
    for page in ("overview", "county", "atlas", "indicator", "guide", "reporting", "quality", "wall"):
        shown = opened(page)
        assert not shown.exception, page
        words = whole(shown)
        assert f"{city.name}城乡社区治理进展" in words
        assert not [word for word in FIRST_CITY if word in words], page


def test_the_overview_shows_its_counties(opened, city):
    words = whole(opened("overview"))
    assert all(f"county={code}" in words for code in city.counties)
    assert f"{len(city.counties) - 1}/{len(city.counties)} 个县市区已报" in words
    assert "应于 2020年6月5日前报送" in words


def test_the_map_is_drawn_where_there_are_outlines_and_else_left_out(opened, city):
    words = whole(opened("atlas"))
    assert ("没有公开的边界，以方块标在井陉矿区旁" in words) == city.facts
    assert ("没有这个月的区划边界" in words) != city.facts


def test_changes_of_divisions_are_those_of_reference_data(opened, city):
    assert ("2014年9月，藁城、鹿泉、栾城撤市（县）设区。" in whole(opened("guide"))) == city.facts


def _content(path: Path) -> str:
    if path.suffix == ".html":
        return path.read_text(encoding="utf-8")
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as package:
        return "".join(package.read(name).decode() for name in package.namelist() if name.endswith((".xml", ".rels")))


def test_the_three_papers_speak_of_this_city_only(office, city, tmp_path):
    release = open_release(settings=office.settings)
    written = write_reports(release, tmp_path)
    assert {path.suffix for path in written} == {".docx", ".xlsx", ".html"}
    for path in written:
        assert city.name in path.name
        words = _content(path)
        assert city.name in words
        assert not [word for word in FIRST_CITY[:4] if word in words], path.suffix
    release.close()
