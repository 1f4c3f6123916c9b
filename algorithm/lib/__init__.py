"""What the stages of the algorithm import."""
