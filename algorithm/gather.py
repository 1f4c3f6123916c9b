"""Gather labelled photos from any known form: which there are, and what each shows.

Reads   the source: a folder of photos or a manifest; or the study's data/images.npz, split.npz
        and ferplus.npz
Params  gather
Writes  data/algorithm/photos.csv     a row per labelled face: photo (path relative to the source's
                                      folder, or row of images.npz), label, group (the person; empty
                                      where the form names none), left, top, width, height (pixels
                                      of the displayed photo; empty without a box), part (train, val
                                      or test where the form says so), sha256 (of the file's bytes,
                                      or of the row's pixels)
        data/algorithm/dropped.csv    photo, reason: what was found and not taken
        metrics/algorithm/gather.json form, classes in order, numbers per label, part and person,
                                      and how many were dropped for which reason
Source  the paper, section 6; the data sets' publications stand in algorithm/lib/forms/
"""

import logging
from collections import Counter
from pathlib import Path
from typing import Any

from algorithm.lib import tables
from algorithm.lib.forms import registry
from algorithm.lib.forms.entries import Entry, Found
from algorithm.lib.labels import Labels, in_order
from algorithm.lib.names import in_one_line
from algorithm.lib.settings import PATH, load_gather
from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.console.progress import Progress
from fer_transfer.core import files

logger = logging.getLogger(__name__)

PHOTOS = Path("data/algorithm/photos.csv")
DROPPED = Path("data/algorithm/dropped.csv")
METRICS = Path("metrics/algorithm/gather.json")
HEAD = (
    *("photo", "label", "group", "left", "top", "width", "height"),
    *("part", "sha256"),
)
MAPPED = "`gather.map` drops the label {}"
TWICE = "it is listed twice"
UNREADABLE = "the file cannot be read: see its permissions"


def name_labels(found: Found, labels: Labels) -> Found:
    """Name the label of each entry; those that the map drops are dropped.

    Raises:
        InputError: If a label is not known, or the map has one that no photo has.
    """
    named = Found(dropped=list(found.dropped))
    for entry in found.entries:
        name = labels.name(entry.label, entry.photo)
        if name is None:
            named.drop(entry.photo, MAPPED.format(entry.label))
        else:
            named.entries.append(entry._replace(label=name))
    labels.check_all_used(Counter(entry.label for entry in found.entries))
    return named


def without_repeats(found: Found) -> Found:
    """Keep each face once: a photo and, where there are boxes, a box in it.

    Raises:
        InputError: If it is listed again with another label or person.
    """
    once = Found(dropped=list(found.dropped))
    seen: dict[Any, Entry] = {}
    for entry in found.entries:
        known = seen.setdefault((entry.photo, entry.box), entry)
        if known is entry:
            once.entries.append(entry)
        elif known == entry:
            once.drop(entry.photo, TWICE)
        else:
            raise InputError(
                f"{in_one_line(entry.photo)} is listed twice, as {_said(known)} and as {_said(entry)}. Remove "
                "the wrong one, or give each face its box."
            )
    return once


def _said(entry: Entry) -> str:
    words = filter(None, (entry.label, entry.group, entry.part))
    return in_one_line(" ".join(words))


def with_hashes(found: Found, root: Path) -> Found:
    """Add the hash of each file; a file that cannot be read is dropped."""
    hashed = Found(dropped=list(found.dropped))
    digests: dict[str, str] = {}
    with Progress(len(found.entries), "photo") as progress:
        for entry in found.entries:
            progress.update(1)
            digest = (
                entry.sha256 or digests.get(entry.photo) or _digest(root / entry.photo)
            )
            if not digest:
                hashed.drop(entry.photo, UNREADABLE)
                continue
            digests[entry.photo] = digest
            hashed.entries.append(entry._replace(sha256=digest))
    return hashed


def _digest(path: Path) -> str:
    try:
        return files.digest(path, "sha256")
    except OSError:
        return ""


def describe(form: str, found: Found) -> dict[str, Any]:
    """Count what was gathered: per label and part, people, boxes, and what was dropped."""
    entries = found.entries
    classes = in_order({entry.label for entry in entries})
    parts = [part for part in ("train", "val", "test", "") if _of(entries, part)]
    people = {entry.group for entry in entries if entry.group}
    return {
        "form": form,
        "photos": len(entries),
        "distinct_contents": len({entry.sha256 for entry in entries}),
        "classes": classes,
        "labels": _count(entries, classes),
        "parts": {
            part or "not stated": _count(_of(entries, part), classes) for part in parts
        },
        "people": len(people),
        "without_person": sum(not entry.group for entry in entries),
        "with_box": sum(entry.box is not None for entry in entries),
        "dropped": dict(sorted(Counter(one.reason for one in found.dropped).items())),
    }


def _of(entries: list[Entry], part: str) -> list[Entry]:
    return [entry for entry in entries if entry.part == part]


def _count(entries: list[Entry], classes: list[str]) -> dict[str, int]:
    numbers = Counter(entry.label for entry in entries)
    return {"total": len(entries), **{name: numbers[name] for name in classes}}


def check_any(found: Found, source: str) -> None:
    """Raise an InputError if nothing is left to learn from."""
    if not found.entries:
        reasons = Counter(one.reason for one in found.dropped).most_common(3)
        why = "; ".join(f"{number} as {reason}" for reason, number in reasons)
        raise InputError(
            f"{source} gives no labelled photo. Dropped: {why or 'none: no photo was found'}. "
            f"Expected JPEG, PNG, WebP, TIFF or BMP with a label each; see `gather` in {PATH}."
        )


def row_of(entry: Entry) -> list[Any]:
    """Return an entry as a row of photos.csv."""
    box = entry.box or ("", "", "", "")
    return [entry.photo, entry.label, entry.group, *box, entry.part, entry.sha256]


def root_of(source: str) -> Path:
    """Return the folder that paths of photos.csv begin in."""
    path = Path(source)
    return path.parent if path.is_file() else path


def say(counts: dict[str, Any]) -> None:
    """Log what was found, and what a user should know before training on it."""
    numbers = ", ".join(
        f"{counts['labels'][name]} {name}" for name in counts["classes"]
    )
    logger.info("%s: %d photos, %s.", counts["form"], counts["photos"], numbers)
    for reason, number in counts["dropped"].items():
        logger.warning("%d left out: %s (%s).", number, reason, DROPPED)
    if len(counts["classes"]) == 1:
        logger.warning(
            "All show %s: one class cannot be learned.", counts["classes"][0]
        )
    if counts["without_person"]:
        logger.warning(
            "Of %d photos nobody is named: they cannot be split by person.",
            counts["without_person"],
        )


def main() -> None:
    settings = load_gather()
    form, found, labels = registry.read(settings)
    found = without_repeats(name_labels(found, labels))
    found = with_hashes(found, root_of(settings.source))
    check_any(found, settings.source)
    counts = describe(form, found)
    tables.write_rows(PHOTOS, HEAD, map(row_of, found.entries))
    tables.write_rows(DROPPED, ("photo", "reason"), found.dropped)
    files.write_json(METRICS, counts)
    say(counts)


if __name__ == "__main__":
    command.run(main)
