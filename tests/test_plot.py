import contextlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import vl_convert
from dvc_render.vega import VegaRenderer
from small_sets import write_faces, write_split

from fer_transfer.core import files
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.report import charts, figures, learning, page, shown, vega
from fer_transfer.report.html import VEGA_LITE
from fer_transfer.report.vega import PARTS, UNITS
from fer_transfer.results import inputs, table
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.protocols import groups
from fer_transfer.settings.settings import Run, Variant, load_settings
from fer_transfer.synthetic import drawing
from stages import plot

TEMPLATES = Path(__file__).parents[1] / ".dvc/plots"
NETWORKS = {"mobilenet": "MobileNet", "openface": "OpenFace"}
FIGURES = {f"figure-{n:02}" for n in range(5, 11)}
FACES = {"figure-01", *(f"figure-{n}" for n in range(11, 18))}
PIXELS = np.zeros((2, 48, 48), np.uint8)
BASELINE = {"accuracy": 0.25, "loss": 1.8}
RAN = ["mobilenet-pretrained", "mobilenet-random", "openface-random"]


@pytest.fixture
def settings():
    settings = load_settings(Path("params.demo.yaml"))  # the paper's eight
    settings.variants["mobilenet-scratch"] = Variant(
        backbone="mobilenet", weights="random", trainable_layers="all", seed=42
    )
    settings.runs["mobilenet-scratch"] = Run(
        variant="mobilenet-scratch", split="random", seed=42
    )
    return settings


@pytest.fixture
def styles(settings):
    return vega.styles_of(groups(settings))


@pytest.fixture
def results(settings, tmp_path, monkeypatch):
    """What the figures of a study run in part show; its folder is the current one."""
    write_study(tmp_path, RAN)
    monkeypatch.chdir(tmp_path)
    return shown.read(settings)


def runs_of(*groups, seeds=(42,)):
    """Make up the table of runs: histories, of several seeds each further from zero."""
    rows = [
        {"run": f"{name}-{seed}" if place else name, "seed": seed, "group": name}
        | {"network": NETWORKS[name.split("-")[0]], "weights": name.split("-")[1]}
        | {"split": "random", "metric": metric, "set": part}
        | {"first": epoch, "last": epoch, "value": (1 + place) / (4 * epoch)}
        | {"low": None, "high": None}
        for name in groups
        for place, seed in enumerate(seeds)
        for metric in UNITS
        for part in PARTS.index
        for epoch in range(1, 4)
    ]
    rows += [
        rows[0]
        | {"group": name, "run": name, "set": part, "first": 3, "last": 3}
        | {"value": 0.5, "low": 0.45, "high": 0.55, "metric": "accuracy"}
        for name in groups
        for part in ("test", "deduplicated")
    ]
    return pd.DataFrame(rows, columns=table.RUN_COLUMNS)


def write_study(folder, ran):
    """Write what `plot` reads, made up: the runs in `ran` have results."""
    pixels, labels, _ = drawing.draw(num_images=70, num_identities=2, seed=1)
    examples = np.array([np.flatnonzero(labels == code)[0] for code in range(7)])
    with contextlib.chdir(folder):
        write_faces(labels, pixels)
        for name in ("random", "official", "tables"):
            write_split(name, test=examples, val=examples, examples=examples)
    study = {"data": "synthetic faces", "ran": {name: {name: 42} for name in ran}}
    study |= {"paper_split": "random", "uninformative": []}
    files.write_json(folder / "metrics/study/study.json", study)
    files.write_json(folder / "metrics/study/advice.json", {"baseline": 0.25})
    runs = runs_of(*ran)
    files.write_csv(folder / "plots/study/results.csv", runs)
    groups_of = table.of_groups(runs, {}, [[1, 6]], {})
    files.write_csv(folder / "plots/study/groups.csv", groups_of)
    for name in ran:
        shares = pd.DataFrame(np.full((7, 7), 1 / 7), columns=list(EMOTIONS))
        shares.insert(0, "row", examples)
        shares.insert(0, "emotion", list(EMOTIONS))
        files.write_csv(folder / f"plots/examples/{name}.csv", shares)


