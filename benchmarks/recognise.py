"""Measure recognition: `python -m benchmarks.recognise PHOTOS`.

Photos of the folder are copied until there are as many as asked for, and recognised by the
command, in processes of their own: without pictures, with pictures, and 48x48 crops of FER2013's
kind. Each line has the rate, start-up included, the faces, the processor time and the memory.
"""

import csv
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from fer_transfer.synthetic import drawing as synthetic

PHOTOS, CROPS = 60, 2000
COMMAND = (sys.executable, "-m", "fer_transfer.recognise")


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


def measure(folder: Path, *options: str) -> str:
    """Recognise a folder in a process of its own, and describe what that took."""
    with tempfile.TemporaryDirectory() as out:
        start = time.perf_counter()
        call = [*COMMAND, str(folder), "--out", f"{out}/results", *options]
        process = subprocess.Popen(call, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if status:
            sys.exit(f"error: {' '.join(call)} failed. Run it by hand to see why.")
        with Path(out, "results/faces.csv").open(encoding="utf-8-sig") as table:
            num_faces = sum(1 for _ in csv.DictReader(table))
    num_files = sum(1 for _ in folder.iterdir())
    return (
        f"{num_files / seconds:7.1f} files a second, {num_faces / num_files:.1f} faces each, "
        f"{(usage.ru_utime + usage.ru_stime) / num_files * 1e3:6.1f} ms of processor time a file, "
        f"{usage.ru_maxrss / 1024:.0f} MB"
    )


def measure_start() -> str:
    start = time.perf_counter()
    code = "from fer_transfer import Recogniser; Recogniser()"
    process = subprocess.Popen([sys.executable, "-c", code])
    _, _, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    return (
        f"{seconds:7.2f} s, {usage.ru_utime + usage.ru_stime:.2f} s of processor time"
    )


def main(source: Path) -> None:
    print("start-up            ", measure_start())
    with tempfile.TemporaryDirectory() as top:
        photos, crops = Path(top, "photos"), Path(top, "crops")
        photos.mkdir()
        crops.mkdir()
        copy_photos(source, photos)
        draw_crops(crops)
        print("photos, no pictures ", measure(photos, "--no-pictures"))
        print("photos with pictures", measure(photos))
        print("crops of 48x48      ", measure(crops, "--no-pictures"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
