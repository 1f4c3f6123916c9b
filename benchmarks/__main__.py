"""Print one table of all measurements: `make bench`, ten minutes or more on 2 cores."""

import logging
import os
from importlib.util import find_spec

from benchmarks import augmented, every_layer, frozen, study, subjects, tail
from benchmarks.table import header, show
from fer_transfer.networks import precision


def main() -> None:
    logging.disable(logging.WARNING)
    precisions = ["float32", *["bfloat16"] * precision.has_bfloat16()]
    print(f"{os.cpu_count()} cores; medians of three, in turns, in one process")
    if not find_spec("torch"):
        print("Without PyTorch as a peer: it is not installed (docs/performance.md)")
    header()
    for backbone in subjects.NAMES:
        for row in frozen.measure(backbone):
            show(row)
    for in_precision in precisions:
        for backbone in subjects.NAMES:
            row, share, rate = tail.measure(backbone, in_precision)
            show(row)
            print(f"  {share:.0%} of the matrix-product rate, {rate / 1e9:.0f} GFLOP/s")
    for row in study.rows(precisions):
        show(row)
    augmented.show_all()
    every_layer.show_all(precisions)  # last: op determinism is never off again


if __name__ == "__main__":
    main()
