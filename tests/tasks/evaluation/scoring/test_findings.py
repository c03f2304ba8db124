"""Findings of a benchmark, in closed form: what the names and the counts say."""

import numpy as np

from tasks.evaluation.scoring.findings import caption_findings, class_findings


def test_sound_benchmarks_have_none() -> None:
    assert class_findings(["cat", "dog"], np.array([0, 1, 1])) == () == caption_findings(0)


def test_names_that_are_alike_but_for_case_and_blanks() -> None:
    names = ["crane", "dog", "Crane ", "crane", "house  cat", "house cat"]
    (found,) = class_findings(names, np.arange(6))
    assert found.startswith("classes 0, 2, 3 are all called 'crane'; classes 4, 5 are all called 'house  cat': ")


def test_classes_without_images() -> None:
    (found,) = class_findings([f"c{number}" for number in range(9)], np.array([0, 8]))
    assert found.startswith("7 of 9 classes have no image ('c1', 'c2', 'c3', 'c4', 'c5', and 2 more): ")


def test_blank_captions_are_counted() -> None:
    (found,) = caption_findings(3)
    assert found.startswith("3 of the captions are blank lines")
