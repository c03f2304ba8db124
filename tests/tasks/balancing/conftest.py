"""Real titles as a matrix, for the tests of balancing that need the field's own long tail."""

from __future__ import annotations

import collections
import re
from pathlib import Path

import numpy as np
import pytest

from storage.tables.ids import row_ids
from tasks.balancing.matrix.incidence import Incidence, incidence_of


@pytest.fixture
def titles(shared_data: Path) -> Incidence:
    """Titles that hold a word of at least three titles, by a plain loop over single words."""
    folder = shared_data / "imagenet_captions"
    lines = (folder / "imagenet_captions_val_c250.csv").read_text(encoding="utf-8").split("\n")[1:]
    words = [sorted(set(re.findall(r"[^\W\d_]+", line.split("\t")[0]))) for line in lines if "\t" in line]
    counts = collections.Counter(word for row in words for word in row)
    kept = {word: j for j, word in enumerate(sorted(word for word, count in counts.items() if count >= 3))}
    matrix = incidence_of([[kept[word] for word in row if word in kept] for row in words], len(kept))
    ids = row_ids("titles", [str(i) for i in range(len(words))])
    whole = Incidence(ids, matrix.indptr, matrix.indices, len(kept))
    return whole.take(np.flatnonzero(whole.degrees > 0))
