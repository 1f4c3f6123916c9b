"""A backbone that the paper has not: a row of the catalog and a function are all that it takes."""

import shutil

import numpy as np
import pandas as pd
import pytest
import records
import studies
import tiny

from fer_transfer.networks.runtime import tf
from fer_transfer.core import files
from fer_transfer.results.paper import BACKBONES
from stages import evaluate, features, plot, report, tabulate, train, weights

pytestmark = pytest.mark.slow

SECTIONS = {
    **studies.SYNTHETIC,
    "train": {"epochs": 2},
    "tables": {"windows": [[1, 2]]},
    "synthetic": {"images": 112, "pretraining_steps": 1},
}
RANDOM = {"backbone": "tiny", "split": "random", "seed": 42, "variant": "tiny-random"}
PRETRAINED = RANDOM | {"variant": "tiny-pretrained"}
VARIANT = {"backbone": "tiny", "trainable_layers": 4}
ADDED = {
    "variants": {
        "tiny-pretrained": VARIANT | {"weights": "pretrained"},
        "tiny-random": VARIANT | {"weights": "random", "seed": 42},
    },
    "runs": {
        "tiny-pretrained": PRETRAINED,
        "tiny-pretrained-43": PRETRAINED | {"seed": 43},
        "tiny-random": RANDOM,
        "tiny-part": RANDOM | {"train_share": 0.5},
    },
}
TABLES = ("table2", "table3", "table4", "table5", "initial", "final")


def page(folder):
    return (folder / "plots/report.html").read_text()


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study with made-up results of the paper's variants and real ones of a ninth network."""
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        tiny.install(patch)
        # It would hold for every test that follows in this process.
        patch.setattr(tf.config.experimental, "enable_op_determinism", lambda: None)
        studies.make(folder, images=112, sections=SECTIONS)
        shutil.copy("metrics/study/claims.json", "without.json")
        studies.write_settings(folder, SECTIONS | ADDED)
        for name in ADDED["variants"]:
            weights.main(name)
            features.main(name)
        for name in ADDED["runs"]:
            train.main(name)
            evaluate.main(name)
        records.write(folder)
        tabulate.main()
        plot.main()
        report.main()
    return folder


def test_its_variants_have_rows_in_every_table(study):
    for table in TABLES:
        rows = files.read_json(study / f"metrics/study/{table}.json")
        assert {"tiny-pretrained", "tiny-random"} <= set(rows)
        assert len(rows) == 8 + 2 + 1  # the paper's; by the text; another protocol
    for name in ("tiny-pretrained", "tiny-random"):
        assert f'<tr data-variant="{name}">' in page(study)


def test_its_learning_curves_are_a_figure_and_two_charts(study):
    learning = files.read_csv(study / "plots/study/results.csv")
    names = set(learning[learning["network"] == "Tiny"]["run"])
    assert names == {"tiny-pretrained", "tiny-pretrained-43", "tiny-random"}
    drawn = {path.name for path in (study / "plots/figures").iterdir()}
    papers = {f"figure-{number:02}.png" for number in range(5, 11)}
    assert drawn - papers == {"accuracy.png", "learning-tiny.png"}
    for metric in ("accuracy", "loss"):
        assert f'id="{metric}-tiny"' in page(study)


def test_the_papers_verdicts_are_the_same_with_and_without_it(study):
    assert "tiny" not in BACKBONES
    claims = files.read_json(study / "metrics/study/claims.json")
    assert claims == files.read_json(study / "without.json")


def history_of(study, name):
    return files.read_csv(study / f"data/runs/{name}/history.csv")


def test_two_seeds_of_a_pretrained_variant_share_its_features_and_differ(study):
    folders = {path.name for path in (study / "data/features").iterdir()}
    assert folders == {"tiny-pretrained", "tiny-random"}
    first, second = (
        history_of(study, name) for name in ("tiny-pretrained", "tiny-pretrained-43")
    )
    assert not np.isclose(first["loss"], second["loss"], rtol=1e-6).any()
    told = files.read_json(study / "metrics/study/study.json")
    assert told["ran"]["tiny-pretrained"] == ["tiny-pretrained", "tiny-pretrained-43"]


def test_a_run_under_other_conditions_trains_otherwise_and_is_another_protocol(study):
    label = "last 4 layers, 0.5 of the training images"
    expected, changed = (history_of(study, f"tiny-{n}") for n in ("random", "part"))
    assert len(changed) == 2
    assert not np.isclose(expected["loss"], changed["loss"], rtol=1e-6).any()
    learning: pd.DataFrame = files.read_csv(study / "plots/study/results.csv")
    networks = learning[learning["run"] == "tiny-part"]["network"].unique().tolist()
    assert networks == [f"Tiny, {label}"]
    assert label in page(study)
