"""Commands that are not pipeline stages, run as `python -m tools.<name>`."""

from fer_transfer import environment

environment.isolate()
