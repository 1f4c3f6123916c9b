"""Print the measurements of docs/performance.md: `make bench`, ten minutes or more on 2 cores.

python -m benchmarks              # all
python -m benchmarks every_layer  # one module
"""

import logging
import os
import sys
from importlib import import_module

# The last turns op determinism on, which nothing turns off again.
MODULES = ("frozen", "tail", "study", "augmented", "every_layer")


def main() -> None:
    logging.disable(logging.WARNING)
    print(f"{os.cpu_count()} cores; medians of three, in turns, in one process")
    for name in sys.argv[1:] or MODULES:
        import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
