"""Milliseconds per image of each backbone's frozen part: `python -m benchmarks.costs`.

About a minute. Writes metrics/costs.json, by which the report recommends a backbone.
"""

import os
import re
import tempfile
from functools import partial
from pathlib import Path

from benchmarks import subjects
from benchmarks.study import NUM_IMAGES, whole_stage
from benchmarks.timing import medians
from fer_transfer.core import files
from fer_transfer.networks.inference import open_engine
from fer_transfer.results.catalog import BACKBONES


def milliseconds(backbone: str) -> float:
    """Return the median of three passes, as the features stage makes them."""
    engine = open_engine(subjects.build(backbone).frozen, "float32")
    pixels, _ = subjects.images(NUM_IMAGES[backbone])
    with tempfile.TemporaryDirectory() as name:
        way = partial(whole_stage, engine, pixels, Path(name, "features")), len(pixels)
        return 1000 * medians({"pass": way})["pass"]


def main() -> None:
    processors = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    processor = re.search(r"^model name\s*:\s*(.+)$", processors, re.MULTILINE)
    costs = {
        "machine": f"{os.cpu_count()} cores, {processor[1] if processor else 'processor unknown'}",
        "source": "the frozen part, computed in float32 and stored as the features stage does; "
        "median of three passes (python -m benchmarks.costs)",
        "milliseconds_per_image": {name: milliseconds(name) for name in BACKBONES},
    }
    files.write_json(Path("metrics/costs.json"), costs)


if __name__ == "__main__":
    main()
