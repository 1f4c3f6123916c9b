"""Under which conditions a run trained, and which runs repeat each other."""

from typing import NamedTuple

from fer_transfer.settings.settings import Settings, Variant


class Protocol(NamedTuple):
    """What runs that are compared must have in common; None: as `train` in params.yaml says."""

    trainable_layers: int | str
    precision: str
    split: str = "random"
    learning_rate: float | None = None
    dropout: float | None = None
    train_share: float | None = None

    @property
    def label(self) -> str:
        """Say in words what trains, and what departs from the study's settings.

        >>> Protocol(0, "float32").label
        'head alone'
        >>> Protocol("all", "bfloat16", learning_rate=0.001).label
        'every layer, learning rate 0.001, bfloat16'
        """
        words = [self.layers]
        if self.learning_rate:
            words.append(f"learning rate {self.learning_rate:g}")
        if self.dropout:
            words.append(f"dropout {self.dropout:g}")
        if self.train_share:
            words.append(f"{self.train_share:.0%} of the training images")
        if self.split != "random":
            words.append(f"split {self.split}")
        if self.precision != "float32":
            words.append(self.precision)
        return ", ".join(words)

    @property
    def layers(self) -> str:
        """Say in words which layers train."""
        if self.trainable_layers == "all":
            return "every layer"
        return (
            f"last {self.trainable_layers} layers"
            if self.trainable_layers
            else "head alone"
        )


class Group(NamedTuple):
    """Runs that differ in nothing but the seed; the name is that of the first of them."""

    backbone: str
    weights: str  # pretrained or random
    protocol: Protocol
    runs: tuple[str, ...]


def by_the_text(settings: Settings) -> Protocol:
    """Return the protocol of the paper's section 4: all but the last four layers frozen."""
    return Protocol(4, settings.compute.precision, paper_split(settings))


def paper_split(settings: Settings) -> str:
    """Return the name of the split that the paper's tables are compared on: the first listed."""
    return next(iter(settings.splits))


def variant_of(settings: Settings, run: str) -> Variant:
    """Return the variant that a run trains."""
    return settings.variants[settings.runs[run].variant]


def groups(settings: Settings) -> dict[str, Group]:
    """Return the runs that repeat each other with other seeds, by the name of the first."""
    found: dict[tuple[str, str, Protocol], list[str]] = {}
    for name, run in settings.runs.items():
        variant = variant_of(settings, name)
        protocol = Protocol(
            variant.trainable_layers,
            variant.precision or settings.compute.precision,
            run.split,
            run.learning_rate,
            run.dropout,
            run.train_share,
        )
        key = variant.backbone, variant.weights, protocol
        found.setdefault(key, []).append(name)
    return {runs[0]: Group(*key, tuple(runs)) for key, runs in found.items()}
