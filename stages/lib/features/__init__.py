"""What the frozen part gives: stored features and what they measure."""
