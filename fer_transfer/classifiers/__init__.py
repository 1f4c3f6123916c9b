"""Classifiers on a frozen backbone's vectors, their search, and augmented views of training faces."""
