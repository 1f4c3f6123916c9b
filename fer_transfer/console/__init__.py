"""What talks to the user: errors, progress, how a command starts and ends."""