@pytest.mark.parametrize("ran", [[], RAN], ids=["nothing ran", "a part ran"])
def test_a_study_run_in_part_gives_every_figure(ran, settings, tmp_path, monkeypatch):
    write_study(tmp_path, ran)
    monkeypatch.setattr(plot, "load_settings", lambda: settings)
    monkeypatch.chdir(tmp_path)
    plot.main()
    figures_of_runs = {"accuracy"} if ran else set()
    drawn = {path.stem for path in Path("plots/figures").iterdir()}
    assert drawn == FIGURES | figures_of_runs
    assert {path.stem for path in Path("plots/faces").iterdir()} == FACES


def test_the_same_results_give_the_same_bytes(styles, tmp_path):
    for name in ("first.png", "second.png"):
        chart = learning.figure(runs_of(*RAN[:2]), styles, BASELINE)
        vega.write_png(tmp_path / name, chart, "Figure 5", ["A note."])
    written = (tmp_path / "first.png").read_bytes()
    assert written == (tmp_path / "second.png").read_bytes()
    figures.write_png(tmp_path / "faces.png", figures.examples({"sad": PIXELS}), "", [])
    assert b"Software" not in (tmp_path / "faces.png").read_bytes()


def test_the_chart_of_all_runs_needs_no_run_of_the_papers_protocol(
    results, monkeypatch
):
    answer = {"headlines": {}, "comparisons": []}
    study = {**results.study, "answer": answer, "practice": {"curve": []}}
    monkeypatch.setattr(inputs, "read_table", lambda _: pd.DataFrame({"set": []}))
    shown = replace(results, study=study, paper_groups={})
    assert [name for name, _ in page.draw(shown)] == ["accuracies"]
    elsewhere = replace(shown, runs=shown.runs.assign(split="another"))
    assert not [*page.draw(elsewhere)]


def test_a_backbone_has_one_colour_and_only_random_weights_are_dashed_and_open(
    settings,
):
    settings.variants["openface-pretrained"]["weights"] = "models/default/model.onnx"
    styles = vega.styles_of(groups(settings))
    for name, variant in settings.variants.items():
        colour = BACKBONES[variant.backbone].colour
        look = ([5, 4], "white") if variant.weights == "random" else ([1, 0], colour)
        assert styles.loc[name, ["colour", "dash", "fill"]].tolist() == [colour, *look]
    assert len({row.colour for row in BACKBONES.values()}) == len(BACKBONES)


def drawn_lines(chart):
    """Return the points that a learning curve draws, by the title of its line."""
    spec = chart.to_dict()
    [layer] = [one for one in spec["layer"] if one["mark"]["type"] == "line"]
    points = pd.DataFrame(spec["datasets"][layer["data"]["name"]])
    return dict(list(points.groupby("line", sort=False)))


def test_training_and_validation_are_drawn_of_every_group(styles):
    names = ["mobilenet-pretrained", "mobilenet-random", "mobilenet-scratch"]
    for metric in UNITS:
        chart = learning.learning(runs_of(*names), metric, styles, 1)
        expected = [f"{name}, {part}" for name in names for part in PARTS["part"]]
        assert list(drawn_lines(chart)) == expected


def test_of_several_seeds_the_mean_is_drawn_in_a_band_from_least_to_most(styles):
    runs = runs_of("openface-random", seeds=(42, 43, 44))
    chart = learning.learning(runs, "accuracy", styles, 1)
    for title, points in drawn_lines(chart).items():
        assert title.endswith(", 3 seeds")
        assert points["value"].tolist() == pytest.approx([2 / 4, 2 / 8, 2 / 12], 1e-5)
        assert points["low"].tolist() == pytest.approx([1 / 4, 1 / 8, 1 / 12], 1e-5)
        assert points["high"].tolist() == pytest.approx([3 / 4, 3 / 8, 3 / 12], 1e-5)


def test_where_a_seed_has_stopped_no_mean_of_the_others_is_drawn(styles):
    runs = table.select(runs_of("openface-random", seeds=(42, 43)), metric="loss")
    assert learning.points_of(runs, styles)["epoch"].max() == 3
    stopped = learning.points_of(runs.query("seed != 43 or first < 3"), styles)
    assert stopped["epoch"].max() == 2


def picture_of(runs, styles):
    chart = learning.figure(runs, styles, BASELINE)
    return vl_convert.vegalite_to_svg(chart.to_dict(), vl_version=VEGA_LITE)


def test_of_one_seed_no_band_is_drawn(styles):
    assert 'aria-roledescription="area mark' in picture_of(
        runs_of("openface-random", seeds=(42, 43)), styles
    )
    assert 'aria-roledescription="area mark' not in picture_of(runs_of(*RAN), styles)


