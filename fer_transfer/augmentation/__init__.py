"""Augmented views of the faces that classifiers are fitted on."""
