"""Time against number of images: `python -m benchmarks.growth`, about five minutes on 2 cores.

Writes docs/growth.png and prints the slope, intercept and R squared of each line.
"""

import logging
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from benchmarks import subjects
from benchmarks.frozen import whole_stage
from benchmarks.tail import BATCH_SIZE, our_tail
from fer_transfer.features.feature_store import open_features
from fer_transfer.networks.inference import Engine, openvino_pass
from fer_transfer.training.batches import Batches
from fer_transfer.training.loop import Loop

NUMBERS = (1000, 2000, 4000, 6000, 8000)
FIGURE = Path("docs/growth.png")


def measure(backbone: str, number: int, engine: Engine) -> tuple[float, float]:
    """Return the seconds of the frozen pass over some images and of an epoch on them."""
    pixels, labels = subjects.images(number)
    steps = Loop(our_tail(backbone))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "features"
        started = time.perf_counter()
        whole_stage(engine, pixels, folder)
        stored = time.perf_counter()
        batches = Batches(open_features(folder), labels, np.arange(number), BATCH_SIZE)
        steps.train(batches)  # builds the graph
        built = time.perf_counter()
        steps.train(batches)
        return stored - started, time.perf_counter() - built


def main() -> None:
    logging.disable(logging.WARNING)
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for backbone in ("openface", "mobilenet"):
        frozen = subjects.build(backbone).frozen
        engine = Engine("openvino", openvino_pass(frozen, "float32"))
        seconds = np.array([measure(backbone, number, engine) for number in NUMBERS])
        for what, values in zip(("frozen pass", "epoch"), seconds.T, strict=True):
            slope, intercept = np.polyfit(NUMBERS, values, 1)
            fit = np.corrcoef(NUMBERS, values)[0, 1] ** 2
            label = f"{backbone}, {what}: {slope * 1000:.2f} ms per image"
            print(f"{label}, {intercept:+.1f} s, R squared {fit:.4f}", flush=True)
            (dots,) = axes.plot(NUMBERS, values, "o", label=label)
            line = np.array([0, NUMBERS[-1]])
            axes.plot(
                line, intercept + slope * line, color=dots.get_color(), linewidth=1
            )
    axes.set(xlabel="images", ylabel="seconds", xlim=(0, None), ylim=(0, None))
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(FIGURE, dpi=120)


if __name__ == "__main__":
    main()
