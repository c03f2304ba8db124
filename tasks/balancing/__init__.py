"""Balancing: captions by keywords to a target marginal, by raking, calibration or a threshold.

The names below are loaded when they are first asked for, so that reading a configuration compiles no kernel.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.balancing.calibration.calibrate import calibrate
    from tasks.balancing.raking.rake import rake
    from tasks.balancing.result import Balance
    from tasks.balancing.threshold_rule import threshold

__all__ = ["Balance", "calibrate", "rake", "threshold"]

_HOMES = {
    "Balance": "tasks.balancing.result",
    "calibrate": "tasks.balancing.calibration.calibrate",
    "rake": "tasks.balancing.raking.rake",
    "threshold": "tasks.balancing.threshold_rule",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
