"""Views for planners, created when an edition is opened.

| view | one row per |
|---|---|
| `unit_source` | unit of a month's roster: whether it reported, and the submission and row that count |
| `answer_cell` | unit of a month's roster and field of 表1 that was asked: sheet and cell of the answer that counts |
| `town_series` | policy, indicator, month, town: its figure, by the divisions of the edition's month |

Answers may be carried from an earlier month: then `answered_in`, submission and cell are that month's.
"""

from collections.abc import Collection

_SENT = "(SELECT DISTINCT ON (seq) seq, file, sha256, received_at FROM submission_all ORDER BY seq)"
_VIEWS = {
    "unit_source": (
        ("standing", "submission"),
        f"""SELECT st.month, st.unit, st.uid, st.name, st.kind, st.town_code, st.town, st.county_code, st.county, st.row_state,
                   st.answered_in, st.carried, st.seq, st.row_no, sent.file, sent.sha256, sent.received_at
            FROM standing AS st LEFT JOIN {_SENT} AS sent USING (seq)""",
    ),
    "answer_cell": (
        ("standing", "submission", "source"),
        f"""SELECT st.month, st.unit, source.field, coalesce(moved.sheet, source.sheet) AS sheet,
                   coalesce(moved.cell, source.cell || st.row_no) AS cell, source.header, st.answered_in, st.seq, sent.file, sent.sha256
            FROM standing AS st
            JOIN (SELECT DISTINCT ON (seq, field) * FROM source WHERE part = 'community' ORDER BY seq, field) AS source USING (seq)
            JOIN {_SENT} AS sent USING (seq)
            LEFT JOIN moved ON (moved.seq, moved.row_no, moved.field) = (st.seq, st.row_no, source.field)
            WHERE st.row_no IS NOT NULL""",
    ),
    "town_series": (
        ("figure_now", "indicator", "unit"),
        """SELECT f.policy, f.indicator, i.name AS indicator_name, i.unit AS measured_in, f.month, t.county_code, t.county, t.town_code,
                  t.town, f.numerator, f.denominator, f.unknown, f.carried, f.value, f.known, f.lower, f.upper, f.gap_failing,
                  f.gap_unknown
           FROM figure_now AS f JOIN indicator AS i USING (policy, indicator)
           JOIN (SELECT DISTINCT town_code, town, county_code, county FROM unit) AS t ON t.town_code = f.unit
           WHERE f.level = 'town'""",
    ),
}  # fmt: skip


def views(there: Collection[str]) -> list[str]:
    """Statements that create the views whose tables are all among `there`; older formats may lack one."""
    return [
        f"CREATE VIEW {name} AS {query}"
        for name, (tables, query) in _VIEWS.items()
        if all(table in there for table in tables)
    ]
