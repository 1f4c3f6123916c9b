"""Readers of sources of labelled faces: each layout becomes the one set that all stages share."""
