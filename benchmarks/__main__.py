"""Print the measurements of docs/performance.md: `make bench`, ten minutes or more on 2 cores.

python -m benchmarks              # all
python -m benchmarks every_layer  # one module
"""

import os
import sys
from importlib import import_module

# The last turns op determinism on, which nothing turns off again.
MODULES = ("study", "every_layer")


def main(*chosen: str) -> None:
    print(f"{os.cpu_count()} cores; medians of three, in turns, in one process")
    for name in chosen or MODULES:
        import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main(*sys.argv[1:])
