"""What the numbers mean: the paper, evidence, verdicts, findings, recommendations."""
