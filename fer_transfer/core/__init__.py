"""What every program here does alike: errors, log lines, files that appear whole, progress."""
