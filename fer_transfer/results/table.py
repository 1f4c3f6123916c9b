"""The one table of all results: a row per run, metric, set and epoch, window or class.

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
from fer_transfer.results.inputs import Result
from fer_transfer.results.protocols import Group, Protocol
from fer_transfer.scoring import rates
from fer_transfer.scoring.significance import wilson_interval

# What a number is of. `network` names its protocol too, where that is not the paper's.
OF_GROUP = ["group", "network", "weights", "split"]
OF_NUMBER = ["metric", "set", "class", "first", "last"]
RUN_COLUMNS = ["run", "seed", *OF_GROUP, *OF_NUMBER, "value", "low", "high"]
GROUP_COLUMNS = [
    *OF_GROUP,
    *OF_NUMBER,
    *("mean", "deviation", "low", "high", "seeds", "paper", "difference"),
]

# Of OF_NUMBER, the value and, of a test accuracy, Wilson's 95% interval.
Row = dict[str, Any]


def of_runs(
    ran: Mapping[str, Group],
    results: Mapping[str, Result],
    seeds: Mapping[str, int],
    windows: Sequence[Sequence[int]],
    usual: Protocol,
) -> pd.DataFrame:
    """Return the table of all runs; `usual` is the protocol that goes without saying."""
    parts: list[Row] = []
    for name, group in ran.items():
        for run in group.runs:
            described = describe(name, group, usual) | {"run": run, "seed": seeds[run]}
            parts += [
                {"class": "", **described, **row}
                for row in rows_of(results[run], windows)
            ]
    table = pd.DataFrame(parts, columns=RUN_COLUMNS)
    return table.astype(dict.fromkeys(["value", "low", "high"], float))


def describe(name: str, group: Group, usual: Protocol) -> dict[str, str]:
    """Return what tells a group's rows apart."""
    title = BACKBONES[group.backbone].title
    label = group.protocol.label
    return {
        "group": name,
        "network": title if group.protocol == usual else f"{title}, {label}",
        "weights": group.weights,
        "split": group.protocol.split,
    }


def rows_of(result: Result, windows: Sequence[Sequence[int]]) -> list[Row]:
    """Return the numbers of a run: its history, the rates of Tables 2-5, and its test scores."""
    history = result.history
    return [
        *_history_rows(history),
        *_rate_rows(history, rates.clip(windows, len(history))),
        *_test_rows(result.test, len(history)),
    ]


def _row(metric: str, part: str, first: int, last: int, value: Any) -> Row:
    return {"metric": metric, "set": part, "first": first, "last": last, "value": value}


def _history_rows(history: pd.DataFrame) -> Iterator[Row]:
    for column in history.columns.drop("epoch"):
        part = "val" if column.startswith("val_") else "train"
        for epoch, value in zip(history["epoch"], history[column], strict=True):
            yield _row(column.removeprefix("val_"), part, epoch, epoch, value)


def _rate_rows(history: pd.DataFrame, windows: list[rates.Window]) -> Iterator[Row]:
    for table in paper.TABLES.values():
        train, val = (
            history[prefix + table.metric].to_numpy() for prefix in ("", "val_")
        )
        for window in windows:
            rate = (
                rates.mean_convergence_rate(train, *window)
                if table.rate == "MCR"
                else rates.mean_overfitting_rate(train, val, *window)
            )
            yield _row(table.title, "train", *window, rate)


def _test_rows(test: Mapping[str, Any], epoch: int) -> Iterator[Row]:
    for part, scored in _scored_sets(test):
        images = scored["images"]
        for metric, value in scored.items():
            if isinstance(value, dict):
                for name, score in value.items():
                    yield _row(metric, part, epoch, epoch, score) | {"class": name}
            elif metric == "accuracy" and value is not None:
                low, high = wilson_interval(round(value * images), images)
                row = _row(metric, part, epoch, epoch, value)
                yield row | {"low": low, "high": high}
            elif metric != "images":
                yield _row(metric, part, epoch, epoch, value)


