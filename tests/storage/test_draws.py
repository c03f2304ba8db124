"""Draws by hash: fixed for ever, uniform, independent between uses, indifferent to order."""

import numpy as np
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from storage.draws import hash_order, uniform, words
from storage.tables.ids import row_ids

N = 200_000
IDS = row_ids("test", [str(index) for index in range(N)])
MASK = 2**64 - 1


def reference(identity: int, seed: int, purpose: str, copy: int) -> int:
    """The word in whole numbers of Python, as the docstring has it."""
    mixed = identity ^ xxhash.xxh3_64_intdigest(f"{seed}\0{purpose}\0{copy}".encode())
    for _ in range(2):
        mixed = (mixed + 0x9E3779B97F4A7C15) & MASK
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        mixed ^= mixed >> 31
    return mixed


def test_known_answers() -> None:
    """If this fails, every selection and every shuffle that anyone has made changes: undo it."""
    ids = np.array([0, 1, 2**63, 2**64 - 1], dtype=np.uint64)
    assert row_ids("scenes", ["a", "b", ""]).tolist() == GOLDEN_IDS
    assert words(ids, seed=0, purpose="residual").tolist() == GOLDEN_WORDS
    assert uniform(ids, seed=7, purpose="shuffle", copy=1).tolist() == GOLDEN_UNIFORM


GOLDEN_IDS = [9919298801198288653, 430984183337792707, 2633333056195707373]
GOLDEN_WORDS = [2001770934068258023, 7303336435777423415, 17432735494191844274, 16427468449032890090]
GOLDEN_UNIFORM = [0.18410892231374087, 0.303168545114323, 0.48064150803311534, 0.17387264788322898]


@given(st.lists(st.integers(0, MASK), max_size=20), st.integers(), st.text(), st.integers(0, 9))
def test_words_as_defined(ids: list[int], seed: int, purpose: str, copy: int) -> None:
    found = words(np.array(ids, dtype=np.uint64), seed=seed, purpose=purpose, copy=copy)
    assert found.tolist() == [reference(identity, seed, purpose, copy) for identity in ids]
    drawn = uniform(np.array(ids, dtype=np.uint64), seed=seed, purpose=purpose, copy=copy)
    assert ((drawn >= 0) & (drawn < 1)).all()


@pytest.mark.parametrize("ids", [IDS, np.arange(N, dtype=np.uint64), np.arange(N, dtype=np.uint64) << np.uint64(40)])
@pytest.mark.parametrize("seed", [0, 1])
def test_uniform_by_kolmogorov_smirnov(ids: np.ndarray, seed: int) -> None:
    drawn = uniform(ids, seed=seed, purpose="residual")
    assert stats.kstest(drawn, "uniform").pvalue > 1e-3
    low = (words(ids, seed=seed, purpose="residual") & np.uint64(0xFF)).astype(np.int64)
    assert stats.chisquare(np.bincount(low, minlength=256)).pvalue > 1e-3


@pytest.mark.parametrize("ids", [IDS, np.arange(N, dtype=np.uint64)])
def test_uses_are_independent(ids: np.ndarray) -> None:
    base = uniform(ids, seed=0, purpose="residual")
    for other in (
        uniform(ids, seed=1, purpose="residual"),
        uniform(ids, seed=0, purpose="poisson"),
        uniform(ids, seed=0, purpose="residual", copy=1),
        np.roll(base, 1),
    ):
        assert abs(np.corrcoef(base, other)[0, 1]) < 4 / np.sqrt(N)
        joint = np.histogram2d(base, other, bins=16, range=((0, 1), (0, 1)))[0]
        assert stats.chisquare(joint.ravel()).pvalue > 1e-3


@given(st.permutations(range(50)))
def test_order_and_sharding_do_not_count(order: list[int]) -> None:
    ids = IDS[:50]
    whole = uniform(ids, seed=3, purpose="x")
    assert (uniform(ids[order], seed=3, purpose="x") == whole[order]).all()
    halves = [uniform(half, seed=3, purpose="x") for half in np.array_split(ids, 3)]
    assert (np.concatenate(halves) == whole).all()
    shuffled = ids[order]
    assert (shuffled[hash_order(shuffled, seed=3, purpose="x")] == ids[hash_order(ids, seed=3, purpose="x")]).all()


def test_order_is_a_uniform_permutation() -> None:
    order = hash_order(IDS, seed=0, purpose="shuffle")
    assert order.dtype == np.int64 and (np.sort(order) == np.arange(N)).all()
    assert abs(stats.spearmanr(order, np.arange(N)).statistic) < 4 / np.sqrt(N)
    firsts = [hash_order(np.arange(6, dtype=np.uint64), seed=seed, purpose="s")[0] for seed in range(3_000)]
    assert stats.chisquare(np.bincount(firsts, minlength=6)).pvalue > 1e-3


def test_equal_ids_stay_in_place_order() -> None:
    ids = np.array([5, 9, 5, 9, 5], dtype=np.uint64)
    order = hash_order(ids, seed=0, purpose="x").tolist()
    assert [place for place in order if ids[place] == 5] == [0, 2, 4]


def test_ids_must_be_whole() -> None:
    with pytest.raises(TypeError, match="float cannot hold"):
        uniform(np.array([1.0, 2.0]), seed=0, purpose="x")
    assert uniform(np.array([]), seed=0, purpose="x").shape == (0,)


def test_ids_differ_by_source_and_key() -> None:
    assert len(set(row_ids("a", ["x", "y"]).tolist() + row_ids("b", ["x", "y"]).tolist())) == 4
    assert len(np.unique(IDS)) == N
    assert row_ids("a", []).dtype == np.uint64


def test_a_list_of_small_and_large_ids_is_read_number_by_number() -> None:
    """numpy makes floats of such a list, in which neighbouring ids are the same."""
    ids = [2**63 + 1, 2**63 + 2, 5]
    np.testing.assert_array_equal(words(ids, seed=0, purpose="p"), words(np.array(ids, np.uint64), seed=0, purpose="p"))
    assert len(set(words(ids, seed=0, purpose="p").tolist())) == 3
    with pytest.raises(TypeError):
        words([1.5, 2.0], seed=0, purpose="p")
