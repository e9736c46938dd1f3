"""政务公开: a released edition publicised by a person, corrected, retracted, taken back; nothing below a county, nothing unsafe."""

import csv
import dataclasses
import http.client
import io
import os
import re
import shutil
import socket
import subprocess
import time
from base64 import b64encode
from datetime import date
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from frictionless import Package

from lab.faults.strikes import Counter, in_child
from pipelines import settings
from pipelines.cli.commands import main
from pipelines.edition import figure_list, open_release
from pipelines.intake import session
from pipelines.monthly import month_decisions, monthly_run, public_folder, rebuild_editions
from pipelines.reports import gather, public_data, public_page
from pipelines.reports.public_page import Publication
from tests import small_city
from tests.books import Office, but

APRIL, MAY = date(2020, 4, 1), date(2020, 5, 1)
ONE, OTHER = "130571", "130524"
REASON = "外来务工人员集中居住在砖厂宿舍"


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference") / "reference"
    wanted = ("facility_rural", "platform_rural", "certified_share")
    return small_city.measure_only(small_city.make(folder, [ONE, OTHER]), wanted)


@pytest.fixture(scope="module")
def published(reference, tmp_path_factory) -> Office:
    """April of both counties, May of one; the other's answers are lent."""
    office = Office(tmp_path_factory.mktemp("office") / "data", reference)
    for month, counties in ((APRIL, (ONE, OTHER)), (MAY, (ONE,))):
        for county in counties:
            office.send(month, county)
        office.run(month)
    return office


@pytest.fixture
def office(published, tmp_path) -> Office:
    shutil.copytree(published.settings.data, tmp_path / "data")
    return Office(tmp_path / "data", published.settings.reference)


def shequ(office: Office, *arguments: str):
    options = ["--data", str(office.settings.data)]
    return CliRunner(env={"SHEQU_REFERENCE": str(office.settings.reference)}).invoke(main, [*options, *arguments])


def page(office: Office, month: str = "2020-05", name: str = "index.html") -> str:
    return (office.settings.data / "public" / month / name).read_text(encoding="utf-8")


def index(office: Office) -> str:
    return (office.settings.data / "public" / "index.html").read_text(encoding="utf-8")


def names(office: Office, month: str = "2020-05") -> list[str]:
    return sorted(path.name for path in (office.settings.data / "public" / month).iterdir())


def correct(office: Office, run: bool = True) -> None:
    """A village that had its facility has none; the edition released where `run`."""
    village = next(unit.name for unit in office.units(MAY, ONE) if unit.kind == "农村社区")
    office.send(MAY, ONE, but(village, facility="否", facility_area=None))
    if run:
        office.run(MAY)


def publicise(office: Office, month: date = MAY):
    return month_decisions.publicise(month, office.settings, "李某")


# ---- a person publicises, and takes back


def test_only_a_named_person_publicises_and_only_what_is_released(office):
    assert shequ(office, "publicise", "2020-05").exit_code == 2
    assert shequ(office, "publicise", "2020-05", "--by", "root").exit_code == 2
    done = shequ(office, "publicise", "2020-03", "--by", "李某")
    assert done.exit_code == 1 and "2020年3月没有发布版，不能公开" in done.output
    correct(office, run=False)
    with session.settled(office.settings, "测试") as opened:
        assert [e.label for e in monthly_run.publish_working(opened, office.settings)] == ["2020-05/2"]
    done = shequ(office, "publicise", "2020-05", "--by", "李某")
    assert done.exit_code == 0 and "2020-05/1 已公开" in done.output, "工作版不公开"
    again = shequ(office, "publicise", "2020-05", "--by", "李某")
    assert again.exit_code == 1 and re.search(r"2020-05/1 已于 .* 由李某公开", again.output)


def test_taking_it_back_removes_page_and_data_and_says_so_and_can_be_undone(office):
    event = publicise(office)
    before = page(office)
    assert names(office) == ["datapackage.json", "figures.csv", "index.html", "indicators.csv"]
    assert 'href="2020-05/index.html"' in index(office)
    done = shequ(office, "withdraw", str(event.seq), "--why", REASON, "--by", "李某")
    assert "2020年5月的公开页已撤下，只留撤回的说明" in done.output
    assert names(office) == ["index.html"] and "2020年5月的数字已于" in page(office) and "facility" not in page(office)
    assert 'href="2020-05/' not in index(office) and "撤回" in index(office)
    assert REASON not in page(office) + index(office), "理由是内部的"
    month_decisions.withdraw(event.seq + 1, "没有错", office.settings, "李某")
    assert page(office) == before and len(names(office)) == 4


