"""Recognise the emotions of the faces in photos and videos.

    fer-recognise holiday/ portrait.jpg --out recognised
    find /photos -name '*.jpg' -print0 | fer-recognise -
    fer-recognise clip.mp4
    fer-recognise --camera 0

Reads   photos and videos: files, folders with all below them, `-` for a list on standard input
        a camera; a model file (--model); labels to compare with (--labels)
Writes  <out>/faces.csv    a row per face, in a video per frame and face: box, detector's score,
                           emotion, probabilities
        <out>/files.csv    a row per input: its status and the reason
        <out>/faces.jsonl  the faces again, an object per line
        <out>/scores.json  how often it was right, where there are labels
        <out>/pictures/    the photos with boxes, and the videos if asked for
        <out>/index.html   all of it on one page that opens offline

To resume a run that was stopped or killed, repeat its command. The exit code is 1 if a file could
not be read, and 0 if all could.
"""

import argparse
import logging
import shutil
import sys
from contextlib import chdir
from math import inf
from pathlib import Path

from fer_transfer.console import command
from fer_transfer.console.progress import Progress
from fer_transfer.core.ahead import in_order
from fer_transfer.core.state import PROJECT, state_key
from fer_transfer.detection.detectors import DETECTORS, SMALLEST_FACE
from fer_transfer.detection.inputs import Input, identity, list_inputs
from fer_transfer.detection.journal import Journal
from fer_transfer.detection.status import Status
from fer_transfer.recognise import labels, page, results
from fer_transfer.recognise.recogniser import Recogniser
from fer_transfer.recognise.records import Record, make_record, read_photo
from fer_transfer.recognise.videos import CORES, RECORDED, Run, read_video

logger = logging.getLogger(__name__)

REASONS_LOGGED = 10


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        "fer-recognise",
        description="Recognise the emotions of the faces in photos and videos.",
    )
    add = parser.add_argument
    kinds = "photo, video, folder, or `-`: a list on stdin"
    detector = f"{', '.join(DETECTORS)} (%(default)s)"
    unsure = "probability below which a face is unsure (0.5; with two classes 0.75)"
    smallest = "longer side, in pixels, of the smallest face to be found (%(default)s)"
    own = "score the photos: a CSV of path, label and optionally group, or `folders` if each "
    own += "photo's folder is named after its label"
    record = "record camera N until Ctrl-C"
    rate = "frames recognised per second of video (%(default)s)"
    over = "time constant for smoothing a video's probabilities; 0: none (%(default)s)"
    add("paths", nargs="*", metavar="PATH", help=kinds)
    add("--camera", type=int, choices=range(100), metavar="N", help=record)
    add("--model", help="ONNX file of tools.export (the default model)")
    add("--detector", default="centerface", help=detector)
    add("--out", type=Path, default=Path("recognised"), help="folder (%(default)s)")
    add("--unsure-below", type=float, metavar="P", help=unsure)
    add("--smallest-face", type=int, default=SMALLEST_FACE, metavar="PX", help=smallest)
    add("--labels", metavar="CSV", help=own)
    add("--no-pictures", action="store_true", help="write no photos with boxes")
    add("--draw-videos", action="store_true", help="write videos with boxes")
    add("--frames", type=float, default=5, metavar="RATE", help=rate)
    add("--smoothing", type=float, default=1, metavar="SECONDS", help=over)
    options = parser.parse_args(arguments)
    if not options.paths and options.camera is None:
        parser.error("give a photo, a video, a folder or --camera")
    if "" in (options.model, options.labels):
        parser.error("--model and --labels need a value: check the shell variable")
    if not 0 < options.frames <= 1000 or not 0 <= options.smoothing < inf:
        parser.error("--frames must be above 0 and at most 1000, --smoothing 0 or more")
    return options


def recognise(options: argparse.Namespace) -> int:
    """Recognise what the command line names; return how many inputs failed."""
    out: Path = options.out
    recogniser = Recogniser(
        options.model, options.detector, options.unsure_below, options.smallest_face
    )
    inputs = list_inputs(options.paths, leave_out=out)
    labelled = options.labels and labels.read(
        options.labels, [entry.shown for entry in inputs], recogniser.classes
    )
    if options.camera is not None:
        inputs.append(Input(f"camera {options.camera}", camera=options.camera))
    unfinished = results.claim(out)
    pictures = unfinished / results.PICTURES
    with Journal(unfinished, run_key(recogniser, options), RECORDED) as journal:
        if not journal.num_found:  # pictures of other settings
            shutil.rmtree(pictures, ignore_errors=True)
        names = [entry.shown for entry in inputs]
        run = Run(recogniser, journal, names, options.frames, options.smoothing)
        work(run, inputs, pictures, options)
        scores = options.labels and labels.score(labelled, run)
        results.write(unfinished, run, scores)
        page.write_page(unfinished / results.PAGE, run, pictures, scores)
        num_failed = report_failures(run, out)
    results.publish(unfinished)
    logger.info("Results: %s", out / results.PAGE)
    return num_failed


def run_key(recogniser: Recogniser, options: argparse.Namespace) -> str:
    """Return a hash of what results depend on: model, code and options, but not the inputs."""
    others = ("paths", "out", "labels")  # which inputs, not their results
    settings = {key: vars(options)[key] for key in vars(options) if key not in others}
    with chdir(PROJECT):  # the hash names files as they lie from here
        return state_key(settings | {"model": recogniser.model.key}, [])


def work(
    run: Run, inputs: list[Input], pictures: Path, options: argparse.Namespace
) -> None:
    """Recognise every input that has no record yet: photos one per core, then each video."""
    waiting = [entry for entry in inputs if not is_done(entry, run.journal, pictures)]
    photos = [entry for entry in waiting if entry.camera is None]
    clips = [entry for entry in waiting if entry.camera is not None]
    folder = None if options.no_pictures else pictures

    def recognise_photo(entry: Input) -> Record:
        return make_record(entry, read_photo, run.recogniser, folder)

    with Progress(len(inputs), "file", len(inputs) - len(photos)) as progress:
        records = in_order(recognise_photo, photos, 2 * CORES, CORES)
        for entry, record in zip(photos, records, strict=True):
            if record["status"] == Status.VIDEO:
                clips.append(entry)
            else:
                run.journal.add(record)
            progress.update(1)
    video_folder = pictures if options.draw_videos else None
    for entry in clips:
        run.journal.add(make_record(entry, read_video, run, video_folder))


def is_done(entry: Input, journal: Journal, pictures: Path) -> bool:
    """Return whether an input has a record that still holds; failures are tried again."""
    record = journal.find(entry.shown)
    if record is None or Status(record["status"]).failed:
        return False
    # A run that was killed while it published may have moved it.
    is_there = not record["picture"] or (pictures / record["picture"]).exists()
    return is_there and bool(record["identity"] == identity(entry.path))


def report_failures(run: Run, out: Path) -> int:
    """Log which inputs failed and why; return how many."""
    failed = [record for record in run.records() if Status(record["status"]).failed]
    for record in failed[:REASONS_LOGGED]:
        logger.error("{file}: {status}: {reason}".format_map(record))
    if more := failed[REASONS_LOGGED:]:
        logger.error("%d more failed: see %s.", len(more), out / results.FILES)
    return len(failed)


def main() -> None:
    """Run the command."""
    command.run(lambda: sys.exit(bool(recognise(parse(sys.argv[1:])))))


if __name__ == "__main__":
    main()
