import contextlib
import json
from pathlib import Path

import matplotlib.style
import numpy as np
import pandas as pd
import pytest
import vl_convert
from dvc_render.vega import VegaRenderer
from small_sets import write_faces, write_split

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.report import curves, figures, style
from fer_transfer.report.style import COLOURS
from fer_transfer.results.catalog import BACKBONES
from fer_transfer.results.examples import read_examples
from fer_transfer.results.paper import CLASS_COUNTS
from fer_transfer.results.protocols import groups
from fer_transfer.settings.settings import Run, Variant, load_settings
from fer_transfer.synthetic import drawing
from stages import plot

TEMPLATES = Path(".dvc/plots")
VALUES = ["accuracy", "val_accuracy", "loss", "val_loss"]
FIGURES = {"table-1", *(f"figure-{n:02}" for n in range(5, 11))}
FACES = {"figure-01", *(f"figure-{n}" for n in range(11, 18))}
BASELINE = {"accuracy": 0.25, "loss": 1.8}
RAN = ["mobilenet-pretrained", "mobilenet-random", "openface-random"]


@pytest.fixture
def settings():
    settings = load_settings(Path("params.demo.yaml"))  # the paper's eight
    settings.variants["mobilenet-scratch"] = Variant(
        backbone="mobilenet", weights="random", trainable_layers="all", seed=42
    )
    settings.runs["mobilenet-scratch"] = Run(variant="mobilenet-scratch", seed=42)
    return settings


@pytest.fixture
def styles(settings):
    return style.of_groups(groups(settings))


def history_of(*variants, epochs=3, seeds=(42,)):
    """Make up histories, of several seeds each further from zero."""
    return pd.DataFrame(
        [
            {"run": f"{name}-{seed}" if place else name, "variant": name, "seed": seed}
            | {"epoch": epoch, **dict.fromkeys(VALUES, (1 + place) / epoch)}
            for name in variants
            for place, seed in enumerate(seeds)
            for epoch in range(1, epochs + 1)
        ],
        columns=["run", "variant", "seed", "epoch", *VALUES],
    )


def write_study(folder, ran):
    """Write what `plot` reads, made up: the runs in `ran` have results."""
    pixels, labels, _ = drawing.draw(num_images=70, num_identities=2, seed=1)
    examples = np.array([np.flatnonzero(labels == code)[0] for code in range(7)])
    with contextlib.chdir(folder):
        write_faces(labels, pixels)
        write_split(test=examples, examples=examples)
    study = {"data": "synthetic", "ran": {name: {name: 42} for name in ran}}
    files.write_json(folder / "metrics/study/study.json", study | {"uninformative": []})
    history = history_of(*ran)
    files.write_csv(folder / "plots/study/learning.csv", history)
    first = history[history["epoch"] == 1].drop(columns="epoch")
    files.write_csv(folder / "plots/study/initial.csv", first)
    for name in ran:
        table = pd.DataFrame(np.full((7, 7), 1 / 7), columns=list(EMOTIONS))
        table.insert(0, "row", examples)
        table.insert(0, "emotion", list(EMOTIONS))
        files.write_csv(folder / f"plots/examples/{name}.csv", table)


@pytest.mark.parametrize("ran", [[], RAN], ids=["nothing ran", "a part ran"])
def test_a_study_run_in_part_gives_every_figure(ran, settings, tmp_path, monkeypatch):
    write_study(tmp_path, ran)
    monkeypatch.setattr(plot, "load_settings", lambda: settings)
    monkeypatch.setitem(style.SETTINGS, "figure.dpi", 20)  # quick
    monkeypatch.chdir(tmp_path)
    plot.main()
    assert {path.stem for path in Path("plots/figures").iterdir()} == FIGURES
    assert {path.stem for path in Path("plots/faces").iterdir()} == FACES


def test_the_same_results_give_the_same_bytes(styles, tmp_path):
    for name in ("first.png", "second.png"):
        with matplotlib.style.context(["default", style.SETTINGS]):
            history = history_of(*RAN[:2])
            figure = curves.learning("Figure 5", history, styles, BASELINE)
            style.write_png(tmp_path / name, figure)
    written = (tmp_path / "first.png").read_bytes()
    assert written == (tmp_path / "second.png").read_bytes()
    assert b"Software" not in written


def test_the_paper_s_table_1_adds_up():
    assert sum(CLASS_COUNTS.values()) == 35_887
    assert set(CLASS_COUNTS) == set(EMOTIONS)


