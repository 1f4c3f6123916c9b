"""One page of a run's results, which opens from disk without a network."""

from collections import Counter
from collections.abc import Iterator
from heapq import nlargest
from itertools import islice
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from PIL import Image

from fer_transfer.detection.status import Status
from fer_transfer.recognise import timeline, videos
from fer_transfer.recognise.pictures import address, percent
from fer_transfer.recognise.records import Record, to_faces

PHOTOS_SHOWN = 100  # a page of more is slow to open; the tables have them all
PROBLEMS_SHOWN = 500
FACES_SHOWN = 10  # of a video: those in most frames
LONGEST = 720  # pixels of a photo on the page


def write_page(
    path: Path, run: videos.Run, pictures: Path, scores: dict[str, Any] | None
) -> None:
    """Write the page, a photo at a time, so that memory does not grow with their number."""
    statuses, emotions = counts(run.records())
    problems = (row for row in run.records() if row["status"] != Status.FACES)
    photos = (_shown(row, run, pictures) for row in run.records() if row["faces"])
    stream = _template().stream(
        run=run,
        recogniser=run.recogniser,
        model=run.recogniser.model.metadata,
        colours=timeline.COLOURS,
        width=timeline.WIDTH,
        height=timeline.HEIGHT,
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


def counts(records: Iterator[Record]) -> tuple[Counter[str], Counter[str | None]]:
    """Count the inputs by status, and the faces by emotion; those unsure under None."""
    statuses: Counter[str] = Counter()
    emotions: Counter[str | None] = Counter()
    for record in records:
        statuses[record["status"]] += 1
        emotions.update(
            None if face.unsure else face.emotion for face in to_faces(record["faces"])
        )
    return statuses, emotions


def clock(seconds: float) -> str:
    """Write a time of a video.

    >>> clock(3725.2)
    '1:02:05'
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


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


def _shown(record: Record, run: videos.Run, pictures: Path) -> dict[str, Any]:
    """Return a record with its faces, their timelines and its picture."""
    shown, timelines = to_faces(record["faces"]), {}
    if record["frames"]:
        often = nlargest(FACES_SHOWN, range(len(shown)), record["seen"].__getitem__)
        shown = [shown[place] for place in sorted(often)]
        timelines = timeline.draw(
            videos.frames(record, run),
            [face.number for face in shown],
            run.recogniser.classes,
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
