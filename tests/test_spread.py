import statistics

from scipy import stats

from fer_transfer.report import sections
from fer_transfer.results.evidence import Evidence

ROWS = [{"val_accuracy": 0.40}, {"val_accuracy": 0.42}, {"val_accuracy": 0.41}]


def test_several_seeds_have_a_deviation_and_an_interval_of_their_mean():
    values = [row["val_accuracy"] for row in ROWS]
    found = sections.spread(Evidence({}, {"final": {"a": ROWS}}))["final"]["a"]
    one = found["val_accuracy"]
    assert one["deviation"] == statistics.stdev(values)
    expected = stats.t.interval(0.95, 2, statistics.mean(values), stats.sem(values))
    assert abs(one["interval"][0] - expected[0]) < 1e-12


def test_one_seed_has_none():
    assert sections.spread(Evidence({}, {"final": {"a": ROWS[:1]}})) == {"final": {}}


def test_a_number_that_a_run_lacks_has_none():
    rows = [{"deduplicated_accuracy": None}, {"deduplicated_accuracy": 0.4}]
    found = sections.spread(Evidence({}, {"final": {"a": rows}}))
    assert found == {"final": {"a": {}}}
