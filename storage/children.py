"""The environment of Python processes that this project starts, so that they find the project itself."""

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


def child_environment(**settings: str) -> dict[str, str]:
    """This process's environment for a Python of its own, and `settings` on top.

    `python -m` looks for modules in the working folder first, where a `tasks.py` or `storage.py` of the user's would
    hide the project's packages, and a `logging.py` the standard library's. `PYTHONSAFEPATH` leaves that folder out,
    and the folder that holds the project comes first. An empty part of `PYTHONPATH` would mean the working folder.
    """
    before = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    path = os.pathsep.join(dict.fromkeys([str(_ROOT), *before]))
    return {**os.environ, "PYTHONSAFEPATH": "1", "PYTHONPATH": path, **settings}
