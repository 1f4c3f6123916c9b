"""One variant's network: image in, probabilities out, split where the frozen part ends.

    image (N, 48, 48) -> [ frozen part ] -> features -> [ layers that train + head ] -> (N, classes)

Where a run learns from votes besides labels, a second head gives their distribution.

The three models share their layers, so what the tail learns the whole network knows.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fer_transfer.networks.runtime import keras, tf
from fer_transfer.console.errors import InputError
from fer_transfer.data.faces import IMAGE_SIZE
from fer_transfer.networks import building
from fer_transfer.networks.building import WEIGHT_LOADING_ERRORS
from fer_transfer.networks.layers import Head, ProductConvolution
from fer_transfer.networks.spec import SCALINGS, Spec
from fer_transfer.settings.settings import Variant

Layers = list[keras.layers.Layer]


@dataclass(frozen=True)
class Network:
    """A variant's models; `whole` is `tail` after `frozen`."""

    whole: keras.Model  # image -> probabilities, or a pair of them with two heads
    frozen: keras.Model  # image -> features, a list of one tensor or more
    tail: keras.Model  # features -> probabilities, as `whole`
    backbone: keras.Model  # image -> the head's input; without the head


def build(
    variant: Variant,
    weights: Path | None = None,
    head_seed: int = 0,
    num_classes: int = 7,
    num_votes: int = 0,
    dropout: float = 0,
    resize: keras.layers.Layer | None = None,
) -> Network:
    """Build the network that a variant describes with its heads, split where the frozen part ends.

    Args:
        variant: Its backbone, how many layers train, and what its input is. Where the head alone
            trains, the features are what it sees, averaged over the map. With `batch_statistics`
            frozen batch normalisation takes each training batch's own mean and variance, and its
            moving ones follow, as in Keras before TensorFlow 2: the features are the images then.
        weights: The file that `stages.weights` writes; without one the values are random.
        head_seed: Of the head's initial values.
        num_classes: Probabilities per image.
        num_votes: Classes of a second head, which learns from votes; 0: there is none.
        dropout: Share of the head's inputs that training drops.
        resize: Brings grey images (N, 48, 48, 1) to the size of the input, in place of
            Keras's Resizing; what augments images while the network trains.

    Raises:
        InputError: If the backbone has fewer layers than are to train or takes no other
            size, or the file holds another network's weights.
    """
    name, size = variant.backbone, variant.size
    spec = building.spec_of(name)
    if variant.scaling:
        spec = replace(spec, scale=SCALINGS[variant.scaling], offset=(0, 0, 0))
    base = building.blank(name, size) if weights else building.build(name, None, size)
    trained = _trained_layers(base, variant)
    image = keras.Input((IMAGE_SIZE, IMAGE_SIZE), dtype="uint8", name="image")
    inputs = preprocess(image, spec, size, resize)
    replayed = _replay(_layers(base), [base.input], [inputs], adapted=trained)
    model = keras.Model(image, replayed[base.output.ref()])
    if weights is not None:
        load_weights(model, weights)

    seen = model.output
    if not trained and seen.shape.rank == 4:
        seen = keras.layers.GlobalAveragePooling2D(name="average")(seen)
    top = _head_dropout(seen, variant, dropout)
    for layer in top:
        seen = layer(seen)
    heads = [Head(num_classes=num_classes, seed=head_seed, name="head")]
    if num_votes:
        heads.append(Head(num_classes=num_votes, seed=head_seed + 1, name="votes_head"))
    whole = keras.Model(image, [head(seen) for head in heads])
    features, tail = _split(whole, variant, [*trained, *top, *heads])
    return Network(whole, keras.Model(image, features), tail, model)


def _split(
    whole: keras.Model, variant: Variant, last: Layers
) -> tuple[list[tf.Tensor], keras.Model]:
    """Let the layers with the names of the `last` ones train; return features and tail."""
    names = {layer.name for layer in last}
    tail_layers = [layer for layer in whole.layers if layer.name in names]
    frozen_layers = [layer for layer in whole.layers if layer.name not in names]
    if variant.trainable_layers == "all" or variant.batch_statistics:
        tail_layers = whole.layers[1:]  # what precedes the backbone too
    for layer in whole.layers:
        layer.trainable = layer in tail_layers
    if variant.batch_statistics:
        _freeze_values(frozen_layers)
    features = _split_tensors(tail_layers)
    inputs = [
        keras.Input(tensor.shape[1:], dtype=stored_type(tensor)) for tensor in features
    ]
    replayed = _replay(tail_layers, features, inputs)
    tail = keras.Model(inputs, [replayed[tensor.ref()] for tensor in whole.outputs])
    return features, tail


