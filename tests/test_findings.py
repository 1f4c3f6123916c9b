import pytest

from fer_transfer.results import findings
from fer_transfer.results.evidence import Evidence

NAMES = {("openface", "pretrained"): "near", ("mobilenet", "pretrained"): "far"}


def seeds(*values):
    return [{"val_accuracy": value} for value in values]


def detail(initial, final):
    """Say what is found of the first epoch, and of the last."""
    tables = {"initial": initial, "final": final, "table2": {}, "table4": {}}
    first, last, *_ = findings.find(Evidence(names=NAMES, tables=tables, num_val=3589))
    return first.detail, last.detail


TIGHT = {"near": seeds(0.500, 0.501, 0.502), "far": seeds(0.480, 0.481, 0.482)}
LOOSE = {"near": seeds(0.3, 0.5, 0.7), "far": seeds(0.25, 0.5, 0.73)}


@pytest.mark.parametrize("tight_first", [True, False])
def test_an_epoch_is_judged_by_its_own_scatter_over_seeds(tight_first):
    tables = (TIGHT, LOOSE) if tight_first else (LOOSE, TIGHT)
    close = ["too close to tell them apart" in text for text in detail(*tables)]
    assert close == [not tight_first, tight_first]


@pytest.mark.parametrize(
    ("whole", "deduplicated", "answer"),
    [
        (0.5, 0.5, "nothing"),
        (0.51, 0.5, "+1.0 points at most"),
        (0.5, 0.51, "−1.0 points at most"),
    ],
)
def test_what_duplicates_add_is_the_accuracy_with_less_that_without(
    whole, deduplicated, answer
):
    row = {"test_accuracy": whole, "deduplicated_accuracy": deduplicated}
    evidence = Evidence(names=NAMES, tables={"final": {"near": [row]}})
    assert findings.effect_of_duplicates(evidence).answer == answer
