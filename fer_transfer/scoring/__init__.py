"""Arithmetic on predictions: scores, calibration, intervals."""
