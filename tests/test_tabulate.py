import shutil
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import records
import settings_files
from published import PUBLISHED
from scipy import stats
from small_sets import write_faces, write_split

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.results import arithmetic, inputs, paper, table
from fer_transfer.settings.settings import load_settings
from stages import tabulate

WINDOWS = ["1-6", "6-11", "11-16", "16-19"]
HEADINGS = list(paper.WINDOWS)

# A name says nothing: the settings do. The last one trains every layer (C5).
RANDOM = {"weights": "random", "seed": 42}
VARIANTS = {
    "mobilenet-random": {"backbone": "mobilenet", "trainable_layers": 4, **RANDOM},
    "resnet50-pretrained": {
        "backbone": "resnet50",
        "weights": "pretrained",
        "trainable_layers": 4,
    },
    "scratch": {"backbone": "mobilenet", "trainable_layers": "all", **RANDOM},
}
EVERYWHERE = {"split": "random", "seed": 42}
RUNS = {
    name: {**EVERYWHERE, "variant": name, "backbone": variant["backbone"]}
    for name, variant in VARIANTS.items()
}


def write_params(folder, runs=RUNS, **changes):
    settings_files.write(folder, **{"variants": VARIANTS, "runs": runs} | changes)
    records.write(folder)


def write_results(folder, run, num_epochs=20, num_test=14, rise=0.01):
    """Write what evaluate would of a run whose accuracy rises by 0.01 per epoch."""
    epochs = np.arange(1, num_epochs + 1)
    history = {
        "epoch": epochs,
        "accuracy": 0.25 + rise * epochs,
        "val_accuracy": 0.25 + 0.004 * epochs,
        "loss": 2 - 0.02 * epochs,
        "val_loss": 2 - 0.015 * epochs,
    }
    files.write_csv(folder / f"plots/history/{run}.csv", pd.DataFrame(history))
    happy = np.full(num_test, EMOTIONS.index("happy"))
    files.write_codes(folder / f"plots/predictions/{run}.txt", happy)
    files.write_csv(folder / f"plots/examples/{run}.csv", pd.DataFrame({"row": []}))
    files.write_json(folder / f"metrics/calibration/{run}.json", {})
    test = {"images": num_test, "accuracy": 0.5, "recall": {"happy": 1.0}}
    scores = {"test": test, "deduplicated": test | {"images": 10, "accuracy": 0.4}}
    files.write_json(folder / f"metrics/test/{run}.json", scores)
    records.write(folder)


def make(folder):
    """Write a study of three variants, of which the second has no results."""
    write_params(folder)
    for name, rows in PUBLISHED.items():
        files.write_json(folder / f"metrics/paper/{name}.json", rows)
    files.write_json(folder / "metrics/dataset.json", {"name": paper.SYNTHETIC})
    labels = np.tile(np.arange(7, dtype=np.uint8), 10)
    write_faces(labels)
    for name in ("random", "official", "tables"):
        write_split(name, test=np.arange(14), val=np.arange(14, 24))
    files.write_json(folder / "metrics/costs.json", {"milliseconds_per_image": {}})
    files.write_json(folder / "metrics/assess.json", {})
    for name in ("mobilenet-random", "scratch"):
        measured = {"informative": name == "scratch", "bytes": 70, "images": 70}
        measured["parameters"] = {"backbone": 10, "trainable": 5}
        files.write_json(folder / f"metrics/features/{name}.json", measured)
    write_results(folder, "mobilenet-random")
    write_results(folder, "scratch")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The study as it is, tabulated once."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        make(folder)
        shutil.copytree(folder, folder.with_name("made"))
        tabulate.main()
    return folder


@pytest.fixture(scope="module")
def fits():
    return arithmetic.find(PUBLISHED)


@pytest.fixture
def study(whole, fits, tmp_path, monkeypatch):
    """The study before it was tabulated, to be changed; the current folder."""
    monkeypatch.setattr(arithmetic, "find", lambda published: fits)
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(whole.with_name("made"), tmp_path, dirs_exist_ok=True)


@pytest.fixture
def tabulated(whole, monkeypatch):
    monkeypatch.chdir(whole)


