"""A program is watched from outside."""

import pytest

from benchmarks.timing.watched import watch


def test_a_watched_program(tmp_path, monkeypatch):
    (tmp_path / "holds_much.py").write_text(
        "import time\nheld = bytearray(200 << 20)\nfor place in range(0, len(held), 4096): held[place] = 1\n"
        "time.sleep(0.3)\nprint('done')\n"
    )
    found = watch("holds_much", [], {"PYTHONPATH": str(tmp_path)})
    assert found.output == "done" and 0.3 < found.seconds < 60
    assert 200 < found.peak < 300
    assert 0 < max(used for *_, used in found.samples) <= found.processor <= found.seconds * 2
    with pytest.raises(RuntimeError, match="No module named"):
        watch("is_not_there", [], {})
