"""The one table of all results: a row per run, metric, set and epoch or window.

`of_runs` makes it, `of_groups` summarises it over seeds. Figures, the page, the terminal's summary
and `dvc plots` read them. A metric that `evaluate` writes is in both without a word here.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from fer_transfer.results import paper
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.compare import ENOUGH_SEEDS
from fer_transfer.results.inputs import Result
from fer_transfer.results.protocols import Group, Protocol, paper_protocol
from fer_transfer.results.study import Study
from fer_transfer.scoring.wilson import wilson_interval

# What a number is of. `network` names its protocol too, where that is not the paper's.
OF_GROUP = ["group", "network", "weights", "split"]
OF_NUMBER = ["metric", "set", "first", "last"]
KEYS = ["group", *OF_NUMBER]
RUN_COLUMNS = ["run", "seed", *OF_GROUP, *OF_NUMBER, "value", "low", "high"]
SUMMARY = ["mean", "deviation", "low", "high", "seeds", "paper", "difference"]
GROUP_COLUMNS = [*OF_GROUP, *OF_NUMBER, *SUMMARY]

# The columns OF_NUMBER, the value and, for a test accuracy, Wilson's 95% interval.
Row = dict[str, Any]


def of_runs(study: Study) -> pd.DataFrame:
    """Return the table of all runs."""
    settings = study.settings
    usual = paper_protocol(settings)
    by_votes = [name for name, run in settings.runs.items() if run.labels == "ferplus"]
    rows = [
        {**describe(name, group, usual), "run": run, "seed": settings.runs[run].seed}
        | row
        for name, group in study.ran.items()
        for run in group.runs
        for row in rows_of(study.results[run], settings.tables.windows, run in by_votes)
    ]
    table = pd.DataFrame(rows, columns=RUN_COLUMNS)
    return table.astype(dict.fromkeys(["value", "low", "high"], float))


def describe(name: str, group: Group, usual: Protocol) -> dict[str, str]:
    """Return what tells a group's rows apart; `usual` is the protocol that goes without saying."""
    title = BACKBONES[group.backbone].title
    label = group.protocol.label
    return {
        "group": name,
        "network": title if group.protocol == usual else f"{title}, {label}",
        "weights": group.weights,
        "split": group.protocol.split,
    }


def rows_of(
    result: Result, windows: Sequence[Sequence[int]], by_votes: bool = False
) -> Iterator[Row]:
    """Yield the numbers of a run: its history, the rates of Tables 2-5, and its test scores.

    Those against people's votes are of the sets `votes_...`; `by_votes` says that it learned from
    these alone.
    """
    history = result.history
    for epoch, column, value in history.melt("epoch").itertuples(index=False):
        part = "votes_" * by_votes + ("val" if column.startswith("val_") else "train")
        yield _row(column.removeprefix("val_"), part, epoch, epoch, value)
    for table in () if by_votes else paper.TABLES.values():
        for window in paper.clip(windows, len(history)):
            yield _row(table.title, "train", *window, table.rate_of(history, *window))
    votes = result.test.get("votes", {})
    of_votes = {f"votes_{part}": scored for part, scored in votes.items()}
    for part, scored in (result.test | of_votes).items():
        if "images" in scored:
            yield from _test_rows(scored, part, len(history))


def _row(metric: str, part: str, first: int, last: int, value: Any) -> Row:
    return {"metric": metric, "set": part, "first": first, "last": last, "value": value}


def _test_rows(scores: Mapping[str, Any], part: str, epoch: int) -> Iterator[Row]:
    for metric, value in scores.items():
        if metric == "images" or isinstance(value, dict):  # recall, by class
            continue
        row = _row(metric, part, epoch, epoch, value)
        if metric == "accuracy" and value is not None:
            images = scores["images"]
            row["low"], row["high"] = wilson_interval(round(value * images), images)
        yield row


