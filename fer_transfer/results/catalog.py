"""How the results call and draw each backbone, and what its published weights were trained on.

To add a backbone: a module in fer_transfer/backbones/, a row here, and `python -m
tools.architectures`. How it is built decides what is trained; these names do not.
"""

from typing import Literal, NamedTuple


class Backbone(NamedTuple):
    """What the tables and figures say of a backbone."""

    title: str
    learned: Literal["faces", "ImageNet"]
    colour: str = "#666666"


# The colours are Okabe and Ito's, which the colour-blind tell apart too.
BACKBONES = {
    "efficientnetb0": Backbone("EfficientNet-B0", "ImageNet", "#E69F00"),
    "mobilenet": Backbone("MobileNet", "ImageNet", "#D55E00"),
    "openface": Backbone("OpenFace", "faces", "#0072B2"),
    "resnet29": Backbone("ResNet-29 (dlib)", "faces", "#56B4E9"),
    "resnet50": Backbone("ResNet-50", "ImageNet", "#009E73"),
    "vggface": Backbone("VGG-Face", "faces", "#CC79A7"),
}
