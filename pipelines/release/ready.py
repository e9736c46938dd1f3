"""Ready-made tables of a release: what a page or a report reads as it stands, so that showing needs no computing.

Each is a query over the month tables (`pipelines.release.tables`), written into `release.duckdb` when the edition is made.
"""

from pathlib import Path


def tables(folder: Path, month: str) -> dict[str, str]:
    """SQL by table name, over the month tables of an edition whose folder is being built. `month` is the release's."""

    def parquet(table: str, key: str = "*") -> str:
        place = str(folder / "tables" / table / f"{key}.parquet").replace("'", "''")
        return f"read_parquet('{place}', union_by_name = true)"

    return {
        # the series of city and counties; towns for the month itself (their older months are in the Parquet)
        "figure": f"SELECT * FROM {parquet('figure')} WHERE level <> 'town' OR month = DATE '{month}-01' "
        f"UNION ALL SELECT * FROM {parquet('figure_now')} WHERE level <> 'town' OR month = DATE '{month}-01' "
        "ORDER BY policy, indicator, level, unit, month",
        "submission": f"SELECT * FROM {parquet('submission')} ORDER BY seq",
        "finding": f"SELECT * FROM {parquet('finding', month)} ORDER BY seq, phase, number",
        "unit": f"SELECT unit, uid, name, kind, town_code, town, county_code, county, row_state, answered_in, carried "
        f"FROM {parquet('standing', month)} ORDER BY unit",
        "county": f"SELECT unit, name, short, type, municipal_district, shared_funding, has_villages, row_state, answered_in, "
        f"carried FROM {parquet('county_standing', month)} ORDER BY unit",
        "coverage": f"""
            SELECT month, county_code AS county, any_value(county) AS name, count(*) AS units,
                   count_if(row_state = 'accepted') AS accepted, count_if(row_state = 'held') AS held,
                   count_if(carried) AS carried, count_if(seq IS NULL) AS missing
            FROM {parquet('standing')} GROUP BY ALL ORDER BY 1, 2""",
    }
