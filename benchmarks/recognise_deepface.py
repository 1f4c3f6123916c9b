"""Recognise a folder of photos by deepface, for `benchmarks.recognise`.

    python -m benchmarks.recognise_deepface PHOTOS

The weights of its emotion model are random: what is timed is the same.
"""

import sys
from pathlib import Path

from deepface import DeepFace

from fer_transfer.networks.building import deepface_reads


def main(folder: str) -> None:
    options = {"actions": ["emotion"], "enforce_detection": False, "silent": True}
    with deepface_reads(None):
        for photo in sorted(Path(folder).iterdir()):
            DeepFace.analyze(str(photo), **options)


if __name__ == "__main__":
    main(*sys.argv[1:])