def test_a_retracted_edition_leaves_the_public_at_once_and_an_older_one_does_not_come_back(office):
    publicise(office)
    correct(office)
    publicise(office)
    done = shequ(office, "retract", "2020-05/2", "--why", REASON, "--by", "李某")
    assert "2020-05/2 已收回" in done.output and "2020年5月的公开页已撤下" in done.output
    assert open_release(settings=office.settings).label == "2020-05/1"
    assert names(office) == ["index.html"] and "<table" not in page(office)
    publicise(office)
    assert "第1版替代第2版" in page(office) and "corrections.csv" in names(office)


def test_a_page_goes_with_the_release_of_its_edition(office):
    correct(office, run=False)
    with session.settled(office.settings, "测试") as opened:
        monthly_run.publish_working(opened, office.settings)
    gate = month_decisions.release(MAY, office.settings, "李某")
    publicise(office)
    month_decisions.withdraw(gate.seq, "发布早了", office.settings, "李某")
    assert names(office) == ["index.html"] and "的数字已于" in page(office)


def test_a_correction_is_told_at_once_and_published_as_one_with_its_day(office):
    publicise(office)
    first = page(office)
    correct(office)
    text = page(office)
    assert "更正后的数字尚未在此公开" in text and "更正后的数字尚未" not in first
    publicise(office)
    corrected = page(office)
    assert "尚未在此公开" not in corrected and "第2版替代第1版，改正" in corrected and "更正前" in corrected
    rows = list(csv.DictReader(io.StringIO(page(office, name="corrections.csv").removeprefix("\ufeff"))))
    old, new = (open_release("2020-05", number, settings=office.settings) for number in (1, 2))
    shown = {(r["indicator"], r["unit"]): (r["numerator_before"], r["numerator_after"]) for r in rows}
    [was], [now] = (figure_list.figures(release, unit=ONE, indicator="facility_rural") for release in (old, new))
    assert shown["facility_rural", ONE] == (str(was["numerator"]), str(now["numerator"]))
    assert was["numerator"] == now["numerator"] + 1 and "platform_rural" not in {r["indicator"] for r in rows}
    assert "替代" in index(office)


def test_an_approval_stands_on_the_page_and_goes_with_its_withdrawal(office):
    publicise(office)
    assert "数据尚未审定" in page(office)
    event = month_decisions.approve(MAY, office.settings, "李某", "其余下月补报")
    assert "数据已经审定" in page(office) and "尚未审定" not in page(office)
    month_decisions.withdraw(event.seq, "有误", office.settings, "李某")
    assert "数据尚未审定" in page(office)


def test_pages_are_made_again_from_the_archive_and_left_alone_while_nothing_changed(office):
    publicise(office, APRIL)
    publicise(office)
    before = {path: path.read_bytes() for path in (office.settings.data / "public").rglob("*.*") if path.is_file()}
    stamps = {path: path.stat().st_mtime_ns for path in before}
    public_folder.bring_up_to_date(office.settings)
    assert {path: path.stat().st_mtime_ns for path in before} == stamps
    shutil.rmtree(office.settings.data / "public" / "2020-04")
    public_folder.bring_up_to_date(office.settings)
    assert {path: path.read_bytes() for path in before} == before
    shutil.rmtree(office.settings.data / "public")
    rebuild_editions.rebuild(office.settings)
    assert {path: path.read_bytes() for path in before} == before
    assert {path.stat().st_mode & 0o777 for path in before} == {0o644}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="killed in a child; this system has no fork")
