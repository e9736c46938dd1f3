"""The verdict at both ends (semantics §6), as SQL over a measured series. A pace near a threshold is decided by exact fractions."""

from fractions import Fraction
from math import nextafter

from pipelines.figures.measure import SCALE, Kind, filled, reaches
from pipelines.warehouse.projection import Warehouse

# A series is 起步期 for this many months after its baseline.
STARTING_MONTHS = 3
ON_TRACK, LAGGING = Fraction(95, 100), Fraction(60, 100)
# A binary pace is trusted only when it is at least this far from a threshold, and the way to the target at least this long.
_NEAR, _SHORT = 1e-6, 0.001


def paced(kind: Kind) -> str:
    """SQL of the series with baseline, target path and pace at both bounds and the known value. `$opened`: its first month."""
    return filled(_PACED, kind).replace("<series>", f"{kind.name}_series")


def _pace(point: str) -> str:
    return f"CASE WHEN on_the_way THEN (({point} - base_value) / (goal / {SCALE}.0::DOUBLE - base_value)) / (elapsed / allowed::DOUBLE) END"


_OWN_SEASON = "(NOT yearly OR year(declared_month) = year(month)) AND (NOT december OR month(declared_month) = 12)"
# the base as a fraction base_top / base_bottom in the indicator's unit
_PACED = f"""
    SELECT *, {_pace("coalesce(lower, value)")} AS pace_low, {_pace("coalesce(upper, value)")} AS pace_high, {_pace("known")} AS pace
    FROM (
        SELECT *, date_diff('month', coalesce(base_month, first_month), month) < {STARTING_MONTHS} AS starting,
               NOT base_meets AND elapsed > 0 AND allowed > 0 AND judged AND value IS NOT NULL AS on_the_way
        FROM (
            SELECT *, base_top::DOUBLE / base_bottom::DOUBLE AS base_value,
                   base_month IS NOT NULL AND target IS NOT NULL AND coalesce({SCALE} * base_top >= low * base_bottom, TRUE)
                   AND coalesce({SCALE} * base_top <= high * base_bottom, TRUE) AS base_meets,
                   CASE WHEN low IS NULL OR {SCALE} * base_top > high * base_bottom THEN high ELSE low END AS goal,
                   date_diff('day', last_day(base_month), last_day(month)) AS elapsed,
                   date_diff('day', last_day(base_month), last_day(CASE WHEN yearly THEN make_date(year(month), 12, 1) ELSE due END))
                   AS allowed
            FROM (
                SELECT * REPLACE (CASE WHEN declared THEN declared_month ELSE base_month END AS base_month),
                       CASE WHEN declared THEN (declared_value * {SCALE})::<big> ELSE factor * base_yes END AS base_top,
                       CASE WHEN declared THEN {SCALE} ELSE base_scope END AS base_bottom,
                       CASE WHEN december THEN make_date(year(opened), 12, 1)
                            WHEN yearly THEN greatest(opened, make_date(year(month), 1, 1)) ELSE opened END AS first_month
                FROM (SELECT *, greatest($opened, since) AS opened,
                             coalesce(declared_month <= month AND {_OWN_SEASON}, FALSE) AS declared FROM <series>)
            )
        )
    )
"""


def settle_close_paces(warehouse: Warehouse, kind: Kind) -> None:
    """Replace the few paces of the temporary `paced` next to a threshold by ones on the right side of it."""
    con = warehouse.con
    near = con.execute(filled(_CLOSE, kind)).fetchall()
    if not near:
        return
    exact = [(row, *map(_on_its_side, _exact_paces(*fractions))) for row, *fractions in near]
    con.execute(
        _SETTLE,
        {"rows": [row for row, _, _ in exact], "low": [x for _, x, _ in exact], "high": [x for _, _, x in exact]},
    )


def _close(pace: str) -> str:
    # of shares, figures of the same value are equal fractions and have a pace of exactly 0
    return f"least(abs({pace} - 0.95), abs({pace} - 0.6), CASE WHEN <share> AND {pace} = 0 THEN 1 ELSE abs({pace}) END) < {_NEAR}"


