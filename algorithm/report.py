"""Tell on one page which classifier is best, how good it is, and what its score rests on.

Reads   data/algorithm/faces.npz, faces.csv, classes.json, split.npz   the faces that it shows
        metrics/algorithm/choose.json, assess.json, split.json, views.json
Params  gather.source; views; features; choose; split
Writes  data/algorithm/report.html   shows faces: not for Git
Source  the paper, section 6

It needs no vectors, so that another look of the page makes no backbone run again.
"""

from pathlib import Path
from typing import Any

from algorithm.lib import faces, verdicts
from algorithm.lib.classifier_names import TITLES
from algorithm.lib.settings import load_gather, load_settings
from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.report import html
from fer_transfer.results.catalog import BACKBONES

METRICS = Path("metrics/algorithm")
TEMPLATE = Path(__file__).parent / "lib/page.html"
FACES_SHOWN = 8  # of each class
PARTS = {
    "val": "Validation",
    "cross_validation": "Cross-validation",
    "test": "Test",
    "deduplicated": "Test, deduplicated",
}


def main() -> None:
    chosen = files.read_json(METRICS / "choose.json")
    candidates = list(chosen["candidates"].values())
    page = {
        "source": load_gather().source,
        "settings": load_settings(),
        "chosen": chosen,
        "candidates": sorted(candidates, key=_place),
        "parts": {
            part: title
            for part, title in PARTS.items()
            if any(part in one for one in candidates)
        },
        "results": files.read_json(METRICS / "assess.json"),
        "titles": TITLES,
        "backbones": BACKBONES,
        "split": files.read_json(METRICS / "split.json"),
        "views": files.read_json(METRICS / "views.json"),
        "examples": examples(),
    }
    environment = html.environment(TEMPLATE.parent, trim_blocks=True)
    text = environment.get_template(TEMPLATE.name).render(page)
    with files.atomic_write(faces.FOLDER / "report.html") as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def _place(candidate: dict[str, Any]) -> float:
    """Order candidates from the best to the worst; those not tried last."""
    score = verdicts.selection_score(candidate)
    return -score["accuracy"] if score else 1.0


def examples() -> dict[str, Any]:
    """Return the first training faces of each class, (n, 48, 48) each."""
    found = faces.read()
    train = files.read_npz(faces.FOLDER / "split.npz")["train"]
    return {
        name: found.images[train[found.labels[train] == code][:FACES_SHOWN]]
        for code, name in enumerate(found.classes)
    }


if __name__ == "__main__":
    command.run(main)
