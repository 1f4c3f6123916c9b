"""A study as its results are computed from it: its data, its runs and what they cost."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.results import inputs
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.inputs import Data, Result
from fer_transfer.results.protocols import Group, groups
from fer_transfer.settings.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Study:
    """What a study's numbers are taken from.

    Attributes:
        settings: Those of params.yaml.
        data: The faces and their splits.
        ran: The groups with results, each with those of its runs that have some.
        results: By run.
        measured: What the features stage wrote, by run.
        costs: Milliseconds per image, by backbone.
        uninformative: The runs on features that tell no images apart.
        left_out: missing, stale and repeats, as study.json has them.
    """

    settings: Settings
    data: Data
    ran: Mapping[str, Group]
    results: Mapping[str, Result]
    measured: Mapping[str, Mapping[str, Any]]
    costs: Mapping[str, float]
    uninformative: Collection[str]
    left_out: Mapping[str, Any] = field(default_factory=dict)

    def histories(self, group: str) -> list[pd.DataFrame]:
        """Return the history of each of a group's runs."""
        return [self.results[run].history for run in self.ran[group].runs]


def read(settings: Settings) -> Study:
    """Read what `evaluate` and the stages before it wrote; log which runs are left out."""
    for backbone in {variant.backbone for variant in settings.variants.values()}:
        if backbone not in BACKBONES:
            raise InputError(
                f"fer_transfer/results/catalog.py has no row for the backbone {backbone}. Add it."
            )
    # First: its errors say how to restore a missing file.
    data = inputs.read_data(settings)
    results, stale = inputs.read_results(settings)
    missing = [name for name in settings.runs if name not in results]
    logger.info("Tabulating %d of %d runs.", len(results), len(settings.runs))
    if missing:
        logger.info("Without results: %s.", ", ".join(missing))
    repeats = find_repeats(results)
    for name, other in repeats.items():
        logger.warning("%s has the same history and predictions as %s.", name, other)
    ran = {
        name: group._replace(runs=runs)
        for name, group in groups(settings).items()
        if (runs := seeds_of(group, results, repeats))
    }
    features = inputs.read_each("features", settings.variants)
    # A group's are those of its first run with results.
    first = {name: group.runs[0] for name, group in ran.items()}
    measured = {
        name: features[variant]
        for name in settings.runs
        if (variant := settings.runs[first.get(name, name)].variant) in features
    }
    return Study(
        settings,
        data,
        ran,
        results,
        measured,
        files.read_json(Path("metrics/costs.json"))["milliseconds_per_image"],
        [name for name in measured if not measured[name]["informative"]],
        {"missing": missing, "stale": stale, "repeats": repeats},
    )


def find_repeats(results: Mapping[str, Result]) -> dict[str, str]:
    """Name the runs whose history and predictions equal those of an earlier one, and that one."""
    outputs = {
        name: (result.history.to_numpy().tobytes(), result.predicted.tobytes())
        for name, result in results.items()
    }
    first = {outputs[name]: name for name in reversed(outputs)}
    return {name: first[run] for name, run in outputs.items() if first[run] != name}


def seeds_of(
    group: Group, results: Mapping[str, Any], repeats: Mapping[str, str]
) -> tuple[str, ...]:
    """Name a group's runs that have results; of those with the same outputs only the first."""
    seeds: dict[str, str] = {}
    for run in group.runs:
        if run in results:
            seeds.setdefault(repeats.get(run, run), run)
    return tuple(seeds.values())


def describe(study: Study) -> dict[str, Any]:
    """Say what the results rest on: the data, the weights, and which runs there are."""
    return {
        "data": files.read_json(Path("metrics/dataset.json"))["name"],
        "pretrained": study.settings.weights.pretrained,
        "paper_split": study.data.paper_split,
        "ran": {name: group.runs for name, group in study.ran.items()},
        **study.left_out,
        "uninformative": list(study.uninformative),
    }
