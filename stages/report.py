"""Tell the study on one self-contained page, which opens from disk without a network.

Reads   data/images.npz, data/split.npz           the faces that the page shows
        metrics/dataset.json, metrics/split.json  what the data set holds
        metrics/study.json                        which variants ran, and on what
        metrics/table2.json ... table5.json       and metrics/difference/, metrics/paper/
        metrics/initial.json, metrics/final.json  the first and the last epoch
        metrics/weights, metrics/features, metrics/test  a file a variant that got so far
        metrics/costs.json                        milliseconds an image, by backbone
        plots/learning/<backbone>.csv, plots/initial.csv, plots/test.csv
        plots/confusion.csv                       what is taken for what
        plots/examples/<variant>.csv              the probabilities of the example images
        stages/lib/page/templates/report.html, report.css  the page without its content
Params  all of params.yaml
Writes  plots/report.html                         shows faces of FER2013: not for Git
Source  the paper, sections 5-7
"""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages.lib.core import console, files
from stages.lib.core.errors import InputError
from stages.lib.page import html, sections, style
from stages.lib.results import claims, evidence, findings, recommend, verdicts
from stages.lib.scoring import scores
from stages.lib.study.fer2013 import EMOTIONS
from stages.lib.study.settings import Settings, load_settings

logger = logging.getLogger(__name__)

FACES_SEED = 42  # picks the images of the data set that are shown
FACES_SHOWN = 6  # of each emotion

TABLES = {
    "table2": ("Accuracy MCR", "how much training accuracy rises"),
    "table3": ("Loss MCR", "how much training loss rises; falling is negative"),
    "table4": ("Accuracy MOFR", "how much training accuracy moves ahead of validation"),
    "table5": ("Loss MOFR", "how much training loss less validation’s rises"),
}

Found = dict[str, dict[str, Any]]  # kind of metric, variant, what its file holds


def main() -> None:
    settings = load_settings()
    study = files.read_json(Path("metrics/study.json"))
    logger.info("Writing the page; variants with results: %d.", len(study["ran"]))
    images = files.read_npz(Path("data/images.npz"))
    found = {
        kind: read_variants(f"metrics/{kind}", settings)
        for kind in ("weights", "features", "test")
    }
    ours = collect_results(settings, study, found)
    split = files.read_npz(Path("data/split.npz"))
    chance = scores.baseline(images["labels"])
    content = {
        **describe(settings, study, found, ours),
        **show_results(settings, ours, chance),
        **judge(settings, ours),
        **advise(settings, found, ours, guessing(images["labels"], split)),
        **show_faces(study["ran"], images, split["examples"]),
    }
    template = Path("stages/lib/page/templates/report.html")
    with files.atomic_write(Path("plots/report.html")) as part:
        part.write_text(html.render(template, content))


def read_variants(folder: str, settings: Settings) -> dict[str, Any]:
    """Read the JSON of each variant that has one in a folder."""
    paths = {name: Path(folder) / f"{name}.json" for name in settings.variants}
    return {
        name: files.read_json(path) for name, path in paths.items() if path.is_file()
    }


def collect_results(
    settings: Settings, study: dict[str, Any], found: Found
) -> evidence.Evidence:
    """Collect the numbers of this study that claims, findings and advice rest on."""
    official = settings.weights.pretrained == "official"
    split = files.read_json(Path("metrics/split.json"))
    tests = {name: found["test"][name]["test"] for name in study["ran"]}
    return evidence.Evidence(
        names=evidence.names(settings.variants),
        tables={name: read_table(f"metrics/{name}.json") for name in TABLES},
        absent={
            name: sections.why_missing(name, settings.variants[name], official, found)
            for name in study["missing"]
        },
        uninformative=frozenset(study["uninformative"]),
        initial=read_table("metrics/initial.json"),
        final=read_table("metrics/final.json"),
        recall={name: test["recall"] for name, test in tests.items()},
        num_val=split["val"]["total"],
        num_test=split["test"],
        parameters={
            settings.variants[name].backbone: measured["parameters"]["backbone"]
            for name, measured in found["features"].items()
        },
        milliseconds=files.read_json(Path("metrics/costs.json"))[
            "milliseconds_an_image"
        ],
    )


def read_table(path: str) -> dict[str, dict[str, float]]:
    """Read a metrics file of a row a variant, without its list of missing ones."""
    values = files.read_json(Path(path))
    return {name: row for name, row in values.items() if name != "missing"}