def test_a_kill_leaves_every_file_old_or_new_until_the_next_run_mends_it(office, tmp_path):
    publicise(office)
    correct(office)
    folder, kept = office.settings.data / "public", tmp_path / "kept"
    old = contents(folder)
    shutil.copytree(folder, kept)
    public_folder.publicise(MAY, office.settings, "李某")  # decided, and not yet shown
    assert public_folder.standing(office.settings) == ([MAY], [])
    seen = []
    for strike in (*range(1, 60, 3), 0):
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
        status, message = in_child(lambda _, strike=strike: struck(office.settings, strike))
        assert status in (0, -9), message
        left = {name: content for name, content in contents(folder).items() if not name.endswith(".part")}
        seen.append((public_folder.standing(office.settings)[0], left))
    new = seen[-1][1]
    assert public_folder.standing(office.settings) == ([], [])
    assert old.keys() < new.keys() and old["2020-05/index.html"] != new["2020-05/index.html"]
    for behind, left in seen:
        assert old.keys() <= left.keys() and all(
            content in (old.get(name), new[name]) for name, content in left.items()
        )
        assert behind == ([] if left == new else [MAY])
    assert any(left not in (old, new) for _, left in seen), "none was killed in the middle"


def struck(place: settings.Settings, strike: int) -> None:
    Counter(place.data, strike, "kill").install()
    public_folder.bring_up_to_date(place)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_may_be_elsewhere(office, tmp_path, monkeypatch):
    monkeypatch.setenv("SHEQU_PUBLIC", str(tmp_path / "www"))
    publicise(office)
    assert (tmp_path / "www" / "2020-05" / "index.html").exists() and not (office.settings.data / "public").exists()


# ---- what stands on it


def test_nothing_below_a_county_and_no_person_is_in_any_file(office):
    finding = next(iter(open_release("2020-05", settings=office.settings).rows("SELECT id FROM finding LIMIT 1")), None)
    publicise(office)
    correct(office)
    publicise(office)
    units = [unit for month in (APRIL, MAY) for county in (ONE, OTHER) for unit in office.units(month, county)]
    for path in (office.settings.data / "public").rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        assert not [u for u in units if u.code in text or u.name in text or u.town in text or u.town_code in text], path
        assert "李某" not in text and not (finding and finding["id"] in text), path


def test_page_and_data_say_what_the_edition_says(office):
    publicise(office)
    release = open_release("2020-05", settings=office.settings)
    listed = [row for row in figure_list.figures(release) if row["level"] in ("city", "county")]
    rows = list(csv.DictReader(io.StringIO(page(office, name="figures.csv").removeprefix("\ufeff"))))
    assert len(rows) == len(listed) >= 9
    for row, figure in zip(rows, listed, strict=True):
        for column, value in figure.items():
            assert row[column] == ("" if value is None else str(value)), (column, row)
    shown = release.rows("SELECT shown FROM figure WHERE divisions = 'now' AND level <> 'town' AND month = ?", [MAY])
    assert all(f">{row['shown']}" in page(office) for row in shown if row["shown"])
    assert "沿用" in page(office)


def test_what_is_not_known_says_why(may):
    facts = gather(may)
    item = facts.headline[0]
    open_ = dataclasses.replace(item.counties[0], status="unproven", if_low="lagging", if_high="met", deciding="130523")
    items = tuple(
        dataclasses.replace(i, counties=(open_, *i.counties[1:])) if i.id == item.id else i for i in facts.items
    )
    facts = dataclasses.replace(facts, items=items)
    text = public_page.build(facts, Publication(((date(2020, 7, 8), may.label),))).decode()
    assert f"最低进度偏慢，最高已达标，缺{facts.short['130523']}报表" in text
    assert "该县（市、区）没有报送，也没有可以沿用的数据" in text
    for status in ("no_data", "unproven"):
        cells = re.findall(rf'<span class="s {status}">[^<]*</span>(<small>[^<]+</small>)?</td>', text)
        assert cells and all(cells), status


def test_the_package_is_valid_and_every_column_says_what_it_means(office):
    publicise(office)
    correct(office)
    publicise(office)
    package = Package.from_descriptor(str(office.settings.data / "public" / "2020-05" / "datapackage.json"))
    assert [resource.name for resource in package.resources] == ["figures", "indicators", "corrections"]
    report = package.validate()
    assert report.valid, report.flatten(["fieldName", "message"])[:3]
    for resource in package.resources:
        assert all(field.title and field.title != field.name for field in resource.schema.fields)


# ---- safe, and valid


class _Balanced(HTMLParser):
    """Every element closed in the order of opening; attributes once."""

    VOID = ("meta", "link", "br", "rect")

    def __init__(self, text: str):
        super().__init__()
        self.open, self.tags = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        assert len(attrs) == len({name for name, _ in attrs}), (tag, attrs)
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, self.getpos()