def test_a_backbone_has_one_colour_and_pretrained_is_solid(styles, settings):
    for name, variant in settings.variants.items():
        assert styles[name].colour == COLOURS[variant.backbone]
        pretrained = variant.weights == "pretrained"
        assert styles[name].dash == ("solid" if pretrained else "dashed")
    assert len(set(COLOURS.values())) == len(BACKBONES)


def test_no_two_variants_look_the_same_as_lines_or_as_bars(styles):
    assert len({look._replace(hatch="") for look in styles.values()}) == len(styles)
    assert len({look._replace(marker="") for look in styles.values()}) == len(styles)


def test_training_and_validation_are_drawn_of_every_variant(styles):
    variants = ["mobilenet-pretrained", "mobilenet-random", "mobilenet-scratch"]
    figure = curves.learning("Figure 5", history_of(*variants), styles, BASELINE)
    for axes, level in zip(figure.axes, BASELINE.values(), strict=True):
        *drawn, line = axes.get_lines()
        assert [curve.get_label() for curve in drawn] == [
            f"{name}, {part}"
            for name in variants
            for part in ("training", "validation")
        ]
        assert set(line.get_ydata()) == {level}


def test_of_several_seeds_the_mean_is_drawn_in_a_band_from_least_to_most(styles):
    history = history_of("openface-random", seeds=(42, 43, 44))
    axes = curves.learning("Figure 6", history, styles, BASELINE).axes[0]
    training, validation, _ = axes.get_lines()
    for line in (training, validation):
        assert line.get_ydata() == pytest.approx([2, 2 / 2, 2 / 3])
    bands = [band.get_paths()[0].vertices[:, 1] for band in axes.collections]
    assert [(band.min(), band.max()) for band in bands] == [
        (pytest.approx(1 / 3), 3)
    ] * 2


def test_of_one_seed_no_band_is_drawn(styles):
    axes = curves.learning("Figure 6", history_of(*RAN), styles, BASELINE).axes[0]
    assert len(axes.collections) == 0


@pytest.mark.parametrize("ran", [("openface-random", "again"), ("again",)])
def test_of_several_seeds_the_first_with_results_is_in_figures_9_to_17(
    ran, settings, tmp_path, monkeypatch
):
    settings.runs["again"] = Run(variant="openface-random", seed=42)
    write_study(tmp_path, ran)
    study = tmp_path / "metrics/study/study.json"
    told = files.read_json(study)
    told["ran"] = {"openface-random": dict.fromkeys(ran, 42)}
    files.write_json(study, told)
    for name in ("learning", "initial"):
        path = tmp_path / f"plots/study/{name}.csv"
        files.write_csv(path, files.read_csv(path).assign(variant="openface-random"))
    monkeypatch.chdir(tmp_path)
    text = groups(settings)
    images = {"pixels": faces.read_images(), "labels": faces.read().labels}
    rows = files.read_npz(tmp_path / "data/splits/random.npz")["examples"]
    figures_of = {
        name: figure for name, figure, _ in plot.draw(text, told, images, rows)
    }
    ticks = figures_of["figures/figure-09"].axes[0].get_yticklabels()
    assert [tick.get_text() for tick in ticks] == ["openface-random"]
    titles = figures_of["faces/figure-11"].findobj(matplotlib.axes.Axes)
    assert [axes.get_title().split("\n")[0] for axes in titles[1:]] == [
        "openface-random"
    ]


def test_the_loss_is_given_in_nats(styles):
    accuracy, loss = curves.learning("", history_of(*RAN), styles, BASELINE).axes
    assert "nats" in loss.get_ylabel()
    assert "share" in accuracy.get_ylabel()


def test_the_initial_bars_are_of_the_variants_that_ran(styles):
    table = history_of(*RAN, epochs=1)
    axes = curves.initial("Figure 9", table, "accuracy", styles, 0.25).axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == RAN
    assert len(axes.patches) == 2 * len(RAN)


def test_each_network_s_prediction_stands_over_its_bars(styles):
    share = dict.fromkeys(EMOTIONS, 0.1) | {"happy": 0.4}
    probabilities = pd.DataFrame(dict.fromkeys(RAN, share))
    image = np.zeros((48, 48), np.uint8)
    figure = figures.classification("Figure 13", image, "fear", probabilities, styles)
    titles = [axes.get_title() for axes in figure.findobj(matplotlib.axes.Axes)]
    assert titles[0] == "a) labelled fear"
    assert sorted(titles[1:]) == [f"{name}\npredicts happy" for name in RAN]


