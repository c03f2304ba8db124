"""Imports what a run's end needs while its stages are at work.

Name only what no stage imports meanwhile. Of two threads that enter a package whose modules import each other,
torch's for one, at different places, Python lets one go on with half a module, and that one fails.
"""

import importlib
import threading
from collections.abc import Iterable


def import_ahead(modules: Iterable[str]) -> threading.Thread:
    """Import modules by name, in their order, in a thread of its own; it ends early where the process does.

    A module that cannot be imported is left to whoever needs it, who can say what for.
    """

    def load() -> None:
        for module in modules:
            if not threading.main_thread().is_alive():
                return
            try:
                importlib.import_module(module)
            except Exception:
                continue  # its own importer meets the same fault, and raises it

    thread = threading.Thread(target=load, name="imports")
    thread.start()
    return thread
