"""Print the paper's Tables 2-5 as computed, beside the published ones.

Not a stage of dvc.yaml: it only shows what `tabulate` wrote (`python -m tools.summary`).

Reads   metrics/table2.json ... table5.json, metrics/study.json
        metrics/paper/table2.json ... table5.json
"""

from pathlib import Path
from textwrap import fill
from typing import Any

import pandas as pd

from stages.lib.core import console, files
from stages.lib.core.errors import InputError

TITLES = {
    "table2": "Table 2: accuracy MCR",
    "table3": "Table 3: loss MCR",
    "table4": "Table 4: accuracy MOFR",
    "table5": "Table 5: loss MOFR",
}

WIDTH = 120  # columns of a terminal


def main() -> None:
    study = _read(Path("metrics/study.json"))
    variants = list(study["weights"])
    for name, title in TITLES.items():
        ours = _read(Path(f"metrics/{name}.json"))
        paper = _read(Path(f"metrics/paper/{name}.json"))
        table = side_by_side(variants, ours, paper)
        print(f"\n{title}, per epoch (ours | the paper's)")
        print(table.to_string(line_width=WIDTH))
    print()
    for remark in remarks(study):
        print(fill(remark, WIDTH, break_long_words=False, break_on_hyphens=False))


def side_by_side(
    variants: list[str], ours: dict[str, Any], paper: dict[str, Any]
) -> pd.DataFrame:
    """Set our rates beside the paper's: a row per variant, a column per window of epochs."""
    rows = {name: (ours.get(name, {}), paper.get(name, {})) for name in variants}
    windows = {window for pair in rows.values() for row in pair for window in row}
    cells = {
        window: [
            f"{_number(mine.get(window))} | {_number(theirs.get(window))}"
            for mine, theirs in rows.values()
        ]
        for window in sorted(windows, key=_bounds)
    }
    return pd.DataFrame(cells, index=variants)


def remarks(study: dict[str, Any]) -> list[str]:
    """Say what the numbers rest on, and end with where figures and page are."""
    found = []
    if study["missing"]:
        found.append(f"Without results: {', '.join(study['missing'])}.")
        found.append("Run one of them with `dvc repro evaluate@<variant>`.")
    if study["uninformative"]:
        found.append(
            f"Without a signal: {', '.join(study['uninformative'])}. What the frozen layers "
            "pass on does not tell images apart (metrics/features): there is nothing to learn."
        )
    grounds = []
    if study["data"] == "sample":
        grounds.append(f"on {study['images']} drawn faces")
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


def _bounds(window: str) -> tuple[int, ...]:
    """Order 6-10 before 11-15."""
    return tuple(int(epoch) for epoch in window.split("-"))


if __name__ == "__main__":
    console.run(main)
