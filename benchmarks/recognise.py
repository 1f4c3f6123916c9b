"""Measure recognition, and deepface beside it.

    python -m benchmarks.recognise PHOTOS

Photos of the folder are copied until there are as many as asked for, and recognised by the
command, in processes of their own: without pictures, with pictures; then a video of them. Each line
has the rate, start-up included, and the memory. deepface is the study's; its emotion model is
without trained weights.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

PHOTOS = 60
VIDEO_SECONDS, VIDEO_RATE, VIDEO_SIZE = 60, 30, (640, 360)
PYTHON = (sys.executable, "-m")


def copy_photos(source: Path, target: Path) -> None:
    """Fill a folder with copies of a folder's photos."""
    target.mkdir()
    photos = sorted(source.iterdir()) * PHOTOS
    for number, photo in enumerate(photos[:PHOTOS]):
        shutil.copy(photo, target / f"{number:03}{photo.suffix}")


def write_video(source: Path, target: Path) -> None:
    """Write a video that shows the photos of a folder one after the other, as they sway."""
    paths = sorted(source.iterdir())
    codec = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(target), codec, VIDEO_RATE, VIDEO_SIZE)
    num_frames = VIDEO_SECONDS * VIDEO_RATE
    for number in range(num_frames):
        photo = Image.open(paths[number * len(paths) // num_frames]).convert("RGB")
        image = np.asarray(photo.resize(VIDEO_SIZE))[..., ::-1]
        writer.write(np.roll(image, round(20 * np.sin(number / 15)), axis=1))
    writer.release()


def measure(title: str, number: int, *call: str) -> None:
    """Run a program; print what it took for so many files or seconds."""
    start, silent = time.perf_counter(), subprocess.DEVNULL
    process = subprocess.Popen(call, stdout=silent, stderr=silent)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"error: {' '.join(call)} failed. Run it by hand to see why.")
    memory = usage.ru_maxrss / 1024
    print(f"{title:24} {number / seconds:7.1f} a second, {memory:.0f} MB", flush=True)


def recognise(title: str, number: int, path: Path, *options: str) -> None:
    """Recognise a folder or a video by the command."""
    with tempfile.TemporaryDirectory() as out:
        call = (*PYTHON, "fer_transfer.recognise", str(path), "--out", f"{out}/results")
        measure(title, number, *call, *options)


def main(folder: str) -> None:
    with tempfile.TemporaryDirectory() as top:
        photos, video = map(Path(top).joinpath, ("photos", "x.mp4"))
        copy_photos(Path(folder), photos)
        write_video(Path(folder), video)
        recognise("photos, no pictures", PHOTOS, photos, "--no-pictures")
        recognise("photos with pictures", PHOTOS, photos)
        recognise("seconds of video", VIDEO_SECONDS, video)
        call = (*PYTHON, "benchmarks.recognise_deepface", str(photos))
        measure("deepface", PHOTOS, *call)


if __name__ == "__main__":
    main(*sys.argv[1:])
