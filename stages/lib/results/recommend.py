"""Which backbone for which situation, from what was measured (the paper's algorithm, step 1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

# A network that keeps less than this share of the best one's lead over chance is not worth
# its speed.
WORTHWHILE = 0.5


@dataclass(frozen=True)
class Candidate:
    """A variant with results, and what it costs."""

    variant: str
    backbone: str
    accuracy: float  # on the test images without a copy in train
    parameters: int  # of the backbone
    milliseconds: float | None  # an image through the backbone; None: not measured
    bytes_an_image: float  # of features on disk

    @property
    def resources(self) -> float:
        """Weigh parameters and features alike: halving either counts the same."""
        return self.parameters * self.bytes_an_image


class Advice(NamedTuple):
    """The choice for one situation."""

    situation: str
    rule: str
    choice: Candidate | None
    paper: str  # the backbone that the paper recommends


RULES = (
    (
        "Quality first",
        "the highest accuracy on the test images without a copy in train",
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


def worthwhile(candidates: Sequence[Candidate], chance: float) -> list[Candidate]:
    """Return those that keep at least half of the best one's lead over chance."""
    lead = max((one.accuracy - chance for one in candidates), default=0)
    if lead <= 0:
        return []
    return [one for one in candidates if one.accuracy - chance >= WORTHWHILE * lead]


def recommend(candidates: Sequence[Candidate], chance: float) -> list[Advice]:
    """Choose a variant for each situation; none where nothing beats chance."""
    good = worthwhile(candidates, chance)
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
