"""What the project's speed rests on, measured: `make bench`."""
