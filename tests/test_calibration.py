import math

import numpy as np
import pytest
from scipy.special import softmax

from fer_transfer.scoring import calibration, scores


def brute_force_ece(labels, probabilities, num_bins=15):
    """Equation (3) of Guo et al. 2017, an image at a time: bins ((m-1)/M, m/M]."""
    bins = [[] for _ in range(num_bins)]
    for label, row in zip(labels.tolist(), probabilities.tolist(), strict=True):
        confidence = max(row) / sum(row)
        number = next(
            m
            for m in range(num_bins)
            if m / num_bins < confidence <= (m + 1) / num_bins
        )
        bins[number].append((confidence, row.index(max(row)) == label))
    gap = 0.0
    for inside in filter(None, bins):
        accuracy = sum(right for _, right in inside) / len(inside)
        confidence = sum(sure for sure, _ in inside) / len(inside)
        gap += len(inside) / len(labels) * abs(accuracy - confidence)
    return gap


def plain_loss(labels, probabilities, temperature):
    total = 0.0
    for label, row in zip(labels.tolist(), probabilities.tolist(), strict=True):
        powers = [max(p, 1e-300) ** (1 / temperature) for p in row]
        total -= math.log(powers[label] / sum(powers))
    return total / len(labels)


@pytest.fixture
def answers():
    """400 images; a network that is right as often as it says, and its logits."""
    random = np.random.default_rng(3)
    logits = random.normal(size=(400, 7)) * 1.5
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([random.choice(7, p=row) for row in honest], np.uint8)
    return labels, honest


def sharpened(honest, factor):
    """The same network, but surer: as if its logits were `factor` times as large."""
    powers = honest**factor
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(("factor", "num_bins"), [(0.3, 15), (4, 10)])
def test_the_error_agrees_with_a_plain_loop(answers, factor, num_bins):
    labels, honest = answers
    probabilities = sharpened(honest, factor)
    found = calibration.expected_calibration_error(labels, probabilities, num_bins)
    expected = brute_force_ece(labels, probabilities, num_bins)
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_confidence_on_an_edge_belongs_to_the_bin_below_it():
    halves = np.array([[0.5, 0.25, 0.25, 0, 0, 0, 0]])
    bins = calibration.reliability(np.array([0]), halves, num_bins=4)
    assert [one["images"] for one in bins] == [0, 1, 0, 0]
    assert (bins[1]["above"], bins[1]["up_to"]) == (0.25, 0.5)


def test_certainty_is_in_the_last_bin_even_where_float32_sums_to_more_than_1():
    row = np.zeros((1, 7), np.float32)
    row[0, 2] = np.nextafter(np.float32(1), np.float32(2))
    assert calibration.reliability(np.array([2]), row)[-1]["images"] == 1


@pytest.mark.parametrize("factor", [0.4, 2.5])
def test_the_temperature_is_where_a_grid_search_finds_the_least_loss(answers, factor):
    labels, honest = answers
    probabilities = sharpened(honest, factor)
    grid = np.exp(np.linspace(math.log(0.1), math.log(10), 231))  # 2 % apart
    losses = [plain_loss(labels, probabilities, one) for one in grid]
    best = grid[int(np.argmin(losses))]
    found = calibration.fit_temperature(labels, probabilities)
    assert found == pytest.approx(best, rel=0.021)
    assert plain_loss(labels, probabilities, found) <= min(losses) + 1e-6


def test_scaling_changes_no_answer_and_keeps_sums_at_1(answers):
    _, honest = answers
    after = calibration.with_temperature(honest, 2.7)
    assert np.array_equal(after.argmax(axis=1), honest.argmax(axis=1))
    assert after.sum(axis=1) == pytest.approx(np.ones(400))


def test_a_probability_of_0_leaves_everything_finite():
    probabilities = np.eye(7, dtype=np.float32)[[0, 1, 2, 3, 4]]
    labels = np.array([0, 1, 2, 3, 6])
    temperature = calibration.fit_temperature(labels, probabilities)
    assert temperature > 1
    assert np.isfinite(calibration.with_temperature(probabilities, temperature)).all()


def test_a_network_that_knows_nothing_keeps_its_temperature():
    uniform = np.full((14, 7), 1 / 7, np.float32)
    assert calibration.fit_temperature(np.arange(14) % 7, uniform) == 1


def test_nine_recognised_images_make_no_prediction_certain():
    probabilities = np.full((9, 7), 0.02)
    probabilities[:, 0] = 0.88
    labels = np.zeros(9, int)
    assert calibration.fit_temperature(labels, probabilities) < 0.1
    cautious = calibration.cautious_temperature(labels, probabilities)
    assert cautious["value"] == 1
    assert cautious["images"] == 9
    assert cautious["interval"][1] > 1


def test_with_many_images_the_cautious_temperature_is_about_the_most_likely_one():
    for too_sure in (0.5, 3.0):
        labels, probabilities = simulated(too_sure, 20_000, np.random.default_rng(1))
        cautious = calibration.cautious_temperature(labels, probabilities)
        assert cautious["value"] == pytest.approx(too_sure, rel=0.05)
        low, high = cautious["interval"]
        assert low < calibration.fit_temperature(labels, probabilities) < high


@pytest.mark.parametrize(("num_images", "most"), [(9, 0.01), (30, 0.003)])
@pytest.mark.parametrize("too_sure", [0.5, 1.0, 3.0])
def test_the_cautious_temperature_hardly_raises_the_loss_and_from_30_images_on_does_not(
    num_images, most, too_sure
):
    """Averaged over simulated networks whose logits are `too_sure` times those that are right."""
    random = np.random.default_rng(0)
    rise = []
    for _ in range(40):
        labels, probabilities = simulated(too_sure, num_images + 1000, random)
        fitted = calibration.cautious_temperature(
            labels[:num_images], probabilities[:num_images]
        )
        test, before = labels[num_images:], probabilities[num_images:]
        after = calibration.with_temperature(before, fitted["value"])
        rise.append(
            scores.cross_entropy(test, after) - scores.cross_entropy(test, before)
        )
    assert np.mean(rise) < most  # nats; simulation's own error is about 0.001


def simulated(too_sure, num_images, random):
    """Return labels (n,) drawn from a softmax, and probabilities (n, 7) of scaled logits."""
    logits = 2 * random.normal(size=(num_images, 7))
    labels = (logits + random.gumbel(size=logits.shape)).argmax(axis=1)
    return labels, softmax(too_sure * logits, axis=1)
