"""Under which conditions a run trained, and which runs repeat each other."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from fer_transfer.results import paper
from fer_transfer.settings.settings import Settings

# Settings outside the recipe: names, the seed, what is compared, and Protocol's other fields.
NO_RECIPE = {"variant", "backbone", "weights", "hash", "seed"}
NO_RECIPE |= {"trainable_layers", "precision", "split"}
# What keeps the weights of the epoch that is best on validation.
BEST_EPOCH = "early_stopping"
WORDS = {
    "train_share": "{} of the training images",
    "train_per_class": "at most {} images of a class",
    "epochs": "{} epochs",
    "size": "input of {0}x{0}",
    "scaling": "input scaling {}",
    "augment": "augmented",
    "early_stopping": "best epoch (patience {})",
}


class Protocol(NamedTuple):
    """What runs that are compared must have in common.

    `recipe` is what a variant or a run sets in place of the study's settings.
    """

    trainable_layers: int | str
    precision: str
    split: str = "random"
    recipe: tuple[tuple[str, Any], ...] = ()

    @property
    def label(self) -> str:
        """Say in words what trains, and what departs from the study's settings.

        >>> Protocol(0, "float32").label
        'head alone'
        >>> Protocol("all", "bfloat16", recipe=(("learning_rate", 0.001),)).label
        'every layer, learning rate 0.001, bfloat16'
        """
        words = [self.layers]
        for key, value in self.recipe:
            plain = key.replace("_", " ")
            template = WORDS.get(key, plain if value is True else f"{plain} {{}}")
            words.append(template.format(value))
        if self.split != "random":
            words.append(f"split {self.split}")
        if self.precision != "float32":
            words.append(self.precision)
        return ", ".join(words)

    @property
    def conditions(self) -> "Protocol":
        """What two backbones must have in common.

        Each has an input size of its own, and where augmented the learning rate it can bear.
        """
        is_augmented = ("augment", True) in self.recipe
        return self.without(*(["size", "learning_rate"] if is_augmented else ["size"]))

    def without(self, *keys: str) -> "Protocol":
        """Return this protocol without these settings."""
        recipe = tuple(entry for entry in self.recipe if entry[0] not in keys)
        return self._replace(recipe=recipe)

    @property
    def layers(self) -> str:
        """Say in words which layers train."""
        if self.trainable_layers == "all":
            return "every layer"
        number = self.trainable_layers
        return f"last {number} layers" if number else "head alone"


class Group(NamedTuple):
    """Runs that differ in nothing but the seed; its name is that of the first of them."""

    backbone: str
    weights: str  # pretrained, random, or the path of a model file
    protocol: Protocol
    runs: tuple[str, ...]

    @property
    def network(self) -> str:
        """Return its name in the paper's tables: the backbone and its weights."""
        return f"{self.backbone}-{self.weights}"


def paper_protocol(settings: Settings) -> Protocol:
    """Return the protocol of the paper's section 4: all but the last four layers frozen."""
    precision = settings.compute.precision
    return Protocol(paper.TRAINABLE_LAYERS, precision, next(iter(settings.splits)))


def groups(settings: Settings) -> dict[str, Group]:
    """Return the runs that repeat each other with other seeds, by the name of the first."""
    repeated: dict[tuple[str, str, Protocol], list[str]] = {}
    for name, run in settings.runs.items():
        variant = settings.variants[run.variant]
        protocol = Protocol(
            variant.trainable_layers,
            variant.precision or settings.compute.precision,
            run.split,
            tuple(
                (key, value)
                for key, value in settings.departures(variant, run).items()
                if key not in NO_RECIPE
            ),
        )
        key = variant.backbone, variant.weights, protocol
        repeated.setdefault(key, []).append(name)
    return {runs[0]: Group(*key, tuple(runs)) for key, runs in repeated.items()}


def of_paper(settings: Settings) -> dict[str, Group]:
    """Return the groups of the paper's protocol."""
    usual, listed = paper_protocol(settings), groups(settings).items()
    return {name: group for name, group in listed if group.protocol == usual}


def at_best_epoch(ran: Mapping[str, Group]) -> dict[str, str]:
    """Return, by the name of a group, that of the group that keeps the best epoch of such runs."""
    best = {
        group._replace(protocol=group.protocol.without(BEST_EPOCH), runs=()): name
        for name, group in ran.items()
        if BEST_EPOCH in dict(group.protocol.recipe)
    }
    last = {name: best.get(group._replace(runs=())) for name, group in ran.items()}
    return {name: kept for name, kept in last.items() if kept}
