"""The whole study: ours against the whole network at every epoch, by Keras and by PyTorch.

Projected from measured costs per image to the paper's number of images.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from fer_transfer.networks.runtime import tf
from benchmarks import subjects
from benchmarks.frozen import whole_stage
from benchmarks.tail import BATCH_SIZE, our_tail, steps
from benchmarks.timing import elsewhere, medians, show
from fer_transfer.networks import building, precision
from fer_transfer.networks.inference import Engine, openvino_pass
from fer_transfer.results import paper

NUM_IMAGES = subjects.per_backbone(32, mobilenet=128, openface=256)
STEPS = subjects.per_backbone(10, openface=50, vggface=2)
PEERS = ("mobilenet", "resnet50")  # those that benchmarks/peer.py writes in PyTorch


TRAIN, VALIDATION, TEST, EPOCHS = 25_121, 3_589, 7_177, 20  # of the paper


def our_study(frozen: float, tail: float) -> float:
    """Return seconds, from those per image of the frozen pass and of a training step.

    Evaluating features costs less than training on them; it is counted as much.
    """
    passes = EPOCHS * (TRAIN + VALIDATION) + TEST
    return (TRAIN + VALIDATION + TEST) * frozen + passes * tail


def whole_study(fit: float, evaluate: float) -> float:
    """Return seconds, from those per image of the whole network."""
    return EPOCHS * TRAIN * fit + (EPOCHS * VALIDATION + TEST) * evaluate


def naive_epoch(backbone: str, number: int) -> tuple[Callable[[], object], ...]:
    """Return functions that train on, and that evaluate, some images, end to end."""
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
    faster = building.spec_of(backbone).bfloat16_is_faster
    frozen_precision = in_precision if faster else "float32"
    engine = Engine("openvino", openvino_pass(network.frozen, frozen_precision))
    pixels, _ = subjects.images(NUM_IMAGES[backbone])
    train_some = steps(our_tail(backbone), STEPS[backbone])

    def train_in_precision() -> None:  # what runs while it is set computes in it
        precision.set_precision(in_precision)
        train_some()
        precision.set_precision("float32")

    return {
        f"frozen {in_precision}": lambda: whole_stage(engine, pixels, folder),
        f"tail {in_precision}": train_in_precision,
    }


def image_costs(backbone: str) -> dict[str, float]:
    """Return seconds per image: `frozen` and `tail`, ours in each precision; `fit`, `evaluate`.

    With PyTorch installed, `torch fit` and `torch evaluate` too, where there is a peer.
    """
    number = NUM_IMAGES[backbone]
    in_torch = elsewhere("epoch", backbone, *subjects.images(number))
    with TemporaryDirectory() as name, in_torch as call:
        ways = {}
        ways["fit"], ways["evaluate"] = naive_epoch(backbone, number)
        if backbone in PEERS and call:
            ways["torch fit"] = lambda: call(0)
            ways["torch evaluate"] = lambda: call(1)
        for in_precision in subjects.precisions():
            ways |= ours(backbone, in_precision, Path(name) / "features")
        seconds = medians(ways)
    in_steps = STEPS[backbone] * BATCH_SIZE
    return {w: s / (in_steps if "tail" in w else number) for w, s in seconds.items()}


def main() -> None:
    """Print a row per backbone, precision and peer; then the paper's eight variants, summed."""
    if not find_spec("torchvision"):
        print(
            "Without PyTorch as a peer: torchvision is not installed (docs/performance.md)"
        )
    total, naive_total = dict.fromkeys(subjects.precisions(), 0.0), 0.0
    for backbone in subjects.NAMES:
        cost = image_costs(backbone)
        naive = whole_study(cost["fit"], cost["evaluate"])
        variants = 2 if backbone in paper.BACKBONES else 0  # pretrained and random
        naive_total += variants * naive
        for in_precision in total:
            seconds = our_study(
                cost[f"frozen {in_precision}"], cost[f"tail {in_precision}"]
            )
            total[in_precision] += variants * seconds
            what = f"study, {backbone}, {in_precision}"
            show(what, seconds, naive, "Keras fit, float32")
            if "torch fit" in cost:
                torch = whole_study(cost["torch fit"], cost["torch evaluate"])
                show(what, seconds, torch, "PyTorch, float32")
    for in_precision, seconds in total.items():
        what = f"study, the paper's eight, {in_precision}"
        show(what, seconds, naive_total, "Keras fit, float32")
