"""Commands that are no stage of the pipeline, run as `python -m tools.<name>`."""

from fer_transfer import environment

environment.isolate()
