"""The pages of the dashboard: file, title, and address. The first is shown at the root."""

from typing import NamedTuple


class Page(NamedTuple):
    """A page; `address` is the path under which it stands."""

    file: str
    title: str
    address: str


PAGES = (
    Page("overview", "总览", ""),
    Page("indicator", "指标", "indicator"),
    Page("atlas", "地图", "map"),
    Page("county", "县市区", "county"),
    Page("unit", "社区（村）", "unit"),
    Page("gaps", "缺口清单", "gaps"),
    Page("tasks", "督办", "tasks"),
    Page("compare", "比较", "compare"),
    Page("reporting", "报送", "reporting"),
    Page("policy", "政策", "policy"),
    Page("spot", "抽查", "spot"),
    Page("quality", "数据质量", "quality"),
    Page("operation", "运行", "operation"),
    Page("guide", "说明", "guide"),
    Page("wall", "大屏", "wall"),
)
