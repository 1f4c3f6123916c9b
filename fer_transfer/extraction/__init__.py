"""The extraction of features by a variant's frozen part, and their statistics."""
