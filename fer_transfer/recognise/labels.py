"""Score the predicted emotions against the user's labels."""

import logging
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fer_transfer.console.errors import InputError, shown, some_of
from fer_transfer.data.emotions import WORDS
from fer_transfer.detection.status import Status
from fer_transfer.readers import csv_files
from fer_transfer.readers.listing import normalised
from fer_transfer.recognise import metadata
from fer_transfer.recognise.videos import Run

logger = logging.getLogger(__name__)

FOLDERS = "folders"  # in place of a CSV: the folder of a photo is its label


def read(source: str, paths: Iterable[str], classes: Sequence[str]) -> pd.DataFrame:
    """Read the labels of the photos.

    Args:
        source: A CSV with the columns path (relative to the file's folder or to the working
            directory), label and optionally group; or `folders`.
        paths: Of the photos.
        classes: The model's, in its order. Labels are their names, or other words for the same
            emotions.

    Returns:
        By absolute path: label, as a code of the classes, and group, which may be empty.

    Raises:
        InputError: If it names none of the photos, or a label is none of the classes.
    """
    # Without `..`, but through no link to another folder.
    photos = {place(path): Path(os.path.abspath(path)).parent.name for path in paths}  # noqa: PTH100
    codes = {_plain(name): code for code, name in enumerate(classes)}
    codes = {word: codes[name] for word, name in WORDS.items() if name in codes} | codes
    if source == FOLDERS:
        return _from_folders(photos, codes, classes)
    table = csv_files.read(Path(source), ("path", "label"))
    labels = table["label"].map(_plain)
    unknown = table["label"][~labels.isin(list(codes))]
    if len(unknown):
        raise InputError(
            f"{source} has labels that the model does not know: {_listed(unknown)}. It knows "
            f"{_listed(classes)}. Correct them."
        )
    groups = table.get("group", "")
    known = table.assign(label=labels.map(codes), group=groups)[["label", "group"]]
    relative = table["path"].str.replace("\\", "/")
    for folder in (Path(source).parent, Path()):
        places = pd.Index([place(folder / path) for path in relative])
        is_photo = places.isin(list(photos))
        if twice := places[is_photo & places.duplicated()].tolist():
            raise InputError(f"{source} has several rows of {shown(twice)}. Keep one.")
        if is_photo.any():
            if missing := table["path"][~is_photo].tolist():
                logger.warning("Labels without a photo: %s.", some_of(missing, 3))
            return known.set_axis(places)[is_photo]
    raise InputError(
        f"No path in {source} is one of the photos: {shown(table['path'].tolist())}. Expected "
        "a row per photo, with its path relative to the file's folder or the working directory."
    )


def score(labelled: pd.DataFrame, run: Run) -> dict[str, Any]:
    """Score the largest face of each labelled photo.

    Returns:
        What metadata.score does; no_face: labelled photos without a face, which are not scored;
        baseline: the share of the most frequent label; significant: whether the
        interval lies above or below it; groups: by name images, accuracy and interval.
    """
    classes = run.recogniser.classes
    predicted = {}
    for record in run.records():
        largest = max(record["faces"], key=lambda face: face.box.area, default=None)
        if not record["frames"] and record["status"] in (Status.FACES, Status.NO_FACE):
            face = largest and classes.index(largest.emotion)
            predicted[place(record["file"])] = face
    seen = labelled.join(pd.Series(predicted, dtype="Int64", name="face"), how="inner")
    table = seen.dropna().astype({"face": int})
    if table.empty:
        raise InputError(
            f"No face was found in any of the {len(labelled)} labelled photos: there is "
            "nothing to score. Run without --labels: files.csv then gives the reasons."
        )
    codes, correct = table["label"], table["label"] == table["face"]
    scores = metadata.score(
        "these photos", classes, codes.to_numpy(), table["face"].to_numpy()
    )
    baseline = float(codes.value_counts(normalize=True).max())
    return scores | {
        "no_face": len(seen) - len(table),
        "baseline": baseline,
        "significant": not scores["interval"][0] <= baseline <= scores["interval"][1],
        "groups": {
            group: {
                "images": len(own),
                **metadata.rate("accuracy", int(own.sum()), len(own)),
            }
            for group, own in correct.groupby(table["group"])
            if group
        },
    }


def _from_folders(
    photos: dict[str, str], codes: dict[str, int], classes: Sequence[str]
) -> pd.DataFrame:
    folders = pd.Series(photos, dtype=str)
    labels = folders.map(_plain).map(codes)
    if len(others := folders[labels.isna()]):
        logger.warning("Not scored: photos in the folders %s.", _listed(others))
    if labels.isna().all():
        raise InputError(
            f"--labels folders: no photo lies in a folder called {_listed(classes)}. Got "
            f"{_listed(photos.values())}. Rename the folders, or give a CSV."
        )
    return labels.dropna().astype(int).to_frame("label").assign(group="")


def place(path: str | Path) -> str:
    """Return where a photo lies, its folder resolved; where a link lies, not what it leads to.

    In one form of Unicode: as a key, not as a path.
    """
    folder, name = os.path.split(os.path.abspath(path))  # noqa: PTH100  # `..` too
    return normalised(os.path.join(os.path.realpath(folder), name))  # noqa: PTH118


def _plain(name: str) -> str:
    return normalised(name).casefold()


def _listed(names: Iterable[str]) -> str:
    return some_of([name or "''" for name in dict.fromkeys(names)])
