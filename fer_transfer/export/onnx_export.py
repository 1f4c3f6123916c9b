"""Write a Keras network as an ONNX model whose weights can be read back into Keras.

The weights pass through the translation as inputs, so that nothing is folded into them (batch
normalisation stays as it is) and they keep Keras's names and layouts. Then they become
constants. Those of more than one dimension are rounded to float16; the graph computes in float32.
"""

from collections.abc import Sequence
from unittest import mock

import networkx as nx
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from fer_transfer.networks.runtime import keras, tf
from fer_transfer.data.faces import IMAGE_SIZE
from fer_transfer.networks.layers import ProductConvolution

OPSET = 17  # onnxruntime reads it from 1.12 on
LARGEST_HALF = float(np.finfo(np.float16).max)
INPUT, OUTPUT = "image", "probabilities"

Layers = Sequence[tuple[np.ndarray, np.ndarray]]  # kernel (inputs, outputs), bias


def to_onnx(network: keras.Model) -> onnx.ModelProto:
    """Translate a network.

    Args:
        network: From grey faces (n, 48, 48) uint8 to one tensor.

    Returns:
        A model from `image` to `probabilities`, whatever the tensor holds.
    """
    import tf2onnx

    graph, weights = _trace(network)
    model: onnx.ModelProto
    model, _ = tf2onnx.convert.from_graph_def(
        graph,
        input_names=[f"{INPUT}:0", *weights],
        output_names=[f"{OUTPUT}:0"],
        opset=OPSET,
    )
    _rename(model, f"{INPUT}:0", INPUT)
    _rename(model, f"{OUTPUT}:0", OUTPUT)
    for tensor in (*model.graph.input, *model.graph.output):
        if tensor.name in (INPUT, OUTPUT):
            tensor.type.tensor_type.shape.dim[0].dim_param = "n"
    _store_weights(model, weights)
    _name_by_position(model, {variable.name for variable in weights.values()})
    return model


def add_dense_layers(model: onnx.ModelProto, layers: Layers) -> None:
    """Put dense layers, ReLU between them, and a softmax behind a network that gives vectors."""
    _rename(model, OUTPUT, "vectors")
    nodes, values = model.graph.node, "vectors"
    for number, (kernel, bias) in enumerate(layers, start=1):
        if number > 1:
            nodes.append(helper.make_node("Relu", [values], [f"relu_{number}"]))
            values = f"relu_{number}"
        name = f"classifier_{number}"
        weights = [
            _add_constant(model, f"{name}/kernel:0", kernel.astype(np.float32)),
            _add_constant(model, f"{name}/bias:0", bias.astype(np.float32)),
        ]
        nodes.append(helper.make_node("Gemm", [values, *weights], [f"dense_{number}"]))
        values = f"dense_{number}"
    nodes.append(helper.make_node("Softmax", [values], [OUTPUT], axis=-1))
    shape: list[str | int | None] = ["n", len(layers[-1][1])]
    output = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, shape)
    model.graph.output[0].CopyFrom(output)


def calibrate(model: onnx.ModelProto, temperature: float) -> None:
    """Divide the logits, what the last softmax takes, by the temperature."""
    [softmax] = [node for node in model.graph.node if OUTPUT in node.output]
    factor = np.array(1 / temperature, np.float32)
    inputs = [softmax.input[0], _add_constant(model, "temperature/factor", factor)]
    scaled = helper.make_node("Mul", inputs, ["calibrated_logits"])
    softmax.input[0] = "calibrated_logits"
    model.graph.node.insert(list(model.graph.node).index(softmax), scaled)


