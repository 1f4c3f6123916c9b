"""The command line of `fer-recognise`."""

import argparse
from math import inf
from pathlib import Path

from fer_transfer.detection.detectors import DETECTORS, SMALLEST_FACE

SUMMARY = "Recognise the emotions of the faces in photos and videos."
FRAMES, SMOOTHING = 5, 1  # of a video: frames a second; seconds


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser("fer-recognise", description=SUMMARY)
    add = parser.add_argument
    kinds = "photo, video, folder, or `-`: a list on stdin"
    add("paths", nargs="*", metavar="PATH", help=kinds)
    add("--camera", type=int, metavar="N", help="record camera N until Ctrl-C")
    add("--model", help="ONNX file of tools.export (the default model)")
    add("--detector", default="centerface", help=f"{', '.join(DETECTORS)} (centerface)")
    add("--out", type=Path, default=Path("recognised"), help="folder of the results")
    add(
        "--unsure-below",
        type=float,
        metavar="P",
        help="probability below which a face counts as unsure (0.5; with two classes 0.75)",
    )
    add(
        "--smallest-face",
        type=int,
        default=SMALLEST_FACE,
        metavar="PIXELS",
        help=f"longer side of the smallest face to be found ({SMALLEST_FACE})",
    )
    add(
        "--labels",
        metavar="CSV",
        help="score the photos: a CSV of path, label and optionally group, or `folders` if each "
        "photo's folder is called what it shows",
    )
    add("--no-pictures", action="store_true", help="write no photos with boxes")
    add("--draw-videos", action="store_true", help="write videos with boxes")
    add(
        "--frames",
        type=float,
        default=FRAMES,
        metavar="RATE",
        help=f"frames of a video to recognise, a second ({FRAMES})",
    )
    add(
        "--smoothing",
        type=float,
        default=SMOOTHING,
        metavar="SECONDS",
        help=f"over which a video's probabilities are smoothed; 0: not ({SMOOTHING})",
    )
    options = parser.parse_args(arguments)
    if not options.paths and options.camera is None:
        parser.error("give a photo, a video, a folder or --camera")
    if not 0 < options.frames <= 1000 or not 0 <= options.smoothing < inf:
        parser.error("--frames must be within 0 and 1000, --smoothing 0 or more")
    return options
