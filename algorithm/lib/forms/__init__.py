"""The forms of labelled photos that are read: a module per family."""
