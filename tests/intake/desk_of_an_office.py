"""What stands in the warehouse of a test's office, and the answers of units and counties in small readable form."""

from datetime import date

from pipelines.intake import session
from tests.books import Office


def rows(office: Office, sql: str, parameters: list | None = None) -> list[tuple]:
    with session.settled(office.settings, "测试") as opened:
        return opened.con.execute(sql, parameters or []).fetchall()


def standing(office: Office) -> list[tuple]:
    """Every answer that stands for a unit or a county, of every month, without which file it came in."""
    return [
        *rows(office, "SELECT * EXCLUDE (seq, row_no) FROM standing ORDER BY month, unit"),
        *rows(office, "SELECT * EXCLUDE (seq) FROM county_standing ORDER BY month, unit"),
    ]


def answers(office: Office, month: date, field: str) -> dict[str, tuple]:
    """Unit → (row_state, answered in, answer)."""
    listed = rows(office, f'SELECT unit, row_state, answered_in, "{field}" FROM standing WHERE month = ?', [month])
    return {unit: tuple(more) for unit, *more in listed}


def county_answer(office: Office, month: date, county: str, field: str):
    [(value,)] = rows(office, f'SELECT "{field}" FROM county_standing WHERE month = ? AND unit = ?', [month, county])
    return value