def test_every_page_is_whole_has_no_script_and_asks_for_nothing(office):
    publicise(office, APRIL)
    month_decisions.withdraw(publicise(office).seq, "有误", office.settings, "李某")
    for path in (office.settings.data / "public").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        parsed = _Balanced(text)
        assert parsed.open == [] and not {"script", "img", "iframe", "form", "link"} & set(parsed.tags)
        [css] = re.findall(r"<style>(.*?)</style>", text, re.S)
        assert f"style-src 'sha256-{b64encode(sha256(css.encode()).digest()).decode()}'" in text
        assert not re.search(r'https?://|style="|\son\w+="', text.replace(css, "")) and "default-src 'none'" in text
        assert all((path.parent / href).exists() for href in re.findall(r'href="([^"]+)"', text)), path


def test_hostile_names_are_text(may):
    hostile = '</style><script>alert(1)</script>"><img src=x onerror=alert(1)>'
    facts = gather(may)
    items = tuple(dataclasses.replace(i, name=hostile) for i in facts.items)
    counties = tuple({**c, "name": hostile, "short": hostile} for c in facts.counties)
    facts = dataclasses.replace(facts, items=items, counties=counties)
    text = public_page.build(facts, Publication(((MAY, may.label),), others=(("a.html", hostile),))).decode()
    assert "<script" not in text and "<img" not in text and _Balanced(text).open == []
    formula = tuple(dataclasses.replace(i, name="=1+1") for i in facts.items)
    made = public_data.files([dataclasses.replace(facts, items=formula)], [])
    assert {row["indicator_name"] for row in csv.DictReader(io.StringIO(made["figures.csv"].decode("utf-8-sig")))} == {
        "'=1+1"
    }


CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="没有安装 Chromium，不能在浏览器中试")
def test_it_reads_on_a_phone_and_complains_of_nothing(may, tmp_path: Path):
    sync_api = pytest.importorskip("playwright.sync_api", reason="没有安装 playwright，不能在浏览器中试")
    place = tmp_path / "index.html"
    place.write_bytes(public_page.build(gather(may), Publication(((MAY, may.label),))))
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 360, "height": 640})
        asked, complaints = [], []
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("console", lambda message: complaints.append(message.text))
        tab.goto(place.as_uri())
        tab.locator("summary").first.click()
        assert tab.evaluate("document.documentElement.scrollWidth") <= 360
        assert tab.locator("details table").first.is_visible() and len(asked) == 1 and not complaints
        browser.close()


NGINX = Path(shutil.which("nginx") or "/usr/sbin/nginx")


@pytest.mark.browser
@pytest.mark.skipif(not NGINX.exists(), reason="没有安装 nginx（apt-get install nginx-light）")
def test_a_real_nginx_serves_the_folder_and_nothing_that_begins_with_a_dot(office, tmp_path: Path):
    publicise(office)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    site = (settings.REPOSITORY / "deploy" / "nginx" / "public.conf").read_text(encoding="utf-8")
    site = site.replace("listen 80", f"listen 127.0.0.1:{port}").replace(
        "/var/www/shequ", str(office.settings.data / "public")
    )
    temporary = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = f"user root; pid {tmp_path}/nginx.pid; error_log {tmp_path}/nginx.log; daemon off; events {{}}\n"
    (tmp_path / "nginx.conf").write_text(f"{text}http {{ access_log off; {temporary}\n{site}\n}}\n", encoding="utf-8")
    server = subprocess.Popen(
        [str(NGINX), "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)], stderr=subprocess.DEVNULL
    )
    try:
        kinds = {
            "": "text/html",
            "2020-05/": "text/html",
            "2020-05/figures.csv": "text/csv",
            "2020-05/datapackage.json": "application/json",
        }
        for path, kind in kinds.items():
            status, body = asked(port, path)
            assert (status, body.split(";")[0]) == (200, kind), path
        assert asked(port, ".made.json")[0] == 403 and asked(port, "2020-04/")[0] == 404
    finally:
        server.terminate()
        server.wait(60)


def asked(port: int, path: str) -> tuple[int, str]:
    """Status and kind of what is served, once the server is up."""
    for _ in range(100):
        try:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
            line.request("GET", f"/{path}")
            answer = line.getresponse()
            return answer.status, answer.getheader("Content-Type", "")
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise AssertionError("nginx 没有启动")
