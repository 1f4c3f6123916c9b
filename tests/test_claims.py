from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from fer_transfer.core import files
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.results import claims, comparisons, verdicts
from fer_transfer.results.evidence import Evidence, names, seed_margin
from fer_transfer.results.paper import BACKBONES
from fer_transfer.results.protocols import groups
from fer_transfer.scoring import rates
from fer_transfer.settings.settings import Run, Variant, load_settings

PAPER = Path(__file__).parents[1] / "metrics/paper"
STARTS = ("pretrained", "random")
WINDOWS = ("1-5", "6-10", "11-15", "16-20")
CLAIMS = {claim.key: claim for claim in claims.CLAIMS}


def table(value_of):
    """Give every variant a rate in every window, of one run."""
    return {
        f"{backbone}-{start}": [
            {window: value_of(backbone, start, window) for window in WINDOWS}
        ]
        for backbone in BACKBONES
        for start in STARTS
    }


def converges(backbone, start, window):
    """Make pretrained faster at first and random at last, OpenFace most and VGG-Face least."""
    faster = (start == "pretrained") != (window == "16-20")
    if backbone == "vggface":
        return 0.001 + 0.001 * faster
    return 0.01 + 0.01 * faster + 0.01 * (backbone == "openface")


def overfits(backbone, start, window):
    return 0.01 + 0.01 * (start == "pretrained") + 0.01 * (backbone == "openface")


def accuracies(**pretrained):
    """Set validation accuracies of the pretrained variants; the random ones are 0.1 less."""
    return {
        f"{backbone}-{start}": [{"val_accuracy": value - 0.1 * (start == "random")}]
        for backbone, value in pretrained.items()
        for start in STARTS
    }


AS_CLAIMED = accuracies(mobilenet=0.4, openface=0.5, resnet50=0.51, vggface=0.7)
RECALL = dict.fromkeys(comparisons.RECOGNISED, 0.6) | {
    "sad": 0.4,
    "neutral": 0.4,
    "disgust": 0.1,
}


@pytest.fixture
def study():
    """A study of eight variants that turned out as the paper says in every respect."""
    return Evidence(
        names={(b, start): f"{b}-{start}" for b in BACKBONES for start in STARTS},
        tables={
            "table2": table(converges),
            "table4": table(overfits),
            "initial": AS_CLAIMED,
            "final": AS_CLAIMED,
            "recall": {key: [RECALL] for key in AS_CLAIMED},
        },
        num_val=3589,
        num_test=dict.fromkeys(EMOTIONS, 1000),
        parameters={"openface": 3_743_280, "resnet50": 23_587_712},
        milliseconds={"openface": 4, "resnet50": 32},
    )


@pytest.fixture
def paper():
    """What the paper itself printed: rates, and nothing else."""
    return Evidence(
        names={(b, start): f"{b}-{start}" for b in BACKBONES for start in STARTS},
        tables={
            name: {
                variant: [row]
                for variant, row in files.read_json(PAPER / f"{name}.json").items()
            }
            for name in ("table2", "table4")
        }
        | {"final": {}},
    )


def word(key, evidence):
    return verdicts.judge(CLAIMS[key], evidence).word


@pytest.mark.parametrize("key", CLAIMS)
def test_what_came_out_as_claimed_is_supported(key, study):
    assert word(key, study) == "supported"


def reversed_table(value_of):
    """Swap pretrained and random, and let every backbone but OpenFace lead."""

    def value(backbone, start, window):
        other = STARTS[start == "pretrained"]
        return value_of(backbone, other, window) - 0.02 * (backbone == "openface")

    return table(value)


def level(value):
    return table(lambda *_: value)


