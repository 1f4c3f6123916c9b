"""Which faces belong together, and so on one side of every split."""

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.neighbors import NearestNeighbors

# The correlation from which two faces, halved in size, show one photo. Below it FER2013 has the
# same photo with another watermark; above it, of the pairs looked at, nothing else.
SAME_PHOTO = 0.99


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


def duplicates(images: np.ndarray, files: np.ndarray) -> np.ndarray:
    """Number faces, (N, 48, 48) uint8, so that duplicates, mirrored or not, share a number.

    Faces of photos are also copies where a photo was saved again, as JPEG or with another
    contrast. Faces of fer2013.csv have no file in `files`, (N,) str: only their pixels count.
    """
    number = identical(images, mirrored=True)
    is_photo = files != ""
    if is_photo.any():
        number[is_photo] = number.max() + 1 + _same_photo(images[is_photo])
    return number


def _same_photo(images: np.ndarray) -> np.ndarray:
    halved = images.reshape(-1, 24, 2, 24, 2).mean(axis=(2, 4), dtype=np.float32)
    centred = halved - halved.mean(axis=(1, 2), keepdims=True)
    norms = np.linalg.norm(centred, axis=(1, 2), keepdims=True)
    unit = centred / np.maximum(norms, 1e-6)  # an image of one shade becomes zero
    sides = [side.reshape(len(unit), -1) for side in (unit, unit[:, :, ::-1])]
    # Of unit vectors the squared distance is twice what the correlation lacks to 1.
    radius = np.sqrt(2 * (1 - SAME_PHOTO))
    nearest = NearestNeighbors(radius=radius, algorithm="brute").fit(sides[0])
    graph = sum(nearest.radius_neighbors_graph(side) for side in sides)
    _, number = connected_components(graph, directed=False)
    return np.asarray(number, dtype=np.int64)


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
    graph = coo_array((np.ones(len(firsts)), (firsts.index, firsts)), (len(rows),) * 2)
    _, group = connected_components(graph, directed=False)
    return np.asarray(group, dtype=np.int64)


def by_name(names: np.ndarray) -> np.ndarray:
    """Number faces by a name, of a person or a file, (N,) str; each without one by itself.

    >>> by_name(np.array(["Ann", "", "Ann", ""])).tolist()
    [0, 1, 0, 2]
    """
    keys = [name or row for row, name in enumerate(names)]
    return np.asarray(pd.factorize(pd.Series(keys, dtype=object))[0], dtype=np.int64)
