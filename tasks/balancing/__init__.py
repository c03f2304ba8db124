"""Balancing: captions by keywords to a target marginal, by raking, calibration or a threshold."""

from tasks.balancing.calibration.calibrate import calibrate
from tasks.balancing.raking.rake import rake
from tasks.balancing.result import Balance
from tasks.balancing.threshold import threshold

__all__ = ["Balance", "calibrate", "rake", "threshold"]
