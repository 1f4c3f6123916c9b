from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest
import tf_keras as keras
import tiny

from fer_transfer.networks.runtime import tf
from fer_transfer.data import faces as contract
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.readers.ferplus import NAMES
from fer_transfer.settings.settings import DEFAULTS, Run, Train
from fer_transfer.training import fit
from fer_transfer.training import recipe as recipes
from fer_transfer.training.augment import Augmentation
from fer_transfer.training.average import WeightAverage
from fer_transfer.training.batches import Batches
from fer_transfer.training.checkpoint import Checkpoint
from fer_transfer.training.loop import Loop
from fer_transfer.training.prediction import probabilities
from fer_transfer.training.recipe import Recipe
from tests.networks import KilledError, killing, network_of, some_images

FULL = Recipe(
    epochs=3,
    batch_size=4,
    learning_rate=0.01,
    labels="both",
    augment=True,
    optimizer="adamw",
    weight_decay=0.01,
    schedule="cosine",
    label_smoothing=0.1,
    average=0.02,
    dropout=0.4,
)
SPLIT = {"train": np.arange(18), "val": np.arange(18, 24), "test": np.arange(24, 30)}
SEED = 5


def made_of(**changes: object) -> Recipe:
    return Recipe(**{**vars(FULL), **changes})


@pytest.fixture(autouse=True)
def _tiny_backbone(monkeypatch):
    tiny.install(monkeypatch)


def known_as(labels: np.ndarray, votes: np.ndarray | None = None) -> contract.Faces:
    """Faces with labels (N,) and FER+'s votes (N, 10)."""
    table = pd.DataFrame("", index=range(len(labels)), columns=contract.COLUMNS)
    table["label"] = np.array(EMOTIONS)[labels]
    by_class = None if votes is None else pd.DataFrame(votes, columns=list(NAMES))
    return contract.Faces("FER2013", EMOTIONS, table, by_class)


@pytest.fixture(scope="module")
def faces() -> tuple[np.ndarray, contract.Faces]:
    """Images, and what is known of them; nobody sees an emotion in the first two."""
    pixels, labels = some_images(30)
    votes = np.random.default_rng(3).multinomial(8, np.full(8, 1 / 8), 30)
    votes = np.pad(votes, ((0, 0), (0, 2)))
    votes[:2] = [0, 2, 0, 0, 0, 0, 0, 0, 8, 0]
    return pixels, known_as(labels, votes)


def make_loop(faces: tuple, recipe: Recipe) -> tuple[Loop, tuple]:
    pixels, known = faces
    num_classes, num_votes = recipe.heads(known)
    keras.utils.set_random_seed(SEED)
    tail = network_of(
        "tiny",
        "all",
        head_seed=SEED,
        num_classes=num_classes,
        dropout=recipe.dropout,
        num_votes=num_votes,
        resize=Augmentation(24) if recipe.augment else None,
    ).tail
    data = [pixels], recipes.targets(recipe, known, SPLIT["train"])
    recipes.compile_model(tail, recipe, 5)
    average = WeightAverage(tail, recipe.average) if recipe.average else None
    return Loop(tail, data[1], average), data