def test_tables_2_to_5_hold_mcr_and_mofr_of_accuracy_and_loss(tabulated):
    expected = {"table2": 0.01, "table3": -0.02, "table4": 0.006, "table5": -0.005}
    for name, rate in expected.items():
        row = metric(name)["scratch"]
        assert list(row) == WINDOWS
        assert list(row.values()) == pytest.approx([rate] * 4)


def metric(name):
    return files.read_json(Path(f"metrics/study/{name}.json"))


def rates(group, title="Accuracy MCR"):
    groups = inputs.read_table("groups")
    return table.select(groups, group=group, metric=title)


def test_differences_are_ours_minus_the_papers_where_both_exist(tabulated):
    known = rates("mobilenet-random")
    assert known["difference"].iloc[0] == pytest.approx(0.01 - 0.013814)
    assert known["paper"].tolist() == [0.013814, 0.021909, 0.023413, 0.025798]
    assert rates("scratch")["difference"].isna().all()


def test_a_published_rate_without_ours_is_a_row_of_no_seeds(tabulated):
    [row] = table.records(rates("vggface-pretrained").head(1))
    assert (row["paper"], row["mean"], row["seeds"]) == (0.001372, None, 0)
    assert "vggface-pretrained" not in metric("table2")


@pytest.mark.parametrize(
    ("windows", "published"),
    [
        ([[1, 10], [10, 20]], [None, None]),
        # Those of the text are compared with the columns of their headings.
        (
            [[1, 5], [5, 10], [10, 15], [15, 20]],
            [0.013814, 0.021909, 0.023413, 0.025798],
        ),
    ],
)
def test_only_windows_of_the_paper_are_compared(study, windows, published):
    write_params(study, tables={"windows": windows})
    tabulate.main()
    rows = metric("table2")["scratch"]
    assert list(rows) == [f"{first}-{last}" for first, last in windows]
    known = table.records(rates("mobilenet-random"))
    assert [row["paper"] for row in known] == published


def test_initial_and_final_are_the_first_and_the_last_epoch(tabulated):
    first = {"accuracy": 0.26, "val_accuracy": 0.254, "loss": 1.98, "val_loss": 1.985}
    last = {"accuracy": 0.45, "val_accuracy": 0.33, "loss": 1.6, "val_loss": 1.7}
    scores = {"test_accuracy": 0.5, "deduplicated_accuracy": 0.4}
    assert metric("initial")["scratch"] == first
    assert metric("final")["scratch"] == last | scores


def test_the_same_results_give_the_same_bytes_whatever_else_lies_there(study):
    tabulate.main()
    written = [*study.glob("metrics/study/*"), *study.glob("plots/study/*")]
    assert len(written) == 4 + 2 + 8 + 4
    first = {path: path.read_bytes() for path in written}
    # A run that params.yaml does not list is not read.
    (study / "metrics/test/old.json").write_text("not even JSON")
    write_results(study, "vggface-random")
    tabulate.main()
    assert {path: path.read_bytes() for path in first} == first


@contextmanager
def change_record():
    """Let dvc.lock hold something else of the stages."""
    lock = files.read_json(Path("dvc.lock"))
    yield lock["stages"]
    files.write_json(Path("dvc.lock"), lock)


def other_setting():
    settings_files.change({"runs.scratch.dropout": 0.5})
    return "`runs.scratch.dropout` was None, is 0.5"


def no_record():
    with change_record() as stages:
        del stages["evaluate@scratch"]
    return "dvc.lock has no record of evaluate@scratch"


def no_record_of_training():
    with change_record() as stages:
        del stages["train@scratch"]
    return "dvc.lock does not say what wrote data/runs/scratch/history.csv"


def trained_again():
    path = "data/runs/scratch/history.csv"
    with change_record() as stages:
        deps = stages["evaluate@scratch"]["deps"]
        [dep] = [dep for dep in deps if dep["path"] == path]
        dep["md5"] = "0" * 32
    return f"{path} has changed since evaluate@scratch ran"


def evaluated_by_hand():
    files.write_json(Path("metrics/test/scratch.json"), {})
    return "metrics/test/scratch.json is not the file that dvc.lock records"


