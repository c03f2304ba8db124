"""Balancing: captions by keywords to a target marginal, by raking, calibration or a threshold."""
