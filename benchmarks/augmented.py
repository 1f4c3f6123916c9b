"""A training step with augmentation, MobileNet at 96 pixels.

Against its own forward pass, with what augmentation takes of it; against Keras's `fit` of the
same network behind Keras's own random layers, which resample an image once for each of rotation,
zoom and shift; and, where it is installed, against PyTorch with torchvision's transforms.
"""

from collections.abc import Callable

import numpy as np

from fer_transfer.networks.runtime import keras, tf
from benchmarks import subjects
from benchmarks.timing import elsewhere, medians, show
from fer_transfer.networks import split_model
from fer_transfer.training import augment
from fer_transfer.training.average import WeightAverage
from fer_transfer.training.loop import Loop
from fer_transfer.training.recipe import Recipe, compile_model

SIZE = 96  # pixels of the input
RECIPE = Recipe(
    epochs=18,
    batch_size=64,
    learning_rate=1e-3,
    augment=True,
    optimizer="adamw",
    weight_decay=1e-3,
    schedule="cosine",
    average=0.002,
    dropout=0.4,
)
NUM_BATCHES = 5  # timed as one; the last moves the average


def our_loop() -> Loop:
    """Build a run of the recipe, as the train stage does."""
    keras.utils.set_random_seed(42)
    tail = split_model.build(
        "mobilenet",
        "all",
        dropout=RECIPE.dropout,
        size=SIZE,
        resize=augment.Augmentation(SIZE),
    ).tail
    compile_model(tail, RECIPE)
    return Loop(tail, average=WeightAverage(tail, RECIPE.average))


def keras_model() -> keras.Model:
    """Build the same network behind Keras's random layers, with Keras's AdamW."""
    keras.utils.set_random_seed(42)
    layers = keras.layers
    shift = augment.MAX_SHIFT / 48
    views = keras.Sequential(
        [
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(augment.MAX_ANGLE / (2 * np.pi), "nearest"),
            layers.RandomZoom((-0.18, 0.17), fill_mode="nearest"),
            layers.RandomTranslation(shift, shift, "nearest"),
            layers.RandomContrast(0.3),
            layers.RandomBrightness(augment.MAX_BRIGHTNESS / 255),
            layers.Resizing(SIZE, SIZE),
        ]
    )
    network = split_model.build(
        "mobilenet", "all", dropout=RECIPE.dropout, size=SIZE, resize=views
    )
    network.tail.compile(
        keras.optimizers.AdamW(1e-3, 1e-3), "sparse_categorical_crossentropy"
    )
    return network.tail


def augmentation(pixels: np.ndarray) -> Callable[[], None]:
    """Return a function that augments all images, a batch at a time, in a graph of its own."""
    images = tf.cast(pixels[: RECIPE.batch_size, ..., None], tf.float32)
    draws = np.random.default_rng(42).random((len(images), augment.NUM_DRAWS))
    draws = tf.constant(draws, tf.float32)
    graph = tf.function(augment.augment)

    def run() -> None:
        for _ in range(NUM_BATCHES):
            graph(images, draws, SIZE)

    return run


def main() -> None:
    """Print the row, and what the step is of a forward pass and augmentation of the step."""
    number = RECIPE.batch_size * NUM_BATCHES
    pixels, labels = subjects.images(number)
    batch = tf.constant(pixels[: RECIPE.batch_size]), labels[: RECIPE.batch_size]
    batches = [((batch[0],), tf.constant(batch[1]))] * NUM_BATCHES
    loop, whole = our_loop(), keras_model()
    ways = {
        "step": lambda: loop.train(batches),
        "forward": lambda: loop.predict(batches),
        "augmentation": augmentation(pixels),
        "Keras's fit and layers": lambda: whole.fit(
            pixels, labels, RECIPE.batch_size, verbose=0
        ),
    }
    with elsewhere("recipe", pixels, labels, SIZE, RECIPE.batch_size) as call:
        if call:
            ways["PyTorch, torchvision"] = lambda: call(0)
        seconds = medians(ways, number)
    step = seconds["step"]
    for name in list(ways)[3:]:
        show(f"a training step, MobileNet at {SIZE}", step, seconds[name], name)
    print(f"  {step / seconds['forward']:.2f} times its forward pass")
    print(f"  {seconds['augmentation'] / step:.1%} of it for augmentation")
