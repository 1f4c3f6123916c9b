"""Print one table of all measurements: `make bench`, at most ten minutes on 2 cores."""

import logging
import os

from benchmarks import frozen, study, subjects, tail
from benchmarks.timing import Row
from stages.lib import precision

UNITS = ((3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms"))


def shown(seconds: float) -> str:
    """Return a time in the largest unit of which it is at least two."""
    size, unit = next((one for one in UNITS if seconds >= 2 * one[0]), UNITS[-1])
    return f"{seconds / size:.1f} {unit}"


def show(rows: list[Row]) -> None:
    for row in rows:
        print(
            f"{row.what:44} {shown(row.ours):>10} {shown(row.other):>10}  "
            f"{row.other_name:22} {row.ratio:6.2f}",
            flush=True,
        )


def main() -> None:
    logging.disable(logging.WARNING)
    precisions = ["float32", *["bfloat16"] * precision.has_bfloat16()]
    print(f"{os.cpu_count()} cores; medians of three, in turns, in this process")
    print(f"{'what':44} {'ours':>10} {'other':>10}  {'which':22} {'ratio':>6}")
    for backbone in subjects.NAMES:
        show(frozen.measure(backbone))
    for in_precision in precisions:
        for backbone in subjects.NAMES:
            row, share = tail.measure(backbone, in_precision)
            show([row])
            print(f"{'':44} {share:.0%} of the machine's matrix-product rate")
    for in_precision in precisions:
        show(study.rows(in_precision))


if __name__ == "__main__":
    main()