_CLOSE = f"""
    SELECT rowid, factor, yes, most, whole, base_top, base_bottom, goal, elapsed, allowed FROM paced
    WHERE on_the_way AND target IS NOT NULL AND ({_close("pace_low")} OR {_close("pace_high")}
          OR abs(goal / {SCALE}.0::DOUBLE - base_value) < {_SHORT})
"""
_SETTLE = """
    UPDATE paced SET pace_low = exact.low, pace_high = exact.high
    FROM (SELECT unnest($rows::BIGINT[]) AS place, unnest($low::DOUBLE[]) AS low, unnest($high::DOUBLE[]) AS high) AS exact
    WHERE paced.rowid = exact.place
"""


def _exact_paces(
    factor: int, yes: int, most: int, whole: int, base_top: int, base_bottom: int, goal: int, elapsed: int, allowed: int
) -> tuple[Fraction, Fraction]:
    """The pace at the lower and the upper end: the share of the way that is done by the share of the time that is over."""
    base = Fraction(base_top, base_bottom)
    way, time = Fraction(goal, SCALE) - base, Fraction(elapsed, allowed)
    low, high = ((Fraction(factor * end, whole) - base) / way / time for end in (yes, most))
    return low, high


def _on_its_side(pace: Fraction) -> float:
    """A float that compares with every threshold as the exact pace does."""
    near = float(pace)
    for threshold in (LAGGING, ON_TRACK):
        edge = float(threshold)
        if pace >= threshold:
            near = max(near, edge)
        elif near >= edge:
            near = nextafter(edge, 0)
    return near


def _point(end: str, pace: str) -> str:
    """SQL: the verdict at one end of what the figure may be (`yes` or `most`), the first row of the table that applies."""
    meets, is_below = reaches(end, end), f"coalesce({SCALE} * factor * {end} < low * whole, FALSE)"
    return f"""
        CASE WHEN {meets} THEN 'met'
             WHEN month >= due THEN 'overdue'
             WHEN starting THEN 'starting'
             WHEN base_month IS NULL THEN 'unproven'
             WHEN CASE WHEN {is_below} THEN fell_below ELSE fell_above END
                  AND (last_met IS NOT NULL OR base_meets OR {pace} < 0) THEN 'reversing'
             WHEN base_meets THEN 'starting'
             WHEN {pace} >= 0.95 THEN 'on_track'
             WHEN {pace} >= 0.60 THEN 'lagging'
             ELSE 'off_track' END"""


_LOW, _HIGH = reaches("yes", "yes"), reaches("most", "most")
# Figures of which it matters whether they fell since an earlier month.
CANDIDATES = f"""
    SELECT month, indicator, level, unit, coalesce(last_met, base_month) AS since, factor, low, high FROM paced
    WHERE target IS NOT NULL AND judged AND value IS NOT NULL AND NOT thin AND NOT starting AND base_month IS NOT NULL AND month < due
      AND NOT ({_LOW} AND {_HIGH}) AND (last_met IS NOT NULL OR base_meets OR least(pace_low, pace_high) < 0)
"""


def drawn(kind: Kind) -> str:
    """SQL of the temporary `paced` with its verdicts; the temporary `fell` says of which figures units turned (`turned_units`)."""
    return filled(_DRAWN, kind)


# nothing can be in scope; of a ratio: its denominator is 0, and not because nobody answered
_EMPTY = "scope = 0 AND scope_unknown = 0 AND (<share> OR share_unknown = 0 OR answered > 0)"
# a band between both ends
_STRADDLES = f"coalesce({SCALE} * factor * yes < low * whole AND {SCALE} * factor * most > high * whole, FALSE)"
_DRAWN = f"""
    SELECT * EXCLUDE (at_low, at_high, is_drawn),
           CASE WHEN {_EMPTY} THEN 'not_applicable' WHEN value IS NULL THEN 'no_data' WHEN NOT is_drawn THEN 'tracked'
                WHEN thin OR at_low <> at_high OR {_STRADDLES} THEN 'unproven' ELSE at_low END AS status,
           CASE WHEN is_drawn AND <share> THEN at_low END AS if_low, CASE WHEN is_drawn AND <share> THEN at_high END AS if_high
    FROM (
        SELECT *, {_point("yes", "pace_low")} AS at_low, {_point("most", "pace_high")} AS at_high,
               target IS NOT NULL AND judged AND value IS NOT NULL AS is_drawn
        FROM (
            SELECT paced.*, coalesce(below, FALSE) AS fell_below, coalesce(above, FALSE) AS fell_above
            FROM paced LEFT JOIN fell USING (month, indicator, level, unit)
        )
    )
"""
