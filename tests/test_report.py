"""The page, as written and as a real browser shows it without a network."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import records
import studies
from browsers import needs_chromium
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from small_sets import write_faces, write_split

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.report import style
from fer_transfer.report.style import COLOURS
from fer_transfer.results import claims, paper
from fer_transfer.results.paper import TABLES
from fer_transfer.scoring import scores
from stages import plot, report, tabulate

NUM_PUBLISHED = 2  # fits of Table 2, and of Table 2 less Table 4
# Validation; Figures 5-8; 9 and 10; all runs, and recall.
NUM_OF_RUNS = 1 + 8 + 2 + 2
NUM_ANSWERS = 2  # faces or ImageNet; pretrained or random
NUM_CHARTS = NUM_PUBLISHED + NUM_OF_RUNS + NUM_ANSWERS


def write_page(folder, **changes):
    """Make up a study in a folder, and report it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        studies.make(folder, **changes)
        report.main()
    return folder


def run(variant, seed=42):
    backbone = variant.split("-")[0]
    return {"variant": variant, "backbone": backbone, "split": "random", "seed": seed}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("all"))


@pytest.fixture(scope="module")
def partial(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("five"), ran=studies.FIVE)


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic")
    return write_page(folder, images=112, sections=studies.SYNTHETIC)


