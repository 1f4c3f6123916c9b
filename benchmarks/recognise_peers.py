"""Recognise a folder of photos by deepface or fer, for `benchmarks.recognise`.

    python -m benchmarks.recognise_peers NAME PHOTOS [SITE]

Prints how many faces it found. SITE is a folder that `pip install --target` put the package into.
"""

import os
import sys
from functools import partial
from itertools import chain
from pathlib import Path

import cv2

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # both packages were written for Keras 2


def by_deepface(photos: list[Path]) -> int:
    """Count the faces of photos that deepface analyses.

    Without the file of its emotion model the weights are random: what is timed is the same.
    """
    from deepface import DeepFace
    from deepface.commons import folder_utils, weight_utils

    home = Path(folder_utils.get_deepface_home(), ".deepface/weights")
    if not (home / "facial_expression_model_weights.h5").exists():
        weight_utils.download_weights_if_necessary = lambda *_, **__: ""
        weight_utils.load_model_weights = lambda model, *_, **__: model
    analyse = partial(
        DeepFace.analyze, actions=["emotion"], enforce_detection=False, silent=True
    )
    faces = chain.from_iterable(analyse(str(path)) for path in photos)
    return sum(face["face_confidence"] > 0 for face in faces)


def by_fer(photos: list[Path]) -> int:
    """Count the faces of photos that fer analyses."""
    from fer.fer import FER

    detector = FER()
    return sum(len(detector.detect_emotions(cv2.imread(str(p))) or []) for p in photos)


PEERS = {"deepface": by_deepface, "fer": by_fer}


def main(name: str, folder: str, *sites: str) -> None:
    sys.path += sites
    print(PEERS[name](sorted(Path(folder).iterdir())))


if __name__ == "__main__":
    main(*sys.argv[1:])
