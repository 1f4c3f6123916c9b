"""One variant's network: image in, probabilities out, cut where the frozen part ends.

    image (N, 48, 48) -> [ frozen part ] -> features -> [ layers that train + head ] -> (N, 7)

The three models share their layers, so what the tail learns the whole network knows.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from stages.lib.framework import keras, tf
from stages.lib import fer2013, params
from stages.lib.backbones import BACKBONES, UNFIT, Backbone
from stages.lib.console import InputError
from stages.lib.layers import Head, ProductConvolution


@dataclass(frozen=True)
class Network:
    """A variant's models; `whole` is `tail` after `frozen`."""

    whole: keras.Model  # image -> probabilities
    frozen: keras.Model  # image -> features, a list of one tensor or more
    tail: keras.Model  # features -> probabilities
    backbone: (
        keras.Model
    )  # image -> what the head sees: the part that has weights to load


def build(variant: params.Variant, weights: Path | None, head_seed: int = 0) -> Network:
    """Build a variant from its weights file; without one the values are random.

    Raises:
        InputError: If the backbone has fewer layers than the variant trains, or the file
            holds another network's weights.
    """
    contract = BACKBONES[variant.backbone]
    bare = contract.build(None)
    trained = _trained_layers(bare, variant)
    image = keras.Input(
        (fer2013.IMAGE_SIZE, fer2013.IMAGE_SIZE), dtype="uint8", name="image"
    )
    tensors = {id(bare.input): preprocess(image, contract)}
    backbone = keras.Model(image, _replay(bare.layers[1:], tensors, trained))
    if weights is not None:
        _load(backbone, weights)
    whole = keras.Model(image, Head(seed=head_seed, name="head")(backbone.output))

    names = {layer.name for layer in trained} | {"head"}
    trainable = [layer for layer in whole.layers if layer.name in names]
    if variant.trainable_layers == "all":  # what precedes the backbone too
        trainable = whole.layers[1:]
    for layer in whole.layers:
        layer.trainable = layer in trainable
    crossing = _crossing_tensors(trainable)
    features = [keras.Input(type_spec=tensor.type_spec) for tensor in crossing]
    tensors = {
        id(tensor): feature for tensor, feature in zip(crossing, features, strict=True)
    }
    tail = keras.Model(features, _replay(trainable, tensors))
    return Network(whole, keras.Model(image, crossing), tail, backbone)


def preprocess(image: tf.Tensor, backbone: Backbone) -> tf.Tensor:
    """Give grey images (N, 48, 48) the size, channels and range that a backbone expects."""
    grey = keras.layers.Reshape((fer2013.IMAGE_SIZE, fer2013.IMAGE_SIZE, 1))(image)
    grey = keras.layers.Resizing(backbone.size, backbone.size, "bilinear")(grey)
    channels = keras.layers.Concatenate()([grey, grey, grey])
    return keras.layers.Rescaling(backbone.scale, backbone.offset)(channels)


def restart_dropout(model: keras.Model, seed: int) -> None:
    """Make what dropout drops from here on depend on `seed` alone."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer._random_generator._generator.reset_from_seed(seed)


def _replay(
    layers: list[keras.layers.Layer],
    tensors: dict[int, tf.Tensor],
    adapted: Collection[keras.layers.Layer] = (),
) -> tf.Tensor:
    """Call layers, in their order, on other tensors; `tensors` maps the old ones' ids.

    keras.Model could take inner tensors as inputs, but its search for the way between
    them doubles with every residual block.
    """
    for layer in layers:
        old_inputs, old_output = layer.get_input_at(-1), layer.get_output_at(-1)
        inputs = tf.nest.map_structure(lambda tensor: tensors[id(tensor)], old_inputs)
        called = _adapted(layer) if layer in adapted else layer
        tensors[id(old_output)] = called(inputs)
    return tensors[id(old_output)]


def _adapted(layer: keras.layers.Layer) -> keras.layers.Layer:
    """Keep a backbone's layer, unless a twin of it serves training better."""
    if isinstance(layer, keras.layers.Dropout):
        # Its random numbers come from a state that can be set, so that a run can resume.
        return keras.layers.Dropout(layer.rate, name=layer.name, rng_type="stateful")
    if ProductConvolution.fits(layer):
        return ProductConvolution.from_config(layer.get_config())
    return layer


def _load(backbone: keras.Model, weights: Path) -> None:
    try:
        backbone.load_weights(weights)
    except UNFIT as error:
        raise InputError(
            f"{weights} does not hold the weights of this backbone: {error}. Remove it and "
            "run `dvc repro` again."
        ) from error


def _trained_layers(
    bare: keras.Model, variant: params.Variant
) -> list[keras.layers.Layer]:
    """Return the backbone's layers that train: its last ones, by position."""
    layers: list[keras.layers.Layer] = bare.layers[1:]  # the first is the input
    if isinstance(variant.trainable_layers, str):
        return layers
    if variant.trainable_layers > len(layers):
        raise InputError(
            f"A variant trains {variant.trainable_layers} layers of {variant.backbone}, "
            f"which has {len(layers)}. Set `trainable_layers` in params.yaml to fewer, "
            "or to `all`."
        )
    return layers[-variant.trainable_layers :]


def _crossing_tensors(trainable: list[keras.layers.Layer]) -> list[tf.Tensor]:
    """Return the tensors that cross from a frozen layer into a training one, each once."""
    crossing: dict[int, tf.Tensor] = {}
    for layer in trainable:
        for node in layer.inbound_nodes[-1].parent_nodes:
            if node.layer not in trainable:
                crossing.setdefault(id(node), node.outputs)
    return list(crossing.values())