@pytest.mark.parametrize(
    "change",
    [other_setting, no_record, no_record_of_training, trained_again, evaluated_by_hand],
)
def test_a_run_that_was_made_otherwise_is_left_out_and_named(study, caplog, change):
    why = change()
    tabulate.main()
    stage = "evaluate@scratch"
    assert f"Leaving out scratch: {why}. Run `dvc repro {stage}`." in caplog.text
    told = metric("study")
    assert told["missing"] == ["resnet50-pretrained", "scratch"]
    assert told["stale"] == {"scratch": why}
    assert list(told["ran"]) == ["mobilenet-random"]
    assert list(metric("final")) == list(told["ran"])


def test_classifiers_of_other_settings_are_left_out(study, caplog):
    files.write_json(Path("metrics/assess.json"), {"random": {}})
    search = {"variant": "frozen", "backbone": "mobilenet", "split": "random"}
    frozen = {"backbone": "mobilenet", "weights": "pretrained", "trainable_layers": 0}
    variants = VARIANTS | {"frozen": frozen}
    write_params(study, variants=variants, searches={"mine": search})
    assert inputs.read_assessed(load_settings()) == {"random": {}}
    settings_files.change({"splits.random.seed": 7})
    assert inputs.read_assessed(load_settings()) == {}
    assert "the classifiers: `splits.random.seed` was 42, is 7" in caplog.text


def test_where_no_run_is_current_the_tables_stay(study, caplog):
    tabulate.main()
    before = (study / "metrics/study/final.json").read_bytes()
    settings_files.change({"train.batch_size": 7})
    with pytest.raises(InputError, match="No run has results of the current settings"):
        tabulate.main()
    assert "scratch: `train.batch_size` was 32, is 7." in caplog.text
    assert (study / "metrics/study/final.json").read_bytes() == before


def test_a_missing_split_is_an_error_that_says_how_to_make_it(study):
    Path("data/splits/official.npz").unlink()
    with pytest.raises(InputError, match=r"no data/splits/official\.npz. Run `dvc re"):
        tabulate.main()


def test_a_stale_split_is_an_error_even_if_no_run_uses_it(study):
    settings_files.change(
        {"splits.official": settings_files.load()["splits"]["random"]}
    )
    message = r"stale: `splits\.official\.by` was 'parts', .* Run `dvc repro split`"
    with pytest.raises(InputError, match=message):
        tabulate.main()


def test_another_split_than_the_recorded_one_is_not_scored_against(study, caplog):
    """As after `git checkout` without `dvc checkout`."""
    write_split("random", test=np.arange(14, 28), val=np.arange(14))
    with pytest.raises(InputError, match="No run has results"):
        tabulate.main()
    assert "data/splits/random.npz is not the file that dvc.lock records" in caplog.text


def test_changed_code_and_settings_of_the_tables_leave_no_run_out(study):
    with change_record() as stages:
        for name in ("prepare", "split@random", "train@scratch", "evaluate@scratch"):
            stages[name]["deps"].append({"path": "stages/x.py", "md5": "0" * 32})
    settings_files.change({"tables.windows": [[1, 10]]})
    tabulate.main()
    told = metric("study")
    assert (list(told["ran"]), told["stale"]) == (["mobilenet-random", "scratch"], {})


def test_the_history_of_a_run_on_votes_alone_is_in_no_set_of_the_labels():
    history = pd.DataFrame({"epoch": [1], "accuracy": [0.8], "val_accuracy": [0.7]})
    result = SimpleNamespace(history=history, test={})
    sets = {row["set"] for row in table.rows_of(result, [], by_votes=True)}
    assert sets == {"votes_train", "votes_val"}


def test_study_says_what_the_results_rest_on(tabulated):
    assert metric("study") == {
        "data": paper.SYNTHETIC,
        "pretrained": "official",
        "paper_split": "random",
        "ran": {"mobilenet-random": ["mobilenet-random"], "scratch": ["scratch"]},
        "missing": ["resnet50-pretrained"],
        "stale": {},
        "repeats": {"scratch": "mobilenet-random"},
        "uninformative": ["mobilenet-random"],
    }


