"""Settings files as typed sections."""
