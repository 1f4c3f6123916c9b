"""Check settings against each other: unknown names, shares that leave no training images."""

from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from fer_transfer.console.errors import InputError, shown, some_of
from fer_transfer.fetching import addresses
from fer_transfer.settings.classifiers import PORTABLE

# Committed, and never changed: what `data.watch` names where the source is not on this machine,
# and `assess.reads` where there are no searches.
UNWATCHED = "data/unwatched"

# Listed, not imported: they bring TensorFlow.
FOLDER = Path(__file__).parents[1] / "backbones"
BACKBONES = tuple(sorted(path.stem for path in FOLDER.glob("[!_]*.py")))


def check(settings: Any) -> None:
    """Check what one section or entry says against the others.

    Raises:
        InputError: If two values contradict each other.
    """
    _check_data(settings.data)
    for name, split in settings.splits.items():
        _check_split(name, split)
    for name, variant in settings.variants.items():
        _check_variant(name, variant)
    for name, run in settings.runs.items():
        _check_run(name, run, settings)
    _check_repeats(settings)
    for name, search in settings.searches.items():
        _check_search(name, search, settings)
    expected = "data/choices" if settings.searches else UNWATCHED
    if settings.assess.reads != expected:
        raise InputError(
            f"`assess.reads` in params.yaml must be `{expected}`, as there are "
            f"{len(settings.searches)} searches. Got {shown(settings.assess.reads)} instead."
        )
    if not set(PORTABLE) & set(settings.choose.classifiers):
        raise InputError(
            f"`choose.classifiers` in params.yaml must include {' or '.join(PORTABLE)}: a model "
            f"can hold no other. Got {', '.join(settings.choose.classifiers)}."
        )


def _check_data(data: Any) -> None:
    """Check that DVC watches a source that is on this machine, and that its hash is read."""
    is_fetched = data.source in ("kaggle", "synthetic")
    if data.hash and is_fetched:
        raise InputError(
            f"`data.hash` in params.yaml is set, but `data.source` is `{data.source}`, where it "
            'is not read. Set it to "", or set `data.source` to the file that has this hash.'
        )
    if data.convert and data.detector != "none":
        raise InputError(
            "`data.convert` in params.yaml is for images that are faces already, but "
            f"`data.detector` is `{data.detector}`. Set `convert: false` or `detector: none`."
        )
    path = None if is_fetched else addresses.local_path(data.source)
    expected = UNWATCHED if path is None else str(path)
    if data.watch != expected:
        raise InputError(
            f"`data.watch` in params.yaml must be `{expected}` where `data.source` is "
            f"`{data.source}`, so that DVC sees changes there. Got {shown(data.watch)} instead."
        )


def _check_split(name: str, split: Any) -> None:
    """Check that shares are there where they are read, and leave faces for training."""
    needed = {"tables": ["test"], "random": ["val", "test"], "person": ["val", "test"]}
    given = [share for share in ("val", "test") if split[share] is not None]
    if given != needed.get(split.by, given):
        raise InputError(
            f"`splits.{name}` in params.yaml splits by {split.by}, which needs "
            f"{' and '.join(needed[split.by])} (shares of all faces) and no other. Got "
            f"{' and '.join(given) or 'neither'}. Add or remove `val` or `test`."
        )
    held_out = (split.val or 0) + (split.test or 0)
    if 1 - held_out < 1e-9:
        raise InputError(
            f"`splits.{name}`: `val` + `test` in params.yaml must leave images for training, but "
            f"they sum to {held_out:g}. Make them smaller."
        )


