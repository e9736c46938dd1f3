"""The last accepted answers before a month, out of the newest edition that has them: nothing waits for the writer's lock."""

from datetime import date

from pipelines import months
from pipelines.edition import edition_folders
from pipelines.edition.open_edition import Release, open_folder
from pipelines.figures.standing_answers import CARRY_MONTHS
from pipelines.reference.form import Form, Part
from pipelines.settings import Settings
from pipelines.template import LastAnswers, Row


def last_answers(settings: Settings, form: Form, month: date) -> LastAnswers | None:
    """Of every unit and county the answers that stood in the month before, of its newest edition; where it has none, two months
    before. None where neither has an edition.
    """
    for back in range(1, CARRY_MONTHS + 1):
        folder = edition_folders.latest_edition(settings.releases, months.add(month, -back))
        if folder:
            release = open_folder(folder)
            try:
                return _of(release, form)
            finally:
                release.close()
    return None


def _of(release: Release, form: Form) -> LastAnswers:
    units = _rows(release, "standing", "uid", form.community)
    return LastAnswers(release.month, units, _rows(release, "county_standing", "unit", form.county))


def _rows(release: Release, view: str, key: str, part: Part) -> dict[str, Row]:
    source = release.of_month(view, release.month)
    sql = f'SELECT * FROM {source} WHERE month = ? AND answered_in IS NOT NULL AND "{key}" IS NOT NULL'
    rows = release.rows(sql, [release.month])
    names = {
        field.id: name for field in part for name in (f"reported:{field.id}", field.id) if rows and name in rows[0]
    }
    return {
        row[key]: Row({field.id: row[names[field.id]] for field in part if field.id in names}, row["answered_in"])
        for row in rows
    }