def test_the_initial_bars_are_of_the_groups_that_ran(results):
    chart = charts.initial(results, "accuracy").to_dict()
    [bars] = [one for one in chart["layer"] if one["mark"]["type"] == "bar"]
    rows = chart["datasets"][bars["data"]["name"]]
    names = [bar["group"] for bar in rows]
    assert names == [name for name in RAN for _ in PARTS.index]


def titles_of(figure):
    """Return what stands over the image and over the bars in one of Figures 11-17."""
    titles = [axes.get_title() for axes in figure.axes]
    return [title.replace("\n", " ") for title in titles if title]


def test_each_network_s_prediction_stands_over_its_bars(styles):
    share = dict.fromkeys(EMOTIONS, 0.1) | {"happy": 0.4}
    probabilities = pd.DataFrame(dict.fromkeys(RAN, share))
    image = np.zeros((48, 48), np.uint8)
    figure = figures.classification(image, "fear", probabilities, styles)
    assert titles_of(figure) == [
        "labelled fear",
        *(f"{name} predicts happy" for name in RAN),
    ]


def test_the_notes_name_what_did_not_run_and_whose_features_are_uninformative(results):
    study = results.study | {"uninformative": ["mobilenet-random"]}
    names = ["vggface-pretrained", "mobilenet-random"]
    lines = plot.notes_on(replace(results, study=study), names)
    assert lines == [
        "Synthetic faces: these results say nothing about people.",
        "Not run: vggface-pretrained.",
        "Features are uninformative: mobilenet-random.",
    ]
    real = replace(results, study=study | {"data": "FER2013"})
    assert plot.notes_on(real, ["openface-random"]) == []


def fill(template, rows, x, y, y_label=""):
    """Fill a template as `dvc plots` does."""
    # Vega-Lite mixes up the panels of several branches under `"sort": []`.
    assert '"sort": []' not in (TEMPLATES / f"{template}.json").read_text()
    return VegaRenderer(
        points(rows, y),
        "made up",
        template=template,
        template_dir=str(TEMPLATES),
        x=x,
        y=y,
        y_label=y_label,
        anchors_y_definitions=[{"filename": "made-up.csv", "field": y}],
    ).get_filled_template()


def drawn_by_vega(chart):
    assert "<DVC_METRIC_" not in json.dumps(chart)
    return vl_convert.vegalite_to_svg(json.dumps(chart), vl_version="5.8")


def points(rows, field):
    """Repeat rows for two branches, with every value as text, as DVC does."""
    return [
        {key: str(value) for key, value in row.items()}
        | {"dvc_inferred_y_value": str(row[field])}
        | {"field": field, "rev": rev, "filename": "made-up.csv"}
        for rev in ("main", "faster")
        for row in rows
    ]


def test_the_learning_template_draws_training_beside_validation_of_its_metric():
    rows = runs_of(*RAN).to_dict("records")
    chart = fill("learning", rows, "first", "value", UNITS["accuracy"])
    picture = drawn_by_vega(chart)
    for text in (
        *("pretrained", "random", "main", "faster"),
        *("MobileNet: training", "MobileNet: validation", "OpenFace: training"),
    ):
        assert f">{text}</text>" in picture
    assert "test</text>" not in picture


@pytest.mark.parametrize("template", ["initial", "scores"])
def test_the_bars_templates_have_a_bar_per_run_set_and_branch(template):
    rows = runs_of(*RAN).to_dict("records")
    picture = drawn_by_vega(fill(template, rows, "run", "value", UNITS["accuracy"]))
    assert picture.count('aria-roledescription="bar"') == 2 * 2 * len(RAN)


def test_a_confusion_matrix_is_of_one_run_and_branch():
    pairs = [
        {"run": name, "actual": actual, "predicted": predicted}
        | {"images": int(actual == predicted), "share": float(actual == predicted)}
        for name in RAN
        for actual in EMOTIONS
        for predicted in EMOTIONS
    ]
    chart = fill("confusion_matrices", pairs, "predicted", "actual")
    picture = drawn_by_vega(chart)
    for name in RAN:
        for rev in ("main", "faster"):
            assert f">{name} ({rev})</text>" in picture
    for axis in ("x", "y"):
        assert chart["spec"]["encoding"][axis]["sort"] is None  # as in the table