def finish(model: onnx.ModelProto, properties: dict[str, str]) -> bytes:
    """Check a model, give it its metadata properties and return the bytes of its file."""
    helper.set_model_props(model, properties)
    model.producer_name = "fer-transfer"
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def predict(content: bytes, images: np.ndarray, batch: int = 256) -> np.ndarray:
    """Return the probabilities (n, classes) that a model file gives of faces (n, 48, 48) uint8."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    starts = range(0, len(images), batch)
    return np.concatenate(
        [session.run([OUTPUT], {INPUT: images[s : s + batch]})[0] for s in starts]
    )


def _trace(
    network: keras.Model,
) -> tuple[tf.compat.v1.GraphDef, dict[str, tf.Variable]]:
    """Return a network's graph, each weight an input of it, and the weights by input name."""
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    image = tf.TensorSpec((None, IMAGE_SIZE, IMAGE_SIZE), tf.uint8, name=INPUT)
    # onnxruntime takes a third less time for MobileNet's convolutions than for the products.
    with mock.patch.object(ProductConvolution, "call", keras.layers.Conv2D.call):
        compute = tf.function(
            lambda image: tf.identity(network(image, training=False), name=OUTPUT)
        ).get_concrete_function(image)
    variables = {id(variable.handle): variable for variable in network.variables}
    by_node = {
        inside.op.name: variables[id(outside)]
        for outside, inside in compute.graph.captures
        if id(outside) in variables
    }
    graph = convert_variables_to_constants_v2(compute).graph.as_graph_def()
    for node in graph.node:
        if node.name in by_node:
            node.op = "Placeholder"
            del node.attr["value"]
            node.attr["shape"].shape.CopyFrom(by_node[node.name].shape.as_proto())
    return graph, {f"{name}:0": variable for name, variable in by_node.items()}


def _store_weights(model: onnx.ModelProto, weights: dict[str, tf.Variable]) -> None:
    """Make the inputs that are weights constants of the model, by Keras's names."""
    for name, variable in weights.items():
        _rename(model, name, _add_constant(model, variable.name, variable.numpy()))
    kept = [tensor for tensor in model.graph.input if tensor.name == INPUT]
    del model.graph.input[:]
    model.graph.input.extend(kept)


def _name_by_position(model: onnx.ModelProto, weights: set[str]) -> None:
    """Order the nodes, and name what has no name of Keras by its place in that order.

    One network then gives the same bytes each time: tf2onnx orders by names, which have the
    numbers of all that it has ever translated, and by Python's hashes.
    """
    graph = model.graph
    nodes = _depth_first(graph)
    del graph.node[:]
    graph.node.extend(nodes)
    named = {INPUT, OUTPUT, *weights}
    names: dict[str, str] = {}
    for number, node in enumerate(graph.node):
        node.name = f"{node.op_type}_{number}"
        for tensor in filter(None, (*node.input, *node.output)):
            if tensor.removesuffix("/float32") not in named:
                names.setdefault(tensor, f"tensor_{len(names)}")
        node.input[:] = [names.get(tensor, tensor) for tensor in node.input]
        node.output[:] = [names.get(tensor, tensor) for tensor in node.output]
    for constant in graph.initializer:
        constant.name = names.get(constant.name, constant.name)
    graph.initializer.sort(key=lambda constant: constant.name)
    del graph.value_info[:]
    graph.name = "fer-transfer"


def _depth_first(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Return the nodes that the output needs, each after those whose results it takes."""
    made_by = {tensor: node for node in graph.node for tensor in node.output}
    takes = nx.DiGraph(
        [(made, taken) for made, node in made_by.items() for taken in node.input]
    )
    nodes = map(made_by.get, nx.dfs_postorder_nodes(takes, OUTPUT))
    return list({node.output[0]: node for node in nodes if node}.values())


def _add_constant(model: onnx.ModelProto, name: str, values: np.ndarray) -> str:
    """Add a constant, and return the name of the float32 tensor that nodes take."""
    half = values.ndim > 1 and np.abs(values).max() <= LARGEST_HALF
    stored = values.astype(np.float16) if half else values
    model.graph.initializer.append(numpy_helper.from_array(np.asarray(stored), name))
    if not half:
        return name
    cast = helper.make_node("Cast", [name], [f"{name}/float32"], to=TensorProto.FLOAT)
    model.graph.node.insert(0, cast)
    return f"{name}/float32"


def _rename(model: onnx.ModelProto, old: str, new: str) -> None:
    """Give a tensor another name, wherever it stands."""
    for node in model.graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
        node.output[:] = [new if name == old else name for name in node.output]
    for tensor in (*model.graph.input, *model.graph.output):
        if tensor.name == old:
            tensor.name = new
