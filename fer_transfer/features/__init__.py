"""The frozen part's output: features on disk, and statistics of them."""
