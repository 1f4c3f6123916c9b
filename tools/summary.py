"""Print the answer, the best classifier, and Tables 2-5 beside the published ones.

Not a stage of dvc.yaml: it only shows what `tabulate` wrote (`python -m tools.summary`).

Reads   metrics/study/, metrics/assess.json, plots/study/groups.csv
"""

import signal
from collections.abc import Iterator
from textwrap import fill
from typing import Any

import pandas as pd

from fer_transfer.console import command
from fer_transfer.results import inputs, paper
from fer_transfer.results.protocols import of_paper
from fer_transfer.results.table import numbers
from fer_transfer.settings.classifiers import TITLES
from fer_transfer.settings.settings import Settings, load_settings

WIDTH = 120  # columns of a terminal


def main() -> None:
    settings = load_settings()
    study = inputs.read_study(settings)
    sentences = list(classifiers(inputs.read_assessed(settings), study["models"]))
    if study["data"] in paper.DATA:
        print_tables(settings)
        headlines = study["answer"]["headlines"].items()
        sentences += [f"{question}: {headline}" for question, headline in headlines]
    for remark in [*sentences, *remarks(study)]:
        print(fill(remark, WIDTH, break_long_words=False, break_on_hyphens=False))


def print_tables(settings: Settings) -> None:
    """Print Tables 2-5 beside the published ones."""
    known = numbers(inputs.read_table("groups"))
    names = list(of_paper(settings))
    windows = paper.clip(settings.tables.windows, settings.train.epochs)
    for name, table in paper.TABLES.items():
        cells = {
            f"{first}-{last}": [
                _cell(known.get((group, table.title, "train", first, last), {}))
                for group in names
            ]
            for first, last in windows
        }
        print(f"\nTable {name[-1]}: {table.title}, per epoch (ours | the paper's)")
        print(pd.DataFrame(cells, index=names).to_string(line_width=WIDTH))
    print()


def classifiers(assessed: dict[str, Any], models: dict[str, Any]) -> Iterator[str]:
    """Say which classifier is the best of each split, how good it is, and which model to use."""
    for split, result in assessed.items():
        best, test = result["best"], result["best"]["test"]
        low, high = test["interval"]
        yield (
            f"Split {split}: {TITLES[best['classifier']]} on {best['variant']} is the best "
            f"classifier, right on {test['accuracy']:.1%} of {test['images']} test faces (95% "
            f"interval {low:.1%} to {high:.1%}; majority class {result['majority']:.1%})."
        )
        if split in models:
            yield f"Split {split}: use {models[split]['use']}; {models[split]['why']}."


def remarks(study: dict[str, Any]) -> Iterator[str]:
    """Say on which data and weights the numbers rest, and where figures and page are."""
    if missing := ", ".join(study["missing"]):
        yield f"Without results: {missing}. To run one: `dvc repro evaluate@<run>`."
    if uninformative := ", ".join(study["uninformative"]):
        yield f"Uninformative features: {uninformative}. They are the same for all images."
    if study["data"] == paper.SYNTHETIC or study["pretrained"] == "stand-in":
        yield "Synthetic faces or weights: these numbers say nothing about people."
    yield "Figures: plots/figures. All on one page: plots/report.html"


def _cell(row: dict[str, Any]) -> str:
    rates = (row.get(key) for key in ("mean", "paper"))
    return " | ".join(f"{'-' if rate is None else f'{rate:.6f}':>9}" for rate in rates)


if __name__ == "__main__":
    # Before `| head` it ends as other commands do, without a remark on the broken pipe.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    command.run(main)
