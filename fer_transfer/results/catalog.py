"""How the results call each backbone, and what its published weights were trained on.

To add a backbone: a module in fer_transfer/backbones/, a row here, and `python -m
tools.architectures`. How it is built decides what is trained; these names do not.
"""

from typing import Literal, NamedTuple


class Backbone(NamedTuple):
    """What the tables and figures say of a backbone."""

    title: str
    learned: Literal["faces", "ImageNet"]


BACKBONES = {
    "efficientnetb0": Backbone("EfficientNet-B0", "ImageNet"),
    "mobilenet": Backbone("MobileNet", "ImageNet"),
    "openface": Backbone("OpenFace", "faces"),
    "resnet29": Backbone("ResNet-29 (dlib)", "faces"),
    "resnet50": Backbone("ResNet-50", "ImageNet"),
    "vggface": Backbone("VGG-Face", "faces"),
}
