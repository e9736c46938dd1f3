"""A workbook to answers and findings: a pure function that never fails. A file that cannot be used is a refused `Reading` with the reasons."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from pipelines import months, settings
from pipelines.answers import (
    check_columns,
    choose_sheets,
    community_sheet,
    confirmed_rows,
    county_and_month,
    county_sheet,
    explanations,
    findings,
    header_columns,
    personal_data,
)
from pipelines.answers.community_sheet import CommunityRows, Context
from pipelines.answers.county_sheet import CountyRecord
from pipelines.answers.explanations import Explanation
from pipelines.answers.findings import ERROR, Finding, Kind, Report
from pipelines.answers.join_sheets import Joined
from pipelines.answers.match_unit import county_index, county_labels, sharing_counties
from pipelines.reference.form import Form, Part
from pipelines.reference.roster import Rosters
from pipelines.workbook import address
from pipelines.workbook.grid import NOTES, Sheet, Unreadable, Workbook
from pipelines.workbook.open_workbook import open_workbook

V = TypeVar("V")
SAMPLE = "示例数据"
Resolutions = Mapping[str, Mapping[str, str]]


@dataclass
class Reading:
    """One file. `refused` means that nothing of it counts; `community` and `record` are what could be read nevertheless."""

    file: str
    sha256: str
    county: str | None = None
    month: date | None = None
    form_version: str | None = None
    refused: bool = False
    community: CommunityRows | None = None
    record: CountyRecord | None = None
    findings: list[Finding] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)


@dataclass(frozen=True)
class Bounds:
    """The months that count at once: not before the policy's first, and over today."""

    first_month: date
    today: date


def read_workbook(
    data: bytes,
    name: str,
    form: Form,
    rosters: Rosters,
    *,
    today: date,
    first_month: date,
    resolutions: Resolutions | None = None,
    taxonomy: dict[str, Kind] | None = None,
    received_under: str | None = None,
) -> Reading:
    """Reads one file by the version of the form that its hidden marks name, else by the one in force when it was received.

    `received_under` is that version, by default the newest. `resolutions` are units decided by a person before: county to
    `match_unit.key(...)` to a unit's code. `taxonomy` is the closed list of findings, by default the one of the reference data.
    """
    report = Report(name, taxonomy or findings.load(settings.load().reference))
    reading = Reading(personal_data.masked(name), hashlib.sha256(data).hexdigest(), findings=report.findings)
    try:
        workbook = open_workbook(data, name)
    except Unreadable as trouble:
        report.add(trouble.code, found=trouble.detail or None, text=trouble.text)
        reading.refused = True
        return reading
    for sheet in workbook.sheets:
        sheet.name = personal_data.masked(sheet.name)
    versions = Versions(form, received_under or form.version)
    _Reading(workbook, versions, rosters, report, reading, Bounds(first_month, today), resolutions or {}).run()
    report.close(refused=reading.refused)
    return reading


@dataclass(frozen=True)
class Versions:
    """The form in all its versions, and the one that was in force when the file was received."""

    form: Form
    received_under: str

    def of(self, mark: str | None) -> Form:
        """The version that a workbook is read by. A mark that names no version is a finding of its own."""
        return self.form.of_version(mark or "") or self.current

    @property
    def current(self) -> Form:
        return self.form.of_version(self.received_under) or self.form.newest

    def by_labels(self, part: str, given: set[str]) -> Form:
        """The version of a sheet without marks: an earlier one where it has all their questions and none that was added since."""
        asked = {question.id for question in self.current.part(part)}
        for form in self.form.versions:
            ids = {question.id for question in form.part(part)}
            added = asked - ids
            if added and ids <= given and not given & added and self.form.is_older(form.version, self.received_under):
                return form
        return self.current


