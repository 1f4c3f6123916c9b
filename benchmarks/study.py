"""The whole study: ours against the whole network at every epoch, by Keras and by PyTorch.

Projected from measured costs an image to any number of images; `make bench` takes the
paper's, `benchmarks.complete` checks the projection.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from stages.lib.framework import tf
from benchmarks import subjects
from benchmarks.frozen import whole_stage
from benchmarks.tail import BATCH_SIZE, our_tail, steps
from benchmarks.timing import Row, medians
from stages.lib import precision
from stages.lib.engine import Engine, openvino_pass

NUM_IMAGES = {"mobilenet": 128, "openface": 256, "resnet50": 32, "vggface": 32}
STEPS = {"mobilenet": 10, "openface": 50, "resnet50": 10, "vggface": 2}
PEERS = ("mobilenet", "resnet50")


@dataclass(frozen=True)
class Size:
    """How much there is to do."""

    train: int = 25_121
    validation: int = 3_589
    test: int = 7_177
    epochs: int = 20

    def ours(self, frozen: float, tail: float) -> float:
        """Return seconds, from those of an image's frozen pass and of its step.

        Looking at features costs less than training on them; it is counted as much.
        """
        seen = self.epochs * (self.train + self.validation) + self.test
        return (self.train + self.validation + self.test) * frozen + seen * tail

    def whole(self, fit: float, evaluate: float) -> float:
        """Return seconds, from those of an image in the whole network."""
        looked_at = self.epochs * self.validation + self.test
        return self.epochs * self.train * fit + looked_at * evaluate


PAPER = Size()


def naive_epoch(backbone: str, number: int) -> tuple[Callable[[], object], ...]:
    """Return functions that train on, and that only look at, some images, end to end."""
    whole = subjects.build_plain(backbone).whole
    dataset = (
        tf.data.Dataset.from_tensor_slices(subjects.images(number))
        .batch(BATCH_SIZE)
        .prefetch(tf.data.AUTOTUNE)
    )
    return (
        lambda: whole.fit(dataset, verbose=0),
        lambda: whole.evaluate(dataset, verbose=0),
    )


def image_costs(backbone: str, in_precision: str) -> dict[str, float]:
    """Return seconds an image: `frozen` and `tail`, ours; `fit` and `evaluate`, naive ones.

    With PyTorch installed, `torch_fit` and `torch_evaluate` too, where there is a peer.
    """
    number = NUM_IMAGES[backbone]
    pixels, _ = subjects.images(number)
    fit, evaluate = naive_epoch(backbone, number)
    engine = Engine(
        "openvino", openvino_pass(subjects.build(backbone).frozen, in_precision)
    )
    precision.set_precision(in_precision)
    train_some = steps(our_tail(backbone), STEPS[backbone])
    train_some()  # traced while the precision is set
    precision.set_precision("float32")
    with TemporaryDirectory() as folder:
        ways = {
            "fit": fit,
            "evaluate": evaluate,
            "frozen": lambda: whole_stage(engine, pixels, Path(folder) / "f"),
            "tail": train_some,
        }
        if backbone in PEERS and find_spec("torch"):
            from benchmarks import peer

            ways["torch_fit"], ways["torch_evaluate"] = peer.epoch(backbone, number)
        seconds = medians(ways)
    images = dict.fromkeys(seconds, number) | {"tail": STEPS[backbone] * BATCH_SIZE}
    return {name: seconds[name] / images[name] for name in seconds}


def rows(in_precision: str, size: Size = PAPER) -> list[Row]:
    """Return a row a backbone and peer, and one of the study: every backbone twice."""
    found, ours_all, naive_all = [], 0.0, 0.0
    for backbone in subjects.NAMES:
        cost = image_costs(backbone, in_precision)
        ours = size.ours(cost["frozen"], cost["tail"])
        naive = size.whole(cost["fit"], cost["evaluate"])
        what = f"study, {backbone}, {in_precision}"
        found.append(Row(what, ours, naive, "Keras fit, float32"))
        if "torch_fit" in cost:
            torch = size.whole(cost["torch_fit"], cost["torch_evaluate"])
            found.append(Row(what, ours, torch, "PyTorch, float32"))
        ours_all, naive_all = ours_all + 2 * ours, naive_all + 2 * naive
    what = f"study, all eight, {in_precision}"
    return [*found, Row(what, ours_all, naive_all, "Keras fit, float32")]
