"""Classifiers on a frozen backbone's vectors, their comparison and assessment."""
