import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from stages import tabulate
from stages.lib.core import files
from stages.lib.study import validation
from stages.lib.study.fer2013 import EMOTIONS
from stages.lib.study.settings import Variant

ROOT = Path(__file__).parents[1]
WINDOWS = ["1-5", "6-10", "11-15", "16-20"]

# A name says nothing: the settings do. The last one trains every layer (C5).
VARIANTS = {
    "mobilenet-random": ("mobilenet", "random", 4),
    "resnet50-pretrained": ("resnet50", "pretrained", 4),
    "scratch": ("mobilenet", "random", "all"),
}


def write_params(folder, **changes):
    """Write the project's own params.yaml with other variants and `section=values`."""
    yaml = YAML()
    settings = yaml.load(ROOT / "params.yaml")
    keys = ("backbone", "weights", "trainable_layers")
    settings["variants"] = {
        name: dict(zip(keys, values, strict=True)) for name, values in VARIANTS.items()
    }
    for section, values in changes.items():
        settings[section].update(values)
    yaml.dump(settings, folder / "params.yaml")


def write_results(folder, variant, num_epochs=20, num_test=14):
    """Write what evaluate would of a variant whose accuracy rises by 0.01 an epoch."""
    epochs = np.arange(1, num_epochs + 1)
    history = {
        "epoch": epochs,
        "accuracy": 0.25 + 0.01 * epochs,
        "val_accuracy": 0.25 + 0.004 * epochs,
        "loss": 2 - 0.02 * epochs,
        "val_loss": 2 - 0.015 * epochs,
    }
    files.write_csv(folder / f"plots/history/{variant}.csv", pd.DataFrame(history))
    predictions = {"actual": EMOTIONS * 2, "predicted": ("happy",) * 14}
    files.write_csv(
        folder / f"plots/predictions/{variant}.csv", pd.DataFrame(predictions)
    )
    files.write_json(
        folder / f"metrics/test/{variant}.json",
        {
            "test": {"images": num_test, "accuracy": 0.5},
            "deduplicated": {"images": 10, "accuracy": 0.4},
        },
    )


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study of three variants, of which the second has no results."""
    monkeypatch.chdir(tmp_path)
    write_params(tmp_path)
    for number in range(2, 6):
        name = f"metrics/paper/table{number}.json"
        files.write_json(tmp_path / name, files.read_json(ROOT / name))
    files.write_json(
        tmp_path / "metrics/dataset.json",
        {"images": 70, "official": False, "source_file": "fer2013.csv"},
    )
    files.write_json(tmp_path / "metrics/split.json", {"test": {"total": 14}})
    files.write_json(
        tmp_path / "metrics/features/mobilenet-random.json", {"informative": False}
    )
    files.write_json(tmp_path / "metrics/features/scratch.json", {"informative": True})
    write_results(tmp_path, "mobilenet-random")
    write_results(tmp_path, "scratch")
    return tmp_path


def test_tables_2_to_5_hold_mcr_and_mofr_of_accuracy_and_loss(study):
    tabulate.main()
    expected = {"table2": 0.01, "table3": -0.02, "table4": 0.006, "table5": -0.005}
    for table, rate in expected.items():
        row = files.read_json(study / f"metrics/{table}.json")["scratch"]
        assert list(row) == WINDOWS
        assert list(row.values()) == pytest.approx([rate] * 4)


def test_differences_are_ours_minus_the_papers_where_both_exist(study):
    tabulate.main()
    difference = files.read_json(study / "metrics/difference/table2.json")
    assert list(difference) == ["mobilenet-random"]
    assert difference["mobilenet-random"]["1-5"] == pytest.approx(0.01 - 0.013814)


def test_only_windows_of_the_paper_are_compared(study):
    write_params(study, tables={"window": 10})
    tabulate.main()
    assert list(files.read_json(study / "metrics/table2.json")["scratch"]) == [
        "1-10",
        "11-20",
    ]
    difference = files.read_json(study / "metrics/difference/table2.json")
    assert difference == {"mobilenet-random": {}}


def test_initial_and_final_are_the_first_and_the_last_epoch(study):
    tabulate.main()
    assert files.read_json(study / "metrics/initial.json")["scratch"] == {
        "accuracy": 0.26,
        "val_accuracy": 0.254,
        "loss": 1.98,
        "val_loss": 1.985,
    }
    assert files.read_json(study / "metrics/final.json")["scratch"] == {
        "accuracy": 0.45,
        "val_accuracy": 0.33,
        "loss": 1.6,
        "val_loss": 1.7,
        "test_accuracy": 0.5,
        "deduplicated_accuracy": 0.4,
    }


@pytest.mark.parametrize(
    "table", ["table2", "table3", "table4", "table5", "initial", "final"]
)
def test_a_variant_without_results_is_named(study, table):
    tabulate.main()
    values = files.read_json(study / f"metrics/{table}.json")
    assert values["missing"] == ["resnet50-pretrained"]
    assert list(values) == ["mobilenet-random", "scratch", "missing"]


def test_a_variant_that_params_does_not_list_is_not_read(study):
    tabulate.main()
    first = {path: path.read_bytes() for path in study.glob("metrics/*.json")}
    (study / "metrics/test/old.json").write_text("not even JSON")
    write_results(study, "vggface-random")
    tabulate.main()
    assert {path: path.read_bytes() for path in first} == first


@pytest.mark.parametrize("other", [{"num_epochs": 3}, {"num_test": 7177}])
def test_results_of_another_study_are_left_out_and_named(study, caplog, other):
    write_results(study, "scratch", **other)
    with caplog.at_level(logging.WARNING):
        tabulate.main()
    assert "Leaving out scratch: it has" in caplog.text
    assert "Run `dvc repro evaluate@scratch`" in caplog.text
    missing = files.read_json(study / "metrics/table2.json")["missing"]
    assert missing == ["resnet50-pretrained", "scratch"]


def test_study_says_what_the_results_rest_on(study):
    tabulate.main()
    assert files.read_json(study / "metrics/study.json") == {
        "data": "FER2013",
        "pretrained": "official",
        "images": 70,
        "official": False,
        "source_file": "fer2013.csv",
        "epochs": 20,
        "ran": ["mobilenet-random", "scratch"],
        "missing": ["resnet50-pretrained"],
        "uninformative": ["mobilenet-random"],
        "trainable_layers": {
            "mobilenet-random": 4,
            "resnet50-pretrained": 4,
            "scratch": "all",
        },
        "weights": {
            "mobilenet-random": "random",
            "resnet50-pretrained": "pretrained",
            "scratch": "random",
        },
    }


def test_study_tells_the_sample_and_its_stand_in_weights(study):
    write_params(study, data={"source": "sample"}, weights={"pretrained": "stand-in"})
    tabulate.main()
    told = files.read_json(study / "metrics/study.json")
    assert (told["data"], told["pretrained"]) == ("sample", "stand-in")


def test_learning_curves_are_gathered_by_the_settings_backbone(study):
    tabulate.main()
    table = files.read_csv(study / "plots/learning/mobilenet.csv")
    assert table["variant"].unique().tolist() == ["mobilenet-random", "scratch"]
    assert table["weights"].unique().tolist() == ["random"]
    assert table["epoch"].tolist() == [*range(1, 21)] * 2


def test_every_backbone_of_the_settings_has_a_learning_plot():
    choices = dict(validation._specs(Variant))["backbone"].argparse_kwargs["one_of"]
    assert set(tabulate.BACKBONES) == set(choices)


def test_confusion_has_49_cells_a_variant_and_its_shares_sum_to_1(study):
    tabulate.main()
    table = files.read_csv(study / "plots/confusion.csv")
    assert list(table.columns) == ["variant", "actual", "predicted", "images", "share"]
    assert table.groupby("variant").size().to_dict() == {
        "mobilenet-random": 49,
        "scratch": 49,
    }
    sums = table.groupby(["variant", "actual"])["share"].sum()
    assert sums.tolist() == pytest.approx([1] * 14)


def test_test_accuracy_is_given_with_and_without_twins(study):
    tabulate.main()
    assert (study / "plots/test.csv").read_text() == (
        "variant,accuracy,deduplicated_accuracy\n"
        "mobilenet-random,0.5,0.4\nscratch,0.5,0.4\n"
    )


def test_a_study_without_results_writes_headers_and_names_all(study):
    for path in study.glob("metrics/test/*.json"):
        path.unlink()
    tabulate.main()
    assert files.read_json(study / "metrics/table2.json") == {"missing": list(VARIANTS)}
    columns = "accuracy,val_accuracy,loss,val_loss\n"
    headers = {
        "initial": f"variant,{columns}",
        "test": "variant,accuracy,deduplicated_accuracy\n",
        "confusion": "variant,actual,predicted,images,share\n",
        **{
            f"learning/{name}": f"variant,weights,epoch,{columns}"
            for name in ("mobilenet", "resnet50", "openface", "vggface")
        },
    }
    for name, header in headers.items():
        assert (study / f"plots/{name}.csv").read_text() == header


def test_two_runs_write_the_same_bytes(study):
    def outputs():
        tabulate.main()
        return {p: p.read_bytes() for p in study.rglob("*") if p.is_file()}

    assert outputs() == outputs()


def test_the_papers_tables_are_whole():
    tables = [
        files.read_json(ROOT / f"metrics/paper/table{n}.json") for n in (2, 3, 4, 5)
    ]
    for table in tables:
        assert len(table) == 8
        assert all(list(row) == WINDOWS for row in table.values())
    # One value of each, read off the paper.
    assert tables[0]["openface-pretrained"]["1-5"] == 0.080035
    assert tables[1]["vggface-pretrained"]["11-15"] == -3.9e-05
    assert tables[2]["resnet50-random"]["16-20"] == -0.00187
    assert tables[3]["resnet50-random"]["16-20"] == 0.012097
