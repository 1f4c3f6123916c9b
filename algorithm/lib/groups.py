"""Which faces belong together, and so on one side of every split."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from fer_transfer.data import duplicates


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


def group_faces(
    images: np.ndarray, people: np.ndarray, photos: np.ndarray
) -> np.ndarray:
    """Group faces by copy, mirrored or not, and by person; by photo where no person is named.

    Args:
        images: (F, 48, 48) uint8.
        people: Names (F,) str; empty where the person is not known.
        photos: The photo that each was found in, (F,) str.
    """
    who = [
        f"person {person}" if person else f"photo {photo}"
        for person, photo in zip(people, photos, strict=True)
    ]
    _, owner = np.unique(who, return_inverse=True)
    return join(owner, duplicates.groups(canonical(images)))