def _scored_sets(test: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each set of test images and its scores; against people's votes it is `votes_...`."""
    for part, scored in test.items():
        if "images" in scored:
            yield part, scored
        elif part == "votes":
            for name, against_votes in scored.items():
                yield f"votes_{name}", against_votes


def of_groups(
    runs: pd.DataFrame, published: paper.Published, windows: Sequence[Sequence[int]]
) -> pd.DataFrame:
    """Summarise each group's runs: means over seeds, their spread, and ours minus the paper's.

    Of the history only the first and the last epoch are kept.

    Returns:
        mean: empty where a run has none. deviation: the standard deviation. low, high: the 95%
        interval of the mean by Student's t. All three are empty of one seed. paper, difference:
        the published rate, and ours minus that; a published rate without ours is a row of 0
        seeds.
    """
    last = runs.groupby("group")["last"].transform("max")
    # Runs that end early end in different epochs; the last one of each is its group's last one.
    ended = runs["last"] == runs.groupby("run")["last"].transform("max")
    ended &= runs["first"] == runs["last"]
    runs = runs.assign(
        **{key: runs[key].mask(ended, last) for key in ("first", "last")}
    )
    ends = (runs["first"] == 1) | (runs["last"] == last)
    kept = runs[ends | (runs["first"] < runs["last"])]
    keys = [*OF_GROUP, *OF_NUMBER]
    values = kept.groupby(keys, sort=False)["value"]
    table = values.agg(
        mean=lambda numbers: numbers.mean(skipna=False),
        deviation=lambda numbers: numbers.std(skipna=False),
        seeds="size",
    ).reset_index()
    freedom = (table["seeds"] - 1).where(table["seeds"] > 1)
    half = stats.t.ppf(0.975, freedom) * table["deviation"] / np.sqrt(table["seeds"])
    table["low"], table["high"] = table["mean"] - half, table["mean"] + half
    printed = _printed(published, windows)
    keys = ["group", "metric", "first", "last"]
    names = list(zip(*(table[key] for key in keys), strict=True))
    table["paper"] = np.array([printed.get(name, np.nan) for name in names], float)
    table["difference"] = table["mean"] - table["paper"]
    other = pd.DataFrame(
        [
            dict(zip(keys, name, strict=True)) | {"set": "train", "paper": rate}
            for name, rate in printed.items()
            if name not in names
        ]
    ).assign(seeds=0, **{"class": ""})
    parts = [part for part in (table, other) if len(part)]
    return (pd.concat(parts) if parts else table).reindex(columns=GROUP_COLUMNS)


def _printed(
    published: paper.Published, windows: Sequence[Sequence[int]]
) -> dict[tuple[str, str, int, int], float]:
    """Return the published rates by variant, table's title and epochs, where `windows` has those."""
    shown = {tuple(window) for window in windows}
    spans = {key: span for key, span in paper.spans(windows).items() if span in shown}
    return {
        (variant, paper.TABLES[table].title, *spans[heading]): rate
        for table, rows in published.items()
        for variant, row in rows.items()
        for heading, rate in row.items()
        if heading in spans
    }


def metrics(groups: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return what `dvc metrics` compares: by file, group and number, the mean over seeds."""
    files: dict[str, dict[str, Any]] = {
        name: {} for name in (*paper.TABLES, "initial", "final")
    }
    ran = groups[groups["seeds"] > 0]
    last = ran.groupby("group")["last"].max()
    titles = {table.title: name for name, table in paper.TABLES.items()}
    for row in records(select(ran, **{"class": ""})):
        if row["metric"] in titles:
            name = titles[row["metric"]]
            entry = {rates.window_name(row["first"], row["last"]): row["mean"]}
            files[name].setdefault(row["group"], {}).update(entry)
            continue
        prefix = "" if row["set"] == "train" else f"{row['set']}_"
        entry = {prefix + row["metric"]: row["mean"]}
        if row["last"] == 1 and row["set"] in ("train", "val"):
            files["initial"].setdefault(row["group"], {}).update(entry)
        if row["last"] == last[row["group"]]:
            files["final"].setdefault(row["group"], {}).update(entry)
    return files


def numbers(groups: pd.DataFrame) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return the rows of the table of groups by group, metric, set, first and last epoch.

    Those of a group's last epoch stand under `last` too.
    """
    keys = ["group", "metric", "set", "first", "last"]
    rows = records(select(groups, **{"class": ""}))
    by_key = {tuple(row[key] for key in keys): row for row in rows}
    epochs = groups[groups["first"] == groups["last"]]
    last = epochs.groupby("group")["last"].max()
    return by_key | {
        (*key[:3], "last", "last"): row
        for key, row in by_key.items()
        if row["first"] == row["last"] == last[row["group"]]
    }


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table's rows; what is empty is None."""
    known = table.astype(object).where(table.notna(), None)
    return [dict(zip(table.columns, row, strict=True)) for row in known.to_numpy()]


def select(table: pd.DataFrame, **wanted: Any) -> pd.DataFrame:
    """Return the rows that have these values."""
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table
