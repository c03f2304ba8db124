"""Batches made early: the same ones, and the same errors."""

import pytest

from tasks.training.data.prefetch import prefetch


def test_prefetching_keeps_the_order_and_the_errors():
    def items():
        yield from range(5)
        raise ValueError("at the end")

    for ahead in (0, 1, 3):
        seen = []
        with pytest.raises(ValueError, match="at the end"):
            for item in prefetch(items(), ahead):
                seen.append(item)
        assert seen == list(range(5))
        assert list(prefetch(iter("abc"), ahead)) == ["a", "b", "c"]
