"""Which faces belong together, and so on one side of every split."""

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def identical(images: np.ndarray, *, mirrored: bool = False) -> np.ndarray:
    """Number the images (N, h, w) by their pixels, from 0.

    With `mirrored` a face and its mirror image are the same one.

    >>> identical(np.array([[[1, 2]], [[2, 1]], [[1, 2]]])).tolist()
    [0, 1, 0]
    >>> identical(np.array([[[1, 2]], [[2, 1]], [[1, 2]]]), mirrored=True).tolist()
    [0, 0, 0]
    """
    keys = [image.tobytes() for image in images]
    if mirrored:
        keys = list(map(min, keys, (image[:, ::-1].tobytes() for image in images)))
    return np.asarray(pd.factorize(pd.Series(keys, dtype=object))[0], dtype=np.int64)


def join(*keys: np.ndarray) -> np.ndarray:
    """Join the faces that share any key, and those these share one with, and so on.

    Args:
        keys: Arrays (F,) of numbers; equal numbers belong together.

    Returns:
        The number of each face's group, (F,) int64.

    >>> join(np.array([0, 0, 1, 2]), np.array([5, 6, 6, 7])).tolist()
    [0, 0, 0, 1]
    """
    rows = pd.Series(range(len(keys[0])))
    # From each face an edge to the first one of its number.
    firsts = pd.concat([rows.groupby(key).transform("first") for key in keys])
    edges = np.ones(len(firsts)), (firsts.index, firsts)
    graph = coo_array(edges, (len(rows),) * 2)
    _, group = connected_components(graph, directed=False)
    return np.asarray(group, dtype=np.int64)


def by_name(names: np.ndarray) -> np.ndarray:
    """Number faces by a name, of a person or a file, (N,) str; each without one by itself.

    >>> by_name(np.array(["Ann", "", "Ann", ""])).tolist()
    [0, 1, 0, 2]
    """
    keys = [name or row for row, name in enumerate(names)]
    return np.asarray(pd.factorize(pd.Series(keys, dtype=object))[0], dtype=np.int64)
