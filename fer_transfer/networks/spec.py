"""What is specific to one backbone besides its layers; free of TensorFlow."""

from dataclasses import dataclass

# What `scaling` of a variant multiplies grey levels by, in place of its backbone's own range.
SCALINGS = {"unit": 1 / 255, "bytes": 1.0}

KERAS_STORE = "https://storage.googleapis.com/tensorflow/keras-applications"
DEEPFACE_STORE = "https://github.com/serengil/deepface_models/releases/download/v1.0"


@dataclass(frozen=True)
class Spec:
    """The input and the published weights of a network without its classifier.

    An image with grey levels in [0, 255] becomes three equal channels of
    `grey * scale + offset`, with one offset per channel.
    """

    size: int  # pixels, height and width of the input
    scale: float
    offset: tuple[float, float, float]
    weights_url: str
    weights_hash: str  # `md5:...` or `sha256:...` of the published file
    bfloat16_is_faster: bool = True  # its frozen part, by OpenVINO
    min_size: int | None = 32  # of the input; None: its weights fit no size but its own
