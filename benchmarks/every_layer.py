"""A training step of a whole network, per image, against its own forward pass and against peers.

In turns in one process: MobileNet and OpenFace by the paper's protocol beside OpenVINO's forward
pass; MobileNet at 96 pixels by the recipe, with what augmentation takes of it, beside Keras's `fit`
behind Keras's own random layers, which resample an image once for each of rotation, zoom and
shift, and, where it is installed, beside PyTorch with torchvision's transforms.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from fer_transfer.networks.runtime import keras, tf
from benchmarks import subjects
from benchmarks.timing import elsewhere, medians
from fer_transfer.networks import precision, split_model
from fer_transfer.networks.building import spec_of
from fer_transfer.networks.inference import openvino_pass
from fer_transfer.results import paper
from fer_transfer.settings.settings import Variant, load_settings
from fer_transfer.training import augment
from fer_transfer.training.average import WeightAverage
from fer_transfer.training.loop import Loop
from fer_transfer.training.recipe import Recipe, compile_model

BACKBONES = paper.BACKBONES[:2]  # the two whole networks that train in hours
PROTOCOL = Recipe(epochs=20, batch_size=32, learning_rate=1e-4)
SETTINGS = load_settings()
RUN = SETTINGS.runs["mobilenet-recipe"]
VARIANT = SETTINGS.variants[RUN.variant]
SIZE = VARIANT.size or spec_of(VARIANT.backbone).size
# Without votes and smoothing, which change the labels and not the step.
RECIPE = replace(Recipe.of(RUN, SETTINGS.train), labels="fer2013", label_smoothing=0)
NUM_BATCHES = 5  # timed as one; the last moves the average


def measure(
    title: str, loop: Loop, recipe: Recipe, others: Mapping[str, Callable[[], object]]
) -> None:
    """Print what a step, a forward pass and other ways take per image."""
    pixels, labels = subjects.images(recipe.batch_size)
    batches = [((tf.constant(pixels),), tf.constant(labels))] * NUM_BATCHES
    number = recipe.batch_size * NUM_BATCHES
    ours = {
        "step": lambda: loop.train(batches),
        "forward pass": lambda: loop.predict(batches),
    }
    seconds = medians({n: (way, number) for n, way in {**ours, **others}.items()})
    print(title)
    for name, time in seconds.items():
        relative = f"step / {name}: {seconds['step'] / time:.2f}"
        print(f"  {name:24} {1000 * time:7.3f} ms  {relative}", flush=True)


def by_protocol(backbone: str, in_precision: str) -> None:
    """Measure a network by the paper's protocol."""
    precision.set_precision(in_precision)
    keras.utils.set_random_seed(42)
    network = split_model.build(Variant(backbone=backbone, trainable_layers="all"))
    compile_model(network.tail, PROTOCOL)
    openvino = openvino_pass(network.whole, in_precision)
    pixels, _ = subjects.images(PROTOCOL.batch_size * NUM_BATCHES)
    others = {"OpenVINO": lambda: openvino(pixels)}
    title = f"every layer, {backbone}, {in_precision}"
    measure(title, Loop(network.tail), PROTOCOL, others)


def mobilenet(resize: keras.layers.Layer) -> keras.Model:
    """Build MobileNet as the recipe trains it, behind a layer that gives views."""
    keras.utils.set_random_seed(42)
    network = split_model.build(VARIANT, dropout=RECIPE.dropout, resize=resize)
    compile_model(network.tail, RECIPE)
    return network.tail


def by_recipe() -> None:
    """Measure MobileNet by the recipe."""
    ours, peer = mobilenet(augment.Augmentation(SIZE)), mobilenet(keras_views())
    loop = Loop(ours, average=WeightAverage(ours, RECIPE.average))
    pixels, labels = subjects.images(RECIPE.batch_size * NUM_BATCHES)
    images = tf.cast(pixels[: RECIPE.batch_size, ..., None], tf.float32)
    view = tf.function(augment.Augmentation(SIZE))
    others = {
        "augmentation": lambda: [
            view(images, training=True) for _ in range(NUM_BATCHES)
        ],
        "Keras's fit and layers": lambda: peer.fit(
            pixels, labels, RECIPE.batch_size, verbose=0
        ),
    }
    title = f"augmented, mobilenet at {SIZE} pixels"
    with elsewhere("recipe", pixels, labels, SIZE, RECIPE.batch_size) as by_torch:
        measure(title, loop, RECIPE, others | by_torch)


def keras_views() -> keras.Model:
    """Return Keras's random layers with the bounds of our augmentation."""
    layers = keras.layers
    shift = augment.MAX_SHIFT / 48
    return keras.Sequential(
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


def main() -> None:
    """Print all; after the recipe op determinism is on, as in the train stage."""
    by_recipe()
    tf.config.experimental.enable_op_determinism()
    for in_precision in subjects.PRECISIONS:
        for backbone in BACKBONES:
            by_protocol(backbone, in_precision)
