"""The bar tells of its steps, drawn or not."""

import subprocess
import sys

import pytest

from storage.bar import Bar


@pytest.mark.parametrize("silent", [True, False])
def test_steps_are_told_whether_drawn_or_not(silent: bool) -> None:
    told: list[int] = []
    with Bar(total=5, disable=silent, mininterval=0.0) as bar:
        bar.told = told.append
        bar.update(2)
        bar.update()
        assert silent or bar.n == 3
    assert told == [2, 1]


def test_its_library_is_loaded_with_the_first_bar() -> None:
    program = "import sys; from storage.progress import progress; a = 'tqdm' in sys.modules; progress(1, 'one').close()"
    done = subprocess.run([sys.executable, "-c", f"{program}; print(a, 'tqdm' in sys.modules)"], capture_output=True)
    assert done.stdout.split() == [b"False", b"True"]
