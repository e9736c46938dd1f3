"""The tables that archived submissions are projected into (what a row of each is: `pipelines.warehouse.projection`)."""

from pipelines.reference.form import Form


def statements(form: Form) -> tuple[str, ...]:
    """The SQL that creates the tables; their answer columns are the questions of the form."""
    community = ", ".join(f'"{f.id}" {f.sql_type}' for f in form.community)
    county = ", ".join(f'"{f.id}" {f.sql_type}' for f in form.county)
    raw = ", ".join(f'"{f.id}" VARCHAR' for f in form.community)
    county_raw = ", ".join(f'"{f.id}" VARCHAR' for f in form.county)
    return (
        "CREATE TABLE meta (key VARCHAR, value VARCHAR)",
        """CREATE TABLE submission (seq BIGINT, received_at VARCHAR, received_by VARCHAR, file VARCHAR, sha256 VARCHAR,
           county VARCHAR, month DATE, form_version VARCHAR, refused BOOLEAN, sender VARCHAR)""",
        f"CREATE TABLE answer (seq BIGINT, row_no INTEGER, unit VARCHAR, held BOOLEAN, unreadable VARCHAR[], {community})",
        f"CREATE TABLE answer_raw (seq BIGINT, row_no INTEGER, {raw})",
        f"CREATE TABLE county_answer (seq BIGINT, held BOOLEAN, {county})",
        f"CREATE TABLE county_raw (seq BIGINT, {county_raw})",
        """CREATE TABLE source (seq BIGINT, part VARCHAR, field VARCHAR, sheet VARCHAR, cell VARCHAR, header VARCHAR,
           factor DECIMAL(18,6))""",
        "CREATE TABLE explanation_sent (seq BIGINT, finding VARCHAR, text VARCHAR)",
        "CREATE TABLE moved (seq BIGINT, row_no INTEGER, field VARCHAR, sheet VARCHAR, cell VARCHAR)",
        """CREATE TABLE finding (seq BIGINT, phase VARCHAR, number INTEGER, id VARCHAR, code VARCHAR, severity VARCHAR,
           sheet VARCHAR, cell VARCHAR, field VARCHAR, unit VARCHAR, found VARCHAR, expected VARCHAR, message VARCHAR,
           row_no INTEGER)""",
        """CREATE TABLE row_count (seq BIGINT, month DATE, read BIGINT, accepted BIGINT, held BIGINT, "new" BIGINT, changed BIGINT,
           unchanged BIGINT, kept BIGINT, superseded BOOLEAN)""",
        "CREATE TABLE fingerprint (month DATE, what VARCHAR, fingerprint VARCHAR)",
    )
