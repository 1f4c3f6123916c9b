"""Print the algorithm's table of classifiers as Markdown: `python -m tools.algorithm_table`.

Reads   metrics/algorithm/choose.json, metrics/algorithm/assess.json
"""

from pathlib import Path
from typing import Any

from algorithm.lib.classifier_names import TITLES
from algorithm.lib.verdicts import selection_score
from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.results.catalog import BACKBONES

METRICS = Path("metrics/algorithm")
PARTS = {
    "cross_validation": "cross-validated",
    "val": "validation",
    "test": "test",
    "deduplicated": "deduplicated",
}


def table(candidates: list[dict[str, Any]]) -> list[str]:
    """Return the lines of the table, the best candidate first."""
    parts = [part for part in PARTS if any(part in one for one in candidates)]
    head = ["classifier", "backbone", "settings", "images"]
    head += [f"{PARTS[part]} (95% interval)" for part in parts]
    head += ["macro recall", "verdict"]
    lines = [_line(head), "|".join(["", *["---"] * len(head), ""])]
    order = sorted(candidates, key=_accuracy, reverse=True)
    return lines + [_line(_row(one, parts)) for one in order]


def _accuracy(candidate: dict[str, Any]) -> float:
    score = selection_score(candidate)
    return float(score["accuracy"]) if score else -1.0


def _row(one: dict[str, Any], parts: list[str]) -> list[str]:
    settings = one.get("settings") or {}
    last = one.get("test") or one.get("cross_validation")
    return [
        TITLES[one["classifier"]],
        BACKBONES[one["backbone"]].title if one["backbone"] else "",
        ", ".join(f"{key} {value}" for key, value in settings.items()),
        f"{one['images']:,}" if "images" in one else "",
        *(_interval(one.get(part)) for part in parts),
        f"{last['macro_recall']:.1%}" if last else "",
        one["verdict"],
    ]


def _interval(score: dict[str, Any] | None) -> str:
    if not score or score["accuracy"] is None:
        return ""
    low, high = score["interval"]
    return f"{score['accuracy']:.1%} ({low:.1%} to {high:.1%})"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    chosen = files.read_json(METRICS / "choose.json")
    print("\n".join(table(list(chosen["candidates"].values()))))
    assessed = files.read_json(METRICS / "assess.json")
    for which, words in (("best", "Assessed"), ("model", "The model folder")):
        one = assessed[which]
        print(
            f"\n{words}: {TITLES[one['classifier']]} on {BACKBONES[one['backbone']].title}, "
            f"{_interval(one['test'])} of {one['test']['faces']:,} test faces, "
            f"{_interval(one['deduplicated'])} without those that have a copy in train; "
            f"temperature {one['temperature']:.2f}, calibration error "
            f"{one['calibration']['before']:.1%} before it and {one['calibration']['after']:.1%} after."
        )


if __name__ == "__main__":
    command.run(main)
