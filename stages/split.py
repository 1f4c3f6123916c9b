"""Split the faces into a training, a validation and a test set.

Reads   data/faces/           images.npy, faces.csv, classes.json
Params  the split
Writes  data/splits/<split>.npz     train, val, test: sorted rows of faces.csv, int64;
                                    test_has_duplicate: (len(test),) bool, an exact duplicate is
                                    in train; examples: of each class a test row, where there is
                                    one; groups: (N,) int64, faces of one person or of copies
        metrics/split/<split>.json  faces per set and class, the split's `by`, leakage,
                                    and what these sets cannot show
Source  the paper, section 3.1 (70/10/20, stratified, random_state = 42); the competition's own
        sets (Goodfellow et al. 2013)
"""

import logging
import sys
from pathlib import Path

import numpy as np

from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.settings.settings import Split, load_settings
from fer_transfer.splitting import groups, splits

logger = logging.getLogger(__name__)


def split_rows(known: faces.Faces, group: np.ndarray, settings: Split) -> splits.Sets:
    """Return the rows of each set."""
    labels = known.labels
    if settings.by in ("random", "tables"):
        assert settings.test
        return splits.stratified(labels, settings.val, settings.test, settings.seed)
    by_parts = settings.by == "parts"
    all_rows = {"train": np.arange(len(known))}
    sets = splits.from_parts(known.column("part")) if by_parts else all_rows
    shares = {"val": settings.val, "test": settings.test}
    return splits.complete(sets, labels, group, shares, settings.seed, known.classes)


def main(name: str) -> None:
    settings = load_settings().splits[name]
    known, images = faces.read(), faces.read_images()
    labels, people = known.labels, known.column("person")
    file = known.column("file")
    exact, copy = groups.identical(images), groups.duplicates(images, file)
    person, photo = groups.by_name(people), groups.by_name(file)
    group = groups.join(person, photo, copy)
    sets = split_rows(known, group, settings)
    splits.check_classes(labels, sets, known.classes, name)
    warnings = splits.warnings(labels, sets, known.classes, group)
    for warning in warnings:
        logger.warning("%s", warning)
    has_duplicate = np.isin(exact[sets["test"]], exact[sets["train"]])
    examples = splits.examples(labels, sets["test"], has_duplicate, settings.seed)
    others = {"test_has_duplicate": has_duplicate, "examples": examples}
    files.write_npz(Path(f"data/splits/{name}.npz"), sets | others | {"groups": group})
    counts = {part: known.count(labels[rows]) for part, rows in sets.items()}
    described = {
        "by": settings.by,
        "people": len(set(people.tolist()) - {""}),
        "test_with_duplicate_in_train": int(has_duplicate.sum()),
        "test_with_mirrored_duplicate_in_train": splits.shared(copy, sets),
        "test_with_person_in_train": splits.shared(person, sets),
        "warnings": warnings,
    }
    files.write_json(Path(f"metrics/split/{name}.json"), counts | described)


if __name__ == "__main__":
    command.run(main, *sys.argv[1:])
