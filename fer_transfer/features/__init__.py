"""The frozen part's output: features on disk."""
