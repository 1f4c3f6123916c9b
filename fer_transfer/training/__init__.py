"""Training of the layers that are not frozen: batches, the loop, checkpoints."""
