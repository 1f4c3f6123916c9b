"""Benchmarks of the project's speed: `make bench`."""

import logging

from fer_transfer import environment

environment.isolate()
logging.disable(logging.WARNING)  # it would stand between the rows