def describe(
    settings: Settings,
    study: dict[str, Any],
    found: Found,
    ours: evidence.Evidence,
) -> dict[str, Any]:
    """Return what the results rest on, and what was found."""
    return {
        "study": study,
        "absent": ours.absent,
        "variants": settings.variants,
        "styles": style.of_variants(settings.variants),
        "backbones": style.BACKBONES,
        "colours": style.COLOURS,
        "emotions": EMOTIONS,
        "weights": found["weights"],
        "features": found["features"],
        "findings": findings.find(ours),
        "dataset": files.read_json(Path("metrics/dataset.json")),
        "split": files.read_json(Path("metrics/split.json")),
        "versions": sections.versions(),
        "settings": {
            "data": settings.data,
            "sample": settings.sample,
            "split": settings.split,
            "weights": settings.weights,
            "compute": settings.compute,
            "features": settings.features,
            "train": settings.train,
            "tables": settings.tables,
        },
    }


def show_results(
    settings: Settings, ours: evidence.Evidence, chance: dict[str, float]
) -> dict[str, Any]:
    """Return the tables of rates, the first and last epoch, and every chart."""
    tables = []
    for name, (title, meaning) in TABLES.items():
        paper = files.read_json(Path(f"metrics/paper/{name}.json"))
        difference = files.read_json(Path(f"metrics/difference/{name}.json"))
        windows, rows = sections.rate_rows(
            settings.variants, ours.tables[name], paper, difference
        )
        head = {"key": name, "title": title, "meaning": meaning}
        tables.append({**head, "windows": windows, "rows": rows})
    history = [
        files.read_csv(Path(f"plots/learning/{backbone}.csv"))
        for backbone in style.BACKBONES
    ]
    drawn = sections.drawings(
        pd.concat([table for table in history if len(table)] or history[:1]),
        files.read_csv(Path("plots/initial.csv")),
        files.read_csv(Path("plots/test.csv")),
        ours.recall,
        style.of_variants(settings.variants),
        chance,
    )
    confusion = files.read_csv(Path("plots/confusion.csv"))
    return {
        "tables": tables,
        "initial": ours.initial,
        "final": ours.final,
        "chance": chance,
        "confusion": sections.confusion_matrices(confusion),
        "charts": drawn,
        "specs": html.specs(drawn),
        "vega": html.vega(),
    }


def judge(settings: Settings, ours: evidence.Evidence) -> dict[str, Any]:
    """Return a verdict on every claim, from our numbers and from the paper's own."""
    paper = evidence.Evidence(
        names={key: "-".join(key) for key in evidence.names(settings.variants)},
        tables={name: read_table(f"metrics/paper/{name}.json") for name in TABLES},
    )
    verdicts = [
        (verdicts.judge(claim, ours), verdicts.judge(claim, paper))
        for claim in claims.CLAIMS
    ]
    return {"verdicts": verdicts, "words": list(verdicts_room.WORDS.values())}


def guessing(labels: np.ndarray, split: dict[str, np.ndarray]) -> float:
    """Return the accuracy of one answer to all test images without a copy in train."""
    fresh = split["test"][~split["test_has_duplicate"]]
    return scores.baseline(labels[fresh])["accuracy"] if len(fresh) else 0.0


def advise(
    settings: Settings, found: Found, ours: evidence.Evidence, chance: float
) -> dict[str, Any]:
    """Return which backbone is for which situation, and what that was chosen from."""
    candidates = sections.candidates(ours, settings.variants, found["features"])
    return {
        "candidates": candidates,
        "worthwhile": recommend.worthwhile(candidates, chance),
        "advice": recommend.recommend(candidates, chance),
        "costs": files.read_json(Path("metrics/costs.json")),
    }


def show_faces(
    ran: list[str], images: dict[str, Any], chosen: np.ndarray
) -> dict[str, Any]:
    """Return images of each emotion, and the networks' answers to seven of the test set."""
    counts = files.read_json(Path("metrics/dataset.json"))["emotions"]
    answers = {name: files.read_csv(Path(f"plots/examples/{name}.csv")) for name in ran}
    for name, table in answers.items():
        if table["row"].tolist() != chosen.tolist():
            raise InputError(
                f"plots/examples/{name}.csv belongs to another split: expected the images "
                f"{chosen.tolist()}, got {table['row'].tolist()}. Run `dvc repro "
                f"evaluate@{name}`."
            )
    pixels, labels = images["pixels"], images["labels"]
    return {
        "examples": sections.show_examples(pixels, chosen, answers),
        "classes": sections.dataset_rows(
            counts, pixels, labels, FACES_SEED, FACES_SHOWN
        ),
    }


if __name__ == "__main__":
    console.run(main)
