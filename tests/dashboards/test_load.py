"""Readers while new editions are published by another process: nobody sees an error or two editions at once."""

import subprocess
import sys
import time
from pathlib import Path

from lab.benchmarks.bench_load import corrections
from lab.benchmarks.readers import choices, reading
from pipelines import settings
from pipelines.edition import open_folder
from pipelines.edition.edition_folders import current

READERS = 6
# nobody waits so long for two editions, however slow the machine
HANGS = 1800
# one process for both editions, without reports: cheap; the benchmark runs the real commands
PUBLISH = """
import sys
from pathlib import Path
from pipelines import months, settings
from pipelines.intake import session, submit_files
from pipelines.monthly import monthly_run
place = settings.load(Path(sys.argv[1]))
for workbook in sys.argv[3:]:
    submit_files.submit([Path(workbook)], place, by="测试")
    with session.writing(place, "测试") as opened:
        print(monthly_run.publish_month(opened, place, months.parse(sys.argv[2])).folder.name)
"""


def test_readers_meet_no_error_and_never_two_editions_while_two_are_published(fresh: Path, serve, tmp_path):
    place = settings.load(fresh)
    release = open_folder(current(place.releases))
    asked, month = choices(release)[:8], release.manifest["month"]
    release.close()
    workbooks = [str(path) for path in corrections(place, month, tmp_path, 2)]
    with reading(serve(fresh), asked, READERS, pause=2.0) as crowd:
        command = [sys.executable, "-c", PUBLISH, str(fresh), month, *workbooks]
        done = subprocess.run(command, capture_output=True, text=True, timeout=HANGS, check=False)
        assert done.returncode == 0, done.stderr
        published = time.monotonic()
        while not any(answer.start > published for answer in crowd.answers) and not crowd.errors:
            time.sleep(0.1)
    assert crowd.wrong() == []
    assert crowd.differing() == []
    assert crowd.finished == READERS
    # on a slow machine DuckDB draws a progress bar before them: it takes `python -c` for a person's session
    assert done.stdout.split()[-2:] == ["2", "3"]
    assert {f"{month}/1", f"{month}/3"} <= {label for answer in crowd.answers for label in answer.editions}
