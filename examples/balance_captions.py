"""Balance captions of your own, in memory: match keywords, cap the common ones, draw a selection."""

import numpy as np

from equipoise import KeywordMatcher, calibrate, draw

KEYWORDS = ["cat", "dog", "axolotl", "red", "blue"]
CAPTIONS = ["a red cat"] * 60 + ["a blue cat"] * 20 + ["a red dog"] * 15 + ["an axolotl, blue"] * 3 + ["untitled"] * 2
CAP = 20.0
"""Captions that a keyword may have in the selection; a rarer keyword keeps all of its own."""


def main() -> dict[str, tuple[int, int]]:
    """Print, and return, how many captions each keyword has before and after."""
    matches = KeywordMatcher(KEYWORDS).match(CAPTIONS)
    indptr, indices = matches.offsets.to_numpy(), matches.values.to_numpy()  # compressed rows: captions by keywords
    before = np.bincount(indices, minlength=len(KEYWORDS))
    wanted = np.minimum(before, CAP)

    balance = calibrate(indptr, indices, columns=len(KEYWORDS), lower=wanted, upper=wanted)
    print(balance.explanation(KEYWORDS))

    ids = np.arange(len(CAPTIONS), dtype=np.uint64)
    drawn = draw(ids, balance.weight, method="residual", size=None, seed=0, inclusion=balance.inclusion)
    copies = np.repeat(drawn.multiplicity, np.diff(indptr))
    after = np.bincount(indices, weights=copies, minlength=len(KEYWORDS)).astype(int)
    for keyword, one, two in zip(KEYWORDS, before, after):
        print(f"{keyword:8} {one:3} → {two:3}")
    return {keyword: (int(one), int(two)) for keyword, one, two in zip(KEYWORDS, before, after)}


if __name__ == "__main__":
    main()
