"""Runs of `fer-recognise` in the tests, by a model and a detector that take no time."""

import csv
import gc
import tracemalloc
from pathlib import Path

import photo_files

from fer_transfer.detection import detectors
from fer_transfer.detection.boxes import Box, Detection
from fer_transfer.detection.journal import Journal
from fer_transfer.recognise import __main__ as program
from fer_transfer.recognise import recogniser

UNFINISHED = Path("out/.unfinished")


def two_halves(pixels, smallest_face=0):
    """Find a face in each half of a photo, and none in a small one."""
    height, width = pixels.shape[:2]
    if height < 30:
        return []
    half = width / 2
    return [Detection(Box(side, 0, half, height), 0.9) for side in (half, 0)]


def simplify(monkeypatch, folder, find=two_halves):
    """Let the command use the simple model and detector, and write into the folder."""
    monkeypatch.setattr(recogniser, "Model", photo_files.SimpleModel)
    monkeypatch.setitem(detectors.DETECTORS, "centerface", find)
    monkeypatch.chdir(folder)


def run(*arguments, out="out"):
    options = program.parse([*map(str, arguments), "--out", str(out)])
    return program.recognise(options)


def rows(path):
    with Path(path).open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def interrupt(monkeypatch, after):
    """Let Ctrl-C come after so many records."""
    add, added = Journal.add, []

    def stop(self, record):
        if len(added) == after:
            raise KeyboardInterrupt
        added.append(record["file"])
        add(self, record)

    monkeypatch.setattr(Journal, "add", stop)
    return added


def peak_memory(work) -> int:
    """The bytes that some work takes at most, whatever else this process holds.

    Of many objects Python looks for garbage less often: those that are here before are left out,
    for good, as what TensorFlow made is.
    """
    gc.collect()
    gc.freeze()
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
