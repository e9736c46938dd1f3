"""What programs say is kept, and never more of it than was promised."""

import io

from pipelines.serving import logs


def test_a_program_that_talks_for_years_fills_eleven_files_and_no_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "LARGEST", 2000)
    said = b"".join(f"\x1b[32m第 {n} 行\x1b[0m\n".encode() for n in range(2000))
    logs.capture(io.BytesIO(said), logs.opened(tmp_path, "web")).join(10)
    files = sorted(tmp_path.iterdir())
    assert [place.name for place in files] == ["web.log", *sorted(f"web.log.{n}" for n in range(1, logs.KEPT + 1))]
    assert max(place.stat().st_size for place in files) <= 2000
    newest = (tmp_path / "web.log").read_text(encoding="utf-8").splitlines()
    assert newest[-1].endswith(" 第 1999 行")
