"""The tables that figures are counted in."""

from types import SimpleNamespace

import duckdb

from pipelines.figures import figure_counts


def test_a_table_of_the_same_name_in_a_database_beside_empties_nothing():
    """An edition that is written while the next month is counted has a table `figure` too."""
    con = duckdb.connect()
    warehouse = SimpleNamespace(con=con)
    figure_counts.ensure(warehouse, "figure", ["month DATE", "value DOUBLE"])
    con.execute("INSERT INTO figure VALUES (DATE '2020-04-01', 1)")
    con.execute("ATTACH ':memory:' AS release; CREATE TABLE release.figure (unit VARCHAR)")
    figure_counts.ensure(warehouse, "figure", ["month DATE", "value DOUBLE"])
    assert con.execute("SELECT count(*) FROM figure").fetchone() == (1,)
    figure_counts.ensure(warehouse, "figure", ["month DATE", "known DOUBLE"])
    assert con.execute("SELECT count(*) FROM figure").fetchone() == (0,)