def test_the_notes_name_what_did_not_run_and_whose_features_are_uninformative():
    study = {
        "data": "synthetic",
        "ran": {"mobilenet-random": {}, "resnet50-random": {}},
        "uninformative": ["mobilenet-random"],
    }
    lines = plot.notes(study, ["vggface-pretrained", "mobilenet-random"])
    assert lines == [
        "Synthetic faces: these results say nothing about people.",
        "Not run: vggface-pretrained.",
        "Features are uninformative: mobilenet-random.",
    ]
    assert plot.notes(study | {"data": "FER2013"}, ["resnet50-random"]) == []


def test_probabilities_of_other_images_are_refused(tmp_path):
    write_study(tmp_path, RAN)
    runs = {"openface-random": "openface-random"}
    with pytest.raises(InputError, match="dvc repro evaluate@openface-random"):
        read_examples(tmp_path / "plots/examples", runs, np.arange(100, 107))


def fill(template, datapoints, fields, x, y):
    """Fill a template as `dvc plots` does."""
    definitions = [{"filename": "made-up.csv", "field": field} for field in fields]
    return VegaRenderer(
        datapoints,
        "made up",
        template=template,
        template_dir=str(TEMPLATES),
        x=x,
        y=y,
        anchors_y_definitions=definitions,
    ).get_filled_template()


def drawn_by_vega(chart):
    assert "<DVC_METRIC_" not in json.dumps(chart)
    return vl_convert.vegalite_to_svg(json.dumps(chart), vl_version="5.8")


def points(rows, fields):
    """Repeat rows for each field and two branches, with every value as text, as DVC does."""
    return [
        {key: str(value) for key, value in row.items()}
        | {"dvc_inferred_y_value": str(row.get(field))}
        | {"field": field, "rev": rev, "filename": "made-up.csv"}
        for rev in ("main", "faster")
        for field in fields
        for row in rows
    ]


@pytest.mark.parametrize("name", ["learning", "bars", "confusion_matrices"])
def test_a_template_is_json_and_has_dvc_s_anchors(name):
    text = (TEMPLATES / f"{name}.json").read_text()
    assert isinstance(json.loads(text), dict)
    for anchor in ("DATA", "TITLE", "X", "Y", "Y_LABEL"):
        assert f"<DVC_METRIC_{anchor}>" in text
    # Vega-Lite mixes up the panels of several branches under `"sort": []`.
    assert '"sort": []' not in text


def test_the_learning_template_draws_training_beside_validation():
    fields = ["accuracy", "val_accuracy"]
    rows = history_of(*RAN).to_dict("records")
    for row in rows:
        network, row["weights"] = row["variant"].split("-")
        row["network"] = {"mobilenet": "MobileNet", "openface": "OpenFace"}[network]
    chart = fill(
        "learning", points(rows, fields), fields, "epoch", "dvc_inferred_y_value"
    )
    picture = drawn_by_vega(chart)
    for text in (
        *("pretrained", "random", "main", "faster"),
        *("MobileNet: training", "MobileNet: validation", "OpenFace: training"),
    ):
        assert f">{text}</text>" in picture


def test_the_bars_template_has_a_bar_per_run_and_branch():
    fields = ["accuracy", "val_accuracy"]
    rows = history_of(*RAN, epochs=1).to_dict("records")
    chart = fill("bars", points(rows, fields), fields, "run", "dvc_inferred_y_value")
    assert drawn_by_vega(chart).count('aria-roledescription="bar"') == 2 * 2 * len(RAN)


def test_a_confusion_matrix_is_of_one_run_and_branch():
    pairs = [
        {"run": name, "actual": actual, "predicted": predicted}
        | {"images": int(actual == predicted), "share": float(actual == predicted)}
        for name in RAN
        for actual in EMOTIONS
        for predicted in EMOTIONS
    ]
    chart = fill(
        "confusion_matrices",
        points(pairs, ["actual"]),
        ["actual"],
        "predicted",
        "actual",
    )
    picture = drawn_by_vega(chart)
    for name in RAN:
        for rev in ("main", "faster"):
            assert f">{name} ({rev})</text>" in picture
    for axis in ("x", "y"):
        scale = chart["spec"]["encoding"][axis]["scale"]
        assert scale == {"domain": list(EMOTIONS)}
