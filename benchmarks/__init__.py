"""What the project's speed rests on, measured: `make bench`."""

from fer_transfer import environment

environment.isolate()
