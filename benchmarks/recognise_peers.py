"""Recognise a folder of photos by deepface or fer, for `benchmarks.recognise`.

    python -m benchmarks.recognise_peers NAME PHOTOS [SITE]

Prints how many faces it found. SITE is a folder that `pip install --target` put the package into.
"""

import sys
from functools import partial
from itertools import chain
from pathlib import Path

import cv2


def by_deepface(photos: list[Path]) -> int:
    """Count the faces of photos that deepface analyses.

    The weights of its emotion model are random: what is timed is the same.
    """
    from deepface import DeepFace

    from fer_transfer.networks.building import deepface_reads

    analyse = partial(
        DeepFace.analyze, actions=["emotion"], enforce_detection=False, silent=True
    )
    with deepface_reads(None):
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