@pytest.fixture
def two_seeds(study):
    """The study, in which `scratch` has a second run and a third without results."""
    seeds = {"scratch-b": 43, "scratch-c": 44}
    more = {
        name: RUNS["scratch"] | {"variant": name, "seed": seed}
        for name, seed in seeds.items()
    }
    again = {name: VARIANTS["scratch"] | {"seed": seed} for name, seed in seeds.items()}
    write_params(study, runs=RUNS | more, variants=VARIANTS | again)
    write_results(study, "scratch-b", rise=0.03)
    return study


def test_runs_that_differ_in_the_seed_alone_are_one_row_of_means(two_seeds):
    tabulate.main()
    assert list(metric("table2")) == ["mobilenet-random", "scratch"]
    assert metric("table2")["scratch"]["1-6"] == 0.02
    assert metric("final")["scratch"]["accuracy"] == 0.65
    runs = table.select(
        inputs.read_table("results"), metric="Accuracy MCR", first=1, last=6
    )
    assert runs["run"].tolist() == ["mobilenet-random", "scratch", "scratch-b"]
    assert runs["value"].tolist() == pytest.approx([0.01, 0.01, 0.03])
    [row] = table.records(rates("scratch").head(1))
    assert row["seeds"] == 2
    assert row["deviation"] == pytest.approx(np.std([0.01, 0.03], ddof=1))
    assert (row["low"], row["high"]) == (None, None)
    told = metric("study")
    assert told["ran"]["scratch"] == ["scratch", "scratch-b"]
    assert told["missing"] == ["resnet50-pretrained", "scratch-c"]


def test_a_group_has_the_features_of_its_first_run_with_results(two_seeds):
    (two_seeds / "metrics/test/scratch.json").unlink()
    Path("metrics/features/scratch.json").unlink()
    uninformative = files.read_json(Path("metrics/features/mobilenet-random.json"))
    files.write_json(Path("metrics/features/scratch-b.json"), uninformative)
    tabulate.main()
    assert "scratch" in metric("study")["uninformative"]


def test_a_published_rate_stands_beside_its_network_whatever_its_runs_are_called(study):
    write_params(study, runs={"mine": RUNS["mobilenet-random"]})
    write_results(study, "mine")
    tabulate.main()
    first, *_ = PUBLISHED["table2"]["mobilenet-random"].values()
    assert table.records(rates("mine"))[0]["paper"] == first


def test_no_published_rate_stands_beside_another_protocol_or_other_data(study):
    name = "mobilenet-random"
    write_params(study, runs={name: RUNS[name] | {"epochs": 3}})
    write_results(study, name)
    tabulate.main()
    assert rates(name)["paper"].isna().all()
    write_params(study, runs={name: RUNS[name]})
    write_results(study, name)
    files.write_json(Path("metrics/dataset.json"), {"name": "photos"})
    tabulate.main()
    assert inputs.read_table("groups")["paper"].isna().all()