def _check_variant(name: str, variant: Any) -> None:
    """Check a variant's backbone, and that random weights have a seed and a model file a hash."""
    _check_one_of(variant.backbone, BACKBONES, f"variants.{name}.backbone")
    where = f"`variants.{name}` in params.yaml"
    is_model, is_random = variant.weights.endswith(".onnx"), variant.weights == "random"
    for key, is_needed in (("hash", is_model), ("seed", is_random)):
        if variant[key] == "" or is_needed != (variant[key] is not None):
            needs, remedy = ("need a", "Add") if is_needed else ("have no", "Remove")
            raise InputError(
                f"{where} starts from {variant.weights} weights, which {needs} `{key}`. {remedy} "
                "it. The hash of a model file is `sha256:` and what `sha256sum` prints; the seed "
                "draws random weights."
            )
    if variant.batch_statistics and variant.trainable_layers in (0, "all"):
        raise InputError(
            f"{where} has `batch_statistics`, which needs frozen layers beside some that train, and "
            f"`trainable_layers: {variant.trainable_layers}`. Set a number there, or remove it."
        )


def _check_run(name: str, run: Any, settings: Any) -> None:
    """Check that a run names a variant, that variant's backbone, and a split."""
    variant = _check_names(f"runs.{name}", run, settings)
    if variant.seed not in (None, run.seed):
        raise InputError(
            f"`runs.{name}` in params.yaml has seed {run.seed}, but its variant `{run.variant}` has "
            f"seed {variant.seed}. Set both alike, or name a random variant with seed {run.seed}."
        )
    _check_recipe(name, run, settings)


def _check_recipe(name: str, run: Any, settings: Any) -> None:
    """Check that the settings of a run's recipe go together."""
    where = f"`runs.{name}` in params.yaml"
    trained = settings.variants[run.variant].trainable_layers
    if run.augment and trained != "all":
        raise InputError(
            f"{where} augments images, but its variant `{run.variant}` trains {trained} layers, and "
            "runs the others once. Set `trainable_layers: all` there, or remove `augment`."
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


def _check_search(name: str, search: Any, settings: Any) -> None:
    """Check that a search names a variant that is frozen as a whole, its backbone, and a split."""
    variant = _check_names(f"searches.{name}", search, settings)
    if variant.trainable_layers != 0:
        raise InputError(
            f"`searches.{name}.variant` in params.yaml is `{search.variant}`, which trains "
            f"{variant.trainable_layers} layers. Name a variant with `trainable_layers: 0`."
        )
    if settings.splits[search.split].by == "tables":
        raise InputError(
            f"`searches.{name}.split` in params.yaml is `{search.split}`, whose validation images "
            "are its test images: a search would choose by the test set. Name another split."
        )


def _check_names(where: str, entry: Any, settings: Any) -> Any:
    """Check that an entry names a variant, that variant's backbone, and a split."""
    _check_one_of(entry.variant, settings.variants, f"{where}.variant")
    _check_one_of(entry.split, settings.splits, f"{where}.split")
    variant = settings.variants[entry.variant]
    if entry.backbone != variant.backbone:
        raise InputError(
            f"`{where}.backbone` in params.yaml is {shown(entry.backbone)}, but its variant "
            f"`{entry.variant}` has {variant.backbone}. Set it to `{variant.backbone}`."
        )
    return variant


def _check_repeats(settings: Any) -> None:
    """Check that no variant and no run is listed twice: its result would count as two."""
    remedies = {
        "variants": "Remove one and name the other in its runs, which may differ in their "
        "seeds. (Without `precision` a variant has that of `compute`.)",
        "runs": "Remove one, or give it another `seed`.",
    }
    for section, remedy in remedies.items():
        first: dict[str, str] = {}
        for name, entry in settings[section].items():
            set_apart = sorted(settings.departures(entry).items())
            other = first.setdefault(repr(set_apart), name)
            if other != name:
                raise InputError(
                    f"`{section}.{other}` and `{section}.{name}` in params.yaml have the same "
                    f"settings, so one result would count as two. {remedy}"
                )


def _check_one_of(value: str, allowed: Collection[str], where: str) -> None:
    if value not in allowed:
        near = get_close_matches(value, allowed, n=1, cutoff=0)[0]
        names = some_of([*allowed])
        raise InputError(
            f"`{where}` in params.yaml must be one of {names}. Got {shown(value)} instead. Did "
            f"you mean `{near}`?"
        )
