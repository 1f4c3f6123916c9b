"""Of a variant's runs from several seeds the one that is shown where only one can be."""

from collections.abc import Iterable, Mapping

import pandas as pd


def first_runs(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the first run of each variant that has results, under the variant's name.

    >>> first_runs(pd.DataFrame({"variant": ["a", "a"], "run": ["a-43", "a-44"]}))
      variant run
    0       a   a
    """
    first = table["run"] == table.groupby("variant")["run"].transform("first")
    return table[first].assign(run=table["variant"])


def first_names(
    ran: Mapping[str, Mapping[str, int]], variants: Iterable[str]
) -> dict[str, str]:
    """Name the first run of each of these variants that has results.

    >>> first_names({"a": {"a-43": 43, "a-44": 44}}, ["a", "b"])
    {'a': 'a-43'}
    """
    return {name: next(iter(ran[name])) for name in variants if name in ran}