def test_a_run_may_be_called_1_and_a_class_null(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = pd.DataFrame({"run": ["1"], "actual": ["null"], "share": [None]})
    files.write_csv(Path("plots/study/confusion.csv"), rows)
    assert inputs.read_table("confusion").iloc[0, :2].tolist() == ["1", "null"]
    assert inputs.read_table("confusion")["share"].isna().all()


def test_three_seeds_have_an_interval_over_seeds(two_seeds):
    write_results(two_seeds, "scratch-c", rise=0.05)
    tabulate.main()
    [row] = table.records(rates("scratch").head(1))
    expected = stats.t.interval(0.95, 2, 0.03, stats.sem([0.01, 0.03, 0.05]))
    assert (row["low"], row["high"]) == pytest.approx(expected, rel=1e-6)


def test_seeds_that_stopped_early_in_different_epochs_are_one_row_of_the_last_epoch(
    two_seeds,
):
    write_results(two_seeds, "scratch-b", num_epochs=10, rise=0.03)
    tabulate.main()
    assert metric("final")["scratch"]["accuracy"] == pytest.approx(
        (0.25 + 0.01 * 20 + 0.25 + 0.03 * 10) / 2
    )
    assert metric("final")["scratch"]["test_accuracy"] == 0.5


@pytest.mark.parametrize("first", ["scratch-b", "mobilenet-random"])
def test_runs_with_the_same_outputs_are_named_and_count_as_one_seed(
    two_seeds, caplog, first
):
    """Whether the first of them is of the same protocol or of another one."""
    for name in (first, "scratch-c"):
        write_results(two_seeds, name, rise=0.03)  # as scratch-b
    tabulate.main()
    told = metric("study")
    assert told["ran"]["scratch"] == ["scratch", "scratch-b"]
    assert told["repeats"]["scratch-c"] == first
    assert f"scratch-c has the same history and predictions as {first}" in caplog.text
    assert metric("final")["scratch"]["accuracy"] == 0.65


def test_one_seed_has_no_spread_and_a_number_that_a_run_lacks_no_mean(study):
    test = files.read_json(study / "metrics/test/scratch.json")
    test["deduplicated"]["accuracy"] = None
    files.write_json(study / "metrics/test/scratch.json", test)
    records.write(study)
    tabulate.main()
    [row] = table.records(
        table.select(rates("scratch", "accuracy"), set="deduplicated")
    )
    assert [row[key] for key in ("mean", "deviation", "low", "high")] == [None] * 4
    final = metric("final")["scratch"]
    assert final["deduplicated_accuracy"] is None


def test_the_table_of_runs_has_every_epoch_and_window(tabulated):
    runs = inputs.read_table("results")
    assert runs["network"].unique().tolist() == ["MobileNet", "MobileNet, every layer"]
    mine = runs[runs["run"] == "scratch"]
    train = table.select(mine, metric="accuracy", set="train")
    assert train["first"].tolist() == train["last"].tolist() == [*range(1, 21)]
    assert train["value"].tolist() == pytest.approx(0.25 + 0.01 * train["first"])
    windows = table.select(mine, metric="Loss MOFR")
    assert [*zip(windows["first"], windows["last"], strict=True)] == [
        *((1, 6), (6, 11), (11, 16), (16, 19))
    ]


def test_a_test_accuracy_has_wilsons_interval(tabulated):
    runs = table.select(inputs.read_table("results"), run="scratch", metric="accuracy")
    [row] = table.records(table.select(runs, set="deduplicated"))
    expected = stats.binomtest(4, 10).proportion_ci(method="wilson")
    assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high))


def test_confusion_has_a_cell_for_each_pair_of_classes_and_its_shares_sum_to_1(
    tabulated,
):
    confusion = files.read_csv(Path("plots/study/confusion.csv"))
    sizes = confusion.groupby("run").size().to_dict()
    assert sizes == {"mobilenet-random": 49, "scratch": 49}
    sums = confusion.groupby(["run", "actual"])["share"].sum()
    assert sums.tolist() == pytest.approx([1] * 14)
    assert confusion[confusion["predicted"] == "happy"]["images"].tolist() == [2] * 14


def test_a_study_without_results_writes_headers_and_names_all(study):
    for path in study.glob("metrics/test/*.json"):
        path.unlink()
    tabulate.main()
    assert metric("table2") == {}
    told = metric("study")
    assert (told["ran"], told["missing"]) == ({}, list(VARIANTS))
    for name in ("results", "confusion"):
        assert files.read_csv(study / f"plots/study/{name}.csv").empty
    assert set(inputs.read_table("groups")["seeds"]) == {0}
    assert metric("answer")["comparisons"] == []
    claims = metric("claims")
    assert {one["ours"]["word"] for one in claims} <= {"not testable", "supported"}


def test_the_papers_tables_are_whole():
    for rows in PUBLISHED.values():
        assert len(rows) == 8
        assert all(list(row) == HEADINGS for row in rows.values())
    # One value of each, read off the paper.
    assert PUBLISHED["table2"]["openface-pretrained"]["1-5"] == 0.080035
    assert PUBLISHED["table3"]["vggface-pretrained"]["11-15"] == -3.9e-05
    assert PUBLISHED["table4"]["resnet50-random"]["16-20"] == -0.00187
    assert PUBLISHED["table5"]["resnet50-random"]["16-20"] == 0.012097