class Text(HTMLParser):
    """What a page says, and every address that it names."""

    def __init__(self, page):
        super().__init__()
        self.words, self.addresses, self.hidden = [], [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.hidden = tag in ("script", "style")
        self.addresses += [v for k, v in attrs if k in ("src", "href")]

    def handle_endtag(self, tag):
        self.hidden = False

    def handle_data(self, data):
        if not self.hidden:
            self.words += data.split()

    def __str__(self):
        return " ".join(self.words)


def read(folder):
    return Text((folder / "plots/report.html").read_text())


def test_the_same_results_give_the_same_bytes(study, monkeypatch):
    monkeypatch.chdir(study)
    first = (study / "plots/report.html").read_bytes()
    report.main()
    assert (study / "plots/report.html").read_bytes() == first


def test_the_page_is_small_and_names_no_address(study):
    assert (study / "plots/report.html").stat().st_size < 6_000_000
    for address in read(study).addresses:
        assert address.startswith(("#", "data:image/png;base64,"))


def test_synthetic_faces_are_said_first_to_prove_nothing(synthetic, study):
    text = str(read(synthetic))
    notice = "Synthetic faces and stand-in weights prove nothing about people."
    assert text.index(notice) < text.index("Does a backbone")
    assert "supported on synthetic faces" in text
    for words in ("prove nothing", "on synthetic faces"):
        assert words not in str(read(study))


def test_of_photos_of_ones_own_the_page_says_what_was_left_out_and_nothing_of_the_paper(
    partial, tmp_path, monkeypatch
):
    folder = shutil.copytree(partial, tmp_path / "own")
    monkeypatch.chdir(folder)
    path = folder / "metrics/dataset.json"
    changes = {"name": "holiday", "dropped": {"no face": 3, "damaged": 1}}
    changes["classes_without_faces"] = ["bored"]
    files.write_json(path, files.read_json(path) | changes)
    report.main()
    text = str(read(folder))
    assert "Recognising emotions in holiday" in text
    assert "no photo of them has a face: bored." in text
    assert "Left out 4 files: 3 no face, 1 damaged" in text
    assert "the paper" not in text.replace("The paper shows these in figures only", "")


def test_missing_variants_are_named_with_the_reason(partial):
    text = str(read(partial))
    assert "5 of 8 variants have results" in text
    assert text.count("Missing: its official weights are not here") == 3


def test_every_claim_has_its_rule_and_a_verdict(study):
    text = str(read(study))
    for claim in claims.CLAIMS:
        assert claim.says in text
        assert claim.rule in text


@pytest.mark.parametrize(
    "words",
    [
        "Uninformative features: mobilenet-random.",
        "No comparison has three seeds on each side yet",
        "Holm’s correction for all 0 comparisons",
        "of 3 seeds",
        "28 of the 28 rates of training accuracy that are not zero fit 28,710",
        "fit 7,177 images",
        "train.learning_rate 0.0001",
        "deepface 0.0.103",
        "OpenVINO, float32",
        "Its validation images are its test images.",
    ],
)
def test_the_page_says_what_its_results_rest_on(study, words):
    assert words in str(read(study))


def test_data_and_weights_have_their_hashes(study):
    text = str(read(study))
    assert files.read_json(study / "metrics/dataset.json")["fingerprint"] in text
    origin = files.read_json(study / "metrics/weights/vggface-pretrained.json")
    assert origin["sha256"] in text


def test_weights_of_a_model_file_are_named_with_its_hash(tmp_path, monkeypatch):
    write_page(tmp_path, ran=("openface-random",), images=112)
    monkeypatch.chdir(tmp_path)
    origin = {"name": "model.onnx", "source": "model", "sha256": "ab" * 32}
    files.write_json(
        Path("metrics/weights/openface-random.json"), {**origin, "parameters": 1}
    )
    report.main()
    text = str(read(tmp_path))
    assert "model.onnx, model" in text
    assert "ab" * 32 in text


def test_a_metric_that_is_scored_is_on_the_page_without_a_word_of_it(
    tmp_path, monkeypatch
):
    """`scores.score` is the one place to add a metric."""
    whole = scores.score

    def with_another(*args):
        return {**whole(*args), "top_two": 0.8125}

    monkeypatch.setattr(scores, "score", with_another)
    text = str(read(write_page(tmp_path, ran=("openface-random",), images=112)))
    assert "top two" in text
    assert text.count("0.8125") == 2  # all of the test set, and deduplicated


def test_no_two_parts_of_the_page_have_one_name(tmp_path):
    every = {"backbone": "openface", "weights": "pretrained", "trainable_layers": "all"}
    write_page(
        tmp_path,
        ran=("openface-pretrained", "openface-all"),
        sections={
            "variants": {"openface-all": every},
            "runs": {"openface-all": run("openface-all")},
        },
    )
    page = (tmp_path / "plots/report.html").read_text(encoding="utf-8")
    names = re.findall(r'<[^>]* id="([^"]+)"', page)
    assert {"protocols", "other-protocols"} < set(names)
    assert sorted(names) == sorted(set(names))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(names)


def test_calibration_is_that_of_the_runs_that_the_page_is_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    again = {"openface-pretrained-43": run("openface-pretrained", 43)}
    ran = ("openface-pretrained-43", "mobilenet-pretrained")
    studies.make(tmp_path, ran=ran, sections={"runs": again})
    for name, temperature in {
        "openface-pretrained-43": 1.43,
        "mobilenet-pretrained": 1.25,
        "vggface-random": 1.77,  # of an earlier study: it did not run in this one
    }.items():
        both = {key: {"ece": 0.1, "loss": 1.5} for key in ("before", "after")}
        said = {"temperature": temperature, "test": both}
        files.write_json(tmp_path / f"metrics/calibration/{name}.json", said)
    report.main()
    page = (tmp_path / "plots/report.html").read_text(encoding="utf-8")
    [shown] = re.findall(r'<table[^>]* id="calibration".*?</table>', page, re.DOTALL)
    assert re.findall(r'<data value="(1\.\d\d)">', shown) == ["1.25", "1.43"]


@pytest.fixture
def folder(study, tmp_path, monkeypatch):
    """A copy of the study, to be changed; the current folder."""
    shutil.copytree(study, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return tmp_path / "copy"


def test_runs_that_were_made_otherwise_are_named_with_the_reason(folder):
    lock = (folder / "dvc.lock").read_text()
    path = "data/runs/openface-random/history.csv"
    last = f'{{"path": "{path}", "md5": "'
    start = lock.rindex(last) + len(last)  # of evaluate's
    (folder / "dvc.lock").write_text(lock[:start] + "0" * 32 + lock[start + 32 :])
    tabulate.main()
    report.main()
    text = str(read(folder))
    why = f"{path} has changed since evaluate@openface-random ran"
    assert "7 of 8 variants have results" in text
    assert f"not of the current settings and data: openface-random: {why}" in text
    assert f"Missing: {why}" in text


@pytest.mark.parametrize("stage", [plot, report])
def test_tables_of_other_settings_are_refused(folder, stage):
    path = Path("params.yaml")
    path.write_text(path.read_text().replace("by: random", "by: person"))
    message = "The tables are stale: `splits.random.by` was 'random', is 'person'"
    with pytest.raises(InputError, match=message):
        stage.main()


def test_runs_with_the_same_outputs_are_named(folder, study):
    path = folder / "metrics/study/study.json"
    repeats = {"openface-b": "openface-a"}
    files.write_json(path, files.read_json(path) | {"repeats": repeats})
    report.main()
    text = str(read(folder))
    assert "openface-b has the same history and predictions as openface-a." in text
    assert "one seed" not in str(read(study))


@pytest.fixture
def show(browser):
    """Open a study's page at a width, and wait until its charts are drawn."""

    def show(folder, width=1280, charts=NUM_CHARTS):
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
        )
        browser.get((folder / "plots/report.html").as_uri())
        drawn = "return document.querySelectorAll('.chart[data-drawn] svg').length"
        WebDriverWait(browser, 30).until(
            lambda browser: browser.execute_script(drawn) == charts
        )
        return browser

    return show


@needs_chromium
@pytest.mark.parametrize("kind", ["study", "partial", "synthetic"])
def test_every_chart_is_drawn_and_the_console_is_silent(kind, show, request):
    number = NUM_CHARTS - NUM_ANSWERS * (kind == "partial")  # nothing to compare
    browser = show(request.getfixturevalue(kind), charts=number)
    assert browser.get_log("browser") == []
    placed = browser.find_elements(By.CSS_SELECTOR, ".chart")
    assert len(placed) == number
    for chart in placed:
        assert chart.find_elements(
            By.CSS_SELECTOR, ".mark-line path, .mark-rect path, .mark-symbol path"
        )


@needs_chromium
def test_a_line_is_drawn_for_every_variant_and_set(show, study):
    browser = show(study)
    lines = (
        "return document.querySelectorAll(`#${arguments[0]} .mark-line path`).length"
    )
    assert browser.execute_script(lines, "validation") == 8
    for backbone in paper.BACKBONES:
        for metric in ("accuracy", "loss"):
            assert browser.execute_script(lines, f"{metric}-{backbone}") == 4


@needs_chromium
def test_pretrained_is_solid_and_random_dashed(show, study):
    dashes = show(study).execute_script(
        "return [...document.querySelectorAll('#validation .mark-line path')]"
        ".map((path) => path.getAttribute('stroke-dasharray'))"
    )
    expected = {"pretrained": "1,0", "random": "5,4"}
    assert dashes == [expected[name.split("-")[1]] for name in studies.LEARNS]


@needs_chromium
def test_a_backbone_has_its_colour_in_every_chart(show, study):
    browser = show(study)
    strokes = (
        "return [...document.querySelectorAll(`#${arguments[0]} .mark-line path`)]"
        ".map((path) => path.getAttribute('stroke'))"
    )
    everywhere = set(browser.execute_script(strokes, "validation"))
    assert everywhere == {COLOURS[name] for name in paper.BACKBONES}
    for backbone in paper.BACKBONES:
        colour = COLOURS[backbone]
        found = set(browser.execute_script(strokes, f"accuracy-{backbone}"))
        assert found == {colour, style.lighter(colour)}


CELLS = """
return [...document.querySelectorAll(`#${arguments[0]} tr[data-variant]`)].map((row) => [
  row.dataset.variant,
  [...row.querySelectorAll("td")].map((cell) => [
    cell.querySelector("data")?.value ?? null, cell.innerText]),
])
"""


def number_of(text):
    return float(re.sub("[±\\s]", "", text).replace("−", "-"))


@needs_chromium
@pytest.mark.parametrize("kind", ["study", "partial"])
def test_the_tables_of_rates_equal_the_json_and_mark_signs_that_disagree(
    kind, show, request
):
    folder = request.getfixturevalue(kind)
    browser = show(folder, charts=NUM_CHARTS - NUM_ANSWERS * (kind == "partial"))
    for table in TABLES:
        ours, published = (
            files.read_json(folder / f"metrics/{part}/{table}.json")
            for part in ("study", "paper")
        )
        rows = dict(browser.execute_script(CELLS, table))
        assert list(rows) == list(studies.LEARNS)
        for variant, cells in rows.items():
            mine = list(ours.get(variant, {}).values()) or [None] * 4
            printed = list(published[variant].values())
            for one, other, triple in zip(
                mine, printed, zip(*[iter(cells)] * 3, strict=True), strict=True
            ):
                check_rates(one, other, triple)


def check_rates(ours, published, triple):
    """Check the cells of our rate, the published one and their difference."""
    difference = None if ours is None else ours - published
    for value, (given, text) in zip((ours, published, difference), triple, strict=True):
        if value is None:
            assert text == "–"
        else:
            assert float(given) == pytest.approx(value, abs=1e-6)
            shown = number_of(text.split("\n")[0])
            assert shown == pytest.approx(value, abs=5.5e-6)
    disagree = ours is not None and ours * published < 0
    assert ("±" in triple[2][1]) == disagree


@needs_chromium
def test_the_first_and_the_last_epoch_equal_the_json(show, study):
    initial, final = (
        files.read_json(study / f"metrics/study/{name}.json")
        for name in ("initial", "final")
    )
    browser = show(study)
    rows = dict(browser.execute_script(CELLS, "ends"))
    scored = dict(browser.execute_script(CELLS, "scores"))
    assert list(rows) == list(scored) == list(studies.LEARNS)
    history = ("accuracy", "val_accuracy", "loss", "val_loss")
    test = [
        f"{part}_{metric}"
        for metric in ("accuracy", "loss", "macro_f1")
        for part in ("test", "deduplicated")
    ]
    for variant, cells in rows.items():
        ends = [one[variant][key] for one in (initial, final) for key in history]
        ends += [final[variant][key] for key in test]
        given = [*cells, *scored[variant]]
        assert [float(value) for value, _ in given] == pytest.approx(ends, rel=1e-5)
        assert [number_of(text) for _, text in given] == pytest.approx(ends, abs=6e-5)


@needs_chromium
def test_confusion_matrices_and_examples_equal_the_csv(show, study):
    confusion = files.read_csv(study / "plots/study/confusion.csv")
    browser = show(study)
    for variant in studies.LEARNS:
        cells = browser.execute_script(
            "return [...document.querySelectorAll(`#confusion-${arguments[0]} data`)]"
            ".map((cell) => Number(cell.value))",
            variant,
        )
        expected = confusion[confusion["run"] == variant]["share"]
        assert cells == pytest.approx(expected.tolist())
    tables = browser.find_elements(By.CSS_SELECTOR, ".example table")
    assert len(tables) == len(EMOTIONS)


@needs_chromium
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_cut_off_and_wide_tables_scroll_by_themselves(width, show, study):
    browser = show(study, width)
    assert browser.execute_script(
        "return document.documentElement.scrollWidth <= innerWidth"
    )
    wider = browser.execute_script(
        "return [...document.querySelectorAll('.scroll')]"
        ".filter((box) => box.scrollWidth > box.clientWidth + 1).length"
    )
    assert bool(wider) == (width == 390)


@needs_chromium
def test_every_figure_has_words_for_who_cannot_see_it(show, study):
    browser = show(study)
    wordless = """
    const named = (e) => e.getAttribute("alt") || e.getAttribute("aria-label")
      || document.getElementById(e.getAttribute("aria-labelledby"))?.innerText;
    return [...document.querySelectorAll("img, .chart, table.heat, .scroll")]
      .filter((e) => !named(e)).map((e) => e.outerHTML.slice(0, 80))
      .concat([...document.querySelectorAll("figure")]
        .filter((e) => !e.querySelector("figcaption")?.innerText.trim()).map(String))
    """
    assert browser.execute_script(wordless) == []


def ticks(browser, chart):
    return browser.execute_script(
        "return [...document.querySelectorAll(`#${arguments[0]} .role-axis-label text`)]"
        ".map((text) => text.textContent)",
        chart,
    )


def wheel(browser, element, modifiers):
    x, y = browser.execute_script(
        "const box = arguments[0].getBoundingClientRect();"
        "return [box.x + box.width / 2, box.y + box.height / 2]",
        element,
    )
    event = {"type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": -200}
    browser.execute_cdp_cmd(
        "Input.dispatchMouseEvent", event | {"modifiers": modifiers}
    )


@needs_chromium
def test_hovering_a_chart_gives_the_numbers_of_an_epoch(show, study):
    browser = show(study)
    chart = browser.find_element(By.ID, "accuracy-openface")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", chart)
    # A hand moves in many steps; at the first the nearest epoch is only found.
    for offset in range(4):
        ActionChains(browser).move_to_element_with_offset(chart, offset, 0).perform()
    shown = (
        WebDriverWait(browser, 10)
        .until(
            lambda browser: browser.find_element(
                By.CSS_SELECTOR, "#vg-tooltip-element.visible"
            )
        )
        .text
    )
    history = files.read_csv(study / "plots/history/openface-pretrained.csv")
    epoch = int(re.search(r"epoch\s+(\d+)", shown)[1])
    value = re.search(r"openface-pretrained, validation\s+([\d.]+)", shown)[1]
    expected = history.set_index("epoch")["val_accuracy"][epoch]
    assert float(value) == pytest.approx(expected, abs=5e-5)


@needs_chromium
def test_the_wheel_zooms_with_ctrl_and_scrolls_without(show, study):
    browser = show(study)
    chart = browser.find_element(By.ID, "loss-openface")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", chart)
    before, place = (
        ticks(browser, "loss-openface"),
        browser.execute_script("return scrollY"),
    )
    wheel(browser, chart, modifiers=0)
    WebDriverWait(browser, 10).until(
        lambda browser: browser.execute_script("return scrollY") < place
    )
    assert ticks(browser, "loss-openface") == before
    wheel(browser, chart, modifiers=2)
    WebDriverWait(browser, 10).until(
        lambda browser: ticks(browser, "loss-openface") != before
    )


@needs_chromium
def test_a_study_without_results_has_a_page_without_charts_and_errors(show, tmp_path):
    browser = show(write_page(tmp_path, ran=()), charts=NUM_PUBLISHED)
    assert browser.get_log("browser") == []
    text = browser.find_element(By.TAG_NAME, "main").text
    assert "0 of 8 variants have results" in text
    assert "No variant has results yet." in text


@needs_chromium
def test_a_study_of_one_epoch_has_a_page_without_rates(show, tmp_path):
    browser = show(write_page(tmp_path, sections={"train": {"epochs": 1}}))
    assert browser.get_log("browser") == []
    assert "Epochs 1 to" not in browser.find_element(By.TAG_NAME, "main").text
    points = "return document.querySelectorAll('#validation .mark-symbol path').length"
    assert browser.execute_script(points) == len(studies.LEARNS)


@needs_chromium
def test_another_protocol_is_a_table_of_its_own_and_in_no_figure(show, tmp_path):
    scratch = {"backbone": "mobilenet", "weights": "random", "trainable_layers": "all"}
    ninth = {
        "variants": {"mobilenet-scratch": scratch | {"seed": 42}},
        "runs": {"mobilenet-scratch": run("mobilenet-scratch")},
    }
    ran = ("mobilenet-random", "mobilenet-scratch")
    browser = show(
        write_page(tmp_path, ran=ran, sections=ninth), charts=7 + NUM_PUBLISHED
    )
    assert browser.get_log("browser") == []
    lines = (
        "return document.querySelectorAll('#accuracy-mobilenet .mark-line path').length"
    )
    assert browser.execute_script(lines) == 2  # training and validation of one
    [(name, cells)] = browser.execute_script(CELLS, "other-protocols")
    assert name == "mobilenet-scratch"
    assert [text for _, text in cells][:2] == ["every layer", "1"]
    final = files.read_json(tmp_path / "metrics/study/final.json")[name]
    keys = ("accuracy", "val_accuracy", "test_accuracy", "deduplicated_accuracy")
    given = [value and float(value) for value, _ in cells][3:]
    assert given == pytest.approx([final[key] for key in keys], rel=1e-5)


@needs_chromium
@pytest.mark.parametrize("first", ["openface-pretrained", "openface-pretrained-43"])
def test_seeds_are_one_line_of_means_with_a_band_and_the_page_counts_them(
    show, tmp_path, first
):
    more = {
        f"openface-pretrained-{seed}": run("openface-pretrained", seed)
        for seed in (43, 44)
    }
    ran = ("openface-random", *dict.fromkeys([first, *more]))
    folder = write_page(tmp_path, ran=ran, sections={"runs": more})
    browser = show(folder, charts=8 + NUM_PUBLISHED)  # one answer
    assert browser.get_log("browser") == []
    assert (
        f"{len(ran) - 1} seeds"
        in browser.find_element(By.ID, "variants").text.split("openface-random")[0]
    )
    drawn = "return document.querySelectorAll(`#accuracy-openface ${arguments[0]} path`).length"
    assert browser.execute_script(drawn, ".mark-line") == 2 * 2
    # The made-up training is the same from every seed: only validation has a band.
    assert browser.execute_script(drawn, ".mark-area") == 1
    ours = files.read_json(folder / "metrics/study/final.json")["openface-pretrained"]
    cells = dict(browser.execute_script(CELLS, "scores"))["openface-pretrained"]
    assert float(cells[0][0]) == pytest.approx(ours["test_accuracy"], rel=1e-5)
    of_each = [
        files.read_json(folder / f"metrics/test/{name}.json")["test"]["accuracy"]
        for name in ran[1:]
    ]
    assert ours["test_accuracy"] == pytest.approx(np.mean(of_each), rel=1e-5)
    assert browser.find_elements(By.ID, "confusion-openface-pretrained")


def specs(folder):
    page = (folder / "plots/report.html").read_text()
    embedded = re.search(r'id="specs">(.*?)</script>', page, re.DOTALL)[1]
    assert "<" not in embedded
    return json.loads(embedded)


def test_charts_show_the_baseline(study):
    scored = scores.baseline(faces.read(study / "data/faces").labels, 7)
    advice = files.read_json(study / "metrics/study/advice.json")
    drawn = {
        chart: rows[0]["baseline"]
        for chart, spec in specs(study).items()
        for rows in spec.get("datasets", {}).values()
        if "baseline" in rows[0]
    }
    assert drawn == {
        "initial-accuracy": pytest.approx(scored["accuracy"], abs=1e-6),
        "initial-loss": pytest.approx(scored["prior_loss"], abs=1e-5),
        "accuracies": pytest.approx(advice["baseline"], abs=1e-6),
    }


@pytest.mark.parametrize(
    ("has_duplicate", "expected"),
    [
        ([True, True, False, False, False], 2 / 3),
        ([False, False, True, True, True], 1),
        ([True] * 5, 0),
    ],
)
def test_networks_are_recommended_by_their_lead_over_the_baseline_of_the_same_images(
    monkeypatch, tmp_path, has_duplicate, expected
):
    """Accuracy on the deduplicated part was once compared to the whole test set's baseline."""
    monkeypatch.chdir(tmp_path)
    studies.make(tmp_path, ran=("openface-random",), images=112)
    labels = faces.read().labels
    split = files.read_npz(tmp_path / "data/splits/random.npz")
    test = split["test"][:5]
    labels[test] = [0, 0, 0, 1, 1]
    write_faces(labels, np.array(faces.read_images()))
    split |= {"test": test, "test_has_duplicate": np.array(has_duplicate)}
    write_split(**split)
    records.write(tmp_path)
    write_predictions(tmp_path, len(test))
    tabulate.main()
    advice = files.read_json(tmp_path / "metrics/study/advice.json")
    assert advice["baseline"] == pytest.approx(expected)


def write_predictions(folder, number):
    """Write predictions of as few test images as the changed split has."""
    codes = np.zeros(number, np.uint8)
    files.write_codes(folder / "plots/predictions/openface-random.txt", codes)
    records.write(folder)


def test_the_charts_are_data_that_a_script_cannot_escape(study):
    assert len(specs(study)) == NUM_CHARTS
