import json
from pathlib import Path

import matplotlib.style
import numpy as np
import pandas as pd
import pytest
import vl_convert
from dvc_render.vega import VegaRenderer

from stages import plot
from stages.lib.core import files
from stages.lib.core.errors import InputError
from stages.lib.data import synthetic
from stages.lib.page import curves, figures, style
from stages.lib.study.fer2013 import EMOTIONS
from stages.lib.study.settings import Variant, load_settings

TEMPLATES = Path(".dvc/plots")
VALUES = ["accuracy", "val_accuracy", "loss", "val_loss"]
FIGURES = {"table-1", "figure-01", *(f"figure-{n:02}" for n in range(5, 18))}
RAN = ["mobilenet-pretrained", "mobilenet-random", "openface-random"]


@pytest.fixture
def settings():
    settings = load_settings()
    settings.variants["mobilenet-scratch"] = Variant(
        backbone="mobilenet", weights="random", trainable_layers="all"
    )
    return settings


@pytest.fixture
def styles(settings):
    return style.of_variants(settings.variants)


def history_of(*variants, epochs=3):
    return pd.DataFrame(
        [
            {"variant": name, "epoch": epoch, **dict.fromkeys(VALUES, 1 / epoch)}
            for name in variants
            for epoch in range(1, epochs + 1)
        ],
        columns=["variant", "epoch", *VALUES],
    )


def write_study(folder, ran, settings):
    """Write what `plot` reads, made up: the variants in `ran` have results."""
    pixels, labels, _ = synthetic.draw(num_images=70, num_identities=2, seed=1)
    examples = np.array([np.flatnonzero(labels == code)[0] for code in range(7)])
    files.write_npz(folder / "data/images.npz", {"pixels": pixels, "labels": labels})
    files.write_npz(folder / "data/split.npz", {"examples": examples})
    missing = [name for name in settings.variants if name not in ran]
    study = {"data": "sample", "ran": ran, "missing": missing, "uninformative": []}
    files.write_json(folder / "metrics/study.json", study)
    history = history_of(*ran)
    for backbone in style.BACKBONES:
        mine = history[history["variant"].str.startswith(backbone)]
        files.write_csv(folder / f"plots/learning/{backbone}.csv", mine)
    first = history[history["epoch"] == 1].drop(columns="epoch")
    files.write_csv(folder / "plots/initial.csv", first)
    for name in ran:
        table = pd.DataFrame(np.full((7, 7), 1 / 7), columns=list(EMOTIONS))
        table.insert(0, "row", examples)
        table.insert(0, "emotion", list(EMOTIONS))
        files.write_csv(folder / f"plots/examples/{name}.csv", table)


@pytest.mark.parametrize("ran", [[], RAN], ids=["nothing ran", "a part ran"])
def test_a_study_run_in_part_gives_every_figure(ran, settings, tmp_path, monkeypatch):
    write_study(tmp_path, ran, settings)
    monkeypatch.setattr(plot.params, "load", lambda: settings)
    monkeypatch.setitem(style.SETTINGS, "figure.dpi", 20)  # quick
    monkeypatch.chdir(tmp_path)
    plot.main()
    drawn = {path.stem for path in Path("plots/figures").iterdir()}
    assert drawn == FIGURES


def test_the_same_results_give_the_same_bytes(styles, tmp_path):
    for name in ("first.png", "second.png"):
        with matplotlib.style.context(["default", style.SETTINGS]):
            chance = {"accuracy": 0.25, "loss": 1.8}
            figure = curves.learning("Figure 5", history_of(*RAN[:2]), styles, chance)
            style.write_png(tmp_path / name, figure)
    written = (tmp_path / "first.png").read_bytes()
    assert written == (tmp_path / "second.png").read_bytes()
    assert b"Software" not in written


def test_the_paper_s_table_1_adds_up():
    assert sum(plot.PAPER_COUNTS.values()) == 35_887
    assert set(plot.PAPER_COUNTS) == set(EMOTIONS)


