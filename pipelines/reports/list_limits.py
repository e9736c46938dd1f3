"""How much a report lists. A city's names every county, town and finding; a country has thousands, and nobody reads them.

From `MANY_COUNTIES` on, papers and pages show the counties that lag most and say so, and the workbook has every county once. Of towns
and findings a workbook lists so many at most: all of them are in the release's tables.
"""

MANY_COUNTIES, COUNTIES_SHOWN = 100, 60
MANY_TOWNS, TOWNS_SHOWN = 2_000, 100
FINDINGS_SHOWN = 20_000
# names in the annex of a paper, about a page; of an indicator in the workbook
LACKING_SHOWN, LACKING_LISTED = 120, 20_000
# explanations of counties in a paper and on a page; the workbook has all
EXPLAINED_SHOWN = 60

MOST_BEHIND = f"县（市、区）较多，只列滞后项数最多的{COUNTIES_SHOWN}个，全部见数据表。"
MOST_LEFT_OUT = f"县（市、区）较多，只列未采用单位最多的{COUNTIES_SHOWN}个，全部见数据表。"
