"""One page of a run's results, which opens from disk without a network."""

from collections import Counter
from datetime import timedelta
from heapq import nlargest
from itertools import islice
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from PIL import Image

from fer_transfer.detection.status import Status
from fer_transfer.recognise import timeline
from fer_transfer.recognise.pictures import address, percent
from fer_transfer.recognise.records import Record
from fer_transfer.recognise.videos import Run

PHOTOS_SHOWN = 100  # a page of more is slow to open; the tables have them all
PROBLEMS_SHOWN = 500
FACES_SHOWN = 10  # of a video: those in most frames
LONGEST = 720  # pixels of a photo on the page


def write_page(
    path: Path, run: Run, pictures: Path, scores: dict[str, Any] | None
) -> None:
    """Write the page, a photo at a time, so that memory does not grow with their number."""
    problems = (row for row in run.records() if row["status"] != Status.FACES)
    photos = (_shown(row, run, pictures) for row in run.records() if row["faces"])
    statuses, emotions = Counter[str](), Counter[str | None]()
    for record in run.records():
        statuses[record["status"]] += 1
        emotions.update(None if f.unsure else f.emotion for f in record["faces"])
    stream = _template().stream(
        run=run,
        drawing=timeline,
        scores=scores,
        statuses=statuses,
        emotions=emotions,
        photos=islice(photos, PHOTOS_SHOWN),
        photos_shown=PHOTOS_SHOWN,
        problems=islice(problems, PROBLEMS_SHOWN),
        problems_shown=PROBLEMS_SHOWN,
        failed={status.value for status in Status if status.failed},
    )
    stream.dump(str(path), encoding="utf-8")


def clock(seconds: float) -> str:
    """Write a time of a video.

    >>> clock(3725.2)
    '1:02:05'
    """
    return str(timedelta(seconds=int(seconds)))


def png(crop: np.ndarray) -> str:
    """Return a crop (48, 48) as the address of a PNG that holds it."""
    return address(Image.fromarray(crop), "png")


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        lstrip_blocks=True,
        trim_blocks=True,
    )
    environment.filters |= {"percent": percent, "clock": clock, "png": png}
    environment.filters["count"] = "{:,}".format
    return environment.get_template("page.html")


def _shown(record: Record, run: Run, pictures: Path) -> dict[str, Any]:
    """Return a record with its faces, their timelines and its picture."""
    shown, timelines = record["faces"], {}
    if record["frames"]:
        often = nlargest(FACES_SHOWN, range(len(shown)), record["seen"].__getitem__)
        shown = [shown[place] for place in sorted(often)]
        timelines = timeline.draw(
            run.frames(record),
            [face.number for face in shown],
            len(run.recogniser.classes),
            record["frames"],
            record["seconds"],
        )
    picture = pictures / record["picture"]
    photo = _reduced(picture) if picture.suffix == ".jpg" else ""
    return record | {"shown": shown, "timelines": timelines, "address": photo}


def _reduced(picture: Path) -> str:
    """Return a picture, reduced, as an address that holds it."""
    with Image.open(picture) as image:
        image.thumbnail((LONGEST, LONGEST))
        return address(image, "jpeg", quality=80)
