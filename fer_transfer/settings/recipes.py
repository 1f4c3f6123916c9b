"""What contradicts itself in the recipe of a run."""

from typing import Any

from fer_transfer.console.errors import InputError


def check(name: str, run: Any, settings: Any) -> None:
    """Check that the settings of a run's recipe go together.

    Raises:
        InputError: If they do not.
    """
    where = f"`runs.{name}` in params.yaml"
    trained = settings.variants[run.variant].trainable_layers
    if run.augment and trained != "all":
        raise InputError(
            f"{where} augments images, but its variant `{run.variant}` trains {trained} layers: "
            "what the others make of an image is computed once, from the image as it is. Set "
            "`trainable_layers: all` there, or remove `augment`."
        )
    if (run.optimizer == "adamw") != (run.weight_decay is not None):
        raise InputError(
            f"{where} must set both or neither of `optimizer: adamw` and `weight_decay`, which "
            "is AdamW's. Add `weight_decay: 0.001`, or remove the other."
        )
    if run.schedule == "cosine" and (run.epochs or settings.train.epochs) < 2:
        raise InputError(
            f"{where} trains for 1 epoch, in which `schedule: cosine` only warms up. Set "
            "`epochs` to 2 or more, or remove `schedule`."
        )
    if run.early_stopping and settings.splits[run.split].by == "tables":
        raise InputError(
            f"{where} has `early_stopping`, but the validation images of its split "
            f"`{run.split}` are the test images. Remove it, or set another split."
        )
    if run.labels in ("ferplus", "both") and not settings.data.ferplus:
        raise InputError(
            f"{where} learns from FER+'s votes, but `data.ferplus` is false. Set it to true, or "
            "`labels` to fer2013."
        )
    if run.labels == "ferplus" and (run.label_smoothing or run.class_weight):
        raise InputError(
            f"{where} learns from FER+'s votes alone, where `label_smoothing` and `class_weight` "
            "are not read. Remove them, or set `labels` to both."
        )
