"""Recognise the emotions of the faces in photos.

    python -m tools.recognise holiday/ portrait.jpg --out recognised
    find /photos -name '*.jpg' -print0 | python -m tools.recognise -

Reads   photos: files, folders with all below them, `-` for a list on standard input
        a model folder, or a trained run of the study (--model)
Writes  <out>/faces.csv    a row per face: box, detector's score, emotion, probabilities
        <out>/files.csv    a row per input: its status and the reason
        <out>/faces.jsonl  the faces again, an object per line
        <out>/pictures/    the photos with boxes
        <out>/index.html   all on one page that opens offline

A run that was stopped or killed goes on where it was when the same command is given again. The
exit code is 1 if a file could not be read, and 0 if all could.
"""

import argparse
import logging
import sys
from pathlib import Path

from fer_transfer import recognise as package
from fer_transfer.console import command
from fer_transfer.console.progress import Progress
from fer_transfer.core.journal import Journal
from fer_transfer.core.state import state_key
from fer_transfer.detection.detectors import find_detector
from fer_transfer.detection.inputs import Input, identity, list_inputs
from fer_transfer.detection.status import Status
from fer_transfer.recognise import output, page, tables
from fer_transfer.recognise.model import open_model
from fer_transfer.recognise.work import Recogniser

logger = logging.getLogger(__name__)

DEFAULT_MODEL = "models/default"
# Below it, by the calibrated probabilities, the emotion named would more often be wrong than right.
LEAST_PROBABILITY = 0.5


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    summary = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser("python -m tools.recognise", description=summary)
    add = parser.add_argument
    add(
        "paths",
        nargs="+",
        metavar="PATH",
        help="photo, folder, or `-`: a list on stdin",
    )
    add("--model", default=DEFAULT_MODEL, help="model folder, or a run of params.yaml")
    add(
        "--detector",
        default="centerface",
        help="centerface or haar",
    )
    add("--out", type=Path, default=Path("recognised"), help="folder of the results")
    add(
        "--unsure-below",
        type=float,
        default=LEAST_PROBABILITY,
        metavar="P",
        help="probability from which on an emotion is named (0.5)",
    )
    add("--no-pictures", action="store_true", help="write no photos with boxes")
    options = parser.parse_args(arguments)
    if not 0 <= options.unsure_below <= 1:
        parser.error(
            f"--unsure-below must be within 0 and 1, not {options.unsure_below:g}"
        )
    return options


def recognise(options: argparse.Namespace) -> int:
    """Do what the command line says; return how many inputs failed."""
    out: Path = options.out
    output.claim(out)
    inputs = list_inputs(options.paths, leave_out=out)
    pictures = None if options.no_pictures else out / output.PICTURES
    model = open_model(options.model)
    recogniser = Recogniser(
        find_detector(options.detector), model, options.unsure_below, pictures
    )
    with Journal(out, run_key(recogniser)) as journal:
        if not journal.starts:
            output.remove_results(out)
        work(recogniser, inputs, journal)
        return write_results(recogniser, inputs, journal, out)


def run_key(recogniser: Recogniser) -> str:
    """Return what changes when any number of the results may."""
    settings = {
        "model": recogniser.model.key,
        "detector": recogniser.detector.name,
        "least": recogniser.least_probability,
        "pictures": recogniser.pictures is not None,
    }
    return state_key(settings, sorted(Path(package.__file__ or "").parent.glob("*.py")))


def work(recogniser: Recogniser, inputs: list[Input], journal: Journal) -> None:
    """Recognise every input that has no record yet."""
    waiting = [one for one in inputs if not is_done(one, recogniser, journal)]
    with Progress(len(inputs), "file", len(inputs) - len(waiting)) as progress:
        for one in waiting:
            journal.add(recogniser.record(one).as_dict())
            progress.update(1)


def is_done(one: Input, recogniser: Recogniser, journal: Journal) -> bool:
    """Return whether an input has a record that still holds; failures are tried again."""
    record = journal.find(one.shown)
    if record is None or Status(record["status"]).failed:
        return False
    folder, picture = recogniser.pictures, record["picture"]
    there = not picture or bool(folder and (folder / picture).exists())
    return there and record["identity"] == identity(one.path)


def write_results(
    recogniser: Recogniser, inputs: list[Input], journal: Journal, out: Path
) -> int:
    """Write tables and page, each whole, in the order of the inputs; return how many failed."""
    names = [one.shown for one in inputs]
    model, detector = recogniser.model, recogniser.detector
    setting = page.Setting(model, detector.name, recogniser.least_probability)
    tables.write_faces(out / output.FACES, journal.records(names), model.classes)
    tables.write_jsonl(out / output.LINES, journal.records(names))
    page.write_page(
        out / output.PAGE,
        lambda: journal.records(names),
        setting,
        out / output.PICTURES,
    )
    tables.write_files(out / output.FILES, journal.records(names))
    statuses, emotions = page.counts(journal.records(names))
    journal.remove()
    failed = sum(number for status, number in statuses.items() if Status(status).failed)
    logger.info(
        "%d faces in %d of %d files, %d failed: %s",
        *(emotions.total(), statuses["faces"], statuses.total(), failed),
        out / output.PAGE,
    )
    return failed


def main() -> None:
    options = parse(sys.argv[1:])
    failed = recognise(options)
    if failed:
        logger.error("%d inputs failed: see %s.", failed, options.out / output.FILES)
        sys.exit(1)


if __name__ == "__main__":
    command.run(main)
