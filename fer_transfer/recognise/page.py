"""One page of a run's results, which opens from disk without a network."""

import base64
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from PIL import Image

from fer_transfer.core import files
from fer_transfer.detection.status import Status
from fer_transfer.recognise.model import Model
from fer_transfer.recognise.tables import Record, Records
from fer_transfer.report import html

TEMPLATES = Path(__file__).parent
PHOTOS_SHOWN = 100  # a page of more is slow to open; the tables have them all
PROBLEMS_SHOWN = 500
LONGEST = 720  # pixels of a photo on the page


@dataclass(frozen=True)
class Setting:
    """What the results rest on."""

    model: Model
    detector: str
    least_probability: float


def write_page(path: Path, records: Records, setting: Setting, pictures: Path) -> None:
    """Write the page, a photo at a time: its memory does not grow with their number."""
    environment = html.environment(TEMPLATES, trim_blocks=True)
    statuses, emotions = counts(records())
    shown = islice(_with_faces(records(), pictures), PHOTOS_SHOWN)
    problems = (record for record in records() if record["status"] != Status.FACES)
    stream = environment.get_template("page.html").stream(
        setting=setting,
        statuses=statuses,
        emotions=emotions,
        photos=shown,
        photos_shown=PHOTOS_SHOWN,
        problems=islice(problems, PROBLEMS_SHOWN),
        problems_shown=PROBLEMS_SHOWN,
        failed={status.value for status in Status if status.failed},
    )
    with files.atomic_write(path) as part, part.open("wb") as file:
        stream.dump(file, encoding="utf-8")


def counts(records: Iterator[Record]) -> tuple[Counter[str], Counter[str]]:
    """Count the inputs by status, and the faces by what they show."""
    statuses: Counter[str] = Counter()
    emotions: Counter[str] = Counter()
    for record in records:
        statuses[record["status"]] += 1
        emotions.update(face["emotion"] for face in record["faces"])
    return statuses, emotions


def _with_faces(records: Iterator[Record], pictures: Path) -> Iterator[dict[str, Any]]:
    for record in records:
        if record["faces"]:
            file = pictures / record["picture"]
            address = _small(file) if record["picture"] and file.exists() else ""
            yield {**record, "address": address}


def _small(picture: Path) -> str:
    """Return a picture, reduced, as an address that holds it."""
    buffer = io.BytesIO()
    with Image.open(picture) as image:
        image.thumbnail((LONGEST, LONGEST))
        image.save(buffer, format="JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
