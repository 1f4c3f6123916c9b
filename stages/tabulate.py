"""Gather the variants that ran into the paper's tables and the data of the plots.

Reads   metrics/test/<variant>.json        of the variants that params.yaml lists; those
        plots/history/<variant>.csv        without results are named under `missing`
        plots/predictions/<variant>.csv
        metrics/features/<variant>.json    whether the features carry a signal
        metrics/dataset.json               images, official, source_file
        metrics/split.json                 the number of test images
        metrics/paper/                     the published Tables 2-5
Params  data.source, weights.pretrained, train.epochs, tables.window, variants
Writes  metrics/table2.json ... table5.json             MCR, MOFR per window of epochs
        metrics/difference/table2.json ... table5.json  ours minus the paper's
        metrics/initial.json, metrics/final.json        after the first and the last epoch
        metrics/study.json                              what the results rest on
        plots/learning/<backbone>.csv                   the histories of its variants
        plots/initial.csv, plots/test.csv               a row per variant
        plots/confusion.csv                             49 rows per variant
Source  the paper, sections 3.2 and 5 (Tables 2-5, Figures 5-10)
"""

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from stages.lib import console, files, params, rates, scores

logger = logging.getLogger(__name__)

# Each has its file in dvc.yaml, whichever variants there are.
BACKBONES = ("mobilenet", "resnet50", "openface", "vggface")

# Which rate of which metric a table of the paper holds.
TABLES = {
    "table2": ("accuracy", "MCR"),
    "table3": ("loss", "MCR"),
    "table4": ("accuracy", "MOFR"),
    "table5": ("loss", "MOFR"),
}

VALUES = ["accuracy", "val_accuracy", "loss", "val_loss"]


@dataclass(frozen=True)
class Result:
    """What `evaluate` wrote of one variant."""

    history: pd.DataFrame
    test: dict[str, Any]
    predictions: pd.DataFrame


def main() -> None:
    settings = params.load()
    num_test = files.read_json(Path("metrics/split.json"))["test"]["total"]
    results = read_results(settings, num_test)
    missing = [name for name in settings.variants if name not in results]
    logger.info("Tabulating %d of %d variants.", len(results), len(settings.variants))
    if missing:
        logger.info("Without results: %s.", ", ".join(missing))

    write_tables(results, missing, settings.tables.window)
    study = describe_study(settings, list(results), missing)
    files.write_json(Path("metrics/study.json"), study)
    write_plots(results, settings.variants)


def read_results(settings: params.Settings, num_test: int) -> dict[str, Result]:
    """Read the variants of params.yaml that have results of this study."""
    results = {}
    for name in settings.variants:
        history = Path(f"plots/history/{name}.csv")
        test = Path(f"metrics/test/{name}.json")
        predictions = Path(f"plots/predictions/{name}.csv")
        if not all(path.is_file() for path in (history, test, predictions)):
            continue
        result = Result(
            files.read_csv(history), files.read_json(test), files.read_csv(predictions)
        )
        # A study that is run in part can hold files of an earlier one: FER2013's beside
        # the sample's, or of fewer epochs.
        found = (len(result.history), result.test["test"]["images"])
        wanted = (settings.train.epochs, num_test)
        if found == wanted:
            results[name] = result
        else:
            logger.warning(
                "Leaving out %s: it has %d epochs and %d test images, this study has "
                "%d and %d. Run `dvc repro evaluate@%s`.",
                *(name, *found, *wanted, name),
            )
    return results


def write_tables(results: dict[str, Result], missing: list[str], window: int) -> None:
    """Write the rates, their distance to the paper's, and the first and last epoch."""
    for table, (metric, rate) in TABLES.items():
        ours = {
            name: rates_by_window(result.history, metric, rate, window)
            for name, result in results.items()
        }
        paper = files.read_json(Path(f"metrics/paper/{table}.json"))
        difference = subtract(ours, paper)
        files.write_json(Path(f"metrics/{table}.json"), {**ours, "missing": missing})
        files.write_json(Path(f"metrics/difference/{table}.json"), difference)

    for table, values_of in (("initial", first_epoch), ("final", last_epoch)):
        values = {name: values_of(result) for name, result in results.items()}
        files.write_json(Path(f"metrics/{table}.json"), {**values, "missing": missing})