def preprocess(
    image: tf.Tensor,
    spec: Spec,
    size: int | None = None,
    resize: keras.layers.Layer | None = None,
) -> tf.Tensor:
    """Give grey images (N, 48, 48) the size, channels and range that a backbone expects."""
    size = size or spec.size
    resize = resize or keras.layers.Resizing(size, size, "bilinear")
    grey = resize(keras.layers.Reshape((IMAGE_SIZE, IMAGE_SIZE, 1))(image))
    channels = keras.layers.Concatenate()([grey, grey, grey])
    return keras.layers.Rescaling(spec.scale, spec.offset)(channels)


def stored_type(tensor: tf.Tensor) -> tf.DType:
    """Return the type in which a tensor is stored: float32, whatever computed it, or bytes."""
    return tf.float32 if tensor.dtype.is_floating else tensor.dtype


def restart_dropout(model: keras.Model, seed: int) -> None:
    """Make what dropout drops from here on depend on `seed` alone."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer._random_generator._generator.reset_from_seed(seed)


def _head_dropout(seen: tf.Tensor, variant: Variant, dropout: float) -> Layers:
    """Return the dropout of what the heads see, a layer or none."""
    if not dropout:
        return []
    # Whole channels: of single places the average would make up for most.
    whole_channels = variant.trainable_layers == "all" and seen.shape.rank == 4
    shape = (None, 1, 1, seen.shape[-1]) if whole_channels else None
    return [_dropout(keras.layers.Dropout(dropout, shape, name="head_dropout"))]


def _layers(base: keras.Model) -> Layers:
    """Return a backbone's layers but its input, which a sequential model does not list."""
    inputs = keras.layers.InputLayer
    return [layer for layer in base.layers if not isinstance(layer, inputs)]


def _replay(
    layers: Layers,
    old: list[tf.Tensor],
    new: list[tf.Tensor],
    adapted: Collection[keras.layers.Layer] = (),
) -> dict[Any, tf.Tensor]:
    """Call layers, in their order, on `new` tensors in place of the `old` ones.

    Of those that are `adapted`, what `_adapted` makes is called in their place.

    Returns the new tensor that stands for each old one, by the old one's reference.

    keras.Model could take inner tensors as inputs, but its search for the way between
    them doubles with every residual block.
    """
    tensors = {before.ref(): after for before, after in zip(old, new, strict=True)}
    for layer in layers:
        old_inputs, old_output = layer.get_input_at(-1), layer.get_output_at(-1)
        inputs = tf.nest.map_structure(lambda tensor: tensors[tensor.ref()], old_inputs)
        called = _adapted(layer) if layer in adapted else layer
        tensors[old_output.ref()] = called(inputs)
    return tensors


def _adapted(layer: keras.layers.Layer) -> keras.layers.Layer:
    """Keep a backbone's layer, unless an equivalent one serves training better."""
    if isinstance(layer, keras.layers.Dropout):
        return _dropout(layer)
    if ProductConvolution.fits(layer):
        return ProductConvolution.of(layer)
    return layer


def _dropout(layer: keras.layers.Dropout) -> keras.layers.Dropout:
    """Return a dropout layer whose random numbers come from a state, so that runs can resume."""
    return type(layer)(**layer.get_config(), rng_type="stateful")


def _freeze_values(layers: Layers) -> None:
    """Freeze layers' values, but let batch normalisation normalise by each training batch."""
    for layer in layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            # A layer that is not trainable as a whole would take its moving statistics.
            layer._non_trainable_weights[:0] = layer._trainable_weights
            layer._trainable_weights.clear()
        else:
            layer.trainable = False


def load_weights(model: keras.Model, weights: Path) -> None:
    """Load weights, or raise an InputError if the file holds another network's."""
    try:
        model.load_weights(weights)
    except WEIGHT_LOADING_ERRORS as error:
        raise InputError(
            f"{weights} does not hold the weights of this network: {error}. Remove it and "
            "run `dvc repro` again."
        ) from error


def _trained_layers(base: keras.Model, variant: Variant) -> Layers:
    """Return the backbone's layers that train: its last ones, by position."""
    layers, number = _layers(base), variant.trainable_layers
    if isinstance(number, str):
        return layers
    if number > len(layers):
        raise InputError(
            f"A variant trains {number} layers of {variant.backbone}, which has "
            f"{len(layers)}. Set `trainable_layers` in params.yaml to fewer, or to `all`."
        )
    return layers[len(layers) - number :]


def _split_tensors(tail_layers: Layers) -> list[tf.Tensor]:
    """Return the tensors that pass from a frozen layer to one of the tail, each once."""
    parents = dict.fromkeys(
        node
        for layer in tail_layers
        for node in layer.inbound_nodes[-1].parent_nodes
        if node.layer not in tail_layers
    )
    return [node.outputs for node in parents]
