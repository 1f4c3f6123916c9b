"""How a run trains: what it learns from, its optimizer, loss and metrics.

The paper's protocol (section 4; C1) is what `train` says and all defaults here. A run's own
settings depart from it.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from fer_transfer.networks.runtime import keras, tf
from fer_transfer.data.faces import Faces
from fer_transfer.data.votes import distribution, voted_classes
from fer_transfer.settings.settings import Run, Train

# What a run learns from, an array (N, ...) or one for each head.
Targets = np.ndarray | dict[str, np.ndarray]


@dataclass(frozen=True)
class Recipe:
    """The settings of one training; params.yaml says what each means."""

    epochs: int
    batch_size: int
    learning_rate: float
    labels: str = "fer2013"
    augment: bool = False
    optimizer: str = "adam"
    weight_decay: float = 0
    schedule: str = "constant"
    label_smoothing: float = 0
    class_weight: str = "none"
    average: float = 0
    dropout: float = 0
    early_stopping: int = 0

    @classmethod
    def of(cls, run: Run, train: Train) -> "Recipe":
        """Take what the run says, and from `train` what it leaves out."""
        own = {key: value for key, value in {**run}.items() if value is not None}
        values = {**train} | own
        names = [field.name for field in fields(cls) if field.name in values]
        return cls(**{name: values[name] for name in names})

    def heads(self, known: Faces) -> tuple[int, int]:
        """Return how many classes the head has, and a second one, 0 if there is none."""
        if self.labels == "fer2013":
            return len(known.classes), 0
        voted = len(voted_classes(known.required_votes))
        return (voted, 0) if self.labels == "ferplus" else (len(known.classes), voted)


class VotesAccuracy(keras.metrics.CategoricalAccuracy):
    """How often the most likely class has the most votes, of the images with votes."""

    def update_state(
        self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor = None
    ) -> tf.Operation:
        return super().update_state(y_true, y_pred, tf.reduce_sum(y_true, -1) > 0)


def targets(recipe: Recipe, known: Faces, train: np.ndarray) -> Targets:
    """Return what the network learns to give, and is compared with on validation.

    Args:
        recipe: Of the run.
        known: The faces' labels and, if the recipe learns from them, votes.
        train: The rows that are trained on; smoothing and class weights count for them alone.

    Returns:
        The labels (N,), if the recipe takes them as they are. Else distributions, float32:
        (N, classes) of labels, (N, voted) of votes, or of each head both; a row of zeros counts
        for nothing.
    """
    if recipe.labels == "ferplus":
        return distribution(known.required_votes)
    if recipe.labels == "fer2013" and not _changes_labels(recipe):
        return known.labels
    by_label = _label_targets(recipe, known.labels, len(known.classes), train)
    if recipe.labels == "fer2013":
        return by_label
    return {"head": by_label, "votes_head": distribution(known.required_votes)}


def _label_targets(
    recipe: Recipe, labels: np.ndarray, num_classes: int, train: np.ndarray
) -> np.ndarray:
    """Return labels as distributions, in training smoothed and weighted."""
    result: np.ndarray = np.eye(num_classes, dtype=np.float32)[labels]
    result[train] *= 1 - recipe.label_smoothing
    result[train] += recipe.label_smoothing / num_classes
    if recipe.class_weight == "balanced":
        counts = np.bincount(labels[train], minlength=num_classes)
        weights = len(train) / num_classes / counts
        result[train] *= weights[labels[train], None].astype(np.float32)
    return result


def _changes_labels(recipe: Recipe) -> bool:
    return recipe.label_smoothing > 0 or recipe.class_weight != "none"


def compile_model(model: keras.Model, recipe: Recipe, steps_per_epoch: int = 1) -> None:
    """Set the optimizer, the loss and the metrics; with two heads the losses are added.

    Only a schedule counts the steps.
    """
    optimizer = make_optimizer(model, recipe, steps_per_epoch)
    losses: Any = "categorical_crossentropy"
    metrics: Any = ["accuracy"]
    if recipe.labels == "both":
        losses = {"head": losses, "votes_head": losses}
        metrics = {"head": "accuracy", "votes_head": VotesAccuracy("accuracy")}
    elif recipe.labels == "ferplus":
        metrics = [VotesAccuracy("accuracy")]
    elif not _changes_labels(recipe):  # on codes: the categorical one on one-hot rows
        losses = "sparse_categorical_crossentropy"
    model.compile(optimizer, losses, metrics=metrics)


def make_optimizer(
    model: keras.Model, recipe: Recipe, steps_per_epoch: int
) -> keras.optimizers.Optimizer:
    """Return Adam, or AdamW, whose weight decay spares biases and batch normalisation.

    Keras's legacy Adam computes the same as its successor, each weight's update in one
    pass over memory: for VGG-Face's 119.6 million weights that is most of a step.
    """
    rate = recipe.learning_rate
    if recipe.schedule == "cosine":
        decaying = (recipe.epochs - 1) * steps_per_epoch
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, decaying, warmup_target=rate, warmup_steps=steps_per_epoch
        )
    if recipe.optimizer == "adam":
        return keras.optimizers.legacy.Adam(rate)
    optimizer = keras.optimizers.AdamW(rate, recipe.weight_decay, jit_compile=False)
    vectors = [weight for weight in model.trainable_weights if weight.shape.rank < 2]
    optimizer.exclude_from_weight_decay(var_list=vectors)
    optimizer.build(model.trainable_weights)
    return optimizer
