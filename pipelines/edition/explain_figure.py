"""From a figure to its cells: clause, arithmetic, units, and the cell of each answer."""

from datetime import date
from decimal import Decimal
from typing import cast

from pipelines import months
from pipelines.edition.figure_list import figures
from pipelines.edition.figure_types import ExplainedAnswer, ExplainedFigure, ExplainedUnit
from pipelines.edition.open_edition import Release, Row
from pipelines.errors import Refusal

COUNTS = {1: "yes", 2: "no", 3: "unknown", 4: "scope_unknown"}


def explain(
    release: Release, indicator: str, month: date | None = None, unit: str | None = None, policy: str | None = None
) -> ExplainedFigure:
    """One figure with its units and answers, under the keys of `shequ explain --json` and, besides, `arithmetic` and `explanations`.

    `unit` is a code of any level (default: the city). `units` holds one entry per unit in scope or of unknown scope, `explanations`
    the counties' explanations of these answers (`Release.explanations`).
    Errors: `Refusal` for an unknown indicator, month or unit.
    """
    month = month or release.month
    level = {None: "city", 6: "county", 9: "town", 12: "community"}.get(None if unit is None else len(unit))
    if unit and unit.endswith("00") and len(unit) == 6 and unit[:4] + "00" == unit:
        level, unit = "city", None
    if level is None:
        raise Refusal(f"“{unit}”不是 6 位（县）、9 位（乡镇）或 12 位（社区、村）的代码")
    rows = figures(release, month, level, unit, indicator, policy)
    if not rows:
        raise Refusal(f"指标 {indicator} 没有这一级的数字；以县为单位的指标只到县级")
    entry = release.rows(
        "SELECT * FROM indicator WHERE indicator = ? AND (? IS NULL OR policy = ?)", [indicator, policy, policy]
    )[0]
    units = _Story(release, entry, month).units(level, unit)
    return {
        "indicator": indicator,
        "clause": entry["clause"],
        "quote": entry["quote"],
        "reading": entry["reading"],
        "arithmetic": arithmetic(entry),
        "figure": rows[0],
        "units": units,
        "explanations": _explanations(release, entry, month, {row["unit"] for row in units}),
    }


def _explanations(release: Release, entry: Row, month: date, units: set[str]) -> list[Row]:
    """Explanations of the answers of these units and of their counties."""
    counties, fields = {unit[:6] for unit in units}, {field.removeprefix("county.") for field in entry["fields"]}
    return [
        row
        for row in release.explanations(month)
        if (row["unit"] in units if row["unit"] else row["county"] in counties)
        and fields.intersection((row["field"] or "").split(","))
    ]


def arithmetic(entry: Row) -> str:
    """How the indicator is computed, as one line."""
    scope = f"范围 {entry['scope_sql']}；" if entry["scope_sql"] else ""
    if entry["is_share"]:
        return f"{scope}100 × 满足 {entry['share_sql']} 的单位数 ÷ 范围内单位数（名册）"
    return f"{scope}{entry['factor']} × Σ {entry['numerator_sql']} ÷ Σ {entry['denominator_sql']}（两项都已填报的单位）"