def rates_by_window(
    history: pd.DataFrame, metric: str, rate: str, size: int
) -> dict[str, float]:
    """Return the MCR or MOFR of a metric for each window of `size` epochs."""
    train, val = history[metric].to_numpy(), history[f"val_{metric}"].to_numpy()
    rate_of = {
        "MCR": partial(rates.mean_convergence_rate, train),
        "MOFR": partial(rates.mean_overfitting_rate, train, val),
    }[rate]
    return {
        f"{first}-{last}": rate_of(first, last)
        for first, last in rates.windows(len(history), size)
    }


def subtract(
    ours: dict[str, dict[str, float]], paper: dict[str, dict[str, float]]
) -> dict[str, dict[str, float]]:
    """Return ours minus the paper's, for the variants and windows that both have."""
    return {
        name: {
            window: value - paper[name][window]
            for window, value in row.items()
            if window in paper[name]
        }
        for name, row in ours.items()
        if name in paper
    }


def first_epoch(result: Result) -> dict[str, float]:
    """Return the paper's initial accuracy and loss, on train and validation."""
    return {name: float(result.history[name].iloc[0]) for name in VALUES}


def last_epoch(result: Result) -> dict[str, float]:
    """Return what training ended with, and what that scores on the test set."""
    return {
        **{name: float(result.history[name].iloc[-1]) for name in VALUES},
        "test_accuracy": result.test["test"]["accuracy"],
        "twin_free_accuracy": result.test["twin_free"]["accuracy"],
    }


def describe_study(
    settings: params.Settings, ran: list[str], missing: list[str]
) -> dict[str, Any]:
    """Say what the results rest on: the data, the weights, and which variants there are."""
    dataset = files.read_json(Path("metrics/dataset.json"))
    variants = settings.variants
    return {
        "data": "sample" if settings.data.source == "sample" else "FER2013",
        "pretrained": settings.weights.pretrained,
        "images": dataset["images"],
        "official": dataset["official"],
        "source_file": dataset["source_file"],
        "epochs": settings.train.epochs,
        "ran": ran,
        "missing": missing,
        "without_signal": [name for name in variants if lacks_signal(name)],
        "trainable_layers": {name: v.trainable_layers for name, v in variants.items()},
        "weights": {name: v.weights for name, v in variants.items()},
    }


def lacks_signal(variant: str) -> bool:
    """Tell whether a variant's features were measured and found to carry no signal."""
    path = Path(f"metrics/features/{variant}.json")
    return path.is_file() and not files.read_json(path)["carries_signal"]


def write_plots(
    results: dict[str, Result], variants: dict[str, params.Variant]
) -> None:
    """Write what `dvc plots` draws; a file without results holds its header."""
    for backbone in BACKBONES:
        histories = [
            {"variant": name, "weights": variants[name].weights, **epoch}
            for name, result in results.items()
            if variants[name].backbone == backbone
            for epoch in result.history.to_dict("records")
        ]
        columns = ["variant", "weights", "epoch", *VALUES]
        _write_rows(f"plots/learning/{backbone}.csv", columns, histories)

    initial = [{"variant": name, **first_epoch(run)} for name, run in results.items()]
    _write_rows("plots/initial.csv", ["variant", *VALUES], initial)

    columns = ["variant", "accuracy", "twin_free_accuracy"]
    test = [
        (name, run.test["test"]["accuracy"], run.test["twin_free"]["accuracy"])
        for name, run in results.items()
    ]
    _write_rows("plots/test.csv", columns, test)

    columns = ["variant", "actual", "predicted", "images", "share"]
    pairs = [
        {"variant": name, **pair}
        for name, run in results.items()
        for pair in scores.confusion(run.predictions)
    ]
    _write_rows("plots/confusion.csv", columns, pairs)


def _write_rows(path: str, columns: list[str], rows: list[Any]) -> None:
    files.write_csv(Path(path), pd.DataFrame(rows, columns=columns))


if __name__ == "__main__":
    console.run(main)
