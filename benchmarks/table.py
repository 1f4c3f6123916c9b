"""The table that the benchmarks print."""

from benchmarks.timing import Row

UNITS = ((3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms"))


def shown(seconds: float) -> str:
    """Return a time in the largest unit in which it is at least 2."""
    size, unit = next((one for one in UNITS if seconds >= 2 * one[0]), UNITS[-1])
    return f"{seconds / size:.1f} {unit}"


def header() -> None:
    """Print the names of the columns."""
    print(f"{'what':48} {'ours':>9} {'other':>9}  {'which':20} {'ratio':>6}")


def show(row: Row) -> None:
    """Print a row as soon as it is measured."""
    print(
        f"{row.what:48} {shown(row.ours):>9} {shown(row.other):>9}  "
        f"{row.other_name:20} {row.ratio:6.2f}",
        flush=True,
    )
