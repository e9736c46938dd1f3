"""What a report lists where a country has thousands of counties: the ones that lag most, saying so; every county once in the workbook."""

from pipelines.reports import finding_lists, page_html, submission_facts
from pipelines.reports.list_limits import COUNTIES_SHOWN, MANY_COUNTIES
from pipelines.reports.report_periods import MONTH
from tests.reports import made

NAMES = tuple(f"第{n:03}县" for n in range(MANY_COUNTIES + 50))


def _country(names=NAMES, **more):
    """Of many counties the last ones lag."""
    facts = made.facts(counties=names)
    late = names[-10:]
    figures = [
        made.figure(
            "lagging" if c["short"] in late else "met",
            unit=c["unit"],
            name=c["short"],
            gap=9 if c["short"] in late else None,
        )
        for c in facts.counties
    ]
    return made.facts([made.item(counties=figures, status="lagging", gap=9)], counties=names, **more)


def test_a_city_shows_every_county():
    facts = _country(NAMES[:20])
    assert not facts.many and facts.shown == facts.counties
    assert "只列" not in page_html.build(facts, MONTH).decode()


def test_a_country_shows_those_that_lag_most_and_says_so():
    facts = _country()
    assert facts.many and len(facts.shown) == COUNTIES_SHOWN
    assert {c["short"] for c in facts.shown} >= set(NAMES[-10:])
    html = page_html.build(facts, MONTH).decode()
    assert html.count('<th scope="row">') == COUNTIES_SHOWN and f"最多的{COUNTIES_SHOWN}个" in html


def test_the_workbook_has_every_county_once():
    heads, rows = finding_lists.matrix(_country())
    assert len(rows) == len(NAMES) and len(heads) == 3
    assert len(finding_lists.of_item(_country().items[0], _country())) == COUNTIES_SHOWN


def test_counties_with_most_units_left_out_are_told_of_first():
    silent = NAMES[-5:]
    rows = submission_facts.reporting_rows(_country(sent=NAMES[:-5]))
    assert [row[0] for row in rows] == list(silent)


def test_findings_that_are_not_listed_are_counted():
    facts = made.facts(findings=({"county": "130500", "severity": "error"},))
    assert "本表列" not in finding_lists.about_findings(facts)
    facts.finding_counts["130501", "warning"] = 7
    assert "共8处，本表列1处" in finding_lists.about_findings(facts)
