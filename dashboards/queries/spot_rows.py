"""Spot checks as pages show them, from an edition's tables: what a check says of the month, and which lists stand behind it."""

from dashboards.queries.edition_data import rows
from dashboards.queries.spot_row_types import SpotClaimRow, SpotFigureRow, SpotListRow, SpotStratumRow, SpotUnitRow


def figures(view, place: str) -> dict[str, SpotFigureRow]:
    """Indicator → what its check says in the view's month, of the city or one county. Only those that a list is about."""
    known: list[SpotFigureRow] = rows(
        view.release,
        """SELECT f.*, i.low IS NULL AS at_most FROM figure_spot AS f JOIN indicator AS i USING (policy, indicator)
           WHERE f.policy = $policy AND f.month = $month AND f.unit = $place""",
        policy=view.policy, month=view.month, place=place,
    )  # fmt: skip
    return {row["indicator"]: row for row in known}


def lists(view, indicator: str) -> list[SpotListRow]:
    """Every list of the series about an indicator, the newest first."""
    return rows(
        view.release,
        """SELECT * FROM spot_list WHERE list IN (SELECT list FROM spot_claim WHERE policy = $policy AND indicator = $indicator)
           AND month <= $month ORDER BY list DESC""",
        policy=view.policy, indicator=indicator, month=view.month,
    )  # fmt: skip


def every_list(view) -> list[SpotListRow]:
    """Every list of the series up to the view's month, the newest first, with what it asks about."""
    return rows(
        view.release,
        """SELECT l.*, (SELECT string_agg(DISTINCT c.name, '、') FROM spot_claim AS c WHERE c.list = l.list) AS names
           FROM spot_list AS l WHERE l.month <= $month ORDER BY l.list DESC""",
        month=view.month,
    )  # fmt: skip


def claims(view, indicator: str) -> list[SpotClaimRow]:
    """Claims of those lists, with what they prove."""
    return rows(
        view.release,
        "SELECT * FROM spot_claim WHERE policy = $policy AND indicator = $indicator AND month <= $month ORDER BY list DESC, level, unit",
        policy=view.policy, indicator=indicator, month=view.month,
    )  # fmt: skip


def strata(view, number: int, indicator: str) -> list[SpotStratumRow]:
    """Strata of one list and indicator: counties by code, pools last."""
    return rows(
        view.release,
        "SELECT * FROM spot_stratum WHERE list = $number AND indicator = $indicator ORDER BY contains(stratum, '+'), stratum",
        number=number, indicator=indicator,
    )  # fmt: skip


def factors(view, county: str) -> list[SpotStratumRow]:
    """核实率 of a county: closed lists of the last twelve months in which it is a stratum by itself."""
    return rows(
        view.release,
        """SELECT s.*, i.name FROM spot_stratum AS s JOIN indicator AS i USING (policy, indicator)
           WHERE s.policy = $policy AND s.stratum = $county AND s.vf IS NOT NULL AND s.month <= $month
             AND s.month >= $month::DATE - INTERVAL 12 MONTH ORDER BY s.month DESC, i.position""",
        policy=view.policy, county=county, month=view.month,
    )  # fmt: skip


def found_false(view, number: int, indicator: str) -> list[SpotUnitRow]:
    """Units of a closed list that were found not to be as reported."""
    return rows(
        view.release,
        """SELECT * FROM spot_unit WHERE list = $number AND indicator = $indicator AND result = '不属实'
           ORDER BY county_code, code""",
        number=number, indicator=indicator,
    )  # fmt: skip


def of_unit(view, uid: str) -> list[SpotUnitRow]:
    """Every visit to a unit by closed lists, the newest first."""
    return rows(
        view.release,
        """SELECT u.*, i.name AS indicator_name FROM spot_unit AS u JOIN indicator AS i USING (policy, indicator)
           WHERE uid = $uid AND result IS NOT NULL ORDER BY u.month DESC, u.list DESC, i.position""",
        uid=uid,
    )  # fmt: skip
