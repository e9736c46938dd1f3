"""How much a report lists: from `MANY_COUNTIES` on the counties that lag most; of towns and findings so many. The release's tables have all."""

MANY_COUNTIES, COUNTIES_SHOWN = 100, 60
MANY_TOWNS, TOWNS_SHOWN = 2_000, 100
FINDINGS_SHOWN = 20_000
# names in the annex of a paper, about a page; of an indicator in the workbook
LACKING_SHOWN, LACKING_LISTED = 120, 20_000
# explanations of counties in a paper and on a page; the workbook has all
EXPLAINED_SHOWN = 60

MOST_BEHIND = f"县（市、区）较多，只列滞后项数最多的{COUNTIES_SHOWN}个，全部见数据表。"
MOST_LEFT_OUT = f"县（市、区）较多，只列未采用单位最多的{COUNTIES_SHOWN}个，全部见数据表。"
