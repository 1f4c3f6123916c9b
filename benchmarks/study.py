"""The whole study: ours against the whole network at every epoch, by Keras and by PyTorch.

Projected from measured costs an image to any number of images; `make bench` takes the
paper's, `benchmarks.complete` checks the projection.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from stages.lib.networks.runtime import tf
from benchmarks import subjects
from benchmarks.frozen import whole_stage
from benchmarks.tail import BATCH_SIZE, our_tail, steps
from benchmarks.timing import Row, medians
from stages.lib.networks import precision
from stages.lib.networks.backbones import BACKBONES
from stages.lib.networks.inference import Engine, openvino_pass

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


def ours(
    backbone: str, in_precision: str, folder: Path
) -> dict[str, Callable[[], object]]:
    """Return functions that run our frozen pass and our training steps."""
    network = subjects.build(backbone)
    gains = BACKBONES[backbone].bfloat16_is_faster
    frozen_precision = in_precision if gains else "float32"
    engine = Engine("openvino", openvino_pass(network.frozen, frozen_precision))
    pixels, _ = subjects.images(NUM_IMAGES[backbone])
    train_some = steps(our_tail(backbone), STEPS[backbone])

    def train_in_precision() -> None:  # it counts for what runs while it is set
        precision.set_precision(in_precision)
        train_some()
        precision.set_precision("float32")

    return {
        f"frozen {in_precision}": lambda: whole_stage(engine, pixels, folder),
        f"tail {in_precision}": train_in_precision,
    }


def image_costs(backbone: str, precisions: list[str]) -> dict[str, float]:
    """Return seconds an image: `frozen` and `tail`, ours in each precision; `fit`, `evaluate`.

    With PyTorch installed, `torch fit` and `torch evaluate` too, where there is a peer.
    """
    number = NUM_IMAGES[backbone]
    with TemporaryDirectory() as name:
        ways = {}
        ways["fit"], ways["evaluate"] = naive_epoch(backbone, number)
        if backbone in PEERS and find_spec("torch"):
            from benchmarks import peer

            ways["torch fit"], ways["torch evaluate"] = peer.epoch(backbone, number)
        for one in precisions:
            ways |= ours(backbone, one, Path(name) / "features")
        seconds = medians(ways)
    return {
        way: one / (STEPS[backbone] * BATCH_SIZE if "tail" in way else number)
        for way, one in seconds.items()
    }


def rows(precisions: list[str], size: Size = PAPER) -> Iterator[Row]:
    """Yield a row a backbone, precision and peer, then of the study: every backbone twice."""
    total = dict.fromkeys([*precisions, "naive"], 0.0)
    for backbone in subjects.NAMES:
        cost = image_costs(backbone, precisions)
        naive = size.whole(cost["fit"], cost["evaluate"])
        total["naive"] += 2 * naive
        for one in precisions:
            mine = size.ours(cost[f"frozen {one}"], cost[f"tail {one}"])
            total[one] += 2 * mine
            what = f"study, {backbone}, {one}"
            yield Row(what, mine, naive, "Keras fit, float32")
            if "torch fit" in cost:
                torch = size.whole(cost["torch fit"], cost["torch evaluate"])
                yield Row(what, mine, torch, "PyTorch, float32")
    for one in precisions:
        what = f"study, all eight, {one}"
        yield Row(what, total[one], total["naive"], "Keras fit, float32")
