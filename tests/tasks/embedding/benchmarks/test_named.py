"""Benchmarks by name: where they are looked for, which lists there are, and one sentence where there is none."""

from pathlib import Path

import pytest

from storage.errors import InputError
from tasks.embedding.benchmarks.named import DATACOMP, LISTS, candidates, datacomp_key, expanded, named_folder


def test_datacomp_has_38_sets_of_its_own_average_and_says_which_are_not_scored_here() -> None:
    unaveraged = {"fairness/fairface", "fairness/utkface"}
    assert len(set(DATACOMP) - unaveraged) == 38
    assert len(expanded(("datacomp",))) == 32
    for name, task in DATACOMP.items():
        if task.needs:
            with pytest.raises(InputError, match="is not scored here: it needs"):
                named_folder(Path(), name)


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("cifar10", "wds_cifar10"),
        ("cifar10", "cifar10"),
        ("cifar10", "wds_cifar10_test"),
        ("vtab/cifar100", "wds_vtab-cifar100_test"),
        ("cifar100", "wds_vtab-cifar100"),
        ("flickr30k", "wds_retrieval-flickr30k"),
        ("retrieval/flickr30k", "wds_flickr30k"),
        ("imagenet-a", "wds_imagenet-a"),
    ],
)
def test_a_name_is_found_in_every_layout_of_a_root(tmp_path: Path, name: str, folder: str) -> None:
    (tmp_path / folder).mkdir()
    assert named_folder(tmp_path, name) == tmp_path / folder


def test_lists_stand_for_their_names_and_each_comes_once() -> None:
    assert expanded(("stl10", "paper", "mine")) == ("stl10", "cifar10", "cifar100", "mine")
    assert {"wds_cifar10"} < set(candidates("cifar10"))
    assert all(candidates(name) for names in LISTS.values() for name in names)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("wds_vtab-cifar100_test", "vtab/cifar100"),
        ("cifar100", "vtab/cifar100"),
        ("wds_flickr30k", "retrieval/flickr30k"),
        ("mscoco_captions", "retrieval/mscoco_2014_5k_test_image_text_retrieval"),
        ("flowers", "vtab/flowers"),
        ("mine", None),
    ],
)
def test_datacomps_own_keys(name: str, key: str | None) -> None:
    assert datacomp_key(name) == key


def test_a_wrong_root_and_a_wrong_name_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder; give the folder that the data sets lie in"):
        named_folder(tmp_path / "nowhere", "cifar10")
    with pytest.raises(InputError, match=r"no benchmark 'cifar10' in .*, but no folder; correct"):
        named_folder(tmp_path, "cifar10")
    (tmp_path / "wds_stl10").mkdir()
    with pytest.raises(InputError, match=r"none of wds_cifar10, wds_cifar10_test, cifar10 is there, but wds_stl10"):
        named_folder(tmp_path, "cifar10")
