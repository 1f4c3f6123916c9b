"""How the layers that are not frozen train: batches, the loop, checkpoints."""
