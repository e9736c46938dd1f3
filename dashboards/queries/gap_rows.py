"""缺口清单: units that lack something, by county, town, kind and indicator. Selections from an edition's tables."""

from dashboards.queries.edition_data import rows, unit_state
from dashboards.queries.row_types import LackingRow
from dashboards.queries.submission_rows import OWN_UNIT, own

# states of a unit: lacks it; has not said; it is not known whether it applies
LACKS: tuple[int, ...] = (2,)
NOT_SAID: tuple[int, ...] = (3, 4)


def towns(view, county: str) -> dict[str, str]:
    """Name by code of a county's towns."""
    places = rows(
        view.release,
        "SELECT unit, name FROM place WHERE level = 'town' AND month = ? AND parent = ? ORDER BY unit",
        view.roster_month,
        county,
    )
    return {row["unit"]: row["name"] for row in places}


def kinds(view) -> list[str]:
    """Kinds of units in the month's roster."""
    standing = view.release.of_month("standing", view.month)
    distinct = rows(view.release, f"SELECT DISTINCT kind FROM {standing} WHERE month = ? ORDER BY kind", view.month)
    return [row["kind"] for row in distinct]


def lacking(
    view, wanted: dict[str, str | None], states: tuple[int, ...], only_one: bool, most: int
) -> list[LackingRow]:
    """Units in the order of fewest missing leading indicators; each row knows how many there are (`units`).

    `wanted`: county, town, kind and indicator, None for all. Without an indicator: units that lack any leading one. `only_one`: only units
    that lack a single leading indicator.
    """
    standing = view.release.of_month("standing", view.month)
    state = view.release.of_month(f"state-{view.policy}", view.month)
    indicator = (wanted["indicator"] or "").replace('"', "")
    among = ", ".join(str(int(number)) for number in states)
    has_it = f's."{indicator}" IN ({among})' if indicator else "u.main_lacks > 0"
    return rows(
        view.release,
        f"""SELECT st.unit, st.name, st.kind, st.town, st.county, st.county_code, {f's."{indicator}"' if indicator else "2"} AS state,
                   u.main_has, u.main_lacks, u.main_unknown, u.main_missing, count(*) OVER () AS units
            FROM {standing} AS st JOIN {state} AS s USING (month, unit)
            LEFT JOIN {unit_state(view)} AS u ON u.unit = st.unit AND u.policy = $policy
            WHERE st.month = $month AND {has_it} AND ($county IS NULL OR st.county_code = $county)
              AND ($town IS NULL OR st.town_code = $town) AND ($kind IS NULL OR st.kind = $kind) AND (NOT $only_one OR u.main_lacks = 1)
              AND {OWN_UNIT}
            ORDER BY u.main_lacks NULLS LAST, u.main_unknown, st.unit LIMIT $most""",
        policy=view.policy,
        month=view.month,
        county=wanted["county"],
        town=wanted["town"],
        kind=wanted["kind"],
        only_one=only_one,
        own=own(),
        most=most,
    )
