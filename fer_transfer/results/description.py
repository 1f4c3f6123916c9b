"""What the results rest on, in one file: data, weights, and which runs there are."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer_transfer.core import files
from fer_transfer.results import paper
from fer_transfer.results.evidence import Study
from fer_transfer.settings.settings import Settings


def describe_study(
    settings: Settings, study: Study, made: dict[str, Any]
) -> dict[str, Any]:
    """Say what the results rest on: the data, the weights, and which runs there are."""
    dataset = files.read_json(Path("metrics/dataset.json"))
    return {
        "data": name_data(settings.data.source, dataset),
        "classes": study.data.classes,
        "pretrained": settings.weights.pretrained,
        "images": dataset["images"],
        "official": dataset["official"],
        "source_file": dataset["source_file"],
        "epochs": settings.train.epochs,
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS")
        == "1",  # as every stage has it
        "ran": {
            name: {run: settings.runs[run].seed for run in group.runs}
            for name, group in study.ran.items()
        },
        **made,
        "uninformative": [
            name for name in settings.runs if name in study.uninformative
        ],
    }


def name_data(source: str, dataset: Mapping[str, Any]) -> str:
    """Name the data set: FER2013 only where its counts are those of the paper's Table 1."""
    if source == "synthetic":
        return "synthetic"
    is_fer2013 = dataset["emotions"] == paper.CLASS_COUNTS
    return "FER2013" if is_fer2013 else "another data set"
