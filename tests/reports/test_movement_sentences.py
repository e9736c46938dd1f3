"""Who lags, who slipped, what moved: each sentence from a few rows, and the rows against the tables of a real edition."""

import dataclasses

from pipelines import months
from pipelines.edition import Release, concern, month_movement, movement_sentences
from pipelines.edition.progress_rows import Moved, MovedPlace, Slipped

POLICY = "opinions-2018"


def _place(short: str, behind: int, applicable: int = 11) -> dict:
    return {
        "unit": short,
        "short": short,
        "applicable": applicable,
        "behind": behind,
        "rank": 1,
        "place": 1,
        "placed": 1,
        "behind_before": 0,
        "place_before": 1,
    }


def _moved(
    name="设施覆盖率", counties=(("信都区", 21, 0), ("任泽区", 14, 3)), gap_unit="个村", enough_known=True, **parts
) -> Moved:
    places = [MovedPlace(unit=short, short=short, gained=gained, lost=lost) for short, gained, lost in counties]
    beside = {"reported": 0, "founded": 0, "boundary": 0, "corrected": 0, "defined": 0, **parts}
    totals = {"gained": sum(p["gained"] for p in places), "lost": sum(p["lost"] for p in places)}
    return Moved(
        indicator=name,
        name=name,
        gap_unit=gap_unit,
        position=1,
        counties=places,
        enough_known=enough_known,
        **totals,
        **beside,
    )


def test_who_lags_with_counts_of_what_applies():
    lags = movement_sentences.who_lags(
        [_place("平乡县", 9), _place("襄都区", 8, 10), _place("宁晋县", 7), _place("威县", 1)]
    )
    assert lags == "落后较多的是平乡县（11项中9项落后）、襄都区（10项中8项）、宁晋县（11项中7项）。"


def test_nobody_is_named_where_nobody_lags():
    assert movement_sentences.who_lags([_place("平乡县", 0)]) == ""


def test_who_slipped_with_relapses_among_them():
    rows = [
        Slipped(unit=unit, short=unit, indicator=i, name=i, status_before="on_track", status=status)
        for unit, i, status in (("沙河市", "a", "reversing"), ("沙河市", "b", "lagging"), ("威县", "a", "lagging"))
    ]
    assert movement_sentences.who_slipped(rows) == "本月状态变差的是沙河市2项（其中倒退1项）和威县1项。"


def test_turning_overdue_is_no_slip():
    assert not movement_sentences._worse({"status_before": "lagging", "status": "overdue"})
    assert movement_sentences._worse({"status_before": "on_track", "status": "lagging"})


def test_work_comes_first_and_late_reports_beside_it():
    sentence = movement_sentences.what_moved([_moved(reported=5)])
    assert sentence == "本月新增较多的：设施覆盖率新增35个村，其中信都区21个、任泽区14个，减少3个，另有5个为补报。"


def test_units_that_the_roster_lists_for_the_first_time_are_no_late_reports():
    assert movement_sentences.beside(_moved(reported=51, founded=46)) == "另有5个为补报，46个为新设单位首次填报"
    assert movement_sentences.beside(_moved(reported=46, founded=46)) == "另有46个为新设单位首次填报"
    assert movement_sentences.beside(_moved(reported=43, founded=46)) == "另有3个因未报减少，46个为新设单位首次填报"


def test_boundary_and_silence_are_named_beside_the_work():
    sentence = movement_sentences.beside(_moved(reported=-3, boundary=62, corrected=-1))
    assert sentence == "另有3个因未报减少，62个因区划和名册调整增加，1个因更正上月数据减少"


def test_two_units_are_not_told_and_three_are():
    assert movement_sentences.what_moved([_moved(counties=[("威县", 2, 0)])]) == ""
    assert (
        movement_sentences.what_moved([_moved(counties=[("威县", 3, 0)])])
        == "本月新增较多的：设施覆盖率新增3个村，均在威县。"
    )


def test_nothing_is_said_of_the_direction_where_too_little_is_known():
    assert movement_sentences.what_moved([_moved(enough_known=False)]) == ""


def test_rows_of_an_edition_add_up_to_the_parts_of_the_change(june: Release):
    parts = {
        row["indicator"]: int(row["more"])
        for row in june.rows(
            """SELECT m.indicator, sum(yes_after - yes_before) AS more FROM movement AS m JOIN indicator USING (policy, indicator)
               WHERE policy = ? AND level = 'city' AND headline AND is_share GROUP BY ALL""",
            [POLICY],
        )
    }
    rows = movement_sentences.moved(june, POLICY)
    assert rows and any(row["boundary"] for row in rows)
    for row in rows:
        total = row["gained"] - row["lost"] + row["reported"] + row["boundary"] + row["corrected"] + row["defined"]
        assert total == parts[row["indicator"]], row["indicator"]


def test_what_is_computed_of_a_month_agrees_with_what_its_edition_holds(june: Release, monkeypatch):
    """Of a month that a release is not about its movement is computed from the month tables, by the same steps."""
    held = movement_sentences.moved(june, POLICY)
    later = dataclasses.replace(june, manifest={**june.manifest, "month": "2020-07"})
    monkeypatch.setattr(month_movement, "_own_edition", lambda *asked: None)
    computed = movement_sentences.moved(later, POLICY, june.month)
    nothing = {"corrected": 0, "defined": 0}
    assert computed and computed == [{**row, **nothing} for row in held]
    units = "SELECT unit, indicator, part FROM movement_unit WHERE part IN ('answers', 'reporting') AND indicator = 'facility_rural' ORDER BY ALL"
    with month_movement.query(later, POLICY, june.month, ["facility_rural"]) as query:
        assert query(units) == june.rows(units) and query("SELECT name FROM unit LIMIT 1")


def test_a_months_own_edition_answers_where_it_judges_the_same(june: Release):
    later = dataclasses.replace(june, folder=june.folder.parent / "99", manifest={**june.manifest, "month": "2020-07"})
    own = month_movement._own_edition(later, POLICY, june.month)
    assert own is not None and own.folder == june.folder
    own.close()
    judged_otherwise = dataclasses.replace(later, series={})
    assert month_movement._own_edition(judged_otherwise, POLICY, june.month) is None


def test_of_a_month_without_one_before_nothing_is_known(june: Release):
    first = months.parse(june.manifest["months"][0])
    later = dataclasses.replace(june, manifest={**june.manifest, "month": "2020-07"})
    assert not month_movement.is_known(later, first) and movement_sentences.moved(later, POLICY, first) == []


def test_sentences_name_counties_by_the_divisions_asked_for(june: Release):
    may = months.add(june.month, -1)
    then = {place["short"] for place in concern.places(june, POLICY, may, "then")}
    now = {place["short"] for place in concern.places(june, POLICY, may)}
    assert "桥东区" in then and "襄都区" not in then and "襄都区" in now and "桥东区" not in now


def test_counties_are_in_the_editions_order_of_concern(june: Release):
    places = concern.places(june, POLICY)
    assert [place["rank"] for place in places] == list(range(1, len(places) + 1))
    assert {place["unit"] for place in places} == {row["unit"] for row in june.rows("SELECT unit FROM county")}


def test_the_month_of_the_change_of_divisions_says_what_changed_and_others_say_nothing(june: Release, may: Release):
    paragraph = movement_sentences.divisions_paragraph(june, POLICY)
    assert "任县" in paragraph and "改按另一类型考核" in paragraph and "不计作进展或倒退" in paragraph
    assert movement_sentences.divisions_paragraph(may, POLICY) == ""
