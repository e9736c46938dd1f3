"""What a quarter or a year changed between its true ends, by today's divisions, with the part that is work."""

from fractions import Fraction

from pipelines import months
from pipelines.edition.figure_types import Change, Part
from pipelines.edition.phrases import listed, sentence
from pipelines.errors import Refusal
from pipelines.reports.claims import Claim, Proof, figure_proof
from pipelines.reports.facts import Facts
from pipelines.reports.indicator_figures import Item, tenth
from pipelines.reports.report_periods import Variant

_BESIDE: tuple[Part, ...] = ("register", "corrections", "boundary")


def require(facts: Facts, variant: Variant) -> None:
    """Refuse a period's paper in a month that does not end it, and where the end of the period before is not known."""
    if facts.month.month % variant.back:
        raise Refusal(f"{months.label(facts.month)}不是{variant.ends}，不能出{variant.name}；请用 --variant month")
    if facts.compared is None:
        start = months.add(facts.month, -variant.back)
        raise Refusal(f"没有{months.label(start)}（{variant.since}）的数据，不能出{variant.name}：没有可比的起点")


def claims(facts: Facts, variant: Variant) -> list[Claim | None]:
    """The sentences of a quarter's or a year's changes with their proofs."""
    return [_moved(facts, variant), _met(facts, variant)]


def _moved(facts: Facts, variant: Variant) -> Claim | None:
    """The leading shares that rose most since the end of the period before, with the part that is work."""
    city, (rose, fell) = facts.parts, facts.moved_most
    text = sentence(
        rose and f"与{variant.since}相比（按现区划），提高较多的是{listed([_change(item, city) for item in rose])}",
    ) + sentence(
        fell
        and f"{'' if rose else f'与{variant.since}相比（按现区划），'}下降的是{listed([_change(item, city) for item in fell])}"
    )
    proofs = [proof for item in (*rose, *fell) for proof in _proofs(facts, item)]
    return Claim(text, tuple(proofs)) if text else None


def _change(item: Item, city: dict[str, Change]) -> str:
    change = item.change or 0
    figure, before = item.city, item.before
    assert figure and before
    return f"{item.name}由{before.shown}%{'升' if change > 0 else '降'}至{figure.shown}%{_work(item, city)}"


def _work(item: Item, city: dict[str, Change]) -> str:
    """The part of the change that is work, where reports arrived or went missing beside it; nothing where divisions, definition or
    corrections moved it too: the change moved is by today's divisions, and the two would not add up to it.
    """
    parts = {name: Fraction(text) for name, text in city[item.id]["parts"].items()} if item.id in city else {}
    if not parts or not tenth(parts["reporting"]) or any(tenth(parts[name]) for name in _BESIDE):
        return ""
    return f"（工作进展{_signed(parts['answers'])}、报送增减{_signed(parts['reporting'])}个百分点）"


def _signed(part: Fraction) -> str:
    shown = tenth(part)
    return f"+{shown}" if shown > 0 else f"−{-shown}" if shown < 0 else "0.0"


def _proofs(facts: Facts, item: Item) -> tuple[Proof, ...]:
    assert item.city and item.before
    policy, unit = facts.policy["id"], item.city.unit
    change = """SELECT printf('%.1f', abs(round(n.numerator / n.denominator * i.factor - b.numerator / b.denominator * i.factor, 1)))
                FROM figure AS n JOIN figure AS b USING (policy, indicator, unit, level, divisions) JOIN indicator AS i USING (policy, indicator)
                WHERE policy = ? AND indicator = ? AND level = 'city' AND divisions = 'now' AND n.month = ? AND b.month = ?"""
    return (
        figure_proof(policy, item.id, unit, facts.month, shown=item.city.shown),
        figure_proof(policy, item.id, unit, facts.compared, shown=item.before.shown),
        Proof(change, (policy, item.id, facts.month, facts.compared), [(str(abs(item.change or 0)),)]),
    )


def _met(facts: Facts, variant: Variant) -> Claim | None:
    ids = [item.id for item in facts.headline]
    now = sum(item.status == "met" for item in facts.headline)
    before = [item.at(facts.compared) for item in facts.headline if facts.compared]
    then = sum(figure is not None and figure.status == "met" for figure in before)
    if now == then == 0:
        return None
    sql = """SELECT count(*) FROM figure WHERE policy = ? AND month = ? AND level = 'city' AND divisions = 'now' AND status = 'met'
             AND list_contains(?, indicator)"""
    key = facts.policy["id"]
    text = (
        f"主要指标达标由{variant.since}的{then}项变为{now}项。"
        if now != then
        else f"主要指标达标{now}项，与{variant.since}相同。"
    )
    return Claim(
        text, (Proof(sql, (key, facts.month, ids), [(now,)]), Proof(sql, (key, facts.compared, ids), [(then,)]))
    )