# For each claim a study in which it is wrong: tables in place of those as claimed.
OTHERWISE = {
    "pretrained-better": {
        "final": AS_CLAIMED | {"resnet50-random": [{"val_accuracy": 0.6}]}
    },
    "pretrained-faster": {"table2": reversed_table(converges)},
    "random-overtakes": {"table2": level(0.01)},
    "pretrained-overfits": {"table4": reversed_table(overfits)},
    "vggface-first": {
        "initial": accuracies(mobilenet=0.8, openface=0.5, resnet50=0.5, vggface=0.7)
    },
    "vggface-last": {
        "final": accuracies(mobilenet=0.8, openface=0.5, resnet50=0.5, vggface=0.7)
    },
    "vggface-slowest": {"table2": level(0.01)},
    "openface-comparable": {
        "final": accuracies(mobilenet=0.4, openface=0.4, resnet50=0.5, vggface=0.7)
    },
    "mobilenet-below": {
        "final": accuracies(mobilenet=0.6, openface=0.5, resnet50=0.5, vggface=0.7)
    },
    "openface-fastest": {"table2": reversed_table(converges)},
    "openface-overfits": {"table4": reversed_table(overfits)},
    "faces-surpass": {
        "final": accuracies(mobilenet=0.7, openface=0.5, resnet50=0.6, vggface=0.5)
    },
    "four-best": {"recall": {key: [RECALL | {"sad": 0.9}] for key in AS_CLAIMED}},
    "disgust-worst": {"recall": {key: [RECALL | {"fear": 0.0}] for key in AS_CLAIMED}},
}


def change(evidence, key):
    """Let a study turn out otherwise than a claim says."""
    if key == "openface-lighter":
        return replace(evidence, milliseconds={"openface": 40, "resnet50": 32})
    return replace(evidence, tables=evidence.tables | OTHERWISE[key])


@pytest.mark.parametrize("key", CLAIMS)
def test_what_came_out_otherwise_is_contradicted(key, study):
    assert word(key, change(study, key)) == "contradicted"


@pytest.mark.parametrize("key", sorted(CLAIMS.keys() - {"openface-lighter"}))
def test_without_any_pretrained_variant_no_claim_about_them_is_testable(key, study):
    absent = {f"{backbone}-pretrained": "not run" for backbone in BACKBONES}
    tables = {
        name: {variant: row for variant, row in rows.items() if variant not in absent}
        for name, rows in study.tables.items()
    }
    left = replace(study, absent=absent, tables=tables)
    verdict = verdicts.judge(CLAIMS[key], left)
    assert verdict.word == "not testable"
    assert verdict.summary.startswith("undecided: no results of ")
    assert all(check.why == "not run" for check in verdict.checks)


def test_a_missing_variant_leaves_a_claim_about_all_open(study):
    without = replace(study, absent={"vggface-random": "not run"})
    verdict = verdicts.judge(CLAIMS["pretrained-better"], without)
    assert verdict.word == "not testable"
    assert verdict.summary == "3 of 3 comparisons hold, 1 undecided"


def test_one_counterexample_is_enough_whatever_is_missing(study):
    without = replace(study, absent={"vggface-random": "not run"})
    otherwise = change(without, "pretrained-better")
    assert word("pretrained-better", otherwise) == "contradicted"


def test_one_case_is_enough_for_a_claim_about_some(study):
    without = replace(study, absent={"vggface-random": "not run"})
    assert word("random-overtakes", without) == "supported"


def test_a_variant_with_uninformative_features_is_left_out(study):
    dull = replace(study, uninformative=frozenset({"mobilenet-random"}))
    verdict = verdicts.judge(CLAIMS["pretrained-better"], dull)
    assert verdict.word == "supported"
    assert verdict.summary == "3 of 3 comparisons hold"
    assert verdict.checks[0].why == "left out: uninformative features"


def test_what_is_left_out_for_another_reason_has_no_margin(study):
    close = accuracies(mobilenet=0.49, openface=0.5, resnet50=0.5, vggface=0.7)
    dull = replace(
        study,
        uninformative=frozenset({"mobilenet-pretrained"}),
        tables=study.tables | {"final": close},
    )
    [check] = verdicts.judge(CLAIMS["mobilenet-below"], dull).checks
    assert (check.why, check.margin) == ("left out: uninformative features", None)


