"""What the results say of each backbone, and what its published weights were trained on.

To add a backbone: a module in fer_transfer/backbones/, a row here, `python -m
tools.architectures` and `python -m benchmarks.costs`. These names do not affect training.
"""

from typing import Literal, NamedTuple


class Backbone(NamedTuple):
    """What the results say of a backbone."""

    title: str
    pretrained_on: Literal["faces", "ImageNet"]
    features: int  # length of the vector that the head receives per image
    colour: str  # Okabe and Ito's, which the colour-blind tell apart too


BACKBONES = {
    "efficientnetb0": Backbone("EfficientNet-B0", "ImageNet", 1280, "#E69F00"),
    "mobilenet": Backbone("MobileNet", "ImageNet", 1024, "#D55E00"),
    "openface": Backbone("OpenFace", "faces", 128, "#0072B2"),
    "resnet29": Backbone("ResNet-29 (dlib)", "faces", 128, "#56B4E9"),
    "resnet50": Backbone("ResNet-50", "ImageNet", 2048, "#009E73"),
    "vggface": Backbone("VGG-Face", "faces", 4096, "#CC79A7"),
}
