"""From the counties' workbooks to published figures and verdicts once more, by a second program (semantics, version 2).

It imports nothing of `pipelines`: workbooks are read with calamine alone, reference data with PyYAML and csv, expressions by a parser of
its own, and everything is counted in whole numbers and fractions, one unit after the other. It reads the ordinary layouts of the survey
form. What is beyond them it lists as `not read`; it never guesses.

    python -m lab.audit DATA [--months A..B]                     a data folder: its archive against `shequ figures --json`
    python -m lab.audit --workbooks DIR --figures FILE…          workbooks against figures that were saved
"""
