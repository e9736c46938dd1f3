"""One figure as pages get it, for tests of words and charts."""

from datetime import date
from decimal import Decimal


def a_row(**more) -> dict:
    return {
        "policy": "opinions-2018",
        "indicator": "facility_rural",
        "name": "农村社区综合服务设施覆盖率",
        "position": 7,
        "unit": "%",
        "gap_unit": "个村",
        "is_share": True,
        "low": 50.0,
        "high": None,
        "goal": "≥50",
        "goal_due": date(2020, 12, 1),
        "month": date(2020, 6, 1),
        "level": "county",
        "place": "130528",
        "value": 45.7,
        "lower": 45.0,
        "upper": 47.0,
        "shown": "45.7",
        "numerator": Decimal("2274.000000"),
        "denominator": Decimal("4977.000000"),
        "unknown": 90,
        "carried": 12,
        "target": "≥50",
        "status": "lagging",
        "gap": 215,
        "more": Decimal("18.000000"),
        "points": 0.36,
        "months": [date(2020, 5, 1), date(2020, 6, 1)],
        "values": [45.3, 45.7],
        **more,
    }
