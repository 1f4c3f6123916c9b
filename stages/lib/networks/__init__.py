"""The networks, from TensorFlow: backbones, where they are split, what runs them."""