class _Reading:
    """The steps for one workbook, which share what is known so far."""

    def __init__(
        self,
        workbook: Workbook,
        versions: Versions,
        rosters: Rosters,
        report: Report,
        reading: Reading,
        bounds: Bounds,
        resolutions: Resolutions,
    ):
        self.workbook, self.versions, self.rosters = workbook, versions, rosters
        self.marks = county_and_month.read_marks(workbook)
        self.last = confirmed_rows.last_month(workbook, self.marks)
        self.form = versions.of(self.marks.form_version)
        self.report, self.reading, self.bounds, self.resolutions = report, reading, bounds, resolutions

    def run(self) -> None:
        self._note()
        self._explanations()
        named = county_and_month.months_in(county_and_month.stem_of(self.reading.file))
        chosen = choose_sheets.choose(self.workbook, self.form, self.report, named, of_town=self.marks.town is not None)
        if self.last and chosen.table:
            confirmed = confirmed_rows.confirmed(chosen.table, chosen.pieces, chosen.joined)
            self.last = replace(self.last, confirmed=confirmed)
        if chosen.refused:
            # whose it is, so that the county sees it among its own; findings that only follow from the refusal are left out
            self.reading.refused = True
            self.reading.county, self.reading.month = self._whose_at_least(chosen)
            return
        table, form2 = chosen.table, chosen.record
        if chosen.joined:
            self.report.spots = chosen.joined.spots
        self._version(chosen)
        self._settle(chosen)
        self._not_asked(table, form2)
        usable = table is None or check_columns.check_columns(table, self.form.community, self.report)
        for piece in chosen.pieces[1:]:
            check_columns.unknown_columns(piece, self.form.community, self.report)
        if table is not None and usable:
            self.reading.community = rows = self._community(table)
            if chosen.joined:
                self._elsewhere(chosen.joined, rows)
        if form2 is not None:
            self._record(form2)
        choose_sheets.note_hidden(self.workbook, chosen, self.report)
        choose_sheets.note_remarks(chosen, self.report)
        if not usable or self._refusing():
            self.reading.refused = True

    def _note(self) -> None:
        """Notes on the file itself, one per kind."""
        details: dict[str, list[str]] = {}
        for code, detail in self.workbook.notes:
            details.setdefault(code, []).append(detail)
        for code, places in details.items():
            detail = "、".join(filter(None, places))
            self.report.add(code, found=detail or None, text=NOTES[code] + (f"（{detail}）" if detail else ""))

    def _explanations(self) -> None:
        """The county's answers to earlier findings; a stock phrase is refused with a note."""
        explained = explanations.read(self.workbook)
        self.reading.explanations = [e for e in explained if not explanations.says_nothing(e.text)]
        empty = [e for e in explained if explanations.says_nothing(e.text)]
        for sheet in dict.fromkeys(e.sheet for e in empty):
            there = [e for e in empty if e.sheet == sheet]
            cells, texts = ",".join(e.cell for e in there), "、".join(dict.fromkeys(e.text for e in there))
            self.report.add("explanation_says_nothing", sheet=sheet, cell=cells, found=texts, count=len(there))

    def _elsewhere(self, joined: Joined, rows: CommunityRows) -> None:
        for field_id, column in rows.columns.items():
            for row in rows.row:
                if row > joined.height or column.index > joined.width:
                    sheet, *spot = joined.spot(row, column.index)
                    rows.elsewhere[row, field_id] = (sheet, address.cell(*spot))

    def _refusing(self) -> bool:
        kinds = self.report.kinds
        return any(f.severity == ERROR and kinds[f.code].scope == "file" for f in self.report.findings)

    # -- whose and which month ----------------------------------------------------------------------------------------

    def _whose_at_least(self, chosen: choose_sheets.Chosen) -> tuple[str | None, date | None]:
        """County and month of a file that is refused for its sheets, where they are beyond doubt."""
        sheets = chosen.titled or [(sheet, 5) for sheet in self.workbook.sheets if sheet.name != county_and_month.MARKS]
        said = county_and_month.collect(self.reading.file, sheets, self.marks, self.rosters)
        month, _ = county_and_month.settle_month(said)
        if month is None:
            return None, None
        return county_and_month.settle_county(said, lambda code: self.rosters.county_in(code, month))[0], month

    def _settle(self, chosen: choose_sheets.Chosen) -> None:
        said = county_and_month.collect(self.reading.file, chosen.titled, self.marks, self.rosters)
        month, trouble = county_and_month.settle_month(said)
        if trouble == "month_unknown" and (short := self._short_years(chosen)):
            self.report.add("month_two_digits", found="、".join(short))
        elif trouble:
            self.report.add(trouble, found=county_and_month.quote(said.months, months.label) or None)
        if month != self.marks.month:
            self.last = None  # what was changed or ticked in a form of another month says nothing of this one
        self._month(month)
        self._county(said, chosen)
        self._sample(chosen.titled)

    def _short_years(self, chosen: choose_sheets.Chosen) -> list[str]:
        titles = [text for sheet, row in chosen.titled for _, text in county_and_month.title_cells(sheet, row)]
        return county_and_month.short_years([*titles, county_and_month.stem_of(self.reading.file)])

    def _sample(self, titled: list[tuple[Sheet, int]]) -> None:
        """Invented answers say so above their table; whatever is made of them must say so too."""
        for sheet, first in titled:
            if any(SAMPLE in value for row in sheet.rows[: first - 1] for value in row if isinstance(value, str)):
                self.report.add("sample_data", sheet=sheet.name, found=SAMPLE)
                return

    def _version(self, chosen: choose_sheets.Chosen) -> None:
        """Settles the version that the workbook is read by. An earlier one is no finding: it is what the county was sent."""
        mark, versions = self.marks.form_version, self.versions
        if mark is None:
            self.form = self._version_without_marks(chosen)
        elif versions.form.of_version(mark) is None:
            self.report.add("form_unknown", found=mark, expected=versions.received_under)
        self.reading.form_version = personal_data.masked(mark or self.form.version)

    def _version_without_marks(self, chosen: choose_sheets.Chosen) -> Form:
        table, form2 = chosen.table, chosen.record
        versions = []
        if table:
            versions.append(self.versions.by_labels("community", {*table.columns, *table.twice, *table.wrong_unit}))
        if form2:
            versions.append(self.versions.by_labels("county", {*form2.places, *form2.twice}))
        order = [form.version for form in self.versions.form.versions or (self.form,)]
        return max(versions, key=lambda form: order.index(form.version), default=self.form)

    def _not_asked(self, table: header_columns.Table | None, form2: county_sheet.Form2 | None) -> None:
        """Leaves out, with a note, what was not asked in the month: questions before their first or after their last month."""
        month = self.reading.month
        if month is None or (asked := self.form.in_month(month)) is self.form:
            return
        if table:
            self._leave_out(table.sheet, table.columns, self.form.community, asked.community, month)
        if form2:
            self._leave_out(form2.sheet, form2.places, self.form.county, asked.county, month)
        self.form = asked

    def _leave_out(self, sheet: Sheet, places: dict[str, V], part: Part, asked: Part, month: date) -> None:
        extra = [field for field in part if field.id not in asked.by_id]
        given = [field.label for field in extra if places.pop(field.id, None) is not None]
        if given:
            self.report.add("not_asked", sheet=sheet.name, found="、".join(given), month=months.label(month))

    def _month(self, month: date | None) -> None:
        if month is None:
            return
        first = self.rosters.editions[0].cut_off
        if months.last_day(month) < first:
            self.report.add("month_before_roster", found=months.label(month), expected=str(first))
            return
        if month >= self.bounds.today.replace(day=1):
            today, from_day = str(self.bounds.today), str(months.add(month, 1))
            self.report.add("month_future", found=months.label(month), today=today, from_day=from_day)
        elif month < self.bounds.first_month:
            self.report.add(
                "month_before_policy", found=months.label(month), expected=months.label(self.bounds.first_month)
            )
        self.reading.month = month

    def _county(self, said: county_and_month.Identity, chosen: choose_sheets.Chosen) -> None:
        month = self.reading.month
        if month is None:
            return
        counties = county_labels(self.rosters, month)
        county, trouble = county_and_month.settle_county(said, lambda code: self.rosters.county_in(code, month))
        by_codes = choose_sheets.county_of_codes(chosen.table)
        by_codes = by_codes and (self.rosters.county_in(by_codes, month) or by_codes)
        if trouble == "county_unknown" and not said.counties and by_codes in counties:
            self.report.add("county_by_codes", found=by_codes, name=counties[by_codes])
            county = by_codes
        elif trouble == "mark_differs":
            named = county_and_month.quote(said.counties, lambda codes: "、".join(sorted(codes)))
            self.report.add(trouble, found=named)
        elif trouble:
            named = county_and_month.quote(
                said.counties, lambda codes: "、".join(counties.get(code, code) for code in sorted(codes))
            )
            self.report.add(trouble, found=named or None)
        if county and by_codes and by_codes != county and chosen.table and trouble != "county_unknown":
            self.report.add(
                "codes_of_other_county",
                sheet=chosen.table.sheet.name,
                found=by_codes,
                expected=county,
                county=counties[county],
                other=counties.get(by_codes, by_codes),
            )
            county = None
        self.reading.county = county

    # -- the sheets ---------------------------------------------------------------------------------------------------

    def _community(self, table: header_columns.Table) -> CommunityRows:
        month, county = self.reading.month, self.reading.county
        index = county_index(self.rosters, month, county) if month and county else None
        decided = self._decided(county, month) if month and county else {}
        context = Context(
            self.form.community,
            self.report,
            index,
            month,
            self.workbook.date1904,
            decided,
            self.workbook.untyped,
            self.last,
            self.marks.town,
        )
        rows = community_sheet.read(table, context)
        if not rows.row and not rows.untouched:
            self.report.add("no_units", sheet=table.sheet.name)
        return rows

    def _decided(self, county: str, month: date) -> dict[str, str]:
        """The units decided for the county under any of its codes, by the codes that they have in the month."""
        decided = [self.resolutions.get(code, {}) for code in self.rosters.county_codes(county)]
        return {key: self.rosters.code_in(unit, month) or unit for known in decided for key, unit in known.items()}

    def _record(self, form2: county_sheet.Form2) -> None:
        month, county = self.reading.month, self.reading.county
        shared = not month or county in sharing_counties(self.rosters, month)
        codes = self.rosters.county_codes(county) if county else ()
        names = county_and_month.county_names(self.rosters).items()
        own = county_sheet.Own(codes, {name for name, meant in names if meant.intersection(codes)}, shared)
        record = county_sheet.read(form2, self.form.county, self.report, own, self.workbook.date1904)
        part, last = self.form.county, self.last
        if record and last and confirmed_rows.is_record_untouched(record, form2.sheet, form2.first, part, last):
            self.report.add("record_not_confirmed", sheet=form2.sheet.name, month=months.label(last.month))
            record = None
        self.reading.record = record
