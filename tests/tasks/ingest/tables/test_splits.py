"""Files that say a split: which are taken, and that it is said."""

import logging

import pytest

from storage.errors import InputError
from tasks.ingest.tables.splits import files_of_split, split_of

TWO = ["test-00000-of-00001.parquet", "train-00000-of-00002.parquet", "train-00001-of-00002.parquet"]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("data/train-00000-of-00002.parquet", "train"),
        ("validation.csv", "validation"),
        ("val/metadata.jsonl", "validation"),
        ("my_dev_set.csv", "validation"),
        ("Test.parquet", "test"),
        ("train2.csv", "train"),
        ("training/part.csv", "train"),
        ("restrained.csv", None),
        ("latest.csv", None),
        ("trainer.csv", None),
        ("a.parquet", None),
    ],
)
def test_a_split_is_a_word_of_its_own(name: str, split: str | None) -> None:
    assert split_of(name) == split


def test_train_is_taken_where_files_of_other_splits_lie_beside_it_and_that_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "equipoise.ingest"):
        assert files_of_split(TWO, None, "hub") == tuple(TWO[1:])
    (said,) = caplog.messages
    assert said == "hub: 2 of 3 files are taken, of the split train (test: 1, train: 2)"


def test_a_choice_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    assert files_of_split(TWO, "test", "hub") == (TWO[0],)
    assert files_of_split(TWO, "all", "hub") == tuple(TWO)
    caplog.clear()
    for names in (["a.parquet", "b.parquet"], ["test-0.parquet", "test-1.parquet"]):
        assert files_of_split(names, None, "hub") == tuple(names)
    assert not caplog.messages


@pytest.mark.parametrize(
    ("names", "split", "says"),
    [
        (["test.csv", "val.csv"], None, r"several splits \(test: 1, validation: 1\) and none of 'train': say which"),
        (["train.csv", "more.csv"], None, r"files of splits and others \(of no split: 1, train: 1\)"),
        (["test.csv"], "train", "none of 'train': say which with split: test"),
    ],
)
def test_what_names_do_not_decide_is_asked(names: list[str], split: str | None, says: str) -> None:
    with pytest.raises(InputError, match=says):
        files_of_split(names, split, "hub")
