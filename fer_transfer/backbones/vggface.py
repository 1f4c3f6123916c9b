"""VGG-Face, as deepface builds it: the 4096-d descriptor (Parkhi et al. 2015; C7)."""

from pathlib import Path

from deepface.models.facial_recognition.tf import VGGFace

from fer_transfer.networks.runtime import keras
from fer_transfer.networks.building import deepface_reads
from fer_transfer.networks.spec import DEEPFACE_STORE, Spec

SPEC = Spec(
    size=224,
    min_size=None,  # its last layers fit this size alone
    scale=1,
    offset=(-93.5940, -104.7624, -129.1863),  # deepface's means of blue, green and red
    weights_url=f"{DEEPFACE_STORE}/vgg_face_weights.h5",
    weights_hash="sha256:759266b9614d0fd5d65b97bf716818b746cc77ab5944c7bffc937c6ba9455d8c",
)


def build(weights: Path | None) -> keras.Model:
    """Build the network; `weights` is deepface's file, or None for initial values."""
    with deepface_reads(weights):
        return VGGFace.load_model()
