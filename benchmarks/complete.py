"""Whole runs of a small study, ours and by Keras's `fit`: `python -m benchmarks.complete`.

They check what `make bench` projects from costs per image: about five minutes on 2 cores.
"""

import logging
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks import subjects
from benchmarks.frozen import whole_stage
from benchmarks.study import Size, image_costs
from benchmarks.table import header, show
from benchmarks.tail import BATCH_SIZE, our_tail
from benchmarks.timing import Row
from fer_transfer.features.feature_store import open_features
from fer_transfer.networks.inference import Engine, openvino_pass
from fer_transfer.training.batches import Batches
from fer_transfer.training.loop import Loop

SIZE = Size(train=704, validation=96, test=192, epochs=20)
PARTS = np.split(np.arange(992), [704, 800])


def ours(backbone: str) -> None:
    """Run the frozen part once, then train and test on its features."""
    pixels, labels = subjects.images(SIZE.train + SIZE.validation + SIZE.test)
    engine = Engine(
        "openvino", openvino_pass(subjects.build(backbone).frozen, "float32")
    )
    steps = Loop(our_tail(backbone))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "features"
        whole_stage(engine, pixels, folder)
        features = open_features(folder)
        train, val, test = (
            Batches(features, labels, rows, BATCH_SIZE) for rows in PARTS
        )
        for _ in range(SIZE.epochs):
            steps.train(train)
            steps.evaluate(val)
        steps.predict(test)


def naive(backbone: str) -> None:
    """Train and test the whole network, frozen layers at every step."""
    pixels, labels = subjects.images(SIZE.train + SIZE.validation + SIZE.test)
    train, val, test = PARTS
    whole = subjects.build_plain(backbone).whole
    whole.fit(
        pixels[train],
        labels[train],
        BATCH_SIZE,
        SIZE.epochs,
        validation_data=(pixels[val], labels[val]),
        verbose=0,
    )
    whole.predict(pixels[test], verbose=0)


def seconds(run: Callable[[str], None], backbone: str) -> float:
    """Return how long one whole run takes, building and compiling included."""
    started = time.perf_counter()
    run(backbone)
    return time.perf_counter() - started


def main() -> None:
    logging.disable(logging.WARNING)
    print(f"Whole runs: {SIZE}, float32")
    header()
    for backbone in ("openface", "mobilenet"):
        what = f"{backbone}, run"
        show(Row(what, seconds(ours, backbone), seconds(naive, backbone), "Keras fit"))
        cost = image_costs(backbone, ["float32"])
        projected = (
            SIZE.ours(cost["frozen float32"], cost["tail float32"]),
            SIZE.whole(cost["fit"], cost["evaluate"]),
        )
        show(Row(f"{backbone}, projected", *projected, "Keras fit"))


if __name__ == "__main__":
    main()
