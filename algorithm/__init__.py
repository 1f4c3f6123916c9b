"""The paper's algorithm (its section 6) for photos of one's own: a second pipeline."""