def test_what_is_left_out_is_no_reason_for_the_rest_to_be_open(study):
    absent = {f"{backbone}-pretrained": "not run" for backbone in BACKBONES}
    del absent["mobilenet-pretrained"]
    dull = replace(study, absent=absent, uninformative=frozenset({"mobilenet-random"}))
    summary = verdicts.judge(CLAIMS["pretrained-better"], dull).summary
    assert summary == f"undecided: no results of {', '.join(absent)}"


@pytest.mark.parametrize("key", ["pretrained-better", "random-overtakes"])
def test_where_no_features_are_informative_nothing_is_decided(key, study):
    assert word(key, replace(study, uninformative=frozenset(AS_CLAIMED))) == (
        "not testable"
    )


def test_few_images_decide_nothing_about_accuracy(study):
    few = replace(study, num_val=11, num_test=dict.fromkeys(EMOTIONS, 3))
    by_share = [key for key, claim in CLAIMS.items() if claim.unit == "share"]
    assert {key: word(key, few) for key in by_share} == dict.fromkeys(
        by_share, "not testable"
    )


def test_a_difference_within_the_margin_of_error_decides_nothing(study):
    close = accuracies(mobilenet=0.49, openface=0.5, resnet50=0.5, vggface=0.7)
    verdict = verdicts.judge(
        CLAIMS["mobilenet-below"],
        replace(study, tables=study.tables | {"final": close}),
    )
    assert verdict.word == "not testable"
    assert verdict.summary == "undecided: not significant by images"
    assert verdict.checks[0].margin == pytest.approx(1.96 * np.sqrt(0.5 / 3589), 1e-3)


# Worked out by hand from Tables 2 and 4 as printed.
BY_ITS_OWN_TABLES = {
    "pretrained-faster": ("contradicted", "3 of 4 comparisons hold"),
    "random-overtakes": ("supported", "3 of 4 comparisons hold"),
    "pretrained-overfits": ("contradicted", "2 of 4 comparisons hold"),
    "vggface-slowest": ("supported", "3 of 3 comparisons hold"),
    "openface-fastest": ("supported", "3 of 3 comparisons hold"),
    "openface-overfits": ("supported", "3 of 3 comparisons hold"),
}


@pytest.mark.parametrize("key", CLAIMS)
def test_the_paper_s_own_tables_give(key, paper):
    verdict = verdicts.judge(CLAIMS[key], paper)
    assert verdict.has_numbers == (key in BY_ITS_OWN_TABLES)
    if verdict.has_numbers:
        assert (verdict.word, verdict.summary) == BY_ITS_OWN_TABLES[key]


@pytest.mark.parametrize(("first", "last"), [(1, 5), (1, 10), (6, 20), (1, 20)])
def test_windows_add_up_to_the_rate_over_all_their_epochs(first, last):
    metric = np.random.default_rng(1).random(20).cumsum()
    by_window = {
        f"{low}-{high}": rates.mean_convergence_rate(metric, low, high)
        for low, high in rates.windows(20, 5)
    }
    evidence = Evidence(names={}, tables={"table2": {"tiny": [by_window]}})
    expected = rates.mean_convergence_rate(metric, first, last)
    found = evidence.rates("table2", "tiny", first, last)
    assert found == [pytest.approx(expected)]


@pytest.mark.parametrize(("first", "last"), [(1, 8), (3, 10), (16, 20)])
def test_there_is_no_rate_where_the_windows_do_not_end(first, last):
    by_window = {"1-5": 0.1, "6-10": 0.1, "11-15": 0.1}
    evidence = Evidence(names={}, tables={"table2": {"tiny": [by_window]}})
    assert evidence.rates("table2", "tiny", first, last) == []


