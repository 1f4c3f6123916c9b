"""One page of a run's results, which opens from disk without a network."""

from collections import Counter
from collections.abc import Iterator
from heapq import nlargest
from itertools import islice
from pathlib import Path
from typing import Any

import jinja2
from PIL import Image

from fer_transfer.core import files
from fer_transfer.detection.status import Status
from fer_transfer.recognise import timeline, videos
from fer_transfer.recognise.pictures import address
from fer_transfer.recognise.records import to_faces
from fer_transfer.recognise.tables import Record, Records, columns

PHOTOS_SHOWN = 100  # a page of more is slow to open; the tables have them all
PROBLEMS_SHOWN = 500
FACES_SHOWN = 10  # of a video: those in most frames
LONGEST = 720  # pixels of a photo on the page


def write_page(
    path: Path,
    records: Records,
    run: videos.Run,
    pictures: Path,
    scores: dict[str, Any] | None,
) -> Counter[str]:
    """Write the page, a photo at a time, so that memory does not grow with their number.

    Returns:
        The number of inputs by status.
    """
    statuses, emotions = counts(records())
    problems = (record for record in records() if record["status"] != Status.FACES)
    photos = _with_faces(records(), run, pictures)
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
    with files.atomic_write(path) as part, part.open("wb") as file:
        stream.dump(file, encoding="utf-8")
    return statuses


def counts(records: Iterator[Record]) -> tuple[Counter[str], Counter[str | None]]:
    """Count the inputs by status, and the faces by emotion; those unsure under None."""
    statuses: Counter[str] = Counter()
    emotions: Counter[str | None] = Counter()
    emotion, unsure = map(columns([]).index, ("emotion", "unsure"))
    for record in records:
        statuses[record["status"]] += 1
        emotions.update(
            None if face[unsure] else face[emotion] for face in record["faces"]
        )
    return statuses, emotions


def percent(share: float) -> str:
    """Write a share in per cent; one that is not certain does not read as certain.

    >>> percent(0.5942), percent(0.99984)
    ('59.4%', '>99.9%')
    """
    return ">99.9%" if 0.9995 <= share < 1 else f"{100 * share:.1f}%"


def clock(seconds: float) -> str:
    """Write a time of a video.

    >>> clock(3725.2)
    '1:02:05'
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        lstrip_blocks=True,
        trim_blocks=True,
    )
    environment.filters |= {"percent": percent, "clock": clock, "count": "{:,}".format}
    return environment.get_template("page.html")


def _with_faces(
    records: Iterator[Record], run: videos.Run, pictures: Path
) -> Iterator[dict[str, Any]]:
    for record in records:
        if record["faces"]:
            picture = pictures / record["picture"]
            is_photo = picture.suffix == ".jpg" and picture.exists()
            faces = to_faces(record, run.recogniser.classes)
            shown = list(zip(faces, record["crops"], strict=True))
            timelines = {}
            if record["parts"]:
                often = nlargest(
                    FACES_SHOWN, range(len(faces)), record["seen"].__getitem__
                )
                shown = [shown[place] for place in sorted(often)]
                timelines = timeline.draw(
                    videos.frames(record, run),
                    [face.number for face, _ in shown],
                    run.recogniser.classes,
                    record["frames"],
                    record["seconds"],
                )
            photo = _reduced(picture) if is_photo else ""
            yield record | {"shown": shown, "timelines": timelines, "address": photo}


def _reduced(picture: Path) -> str:
    """Return a picture, reduced, as an address that holds it."""
    with Image.open(picture) as image:
        image.thumbnail((LONGEST, LONGEST))
        return address(image, "jpeg", quality=80)
