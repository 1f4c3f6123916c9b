"""The page of the algorithm: which classifier, how good, and what its score rests on."""

from pathlib import Path
from typing import Any

import jinja2

from algorithm.lib import faces, verdicts
from algorithm.lib.classifier_names import TITLES
from algorithm.lib.settings import Settings
from stages.lib.core import files
from stages.lib.page import html
from stages.lib.study.catalog import BACKBONES

TEMPLATES = Path(__file__).parent
FACES_SHOWN = 8  # of each class
PARTS = {
    "val": "Validation",
    "cross_validation": "Cross-validation",
    "test": "Test",
    "deduplicated": "Test, deduplicated",
}


def write(
    path: Path,
    settings: Settings,
    source: str,
    chosen: dict[str, Any],
    results: dict[str, Any],
) -> None:
    """Write the page from what `choose` and `assess` have found."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([TEMPLATES, html.TEMPLATES]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": html.number,
        "percent": html.percent,
        "count": html.count,
        "face": html.face,
    }
    candidates = list(chosen["candidates"].values())
    text = environment.get_template("page.html").render(
        source=source,
        settings=settings,
        chosen=chosen,
        candidates=sorted(candidates, key=_place),
        parts={key: PARTS[key] for key in PARTS if any(key in c for c in candidates)},
        results=results,
        titles=TITLES,
        backbones=BACKBONES,
        split=files.read_json(Path("metrics/algorithm/split.json")),
        views=files.read_json(Path("metrics/algorithm/views.json")),
        examples=examples(),
    )
    with files.atomic_write(path) as part:
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