def test_the_paper_s_variants_are_compared_and_not_one_that_was_added():
    settings = load_settings()
    settings.variants["mobilenet-scratch"] = Variant(
        backbone="mobilenet", weights="random", trainable_layers="all", seed=42
    )
    settings.runs["mobilenet-scratch"] = Run(variant="mobilenet-scratch", seed=42)
    found = names(groups(settings), 4, "float32")
    assert found["mobilenet", "random"] == "mobilenet-random"
    assert set(found.values()) >= set(AS_CLAIMED)
    assert "mobilenet-scratch" not in found.values()


def seeds(*values):
    return [{"val_accuracy": value} for value in values]


def by_seeds(study, **runs):
    """Give variants several runs, in place of the one as claimed."""
    return replace(study, tables=study.tables | {"final": AS_CLAIMED | runs})


BELOW = CLAIMS["mobilenet-below"]  # OpenFace pretrained has 0.5


def test_with_three_seeds_on_both_sides_the_margin_is_that_of_welchs_interval(study):
    # Apart by 0.01, which 3,589 images alone could not tell; the seeds agree to 0.002.
    close = {
        "openface-pretrained": seeds(0.499, 0.5, 0.501),
        "mobilenet-pretrained": seeds(0.489, 0.49, 0.491),
    }
    assert verdicts.judge(BELOW, by_seeds(study, **close)).word == "supported"
    wide = close | {"mobilenet-pretrained": seeds(0.45, 0.49, 0.53)}
    [check] = verdicts.judge(BELOW, by_seeds(study, **wide)).checks
    assert check.holds is None
    assert check.why == "not significant by 3 and 3 seeds"
    assert check.margin == seed_margin([0.499, 0.5, 0.501], [0.45, 0.49, 0.53])


@pytest.mark.parametrize("key", ["mobilenet-below", "openface-comparable"])
def test_runs_of_two_precisions_are_not_compared(key, study):
    same = study.tables["final"] | {
        f"{backbone}-pretrained": seeds(0.5) for backbone in ("mobilenet", "resnet50")
    }
    mixed = replace(
        study,
        precisions={"openface-pretrained": "bfloat16"},
        tables=study.tables | {"final": same},
    )
    [check] = verdicts.judge(CLAIMS[key], mixed).checks
    assert check.holds is None
    assert check.why.startswith("not compared: ")
    assert check.margin is None


@pytest.mark.parametrize("number", [1, 2])
def test_with_fewer_than_three_seeds_the_images_decide(study, number):
    few = {
        "openface-pretrained": seeds(0.499, 0.5, 0.501),
        "mobilenet-pretrained": seeds(*[0.49] * number),
    }
    [check] = verdicts.judge(BELOW, by_seeds(study, **few)).checks
    assert check.holds is None
    assert check.why == "not significant by images"
    assert check.margin == pytest.approx(0.023, abs=5e-4)


@pytest.mark.parametrize("sizes", [(3, 3), (3, 7), (10, 4)])
def test_the_margin_over_seeds_is_half_of_scipys_interval(sizes):
    random = np.random.default_rng(1)
    left, right = (random.normal(0.5, 0.1 / size, size) for size in sizes)
    welch = stats.ttest_ind(left, right, equal_var=False).confidence_interval(0.95)
    half = (welch.high - welch.low) / 2
    assert seed_margin(left, right) == pytest.approx(half)


def test_seeds_that_agree_to_the_last_digit_leave_no_margin(study):
    same = {
        "openface-pretrained": seeds(0.5, 0.5, 0.5),
        "mobilenet-pretrained": seeds(0.499, 0.499, 0.499),
    }
    assert verdicts.judge(BELOW, by_seeds(study, **same)).word == "supported"


def test_the_number_that_is_shown_is_the_mean_over_seeds(study):
    three = by_seeds(study, **{"openface-pretrained": seeds(0.4, 0.5, 0.9)})
    [check] = verdicts.judge(BELOW, three).checks
    assert check.left == pytest.approx(0.6)
