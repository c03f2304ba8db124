"""What a reader of scores must know of the benchmark itself: it is said beside them."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from tasks.arrays import Int64s

NAMED = 5
"""Names that a sentence lists before it says how many more there are."""

FIVE = 5
"""Classes that there must be for acc5."""


def class_findings(names: Sequence[str], labels: Int64s) -> tuple[str, ...]:
    """Sentences about classes with the same name, and about classes without images.

    names: of all classes. labels: the true class of every image, `[n]`.
    """
    counts = np.bincount(labels, minlength=len(names))
    left = "can be answered, and are left out of the mean over classes"
    return (*alike_findings(names), *missing_findings(names, counts, left))


def alike_findings(names: Sequence[str]) -> tuple[str, ...]:
    """A sentence about classes that have the same name.

    Two classes with one name (but for case and blanks) have nearly or exactly the same prompts: an answer between them
    says nothing of the picture, and of exactly equal ones the first always wins.
    """
    places = defaultdict(list)
    for number, name in enumerate(names):
        places[" ".join(name.casefold().split())].append(number)
    alike = [
        f"classes {', '.join(map(str, numbers))} are all called {names[numbers[0]]!r}"
        for numbers in places.values()
        if len(numbers) > 1
    ]
    if not alike:
        return ()
    return (
        f"{_listed(alike, '; ')}: prompts cannot tell them apart, and of equal ones the first is answered, so that "
        "the others' recall is 0 whatever the model",
    )


def missing_findings(names: Sequence[str], counts: Int64s, consequence: str) -> tuple[str, ...]:
    """A sentence about classes without images.

    Args:
        names: of all classes.
        counts: how many images each has, `[c]`.
        consequence: what becomes of such classes, after "they".
    """
    empty = [repr(names[number]) for number in np.flatnonzero(np.asarray(counts) == 0)]
    if not empty:
        return ()
    return (f"{len(empty)} of {len(names)} classes have no image ({_listed(empty, ', ')}): they {consequence}",)


def few_findings(classes: int) -> tuple[str, ...]:
    """A sentence about benchmarks of so few classes that a metric does not exist."""
    if classes >= FIVE:
        return ()
    return (f"there are only {classes} classes, so that acc5 does not exist: it is null in the results, never NaN",)


def caption_findings(blank: int) -> tuple[str, ...]:
    """A sentence about captions of white space alone that are asked for like the others."""
    if not blank:
        return ()
    return (
        f"{blank} of the captions are blank lines, which are asked for like the others, as clip-benchmark does; nobody "
        "can find their images (evaluation.settings.blank_captions: drop leaves them out)",
    )


def _listed(items: Sequence[str], between: str) -> str:
    more = len(items) - NAMED
    return between.join(items[:NAMED]) + (f"{between}and {more} more" if more > 0 else "")