def run(
    faces: tuple, recipe: Recipe, folder: Path, kill_after: int = 99
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Train, and return the history and what the run's weights say."""
    loop, data = make_loop(faces, recipe)
    checkpoint = killing(Checkpoint(folder), kill_after)
    with mock.patch.object(fit, "CHECKPOINT_SECONDS", 0):  # one after every epoch
        history, best = fit.train(loop, data, SPLIT, recipe, SEED, checkpoint)
    loop.set_scored_weights(best or loop.scored_weights())
    return history, probabilities(loop, data[0], SPLIT, recipe, faces[1])


def test_a_killed_run_of_a_full_recipe_ends_as_one_that_was_not(faces, tmp_path):
    recipe = made_of(early_stopping=2, epochs=6)
    whole, expected = run(faces, recipe, tmp_path / "whole")
    with pytest.raises(KilledError):
        run(faces, recipe, tmp_path / "killed", kill_after=2)
    resumed, predicted = run(faces, recipe, tmp_path / "killed")
    pd.testing.assert_frame_equal(resumed, whole, check_exact=True)
    assert predicted.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(predicted[name], array)


@pytest.mark.parametrize("average", [0, 0.02])
def test_early_stopping_ends_after_its_epochs_and_keeps_the_best_one_s_weights(
    faces, tmp_path, average
):
    recipe = made_of(labels="fer2013", average=average, early_stopping=2, epochs=30)
    history, predicted = run(faces, recipe, tmp_path / "stopped")
    best = int(history["val_accuracy"].argmax()) + 1
    assert len(history) == best + 2 < 30
    shorter = made_of(labels="fer2013", average=average, epochs=30)
    with pytest.raises(KilledError):
        run(faces, shorter, tmp_path / "best", kill_after=best)
    ended = mock.patch.object(fit, "range", create=True, return_value=[])
    with ended:  # the state after that epoch, and no further one
        _, expected = run(faces, shorter, tmp_path / "best")
    np.testing.assert_array_equal(predicted["test"], expected["test"])


def test_a_run_says_what_departs_from_the_protocol_and_nothing_else_changes():
    protocol = Train(epochs=20, batch_size=32, learning_rate=1e-4)
    plain = Recipe.of(Run(variant="a", seed=1), protocol)
    assert plain == Recipe(epochs=20, batch_size=32, learning_rate=1e-4)
    other = Run(variant="a", seed=1, epochs=18, labels="both", average=0.002)
    expected = {**vars(plain), "epochs": 18, "labels": "both", "average": 0.002}
    assert vars(Recipe.of(other, protocol)) == expected


def test_the_protocol_learns_the_labels_as_they_are_by_the_legacy_adam(faces):
    plain = Recipe(epochs=20, batch_size=32, learning_rate=1e-4)
    _, known = faces
    got = recipes.targets(plain, known, SPLIT["train"])
    assert got.dtype == np.uint8
    assert got.tolist() == known.labels.tolist()
    loop, _ = make_loop(faces, plain)
    assert type(loop.model.optimizer) is keras.optimizers.legacy.Adam
    assert loop.model.loss == "sparse_categorical_crossentropy"


def test_labels_are_smoothed_in_training_alone():
    labels = np.array([2, 0, 6], np.uint8)
    recipe = made_of(labels="fer2013")
    got = recipes.targets(recipe, known_as(labels), np.array([0, 2]))
    expected = np.eye(7)[labels]
    expected[[0, 2]] = 0.9 * expected[[0, 2]] + 0.1 / 7
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_balanced_classes_weigh_the_same_in_training():
    labels = np.array([0, 0, 0, 1, 2, 3, 4, 5, 6, 6], np.uint8)
    recipe = made_of(labels="fer2013", label_smoothing=0, class_weight="balanced")
    train_rows = np.arange(9)
    got = recipes.targets(recipe, known_as(labels), train_rows)
    weights = got[:9].sum(axis=0)
    np.testing.assert_allclose(weights, 9 / 7, rtol=1e-6)
    assert got[9].sum() == 1


@pytest.mark.parametrize("labels", ["ferplus", "both"])
def test_every_kind_of_labels_gives_probabilities_of_the_seven(faces, labels, tmp_path):
    recipe = made_of(labels=labels, epochs=2, class_weight="none")
    history, predicted = run(faces, recipe, tmp_path)
    assert predicted["val"].shape == predicted["test"].shape == (6, 7)
    assert ("votes_accuracy" in history) == (labels == "both")
    assert "votes_test" in predicted
    for array in predicted.values():
        np.testing.assert_allclose(array.sum(axis=1), 1, rtol=1e-5)
    if labels == "ferplus":  # happiness and disgust over all but contempt
        eight = predicted["votes_test"] / (1 - predicted["votes_test"][:, 7:])
        np.testing.assert_allclose(predicted["test"][:, 3], eight[:, 1], rtol=0.05)


def test_losses_of_two_heads_are_added_and_images_without_votes_count_for_nothing(
    faces,
):
    loop, (images, targets) = make_loop(faces, made_of(augment=False, dropout=0))
    means = loop.evaluate(Batches(images, targets, np.arange(6), 4))
    first, second = loop.predict(Batches(images, targets, np.arange(6), 4))
    crossentropy = keras.losses.categorical_crossentropy
    by_label = crossentropy(targets["head"][:6], first).numpy().mean()
    by_votes = crossentropy(targets["votes_head"][2:6], second[2:]).numpy().sum() / 6
    assert targets["votes_head"][:2].sum() == 0
    np.testing.assert_allclose(means["loss"], by_label + by_votes, rtol=1e-5)
    right = second.argmax(axis=1) == targets["votes_head"][:6].argmax(axis=1)
    assert means["votes_accuracy"] == pytest.approx(right[2:].mean())


def test_after_augmentation_an_image_and_its_mirror_image_are_averaged(faces):
    loop, (images, _) = make_loop(faces, FULL)
    predicted = probabilities(loop, images, SPLIT, FULL, faces[1])
    for part in ("val", "test"):
        pixels = images[0][SPLIT[part]]
        straight, votes = loop.model(pixels)
        mirrored, mirrored_votes = loop.model(pixels[:, :, ::-1])
        for name, one, other in (
            (part, straight, mirrored),
            (f"votes_{part}", votes, mirrored_votes),
        ):
            expected = (one + other) / 2
            np.testing.assert_allclose(predicted[name], expected, rtol=1e-4)
            np.testing.assert_allclose(predicted[f"unmirrored_{name}"], one, rtol=1e-4)


def test_weight_decay_spares_biases_and_batch_normalisation(faces):
    loop, _ = make_loop(faces, made_of(schedule="constant"))
    weights = loop.model.trainable_weights
    before = [weight.numpy() for weight in weights]
    loop.model.optimizer.apply_gradients([(tf.zeros_like(one), one) for one in weights])
    for weight, old in zip(weights, before, strict=True):
        kept = 1 - 0.01 * 0.01 if weight.shape.rank > 1 else 1
        np.testing.assert_allclose(weight, kept * old, rtol=1e-6)
    kinds = {weight.name.rsplit("/")[-1] for weight in weights if weight.shape.rank < 2}
    assert kinds == {"bias:0", "gamma:0", "beta:0"}


def test_the_learning_rate_warms_up_for_an_epoch_and_falls_by_a_cosine_to_zero(faces):
    loop, _ = make_loop(faces, made_of(epochs=11))
    schedule = loop.model.optimizer._learning_rate
    rates = [float(schedule(step)) for step in (0, 1, 5, 30, 55)]  # 5 steps an epoch
    np.testing.assert_allclose(rates, [0, 0.002, 0.01, 0.005, 0], atol=1e-8)


def test_the_average_of_weights_is_that_of_a_plain_loop(faces):
    loop, (images, targets) = make_loop(faces, made_of(average=0.01))
    expected = [weight.numpy() for weight in loop.model.weights]
    kept = [weight.numpy() for weight in loop.model.weights]
    step = mock.Mock(side_effect=loop._train)
    seen = []

    def and_note(batch: object) -> object:
        means = step(batch)
        seen.append([weight.numpy() for weight in loop.model.weights])
        return means

    loop._train = and_note
    loop.train(Batches(images, targets, np.arange(24), 2))
    for number, weights in enumerate(seen, 1):
        if number % 5 == 0:
            expected = [
                0.95 * a + 0.05 * w for a, w in zip(expected, weights, strict=True)
            ]
    assert len(seen) == 12
    for ours, theirs, start in zip(loop.average.values, expected, kept, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
        assert not np.array_equal(ours, start)


def test_what_is_evaluated_is_the_average_and_training_goes_on_from_the_weights(faces):
    loop, (images, targets) = make_loop(faces, FULL)
    batches = Batches(images, targets, SPLIT["train"], 2)
    loop.train(batches)
    weights = loop.model.get_weights()
    by_average = loop.evaluate(batches)
    assert all(map(np.array_equal, weights, loop.model.get_weights()))
    loop.set_scored_weights(loop.scored_weights())
    applied, loop.average = loop.average, None
    assert loop.evaluate(batches) == by_average
    loop.model.set_weights(weights)
    assert loop.evaluate(batches) != by_average
    assert applied.rate == pytest.approx(0.1)


def test_the_defaults_that_make_no_other_protocol_are_those_of_training():
    assert {name: getattr(Recipe, name) for name in DEFAULTS} == DEFAULTS
