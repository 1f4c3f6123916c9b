"""The catalog of backbones, one row each: everything that is specific to one.

Free of TensorFlow, so that every stage may import it. To add a backbone, add a row and a
function that builds its network.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from fer_transfer.console.errors import InputError, shown

# Grey makes the three channels equal, so BGR or RGB is a matter of the means' order.
IMAGENET_BGR = (-103.939, -116.779, -123.68)
DLIB_RGB = (-122.782 / 256, -117.001 / 256, -104.298 / 256)
VGGFACE_BGR = (-93.5940, -104.7624, -129.1863)

KERAS_STORE = "https://storage.googleapis.com/tensorflow/keras-applications"
DEEPFACE_STORE = "https://github.com/serengil/deepface_models/releases/download/v1.0"
DLIB_STORE = "https://github.com/ageitgey/face_recognition_models/raw/master/face_recognition_models/models"


@dataclass(frozen=True)
class Backbone:
    """The spec of one network without its classifier.

    An image with grey levels in [0, 255] becomes three equal channels of
    `grey * scale + offset`, with one offset per channel.
    """

    title: str
    learned: Literal["faces", "ImageNet"]  # what its published weights were trained on
    builder: (
        str  # module:function in fer_transfer/networks; None as weights: initial values
    )
    size: int  # pixels, height and width of the input
    scale: float
    offset: tuple[float, float, float]
    weights_url: str
    weights_hash: str  # `md5:...` or `sha256:...` of the published file
    colour: str  # of Okabe and Ito's, which the colour-blind tell apart too
    bfloat16_is_faster: bool = True  # its frozen part, by OpenVINO


BACKBONES = {
    "efficientnetb0": Backbone(
        title="EfficientNet-B0",
        learned="ImageNet",
        builder="backbones:efficientnetb0",
        size=224,
        scale=1,  # the network itself rescales and normalises
        offset=(0, 0, 0),
        weights_url=f"{KERAS_STORE}/efficientnetb0_notop.h5",
        weights_hash="md5:50bc09e76180e00e4465e1a485ddc09d",
        colour="#E69F00",
    ),
    "mobilenet": Backbone(
        title="MobileNet",
        learned="ImageNet",
        builder="backbones:mobilenet",
        size=224,
        scale=1 / 127.5,
        offset=(-1, -1, -1),
        weights_url=f"{KERAS_STORE}/mobilenet/mobilenet_1_0_224_tf_no_top.h5",
        weights_hash="md5:725ccbd03d61d7ced5b5c4cd17e7d527",
        colour="#D55E00",
    ),
    "openface": Backbone(
        title="OpenFace",
        learned="faces",
        builder="backbones:openface",
        size=96,
        scale=1 / 255,
        offset=(0, 0, 0),
        weights_url=f"{DEEPFACE_STORE}/openface_weights.h5",
        weights_hash="sha256:5b41897ec6dd762cee20575eee54ed4d719a78cb982b2080a87dc14887d88a7a",
        colour="#0072B2",
        bfloat16_is_faster=False,  # it would take twice float32's time (docs/performance.md)
    ),
    "resnet29": Backbone(
        title="ResNet-29 (dlib)",
        learned="faces",
        builder="resnet29:build",
        size=150,
        scale=1 / 256,
        offset=DLIB_RGB,
        weights_url=f"{DLIB_STORE}/dlib_face_recognition_resnet_model_v1.dat",
        weights_hash="sha256:55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        colour="#56B4E9",
    ),
    "resnet50": Backbone(
        title="ResNet-50",
        learned="ImageNet",
        builder="backbones:resnet50",
        size=224,
        scale=1,
        offset=IMAGENET_BGR,
        weights_url=f"{KERAS_STORE}/resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        weights_hash="md5:4d473c1dd8becc155b73f8504c6f6626",
        colour="#009E73",
    ),
    "vggface": Backbone(
        title="VGG-Face",
        learned="faces",
        builder="backbones:vggface",
        size=224,
        scale=1,
        offset=VGGFACE_BGR,
        weights_url=f"{DEEPFACE_STORE}/vgg_face_weights.h5",
        weights_hash="sha256:759266b9614d0fd5d65b97bf716818b746cc77ab5944c7bffc937c6ba9455d8c",
        colour="#CC79A7",
    ),
}


def find(name: str, where: str = "backbone") -> Backbone:
    """Return the row of a backbone; `where` is the setting that names it.

    Raises:
        InputError: If there is none of that name.
    """
    if name not in BACKBONES:
        near = get_close_matches(name, BACKBONES, n=1, cutoff=0)[0]
        raise InputError(
            f"`{where}` in params.yaml must be one of {', '.join(BACKBONES)}. Got "
            f"{shown(name)} instead. Did you mean `{near}`?"
        )
    return BACKBONES[name]
