"""比较: any month with any, for the city or a county; counties side by side."""

from dashboards.charts import palette
from dashboards.components import compare_panel, header

view = header.view()
WAYS = {"months": "两个月份相比", "counties": "县市区并列"}
if header.tabs("way", "比什么", WAYS, "months") == "months":
    compare_panel.two_months(view, palette.ink())
else:
    compare_panel.side_by_side(view)
