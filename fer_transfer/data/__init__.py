"""A set of labelled faces as one value; the words and numbers of emotions; votes."""
