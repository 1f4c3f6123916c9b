"""Files from outside the project: by address, from a mirror, checked by their hash."""
