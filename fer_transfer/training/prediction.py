"""What a trained network says of images: the probabilities that are stored of it."""

from collections.abc import Sequence

import numpy as np

from fer_transfer.data.faces import Faces
from fer_transfer.data.votes import of_classes, voted_classes
from fer_transfer.training.batches import Batches
from fer_transfer.training.loop import Loop
from fer_transfer.training.recipe import Recipe


def probabilities(
    loop: Loop,
    features: Sequence[np.ndarray],
    split: dict[str, np.ndarray],
    recipe: Recipe,
    known: Faces,
) -> dict[str, np.ndarray]:
    """Return the probabilities of the validation and the test set, in the split's order.

    `val` and `test` are (n, classes) float32. A network that learned from votes has `votes_val`
    and `votes_test`, (n, voted classes), too. After training with augmentation each is the mean
    of an image's and of its mirror image's; `unmirrored_val` and so on are the image's alone.
    """
    result: dict[str, np.ndarray] = {}
    for part in ("val", "test"):
        rows = split[part]
        outputs = _predict(loop, features, rows, recipe, known)
        if recipe.augment:
            result |= {
                f"unmirrored_{head}{part}": array for head, array in outputs.items()
            }
            images = [array[rows][:, :, ::-1] for array in features]
            mirrored = _predict(loop, images, np.arange(len(rows)), recipe, known)
            outputs = {
                head: (array + mirrored[head]) / 2 for head, array in outputs.items()
            }
        result |= {f"{head}{part}": array for head, array in outputs.items()}
    return result


def _predict(
    loop: Loop,
    features: Sequence[np.ndarray],
    rows: np.ndarray,
    recipe: Recipe,
    known: Faces,
) -> dict[str, np.ndarray]:
    """Return the probabilities of the classes and, of votes, those of the voted classes."""
    no_labels = np.zeros(len(features[0]), np.uint8)
    predicted = loop.predict(Batches(features, no_labels, rows, recipe.batch_size))
    if recipe.labels == "fer2013":
        return {"": predicted}
    if recipe.labels == "ferplus":
        voted = voted_classes(known.required_votes)
        return {
            "": of_classes(predicted, voted, known.classes),
            "votes_": predicted,
        }
    return dict(zip(("", "votes_"), predicted, strict=True))
