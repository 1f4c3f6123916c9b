"""How often the emotions named are those that the user's own labels name."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.recognise import metadata
from fer_transfer.recognise.tables import Record, columns

FOLDERS = "folders"  # in place of a CSV: the folder of a photo is its label
LISTED = 5  # names in an error


@dataclass(frozen=True)
class Labelled:
    """Labels by absolute path, as codes of the model's classes, and groups where there are any."""

    codes: dict[str, int]
    groups: dict[str, str]


def read(source: str, paths: Iterable[str], classes: Sequence[str]) -> Labelled:
    """Read the labels of the photos.

    Args:
        source: A CSV with the columns path (relative to the file's folder or to the working
            directory), label and optionally group; or `folders`.
        paths: Of the photos.
        classes: What labels must be called, in the model's order.

    Raises:
        InputError: If there is no such table, or a label is none of the classes.
    """
    known = {str(Path(path).resolve()) for path in paths}
    if source == FOLDERS:
        named = {path: Path(path).parent.name for path in known}
        codes = {_plain(name): code for code, name in enumerate(classes)}
        labelled = {p: codes[_plain(n)] for p, n in named.items() if _plain(n) in codes}
        if not labelled:
            raise InputError(
                f"--labels folders: no photo lies in a folder called {', '.join(classes)}. Got "
                f"{_listed(set(named.values()))}. Rename the folders, or give a CSV."
            )
        return Labelled(labelled, {})
    table = _read_table(Path(source))
    places = [_place(path, Path(source).parent, known) for path in table["path"]]
    if not any(places):
        raise InputError(
            f"No path in {source} is one of the photos: for example {table['path'].iloc[0]}. "
            "Expected paths relative to the file's folder."
        )
    labels = _codes(source, table["label"], classes)
    table = table.assign(place=places, code=labels)[[bool(place) for place in places]]
    groups = table.set_index("place")["group"] if "group" in table else pd.Series()
    return Labelled(
        dict(zip(table["place"], table["code"], strict=True)),
        {str(place): group for place, group in groups.items() if group},
    )


def write_scores(
    path: Path, labelled: Labelled, records: Iterable[Record], classes: Sequence[str]
) -> dict[str, Any]:
    """Score the largest face of each labelled photo; write and return the scores.

    Returns:
        What metadata.score does; no_face: labelled photos without a face, which are not scored;
        baseline: the share of the most frequent label; above_baseline: whether the interval lies
        above it; groups: by name images, accuracy, interval and significant, whether
        its accuracy differs from that of all other photos.
    """
    place = columns([]).index("emotion")
    labels, predicted, groups, no_face = [], [], [], 0
    for record in records:
        file = str(Path(record["file"]).resolve())
        if file not in labelled.codes:
            continue
        if not record["faces"]:
            no_face += 1
            continue
        largest = max(record["faces"], key=lambda face: face[3] * face[4])
        labels.append(labelled.codes[file])
        predicted.append(classes.index(largest[place]))
        groups.append(labelled.groups.get(file, ""))
    if not labels:
        raise InputError(
            f"None of the {no_face} labelled photos could be read and has a face: there is "
            "nothing to score. Check files.csv without --labels."
        )
    codes = np.array(labels)
    scores = metadata.score("these photos", classes, codes, np.array(predicted))
    baseline = float(np.bincount(codes).max() / len(codes))
    scores |= {
        "no_face": no_face,
        "baseline": baseline,
        "above_baseline": scores["interval"][0] > baseline,
        "groups": _by_group(groups, codes == np.array(predicted)),
    }
    files.write_json(path, scores)
    return scores


def _by_group(groups: list[str], correct: np.ndarray) -> dict[str, Any]:
    totals, right = Counter(groups), Counter[str]()
    for group, is_right in zip(groups, correct, strict=True):
        right[group] += int(is_right)
    results = {}
    for group in sorted(set(totals) - {""}):
        own = right[group], totals[group]
        rest = int(correct.sum()) - own[0], len(groups) - own[1]
        results[group] = {
            "images": own[1],
            "accuracy": own[0] / own[1],
            "interval": metadata.wilson(*own),
            "significant": bool(rest[1]) and differ(own, rest),
        }
    return results


def differ(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Return whether two shares (correct, total) differ by Newcombe's 95% interval (1998).

    >>> differ((8, 10), (5, 10)), differ((80, 100), (50, 100))
    (False, True)
    """
    if one[0] / one[1] < other[0] / other[1]:
        one, other = other, one
    share, rest = one[0] / one[1], other[0] / other[1]
    below = share - metadata.wilson(*one)[0]
    above = metadata.wilson(*other)[1] - rest
    return bool(share - rest > np.hypot(below, above))


def _read_table(path: Path) -> pd.DataFrame:
    try:
        table = files.read_text_table(path)
    except OSError as error:
        raise InputError(
            f"--labels must be `folders` or a CSV that can be read. Got {path}: {error.strerror}."
        ) from None
    table.columns = [str(name).strip().casefold() for name in table.columns]
    if not {"path", "label"} <= set(table.columns) or table.empty:
        raise InputError(
            f"{path} must have rows and the columns path, label and optionally group. Got "
            f"{', '.join(table.columns)} and {len(table)} rows. Correct its first line."
        )
    return table.map(str.strip)


def _codes(source: str, labels: pd.Series, classes: Sequence[str]) -> list[int]:
    codes = {_plain(name): code for code, name in enumerate(classes)}
    unknown = {label for label in labels if _plain(label) not in codes}
    if unknown:
        raise InputError(
            f"{source} has labels that the model does not know: {_listed(unknown)}. It knows "
            f"{', '.join(classes)}. Correct them."
        )
    return [codes[_plain(label)] for label in labels]


def _place(path: str, folder: Path, known: set[str]) -> str:
    """Return which of the photos a path names, or empty text."""
    for candidate in (folder / path, Path(path)):
        if str(candidate.resolve()) in known:
            return str(candidate.resolve())
    return ""


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().casefold()


def _listed(names: set[str]) -> str:
    rest = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(sorted(names)[:LISTED]) + rest
