"""The bar that a person at a terminal sees."""

from collections.abc import Callable

from tqdm import tqdm


class Bar(tqdm):
    """A bar that tells of its steps where nothing is drawn, too."""

    told: Callable[[int], None] | None = None

    def update(self, n: float | None = 1) -> bool | None:
        """Advance by `n`."""
        if self.told is not None:
            self.told(int(n or 0))
        return super().update(n)
