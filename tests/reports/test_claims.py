"""Every sentence of the paper in every kind of month: its queries give what it says, and it has no number that they do not give."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

from pipelines.edition import Release, open_release
from pipelines.reports import changes, county_progress, next_steps, overall_verdict, period_changes, questions
from pipelines.reports.brief_docx import lines, on_two_pages, sections
from pipelines.reports.claims import Claim
from pipelines.reports.facts import Facts, gather
from pipelines.reports.report_periods import MONTH, QUARTER
from tests.reports import hostile

SECTIONS = (overall_verdict, questions, changes, county_progress, next_steps)


@pytest.fixture(scope="module")
def editions(place) -> dict[str, Release]:
    wanted = (("2020-04", 1), ("2020-05", 1), ("2020-05", 2), ("2020-06", 1))
    return {f"{month}/{edition}": open_release(month, edition, settings=place) for month, edition in wanted}


def claims_of(facts: Facts) -> Iterator[Claim]:
    for section in SECTIONS:
        yield from (claim for claim in section.claims(facts) if claim)
    # beside the sections' own: what became of last month's tasks, and the note under the table
    yield from (claim for claim in (next_steps.follow_up(facts), overall_verdict.lower(facts)) if claim)


def unproven_numbers(claim: Claim, facts: Facts) -> set[str]:
    """Numbers in a sentence that none of its queries gave; those of dates and of names aside."""
    text = claim.text
    for name in [item.name for item in facts.items] + re.findall(r"\d+年(?:\d+月)?(?:\d+日)?底?", text):
        text = text.replace(name, "")
    given = {shown(value) for proof in claim.proofs for row in proof.rows for value in row}
    # how many there are is said of rows and of sentences' own lists
    given |= {str(len(proof.rows)) for proof in claim.proofs} | {str(n) for n in range(len(claim.proofs) + 1)}
    goals = {number for item in facts.items if item.goal for number in re.findall(r"[\d.]+", item.goal)}
    numbers = {number.replace(",", "") for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text)}
    return numbers - given - goals


def shown(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(abs(value)) if isinstance(value, int) else str(value)


@pytest.mark.parametrize("state", hostile.STATES)
@pytest.mark.parametrize("edition", ["2020-04/1", "2020-05/2", "2020-06/1"])
def test_every_sentence_is_true_or_absent(editions, edition: str, state: str):
    release = hostile.STATES[state](editions[edition])
    facts = gather(release)
    claims = list(claims_of(facts))
    assert claims
    for claim in claims:
        assert claim.text.endswith("。"), claim.text
        for proof in claim.proofs:
            assert proof.holds(release), (claim.text, proof, release.rows(proof.sql, proof.asked))
        assert not unproven_numbers(claim, facts), (claim.text, unproven_numbers(claim, facts))
    assert "None" not in text(facts) and "，，" not in text(facts) and "。。" not in text(facts)


def text(facts: Facts) -> str:
    return "\n".join(paragraph for _, paragraphs in sections(facts, MONTH) for paragraph in paragraphs)


def test_first_month_is_said_where_no_earlier_month_has_a_value_and_nowhere_else(editions):
    first = "第一个有数据的月份"
    assert first in text(gather(editions["2020-04/1"]))
    assert first in text(gather(hostile.first_month(editions["2020-06/1"])))
    assert first not in text(gather(editions["2020-05/2"])) and first not in text(gather(editions["2020-06/1"]))


def test_an_approved_month_is_never_called_unapproved(editions):
    said = text(gather(hostile.approved(editions["2020-06/1"])))
    assert "数据已经审定" in said and "尚未审定" not in said
    assert "数据尚未审定" in text(gather(editions["2020-06/1"]))


def test_a_correction_that_turned_a_conclusion_is_the_first_thing_to_study(editions):
    facts = gather(hostile.corrected(editions["2020-05/2"]))
    said = questions.claims(facts)[0].text
    assert said.startswith("已报结论须更正：") and "由已达标（61.5%）改为" in said


def test_one_county_of_twenty_says_nothing_of_direction(editions):
    facts = gather(hostile.one_county(editions["2020-06/1"]))
    said = text(facts)
    assert "提高" not in said and "新增" not in said and "减少较多" not in said
    assert "补报前不作结论" in said


def test_nobody_is_praised_where_all_is_open(editions):
    said = text(gather(editions["2020-04/1"]))
    assert "均未落后" not in said


def test_where_all_is_met_nothing_is_asked_but_reports(editions):
    facts = gather(hostile.all_met(editions["2020-06/1"]))
    assert not [claim for claim in next_steps.claims(facts) if "补报" not in claim.text]
    assert "落后" not in text(facts).replace("各县（市、区）主要指标均未落后", "")


def test_the_month_of_the_merger_has_its_paragraph_and_speaks_of_no_relapse_by_it(editions):
    said = text(gather(editions["2020-06/1"]))
    assert "区划调整说明：" in said and "不计作进展或倒退" in said
    assert "区划调整说明" not in text(gather(editions["2020-05/2"]))


def test_what_begins_anew_is_not_said_to_have_risen_or_fallen(editions):
    copies = [state(editions["2020-05/2"]) for state in (hostile.copied, hostile.new_series)]
    for copy in copies:
        copy.con.execute("UPDATE figure SET unknown = 0")
    whole, anew = map(gather, copies)
    assert whole.moved and any(item.change is not None for item in whole.headline)
    assert not anew.moved and not anew.slipped and all(item.change is None for item in anew.headline)
    said = "".join(claim.text for claim in changes.claims(anew) if claim)
    assert not [item.name for item in anew.headline if item.name in said]


def with_data(release: Release, *without: str) -> Release:
    """Every county has data but those."""
    copy = hostile.after_the_term(release)
    copy.con.execute(
        "UPDATE concern SET applicable = greatest(applicable, 10) WHERE NOT list_contains(?, unit)", [list(without)]
    )
    return copy


def test_the_two_pages_name_ranks_and_their_change_in_the_month_of_the_merger_too(editions):
    facts = gather(with_data(editions["2020-06/1"]))
    [paragraphs_of] = [
        paragraphs for heading, paragraphs in on_two_pages(facts, MONTH) if heading == "各县（市、区）情况"
    ]
    lagging = [place for place in facts.places if place["behind"]]
    assert lagging and facts.divisions
    for place in lagging[:2]:
        before = place["place_before"]
        moved = f"，上月第{before}位" if before and before != place["place"] else ""
        assert f"第{place['place']}位{moved}）" in paragraphs_of[0]


def test_a_county_of_which_nothing_is_judged_has_no_rank_and_takes_none(editions):
    places = {place["unit"]: place["place"] for place in gather(with_data(editions["2020-06/1"], "130582")).places}
    assert places.pop("130582") is None
    assert min(places.values()) == 1 and max(places.values()) <= len(places)


def test_places_are_ranked_by_what_is_behind_and_equal_ones_share_a_number(editions):
    june = hostile.copied(editions["2020-06/1"])
    # as many behind, and as much of it missing, whatever is missing of what is on pace
    june.con.execute("UPDATE concern SET applicable = 10, behind = 3, missing = 1.5 WHERE level = 'county'")
    june.con.execute("UPDATE concern SET missing = 2.5 WHERE unit = '130523'")
    found = {place["unit"]: place["place"] for place in gather(june).places}
    assert found.pop("130523") == len(found) + 1 and set(found.values()) == {1}
    june.con.execute("UPDATE concern SET behind = 0")
    assert {place["place"] for place in gather(june).places} == {None}, "没有落后的，不排位次"
    june.con.execute("UPDATE concern SET behind = 3")
    june.con.execute("UPDATE concern SET applicable = 0, behind = 0 WHERE level = 'county' AND unit > '130530'")
    assert {place["place"] for place in gather(june).places} == {None}, "报送的县太少，不排位次"


def test_what_is_missing_of_indicators_on_pace_ranks_no_county(editions):
    sql = """SELECT c.unit, round(c.missing, 6) AS missing,
                    round(coalesce(sum(f.gap_failing / nullif(f.needed, 0)) FILTER (f.status IN ('overdue', 'reversing', 'off_track', 'lagging')), 0), 6)
                    AS behind, sum(f.gap_failing / nullif(f.needed, 0)) AS whole
             FROM concern AS c JOIN figure AS f USING (policy, month, divisions, level, unit) JOIN indicator AS i USING (policy, indicator)
             WHERE c.level = 'county' AND i.headline AND f.target IS NOT NULL GROUP BY c.unit, c.missing, c.policy, c.month, c.divisions"""
    rows = editions["2020-06/1"].rows(sql)
    assert any(row["whole"] for row in rows) and all(row["missing"] == row["behind"] for row in rows)


def test_of_a_few_counties_with_data_none_is_ranked_or_called_in(editions):
    few = hostile.copied(editions["2020-06/1"])
    few.con.execute("UPDATE concern SET applicable = 10, behind = 8 WHERE level = 'county' AND unit = '130502'")
    few.con.execute(
        "UPDATE concern SET applicable = 0, behind = 0, missing = 0 WHERE level = 'county' AND unit <> '130502'"
    )
    said = text(gather(few))
    assert "有数据的1个县（市、区）中，落后的是襄都区（10项中8项落后）。" in said
    assert "约谈" not in said and "位" not in said.split("落后的是襄都区")[1].split("。")[0]


def test_a_quarter_compares_with_its_true_beginning_or_is_refused(editions):
    from pipelines.errors import Refusal

    june = editions["2020-06/1"]
    with pytest.raises(Refusal, match="没有2020年3月"):
        period_changes.require(gather(june, back=3), QUARTER)
    with pytest.raises(Refusal, match="不是季度末月"):
        period_changes.require(gather(editions["2020-05/2"], back=3), QUARTER)


@pytest.mark.parametrize("state", hostile.STATES)
@pytest.mark.parametrize("edition", ["2020-04/1", "2020-05/2", "2020-06/1"])
def test_the_text_stands_on_two_pages_and_says_nothing_that_the_long_one_does_not(editions, edition: str, state: str):
    facts = gather(hostile.STATES[state](editions[edition]))
    short, whole = on_two_pages(facts, MONTH), sections(facts, MONTH)
    assert lines(short) <= 38 and [heading for heading, _ in short] == [heading for heading, _ in whole]
    assert lines(short) == lines(whole) or lines(whole) > 38
