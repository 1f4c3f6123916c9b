"""Recognise a folder of photos by deepface, for `benchmarks.recognise`.

    python -m benchmarks.recognise_deepface PHOTOS

Prints how many faces it found. The weights of its emotion model are random: what is timed is the
same.
"""

import sys
from pathlib import Path

from deepface import DeepFace

from fer_transfer.networks.building import deepface_reads


def main(folder: str) -> None:
    options = {"actions": ["emotion"], "enforce_detection": False, "silent": True}
    with deepface_reads(None):
        photos = sorted(Path(folder).iterdir())
        faces = [DeepFace.analyze(str(photo), **options) for photo in photos]
    print(sum(face["face_confidence"] > 0 for found in faces for face in found))


if __name__ == "__main__":
    main(*sys.argv[1:])
