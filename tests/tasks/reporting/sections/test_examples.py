"""Which pairs are shown, and what is said of each."""

from pathlib import Path

from tasks.reporting.config import ReportConfig
from tasks.reporting.inputs.fates import Fate, Row
from tasks.reporting.sections.examples import describe, read_examples
from tests.tasks.reporting.conftest import HOSTILE, KEYWORDS, LAW, Inputs, match_table, pairs_table


def test_pairs_are_shown_with_what_they_hold(inputs: Inputs, tmp_path: Path) -> None:
    work = inputs.workspace(tmp_path)
    groups = read_examples(ReportConfig(examples=4), inputs.pairs, inputs.curation, work)
    assert [(group.title, group.total, len(group.examples)) for group in groups] == [
        ("Repeated most", 8, 4),
        ("Kept once", 22, 4),
        ("Dropped", 6, 4),
        ("Never matched", 4, 4),
    ]
    lists = dict(zip(pairs_table()["id"].to_pylist(), match_table()["entries"].to_pylist(), strict=True))
    captions = pairs_table()["caption"].to_pylist()
    for group in groups:
        for example in group.examples:
            place = captions.index(example.picture.caption) if example.picture.caption in captions else None
            if place is not None:
                held = list(lists.values())[place]
                assert example.keywords == tuple(KEYWORDS[number] for number in held)
            assert (example.weight is None) == (not example.keywords)
    weights = [example.weight for example in groups[0].examples]
    assert {example.multiplicity for example in groups[0].examples} == {3} and weights == sorted(weights, reverse=True)
    assert LAW.gives_copies and len(HOSTILE) == 8


def test_no_examples_asked_for_are_none(inputs: Inputs, tmp_path: Path) -> None:
    assert read_examples(ReportConfig(examples=0), inputs.pairs, inputs.curation, inputs.workspace(tmp_path)) == ()


def test_empty_fates_are_left_out(inputs: Inputs, tmp_path: Path) -> None:
    pairs = inputs.workspace(tmp_path).shards(inputs.pairs, "pairs-*.parquet")
    fates = [Fate("none", "", 0, ()), Fate("one", "so", 7, (Row(0, 2, 1.5, (0, 5, 99)),))]
    (group,) = describe(fates, pairs=pairs, keywords=KEYWORDS, side=16)
    assert (group.title, group.meaning, group.total) == ("one", "so", 7)
    assert group.examples[0].keywords == ("dog", "cat")
