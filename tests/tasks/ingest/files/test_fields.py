"""The rows and fields of a text, row by row."""

import numpy as np

from tasks.ingest.files.fields import BLANK, SOUND, STRAY, UNCLOSED, field_texts, split_records


def test_each_status() -> None:
    content = b'a,"b ""c"""\n\nx" y,z\n"d"e,f\n"open,g\nh,i\n'
    data = np.frombuffer(content, np.uint8)
    found = split_records(data, np.array([0, 1]), 2, ord(","), quoted=True, last=True)
    assert found.status.tolist() == [SOUND, BLANK, SOUND, STRAY, UNCLOSED, SOUND]
    assert found.first_line.tolist() == [0, 1, 2, 3, 4, 5] and found.lines == 6
    kept = found.status != BLANK
    whole = found.status == SOUND
    assert field_texts(data, found, 0, whole, kept).to_pylist() == [b"a", b'x" y', b"", b"", b"h"]
    assert field_texts(data, found, 1, whole, kept).to_pylist() == [b'b "c"', b"z", b"", b"", b"i"]


def test_a_quoted_field_that_is_open_at_the_end_waits_for_more() -> None:
    data = np.frombuffer(b'a,b\n"two\n', np.uint8)
    found = split_records(data, np.array([0]), 2, ord(","), quoted=True, last=False)
    assert len(found.status) == 1 and found.offsets.tolist() == [0, 4] and found.lines == 1
