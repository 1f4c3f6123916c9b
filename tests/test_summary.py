import re
import sys
from pathlib import Path

import commands
import pandas as pd
import pytest
import settings_files
from published import PUBLISHED

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.results import paper
from fer_transfer.settings.settings import load_settings
from tools import summary

ROOT = Path(__file__).parents[1]
STUDY = {
    "data": "FER2013",
    "pretrained": "official",
    "paper_split": "random",
    "missing": ["openface-random"],
    "uninformative": [],
}
OTHER = "resnet29-random"  # by the paper's text, of a backbone that it has not
VARIANTS = [*PUBLISHED["table2"], OTHER]


@pytest.fixture
def printed(tmp_path, monkeypatch, capsys):
    """Write tables in which every variant but one ran, print them, return the lines."""
    monkeypatch.chdir(tmp_path)
    known = settings_files.load()
    parts = ("variants", "runs")
    settings_files.write(**{k: {n: known[k][n] for n in VARIANTS} for k in parts})
    # The rows come in another order than the epochs.
    windows = dict(reversed(paper.WINDOWS.items()))
    rates = [-9.1e-05, 0.0, -1.5, 0.0123456]

    def show(assessed=None, models=None, **changes):
        files.write_json(tmp_path / "metrics/assess.json", assessed or {})
        files.write_json(tmp_path / "metrics/study/models.json", models or {})
        study = {**STUDY, **changes}
        files.write_json(tmp_path / "metrics/study/study.json", study)
        answer = {"headlines": {"faces or ImageNet": "ImageNet leads."}}
        files.write_json(tmp_path / "metrics/study/answer.json", answer)
        rows = [
            {"group": name, "metric": one.title, "set": "train", "class": ""}
            | {"mean": rate if name not in study["missing"] else None}
            | {"paper": PUBLISHED[table].get(name, {}).get(heading)}
            | {"first": window[0], "last": window[1]}
            for table, one in paper.TABLES.items()
            for name in VARIANTS
            for (heading, window), rate in zip(windows.items(), rates, strict=True)
        ]
        files.write_csv(tmp_path / "plots/study/groups.csv", pd.DataFrame(rows))
        summary.main()
        return capsys.readouterr().out.splitlines()

    return show


def test_ours_stand_beside_the_papers_and_the_answer_below_them(printed):
    lines = printed()
    rows = [line.split()[:4] for line in lines]
    assert ["openface-pretrained", "0.012346", "|", "0.080035"] in rows
    assert ["openface-random", "-", "|", "0.011508"] in rows
    assert [OTHER, "0.012346", "|", "-"] in rows
    assert any("Without results: openface-random. To run" in line for line in lines)
    heading = next(line for line in lines if "6-11" in line)
    assert heading.split() == ["1-6", "6-11", "11-16", "16-19"]
    assert "faces or ImageNet: ImageNet leads." in lines
    assert lines[-1] == "Figures: plots/figures. All on one page: plots/report.html"


def test_it_fits_120_columns(printed):
    for changes in ({}, {"missing": VARIANTS, "uninformative": VARIANTS}):
        assert max(len(line) for line in printed(**changes)) <= 120


def test_of_other_data_it_gives_the_best_classifier_in_place_of_the_papers_tables(
    printed,
):
    score = {"accuracy": 0.75, "images": 28, "interval": [0.56, 0.87]}
    best = {"classifier": "lda", "variant": "tiny-frozen", "test": score}
    assessed = {"people": {"best": best, "majority": 0.25}}
    use = {"people": {"use": "tiny", "why": "its interval lies above"}}
    text = " ".join(printed(assessed, use, data="photos"))
    assert "analysis on tiny-frozen is the best classifier, right on 75.0%" in text
    assert "75.0% of 28 test faces" in text
    assert "Split people: use tiny; its interval lies above." in text
    assert "56.0% to 87.0%; majority class 25.0%" in text
    assert not re.search("Table 2|ImageNet", text)


def test_readmes_table_has_the_results_in_git():
    groups = files.read_csv(ROOT / "plots/study/groups.csv")
    accuracy = groups[groups["metric"] == "accuracy"].set_index(["group", "set"])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    cells = [line.strip("| ").split(" | ") for line in readme.splitlines()]
    rows = [
        row for row in cells if len(row) == 5 and re.fullmatch("[a-z0-9-]+", row[0])
    ]
    rows = [row for row in rows if row[0] != "run"]
    assert len(rows) >= 5
    runs = load_settings(ROOT / "params.yaml").runs
    for name, trained, seeds, *given in rows:
        parts = [accuracy.loc[(name, part)] for part in ("test", "deduplicated")]
        assert [f"{part['mean']:.3f}" for part in parts] == given
        assert int(seeds) == parts[0]["seeds"]
        variant = runs[name].variant
        measured = files.read_json(ROOT / f"metrics/features/{variant}.json")
        assert f"({measured['parameters']['trainable']:,})" in trained


def test_a_run_on_synthetic_faces_says_so_and_a_real_one_does_not(printed):
    said = "these numbers say nothing about people."
    changes = {"uninformative": ["mobilenet-random"]}
    demo = " ".join(printed(data="synthetic faces", pretrained="stand-in", **changes))
    assert "Uninformative features: mobilenet-random." in demo
    assert said in demo
    assert said not in " ".join(printed())


def test_before_the_first_run_it_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings_files.write()
    with pytest.raises(InputError, match=r"no metrics/study/study\.json\. Run `dvc re"):
        summary.main()


@pytest.mark.parametrize("reader", ["true", "cat"])
def test_a_summary_is_printed_in_any_locale_and_ends_quietly_if_nobody_reads_it(reader):
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    pipe = f"'{sys.executable}' -m tools.summary | {reader}"
    done = commands.run("bash", "-c", pipe, **locale)
    assert ("Figures: plots/figures" in done.stdout) == (reader == "cat")
    assert done.stderr == ""
