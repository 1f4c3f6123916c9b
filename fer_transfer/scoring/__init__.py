"""Arithmetic on predictions and histories: scores, MCR and MOFR."""
