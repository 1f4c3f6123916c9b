"""Measure recognition, and other packages beside it.

    python -m benchmarks.recognise PHOTOS [--model FILE] [--fer SITE]

Photos of the folder are copied until there are as many as asked for, and recognised by the
command, in processes of their own: without pictures, with pictures; then a video of them and 48x48
crops of FER2013's kind. Each line has the rate, start-up included, the faces, the processor time
and the memory. deepface is of the study's environment, its emotion model without trained weights
where it has no file of them. SITE is a folder that `pip install --target` put fer into.
"""

import argparse
import csv
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from fer_transfer.synthetic import drawing as synthetic

PHOTOS, CROPS = 60, 2000
VIDEO_SECONDS, VIDEO_RATE, VIDEO_SIZE = 60, 30, (640, 360)
PYTHON = (sys.executable, "-m")


def copy_photos(source: Path, target: Path) -> None:
    """Fill a folder with copies of a folder's photos."""
    photos = itertools.cycle(sorted(source.iterdir()))
    for number, photo in zip(range(PHOTOS), photos, strict=False):
        shutil.copy(photo, target / f"{number:03}{photo.suffix}")


def draw_crops(target: Path) -> None:
    """Fill a folder with synthetic faces, grey and 48x48."""
    faces, _, _ = synthetic.draw(CROPS, 1, seed=0)
    for number, face in enumerate(faces):
        Image.fromarray(face).save(target / f"{number:04}.png")


def write_video(source: Path, target: Path) -> None:
    """Write a video that shows the photos of a folder one after the other, as they sway."""
    paths = sorted(source.iterdir())
    codec = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(target), codec, VIDEO_RATE, VIDEO_SIZE)
    num_frames = VIDEO_SECONDS * VIDEO_RATE
    for number in range(num_frames):
        photo = cv2.imread(str(paths[number * len(paths) // num_frames]))
        image = cv2.resize(photo, VIDEO_SIZE, interpolation=cv2.INTER_AREA)
        writer.write(np.roll(image, round(20 * np.sin(number / 15)), axis=1))
    writer.release()


def measure(call: Sequence[str]) -> tuple[float, float, float, str]:
    """Return seconds, seconds of processor time, MB and output of a process."""
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        process = subprocess.Popen(call, stdout=output, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if status:
            sys.exit(f"error: {' '.join(call)} failed. Run it by hand to see why.")
        output.seek(0)
        processor = usage.ru_utime + usage.ru_stime
        return seconds, processor, usage.ru_maxrss / 1024, output.read()


def show(
    what: str, number: float, unit: str, measured: tuple[float, ...], faces: int
) -> None:
    """Print a line: so many files, or seconds of video, were recognised."""
    seconds, processor, memory = measured
    print(
        f"{what:24} {number / seconds:7.1f} {unit} a second, {faces:5} faces, "
        f"{processor / number * 1e3:6.1f} ms of processor time each, {memory:.0f} MB",
        flush=True,
    )


def recognise(what: str, number: float, unit: str, path: Path, *options: str) -> None:
    """Recognise a folder or a video by the command, and print what that took."""
    with tempfile.TemporaryDirectory() as out:
        to = f"{out}/results"
        call = (*PYTHON, "fer_transfer.recognise", str(path), "--out", to, *options)
        *measured, _ = measure(call)
        with Path(to, "faces.csv").open(encoding="utf-8-sig") as table:
            num_faces = sum(1 for _ in csv.DictReader(table))
    show(what, number, unit, tuple(measured), num_faces)


def by_peer(name: str, photos: Path, *site: str) -> None:
    """Recognise the photos by another package, and print what that took."""
    call = (*PYTHON, "benchmarks.recognise_peers", name, str(photos), *site)
    *measured, output = measure(call)
    show(f"{name}", PHOTOS, "photos", tuple(measured), int(output.split()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--model", nargs=1, default=[])
    parser.add_argument("--fer", nargs=1, default=[])
    options = parser.parse_args()
    model = ["--model", *options.model] if options.model else []
    code = "from fer_transfer import Recogniser; Recogniser()"
    seconds, processor, *_ = measure((sys.executable, "-c", code))
    print(f"start-up {seconds:.2f} s, {processor:.2f} s of processor time")
    with tempfile.TemporaryDirectory() as top:
        photos, crops, video = (
            Path(top, "photos"),
            Path(top, "crops"),
            Path(top, "x.mp4"),
        )
        photos.mkdir()
        crops.mkdir()
        copy_photos(options.photos, photos)
        draw_crops(crops)
        write_video(options.photos, video)
        no_pictures = "--no-pictures", *model
        recognise("photos, no pictures", PHOTOS, "photos", photos, *no_pictures)
        recognise("photos with pictures", PHOTOS, "photos", photos, *model)
        recognise("video", VIDEO_SECONDS, "seconds", video, *model)
        recognise("crops of 48x48", CROPS, "crops", crops, *no_pictures)
        by_peer("deepface", photos)
        if options.fer:
            by_peer("fer", photos, *options.fer)


if __name__ == "__main__":
    main()
