"""Which backbone for which situation, from what was measured (the paper's algorithm, step 1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

# A network that keeps less than this share of the best one's lead over the majority-class baseline is not worth
# its speed.
WORTHWHILE = 0.5


@dataclass(frozen=True)
class Candidate:
    """A variant with results, and what it costs."""

    variant: str
    backbone: str
    accuracy: float  # on the test images without a duplicate in train
    parameters: int  # of the backbone
    milliseconds: float | None  # per image through the backbone; None: not measured
    bytes_per_image: float  # of features on disk

    @property
    def resources(self) -> float:
        """Weigh parameters and features alike: halving either counts the same."""
        return self.parameters * self.bytes_per_image


class Advice(NamedTuple):
    """The choice for one situation."""

    situation: str
    rule: str
    choice: Candidate | None
    paper: str  # the backbone that the paper recommends


RULES = (
    (
        "Quality first",
        "the highest accuracy on the test images without a duplicate in train",
        "vggface",
    ),
    (
        "Speed first",
        "the fewest milliseconds an image among the worthwhile",
        "openface",
    ),
    (
        "Few resources",
        "the smallest product of parameters and features’ size among the worthwhile",
        "openface",
    ),
)


def worthwhile(candidates: Sequence[Candidate], baseline: float) -> list[Candidate]:
    """Return those that keep at least half of the best one's lead over the majority-class baseline."""
    lead = max((one.accuracy - baseline for one in candidates), default=0)
    if lead <= 0:
        return []
    return [one for one in candidates if one.accuracy - baseline >= WORTHWHILE * lead]


def recommend(candidates: Sequence[Candidate], baseline: float) -> list[Advice]:
    """Choose a variant for each situation; none where nothing beats the baseline."""
    good = worthwhile(candidates, baseline)
    timed = [one for one in good if one.milliseconds is not None]
    choices = (
        max(good, key=lambda one: one.accuracy, default=None),
        min(timed, key=lambda one: one.milliseconds or 0, default=None),
        min(good, key=lambda one: one.resources, default=None),
    )
    return [
        Advice(situation, rule, choice, paper)
        for (situation, rule, paper), choice in zip(RULES, choices, strict=True)
    ]
