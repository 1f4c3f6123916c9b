"""The whole study: ours against Keras's `fit` on the whole network with frozen layers.

Projected from measured costs an image, for the paper's numbers of images and epochs.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from stages.lib.framework import keras, tf
from benchmarks import subjects
from benchmarks.frozen import BATCH_SIZE, whole_stage
from benchmarks.tail import our_tail, steps
from benchmarks.timing import Row, medians
from stages.lib import precision
from stages.lib.engine import Engine, openvino_pass

TRAIN, VALIDATION, TEST, EPOCHS = 25_121, 3_589, 7_177, 20
NUM_IMAGES = {"mobilenet": 128, "openface": 256, "resnet50": 32, "vggface": 32}
STEPS = {"mobilenet": 10, "openface": 50, "resnet50": 10, "vggface": 2}


def naive_epoch(backbone: str, number: int) -> tuple[Callable[[], object], ...]:
    """Return functions that train on, and that only look at, some images, end to end."""
    whole = subjects.build(backbone).whole
    whole.compile(
        keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", ["accuracy"]
    )
    dataset = (
        tf.data.Dataset.from_tensor_slices(subjects.images(number))
        .batch(BATCH_SIZE)
        .prefetch(tf.data.AUTOTUNE)
    )
    return (
        lambda: whole.fit(dataset, verbose=0),
        lambda: whole.evaluate(dataset, verbose=0),
    )


def measure(backbone: str, in_precision: str) -> tuple[float, float]:
    """Return the seconds that a variant of the study takes: ours, in a precision, and naive."""
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
        seconds = medians(
            {
                "fit": fit,
                "evaluate": evaluate,
                "frozen": lambda: whole_stage(engine, pixels, Path(folder) / "f"),
                "tail": train_some,
            }
        )
    frozen = seconds["frozen"] / number
    tail = seconds["tail"] / STEPS[backbone] / BATCH_SIZE
    # Looking at features costs less than training on them; counted as much.
    ours = (TRAIN + VALIDATION + TEST) * frozen + EPOCHS * (TRAIN + VALIDATION) * tail
    naive = (
        EPOCHS * (TRAIN * seconds["fit"] + VALIDATION * seconds["evaluate"]) / number
        + TEST * seconds["evaluate"] / number
    )
    return ours, naive


def rows(in_precision: str) -> list[Row]:
    """Return a row a variant and one of the study: every backbone twice."""
    found, ours_all, naive_all = [], 0.0, 0.0
    for backbone in subjects.NAMES:
        ours, naive = measure(backbone, in_precision)
        found.append(
            Row(f"study, {backbone}, {in_precision}", ours, naive, "Keras fit, float32")
        )
        ours_all, naive_all = ours_all + 2 * ours, naive_all + 2 * naive
    what = f"study, all eight, {in_precision}"
    return [*found, Row(what, ours_all, naive_all, "Keras fit, float32")]
