"""What the project's speed rests on, measured: `make bench`."""

import logging

from fer_transfer import environment

environment.isolate()
logging.disable(logging.WARNING)  # it would stand between the rows
