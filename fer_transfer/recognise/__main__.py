"""Recognise the emotions of the faces in photos.

    fer-recognise holiday/ portrait.jpg --out recognised
    find /photos -name '*.jpg' -print0 | fer-recognise -

Reads   photos: files, folders with all below them, `-` for a list on standard input
        a model file (--model); labels to compare with (--labels)
Writes  <out>/faces.csv    a row per face: box, detector's score, emotion, probabilities
        <out>/files.csv    a row per input: its status and the reason
        <out>/faces.jsonl  the faces again, an object per line
        <out>/scores.json  how often it was right, where there are labels
        <out>/pictures/    the photos with boxes
        <out>/index.html   all of it on one page that opens offline

A run that was stopped or killed goes on where it was when the same command is given again. The
exit code is 1 if a file could not be read, and 0 if all could.
"""

import argparse
import logging
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from typing import Any

from fer_transfer.console import command
from fer_transfer.console.progress import Progress
from fer_transfer.core.state import state_key
from fer_transfer.detection.detectors import DETECTORS, SMALLEST_FACE
from fer_transfer.detection.inputs import Input, identity, list_inputs
from fer_transfer.detection.journal import Journal
from fer_transfer.detection.status import Status
from fer_transfer.recognise import labels, output, page, tables
from fer_transfer.recognise.recogniser import Recogniser
from fer_transfer.recognise.records import make_record

logger = logging.getLogger(__name__)

CORES = os.cpu_count() or 1
REASONS_LOGGED = 10


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    summary = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser("fer-recognise", description=summary)
    add = parser.add_argument
    photos = "photo, folder, or `-`: a list on stdin"
    add("paths", nargs="+", metavar="PATH", help=photos)
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
    options = parser.parse_args(arguments)
    if options.smallest_face < 1:
        parser.error(f"--smallest-face must be 1 or more, not {options.smallest_face}")
    if not 0 <= (options.unsure_below or 0) <= 1:
        parser.error(f"--unsure-below must be within 0 and 1: {options.unsure_below:g}")
    return options


def recognise(options: argparse.Namespace) -> int:
    """Recognise the photos that the command line names; return how many inputs failed."""
    out: Path = options.out
    recogniser = Recogniser(
        options.model, options.detector, options.unsure_below, options.smallest_face
    )
    inputs = list_inputs(options.paths, leave_out=out)
    labelled = options.labels and labels.read(
        options.labels, [entry.path for entry in inputs], recogniser.classes
    )
    unfinished = output.claim(out)
    pictures = None if options.no_pictures else unfinished / output.PICTURES
    key = run_key(recogniser, not options.no_pictures)
    with Journal(unfinished, key) as journal:
        if not journal.starts:  # pictures of other settings
            shutil.rmtree(unfinished / output.PICTURES, ignore_errors=True)
        work(recogniser, inputs, journal, pictures)
        names = [entry.shown for entry in inputs]
        statuses = write_results(recogniser, names, journal, unfinished, labelled)
        report_failures(journal.records(names), out)
    output.publish(unfinished)
    logger.info("Results: %s", out / output.PAGE)
    return sum(n for status, n in statuses.items() if Status(status).failed)


def run_key(recogniser: Recogniser, pictures: bool) -> str:
    """Return a hash that changes when any number of the results may change."""
    settings = {
        "model": recogniser.model.key,
        "detector": recogniser.detector.name,
        "unsure_below": recogniser.unsure_below,
        "smallest_face": recogniser.smallest_face,
        "pictures": pictures,
    }
    return state_key(settings, [])


def work(
    recogniser: Recogniser,
    inputs: list[Input],
    journal: Journal,
    pictures: Path | None,
) -> None:
    """Recognise every input that has no record yet, one photo per core."""
    waiting = [entry for entry in inputs if not is_done(entry, journal, pictures)]
    with (
        Progress(len(inputs), "file", len(inputs) - len(waiting)) as progress,
        ThreadPoolExecutor(CORES) as pool,
    ):
        running: set[Future[dict[str, Any]]] = set()
        for entry in waiting:
            running.add(pool.submit(make_record, entry, recogniser, pictures))
            while len(running) > 2 * CORES:
                running = _collect(running, journal, progress)
        while running:
            running = _collect(running, journal, progress)


def _collect(
    running: set[Future[dict[str, Any]]], journal: Journal, progress: Progress
) -> set[Future[dict[str, Any]]]:
    """Note the records that are complete; return what still runs."""
    done, running = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        journal.add(future.result())
        progress.update(1)
    return running


def is_done(entry: Input, journal: Journal, pictures: Path | None) -> bool:
    """Return whether an input has a record that still holds; failures are tried again."""
    record = journal.find(entry.shown)
    if record is None or Status(record["status"]).failed:
        return False
    picture = record["picture"]
    there = not picture or bool(pictures and (pictures / picture).exists())
    return there and record["identity"] == identity(entry.path)


def write_results(
    recogniser: Recogniser,
    names: list[str],
    journal: Journal,
    folder: Path,
    labelled: labels.Labelled | None,
) -> Counter[str]:
    """Write tables and page in the order of the inputs; return the inputs by status."""

    def records() -> Iterator[tables.Record]:
        return journal.records(names)

    classes = recogniser.classes
    scores = None
    if labelled:
        file = folder / output.SCORES
        scores = labels.write_scores(file, labelled, records(), classes)
    tables.write_faces(folder / output.FACES, records(), classes)
    tables.write_jsonl(folder / output.LINES, records(), classes)
    tables.write_files(folder / output.FILES, records())
    return page.write_page(
        folder / output.PAGE, records, recogniser, folder / output.PICTURES, scores
    )


def report_failures(records: Iterator[tables.Record], out: Path) -> None:
    """Log which inputs failed and why."""
    failed = (record for record in records if Status(record["status"]).failed)
    for record in islice(failed, REASONS_LOGGED):
        logger.error("%s: %s: %s", record["file"], record["status"], record["reason"])
    if rest := sum(1 for _ in failed):
        logger.error("%d more failed: see %s.", rest, out / output.FILES)


def main() -> None:
    """Run the command."""
    command.run(_main)


def _main() -> None:
    if recognise(parse(sys.argv[1:])):
        sys.exit(1)


if __name__ == "__main__":
    main()
