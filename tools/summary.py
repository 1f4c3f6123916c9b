"""Print the paper's Tables 2-5 as computed, beside the published ones.

Not a stage of dvc.yaml: it only shows what `tabulate` wrote (`python -m tools.summary`).

Reads   metrics/study/
        metrics/paper/
"""

import signal
from pathlib import Path
from textwrap import fill
from typing import Any

import pandas as pd

from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.results import paper
from fer_transfer.results.protocols import by_the_text, groups
from fer_transfer.scoring.rates import window_bounds
from fer_transfer.settings.settings import load_settings

STUDY = Path("metrics/study")
WIDTH = 120  # columns of a terminal


def main() -> None:
    study = _read(STUDY / "study.json")
    settings = load_settings()
    variants = [
        name
        for name, group in groups(settings).items()
        if group.protocol == by_the_text(settings)
    ]
    for name, table in paper.TABLES.items():
        ours = _read(STUDY / f"{name}.json")
        published = _read(Path(f"metrics/paper/{name}.json"))
        rows = side_by_side(variants, ours, published)
        print(f"\nTable {name[-1]}: {table.title}, per epoch (ours | the paper's)")
        print(rows.to_string(line_width=WIDTH))
    print()
    for remark in remarks(study):
        print(fill(remark, WIDTH, break_long_words=False, break_on_hyphens=False))


def side_by_side(
    variants: list[str], ours: dict[str, Any], published: dict[str, Any]
) -> pd.DataFrame:
    """Set our rates beside the paper's: one row per variant, one column per window of epochs."""
    rows = {name: (ours.get(name, {}), published.get(name, {})) for name in variants}
    windows = {window for pair in rows.values() for row in pair for window in row}
    cells = {
        window: [
            f"{_number(mine.get(window))} | {_number(theirs.get(window))}"
            for mine, theirs in rows.values()
        ]
        for window in sorted(windows, key=window_bounds)
    }
    return pd.DataFrame(cells, index=variants)


def remarks(study: dict[str, Any]) -> list[str]:
    """Say on which data and weights the numbers rest, and where figures and page are."""
    found = []
    if study["missing"]:
        found.append(f"Without results: {', '.join(study['missing'])}.")
        found.append("Run one of them with `dvc repro evaluate@<run>`.")
    if study["uninformative"]:
        found.append(
            f"Uninformative features: {', '.join(study['uninformative'])}. Their features "
            "are the same for all images (metrics/features), so there is nothing to learn."
        )
    grounds = []
    if study["data"] == "synthetic":
        grounds.append(f"on {study['images']} synthetic faces")
    if study["pretrained"] == "stand-in":
        grounds.append("with stand-in weights for the pretrained ones")
    if grounds:
        found.append(
            f"This run is {' and '.join(grounds)}: its numbers say nothing about people."
        )
    return [*found, "Figures: plots/figures. All on one page: plots/report.html"]


def _read(path: Path) -> Any:
    if not path.is_file():
        raise InputError(
            f"There is no {path}. Run `dvc repro` first, in the project's top folder."
        )
    return files.read_json(path)


def _number(rate: float | None) -> str:
    return f"{'-' if rate is None else f'{rate:.6f}':>9}"


if __name__ == "__main__":
    # Before `| head` it ends as other commands do, without a remark on the broken pipe.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    command.run(main)