def test_a_backbone_has_one_colour_and_pretrained_is_solid(styles, settings):
    for name, variant in settings.variants.items():
        assert styles[name].colour == style.COLOURS[variant.backbone]
        pretrained = variant.weights == "pretrained"
        assert styles[name].dash == ("solid" if pretrained else "dashed")
    assert len(set(style.COLOURS.values())) == len(style.BACKBONES)


def test_no_two_variants_look_the_same_as_lines_or_as_bars(styles):
    assert len({look._replace(hatch="") for look in styles.values()}) == len(styles)
    assert len({look._replace(marker="") for look in styles.values()}) == len(styles)


def test_training_and_validation_are_drawn_of_every_variant(styles):
    variants = ["mobilenet-pretrained", "mobilenet-random", "mobilenet-scratch"]
    chance = {"accuracy": 0.25, "loss": 1.8}
    figure = curves.learning("Figure 5", history_of(*variants), styles, chance)
    for axes, level in zip(figure.axes, chance.values(), strict=True):
        *drawn, line = axes.get_lines()
        assert [curve.get_label() for curve in drawn] == [
            f"{name}, {part}"
            for name in variants
            for part in ("training", "validation")
        ]
        assert set(line.get_ydata()) == {level}


def test_the_loss_is_given_in_nats(styles):
    chance = {"accuracy": 0.25, "loss": 1.8}
    accuracy, loss = curves.learning("", history_of(*RAN), styles, chance).axes
    assert "nats" in loss.get_ylabel()
    assert "share" in accuracy.get_ylabel()


def test_the_initial_bars_are_of_the_variants_that_ran(styles):
    table = history_of(*RAN, epochs=1)
    axes = curves.initial("Figure 9", table, "accuracy", styles, 0.25).axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == RAN
    assert len(axes.patches) == 2 * len(RAN)


def test_each_network_s_answer_stands_over_its_bars(styles):
    share = dict.fromkeys(EMOTIONS, 0.1) | {"happy": 0.4}
    answers = pd.DataFrame(dict.fromkeys(RAN, share))
    image = np.zeros((48, 48), np.uint8)
    figure = figures.classification("Figure 13", image, "fear", answers, styles)
    titles = [axes.get_title() for axes in figure.findobj(matplotlib.axes.Axes)]
    assert titles[0] == "a) labelled fear"
    assert sorted(titles[1:]) == [f"{name}\nsays happy" for name in RAN]


def test_the_notes_name_what_did_not_run_and_what_has_no_signal():
    study = {
        "data": "sample",
        "missing": ["vggface-pretrained", "openface-random"],
        "uninformative": ["mobilenet-random"],
    }
    lines = plot.notes(study, ["vggface-pretrained", "mobilenet-random"])
    assert lines == [
        "Drawn faces: these results say nothing about people.",
        "Not run: vggface-pretrained.",
        "Features carry no signal: mobilenet-random.",
    ]
    assert plot.notes(study | {"data": "FER2013"}, ["resnet50-random"]) == []


def test_probabilities_of_other_images_are_refused(settings, tmp_path, monkeypatch):
    write_study(tmp_path, RAN, settings)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="dvc repro evaluate@openface-random"):
        plot.read_answers("openface-random", np.arange(100, 107))


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
    rows = history_of(*RAN[:2]).to_dict("records")
    for row in rows:
        row["weights"] = row["variant"].split("-")[1]
    chart = fill(
        "learning", points(rows, fields), fields, "epoch", "dvc_inferred_y_value"
    )
    picture = drawn_by_vega(chart)
    for text in ("training", "validation", "pretrained", "random", "main", "faster"):
        assert f">{text}</text>" in picture


def test_the_bars_template_has_a_bar_per_variant_and_branch():
    fields = ["accuracy", "val_accuracy"]
    rows = history_of(*RAN, epochs=1).to_dict("records")
    chart = fill(
        "bars", points(rows, fields), fields, "variant", "dvc_inferred_y_value"
    )
    assert drawn_by_vega(chart).count('aria-roledescription="bar"') == 2 * 2 * len(RAN)


def test_a_confusion_matrix_is_of_one_variant_and_branch():
    pairs = [
        {"variant": name, "actual": actual, "predicted": predicted}
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
