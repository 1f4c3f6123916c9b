"""How the results call each backbone, and what its published weights were trained on.

To add a backbone: a module in fer_transfer/backbones/, a row here, `python -m
tools.architectures` and `python -m benchmarks.costs`. These names do not affect training.
"""

from typing import Literal, NamedTuple


class Backbone(NamedTuple):
    """What the results say of a backbone."""

    title: str
    pretrained_on: Literal["faces", "ImageNet"]


BACKBONES = {
    "efficientnetb0": Backbone("EfficientNet-B0", "ImageNet"),
    "mobilenet": Backbone("MobileNet", "ImageNet"),
    "openface": Backbone("OpenFace", "faces"),
    "resnet29": Backbone("ResNet-29 (dlib)", "faces"),
    "resnet50": Backbone("ResNet-50", "ImageNet"),
    "vggface": Backbone("VGG-Face", "faces"),
}
