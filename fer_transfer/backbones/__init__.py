"""The backbones, a module each: how its input is scaled, where its weights are, how it is built."""
