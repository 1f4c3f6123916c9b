"""Which faces belong together, and so on one side of every split."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def canonical(images: np.ndarray) -> np.ndarray:
    """Return images (F, 48, 48) such that a face and its mirror image are the same one."""
    return np.stack([min(one, one[:, ::-1], key=np.ndarray.tobytes) for one in images])


def join(*keys: np.ndarray) -> np.ndarray:
    """Join the faces that share any key, and those these share one with, and so on.

    Args:
        keys: Arrays (F,) of numbers; equal numbers belong together.

    Returns:
        The number of each face's group, (F,) int64.

    >>> join(np.array([0, 0, 1, 2]), np.array([5, 6, 6, 7])).tolist()
    [0, 0, 0, 1]
    """
    num_faces, first = len(keys[0]), len(keys[0])
    edges = []
    for key in keys:
        _, number = np.unique(key, return_inverse=True)
        edges.append(number + first)
        first += number.max(initial=-1) + 1
    rows = np.tile(np.arange(num_faces), len(keys))
    graph = coo_array((np.ones(len(rows)), (rows, np.concatenate(edges))), (first,) * 2)
    _, found = connected_components(graph, directed=False)
    return np.asarray(found[:num_faces], dtype=np.int64)


def by_person(people: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Number faces by person, (N,); where nobody is named, by the file that shows the face.

    Args:
        people: Names, (N,) str; empty where the person is not known.
        sources: Files, (N,) str; empty where a face has none of its own.
    """
    keys = [
        ("person", person) if person else ("file", source or str(row))
        for row, (person, source) in enumerate(zip(people, sources, strict=True))
    ]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys], dtype=np.int64)
