"""Synthetic faces: an identity and an expression each, from no photograph."""
