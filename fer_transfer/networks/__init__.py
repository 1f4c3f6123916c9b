"""The networks, in TensorFlow: backbones, where they are split, and what computes them."""