class _Story:
    """The units behind one indicator in one month."""

    def __init__(self, release: Release, entry: Row, month: date):
        self.release, self.entry, self.month = release, entry, month
        self.fields = {row["field"]: row for row in release.rows("SELECT * FROM field")}
        self.files = {row["seq"]: row for row in release.rows("SELECT seq, file, sha256 FROM submission")}

    def units(self, level: str, unit: str | None) -> list[ExplainedUnit]:
        if self.entry["counted"] == "county":
            return [self._county(row) for row in self._states("county_state", "county", level, unit)]
        rows = self._states("state", {"county": "county", "town": "town"}.get(level, "unit"), level, unit)
        standing = self._standing([row["unit"] for row in rows])
        raw = self._evidence(standing)
        own = [f for f in self.entry["fields"] if "." not in f]
        shared = self._county_answers({standing[row["unit"]]["county_code"] for row in rows})
        checks = self._checks()
        return [self._community(row, standing[row["unit"]], raw, own, shared, checks) for row in rows]

    def _checks(self) -> dict[str, list[Row]]:
        """Uid → visits of closed lists about this indicator, of any month, the newest first."""
        visits: dict[str, list[Row]] = {}
        for row in self.release.rows(
            "SELECT uid, list, month, part, result, days, evidence FROM spot_unit WHERE policy = ? AND indicator = ? "
            "ORDER BY month DESC, list DESC",
            [self.entry["policy"], self.entry["indicator"]],
        ):
            visits.setdefault(row.pop("uid"), []).append({**row, "month": months.key(row["month"])})
        return visits

    def _states(self, table: str, column: str, level: str, unit: str | None) -> list[Row]:
        where = f"AND {column} = ?" if level != "city" else ""
        name = self.entry["indicator"]
        return self.release.rows(
            f"""SELECT unit, "{name}" AS state FROM "{table}-{self.entry["policy"]}"
                WHERE month = ? AND "{name}" <> 0 {where} ORDER BY unit""",
            [self.month, *([unit] if where else [])],
        )

    def _standing(self, units: list[str]) -> dict[str, Row]:
        own = "".join(f', "{f}"' for f in self.entry["fields"] if "." not in f)
        rows = self.release.rows(
            f"SELECT unit, uid, name, county_code, row_state, carried, answered_in, seq, row_no{own} FROM standing "
            "WHERE month = ? AND unit IN (SELECT unnest(?::VARCHAR[]))",
            [self.month, units],
        )
        standing = {row["unit"]: row for row in rows}
        self._point_at_held_rows(standing)
        return standing

    def _point_at_held_rows(self, standing: dict[str, Row]) -> None:
        """Show the cells of held rows, which were reported but do not count."""
        held = [unit for unit, row in standing.items() if row["row_state"] == "held" and row["seq"] is None]
        for row in self.release.rows(
            "SELECT unit, seq, row_no FROM evidence WHERE month = ? AND unit IN (SELECT unnest(?::VARCHAR[])) ORDER BY seq, row_no",
            [self.month, held],
        ):
            standing[row["unit"]].update(seq=row["seq"], row_no=row["row_no"])

    def _evidence(self, standing: dict[str, Row]) -> dict[tuple[int, int], Row]:
        seqs = sorted({row["seq"] for row in standing.values() if row["seq"] is not None})
        own = "".join(f', "{f}"' for f in self.entry["fields"] if "." not in f)
        rows = self.release.rows(
            f"SELECT seq, row_no{own} FROM evidence WHERE seq IN (SELECT unnest(?::BIGINT[]))", [seqs]
        )
        self.places = self._places(seqs, "community")
        self.moved = self._moved(seqs)
        return {(row["seq"], row["row_no"]): row for row in rows}

    def _moved(self, seqs: list[int]) -> dict[tuple[int, int, str], Row]:
        """Places of the answers on another sheet than the first."""
        rows = self.release.rows(
            "SELECT seq, row_no, field, sheet, cell FROM moved WHERE seq IN (SELECT unnest(?::BIGINT[]))", [seqs]
        )
        return {(row["seq"], row["row_no"], row["field"]): row for row in rows}

    def _places(self, seqs: list[int], part: str) -> dict[tuple[int, str], Row]:
        rows = self.release.rows(
            "SELECT seq, field, sheet, cell FROM source WHERE part = ? AND seq IN (SELECT unnest(?::BIGINT[]))",
            [part, seqs],
        )
        return {(row["seq"], row["field"]): row for row in rows}

    def _community(
        self,
        row: Row,
        standing: Row,
        raw: dict[tuple[int, int], Row],
        own: list[str],
        shared: dict[str, dict[str, ExplainedAnswer]],
        checks: dict[str, list[Row]],
    ) -> ExplainedUnit:
        key = (standing["seq"], standing["row_no"])
        answers = {f: self._answer(standing, f, raw.get(key, {}).get(f), standing["row_no"]) for f in own}
        answers.update(shared.get(standing["county_code"], {}))
        return {
            "unit": row["unit"],
            "name": standing["name"],
            "counts": COUNTS[row["state"]],
            "answer": answers,
            "held": standing["row_state"] == "held",
            "checks": checks.get(standing["uid"], []),
        }

    def _answer(self, standing: Row, field: str, raw: str | None, row_no: int | None) -> ExplainedAnswer:
        place = self.places.get((standing["seq"], field), {})
        moved = self.moved.get((standing["seq"], row_no, field)) if row_no else None
        file = self.files.get(standing["seq"], {})
        carried = standing["carried"] and standing["answered_in"]
        return {
            "value": _plain(standing[field]),
            "raw": raw,
            "file": file.get("file"),
            "sha256": file.get("sha256"),
            "sheet": (moved or place).get("sheet"),
            "cell": moved["cell"] if moved else f"{place['cell']}{row_no or ''}" if place else None,
            "carried_from": months.key(carried) if carried else None,
        }

    def _county_answers(self, counties: set[str]) -> dict[str, dict[str, ExplainedAnswer]]:
        """The county's answers that an indicator of communities uses, under `county.<field>`."""
        fields = [f.removeprefix("county.") for f in self.entry["fields"] if f.startswith("county.")]
        return {code: self._county_fields(code, fields, "county.") for code in counties} if fields else {}

    def _county(self, row: Row) -> ExplainedUnit:
        fields = [f for f in self.entry["fields"] if "." not in f]
        answers = self._county_fields(row["unit"], fields, "")
        for name in (f for f in self.entry["fields"] if f.startswith("rollup.")):
            answers[name] = _from_rows(self._rollup(row["unit"], name.removeprefix("rollup.")))
        name = self.release.rows(
            "SELECT name FROM county_standing WHERE month = ? AND unit = ?", [self.month, row["unit"]]
        )
        return {"unit": row["unit"], "name": name[0]["name"], "counts": COUNTS[row["state"]], "answer": answers}

    def _rollup(self, county: str, rollup: str) -> int:
        """A county's total over its communities, as far as it is known."""
        field = self.release.rows(
            "SELECT field FROM rollup WHERE policy = ? AND rollup = ?", [self.entry["policy"], rollup]
        )[0]["field"]
        rows = self.release.rows(
            f'SELECT coalesce(sum("{field}"::BIGINT), 0)::BIGINT AS total FROM standing WHERE month = ? AND county_code = ?',
            [self.month, county],
        )
        return int(rows[0]["total"])

    def _county_fields(self, county: str, fields: list[str], prefix: str) -> dict[str, ExplainedAnswer]:
        rows = self.release.rows("SELECT * FROM county_standing WHERE month = ? AND unit = ?", [self.month, county])
        if not rows or not fields:
            return {}
        seqs = dict.fromkeys(fields, rows[0]["seq"]) | self._county_sources(county)
        self.places = {**getattr(self, "places", {}), **self._places([seq or 0 for seq in seqs.values()], "county")}
        return {
            f"{prefix}{f}": self._answer(rows[0] | {"seq": seqs[f]}, f, rows[0].get(f"raw:{f}"), None) for f in fields
        }

    def _county_sources(self, county: str) -> dict[str, int]:
        """Field → submission of the answer, where it is not the latest of the record."""
        rows = self.release.rows(
            "SELECT field, seq FROM county_source WHERE month = ? AND unit = ?", [self.month, county]
        )
        return {row["field"]: row["seq"] for row in rows}


def _from_rows(value: int) -> ExplainedAnswer:
    """An answer without a cell: a total over the county's units."""
    nowhere = dict.fromkeys(ExplainedAnswer.__annotations__)
    return cast(ExplainedAnswer, {**nowhere, "value": value})


def _plain(value: bool | int | str | date | Decimal | None) -> bool | int | str | None:
    if value is None or isinstance(value, bool | int | str):
        return value
    return months.key(value) if isinstance(value, date) else f"{value.normalize():f}"