def of_groups(
    runs: pd.DataFrame,
    published: paper.Published,
    windows: Sequence[Sequence[int]],
    names: Mapping[str, str],
) -> pd.DataFrame:
    """Summarise each group's runs: means over seeds, their spread, and ours minus the paper's.

    Of the history only the first and the last epoch are kept. `names` has the groups of the
    paper's networks.

    Returns:
        mean: empty where a run has none. deviation: the standard deviation over seeds. low,
        high: the 95% interval of the mean over seeds alone, by Student's t; empty of fewer than
        three. paper, difference: the published rate, and ours minus that; a published rate
        without ours is a row of 0 seeds.
    """
    last = runs.groupby("group")["last"].transform("max")
    # Runs that end early end in different epochs; the last one of each is its group's last one.
    ended = runs["last"] == runs.groupby("run")["last"].transform("max")
    ended &= runs["first"] == runs["last"]
    moved = {key: runs[key].mask(ended, last) for key in ("first", "last")}
    runs = runs.assign(**moved)
    ends = (runs["first"] == 1) | (runs["last"] == last)
    kept = runs[ends | (runs["first"] < runs["last"])]
    values = kept.groupby([*OF_GROUP, *OF_NUMBER], sort=False)["value"]
    table = values.agg(
        mean=lambda numbers: numbers.mean(skipna=False),
        deviation=lambda numbers: numbers.std(skipna=False),
        seeds="size",
    ).reset_index()
    degrees = (table["seeds"] - 1).where(table["seeds"] >= ENOUGH_SEEDS)
    half = stats.t.ppf(0.975, degrees) * table["deviation"] / np.sqrt(table["seeds"])
    table["low"], table["high"] = table["mean"] - half, table["mean"] + half
    # A published rate goes to the row of ours, where there is one.
    printed = _printed(published, windows).replace({"group": dict(names)})
    # A network's name may be that of a group of another protocol.
    other = set(runs["group"]) - set(names.values())
    printed = printed[~printed["group"].isin(other)]
    table = pd.concat([table, printed]).groupby(KEYS, sort=False).first().reset_index()
    table["seeds"] = table["seeds"].fillna(0).astype(int)
    table["difference"] = table["mean"] - table["paper"]
    return table[GROUP_COLUMNS]


def _printed(
    published: paper.Published, windows: Sequence[Sequence[int]]
) -> pd.DataFrame:
    """Return the published rates over those of their columns that `windows` has."""
    shown = {tuple(window) for window in windows}
    rows = [
        _row(paper.TABLES[table].title, "train", *span, None)
        | {"group": variant, "paper": published[table][variant][heading]}
        for table in published
        for variant in published[table]
        for heading, span in paper.spans(windows).items()
        if span in shown
    ]
    return pd.DataFrame(rows, columns=[*KEYS, "paper"])


def metrics(groups: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return what `dvc metrics` compares: by file, group and number, the mean over seeds."""
    tables = {table.title: name for name, table in paper.TABLES.items()}
    compared = {name: dict[str, Any]() for name in (*paper.TABLES, "initial", "final")}
    for (group, metric, part, first, last), row in numbers(groups).items():
        name = metric if part == "train" else f"{part}_{metric}"
        if metric in tables:
            file, name = tables[metric], f"{first}-{last}"
        elif first == "last":
            file = "final"
        elif first == 1 and part in ("train", "val"):
            file = "initial"
        else:
            continue
        if row["seeds"]:
            compared[file].setdefault(group, {})[name] = row["mean"]
    return compared


def numbers(groups: pd.DataFrame) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return the rows of the table of groups by group, metric, set, first and last epoch.

    Those of a group's last epoch stand under `last` too.
    """
    epochs = groups[groups["first"] == groups["last"]]
    ends = epochs[epochs["last"] == epochs.groupby("group")["last"].transform("max")]
    return {
        tuple(row[key] for key in KEYS): row
        for row in records(pd.concat([groups, ends.assign(first="last", last="last")]))
    }


def records(table: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return a table's rows; what is empty is None."""
    return table.astype(object).where(table.notna(), None).to_dict("records")


def select(table: pd.DataFrame, **wanted: Any) -> pd.DataFrame:
    """Return the rows that have these values."""
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table
