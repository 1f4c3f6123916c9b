"""The page, as written and as a real browser shows it without a network."""

import json
import re
import shutil
from html import unescape
from pathlib import Path

import numpy as np
import planted
import pytest
import settings_files
import studies
from browsers import needs_chromium
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.results import claims
from fer_transfer.results.paper import TABLES
from fer_transfer.scoring import scores
from stages import plot, report

NUM_PUBLISHED = 2  # fits of Table 2, and of Table 2 less Table 4
# Validation; Figures 5-8; 9 and 10; all runs.
NUM_OF_RUNS = 1 + 8 + 2 + 1
NUM_ANSWERS = 2  # faces or ImageNet; pretrained or random
NUM_CHARTS = NUM_PUBLISHED + NUM_OF_RUNS + NUM_ANSWERS
# Of five runs nothing is compared; of two backbones there is one question and two pairs of curves.
CHARTS = {
    "study": NUM_CHARTS,
    "partial": NUM_CHARTS - NUM_ANSWERS,
    "several": NUM_CHARTS - 1 - 4,
}


def write_page(folder, **changes):
    """Make up a study in a folder, and report it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, secret in planted.SECRETS.items():
            patch.setenv(name, secret)
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
def several(tmp_path_factory):
    """Synthetic faces, two of three seeds, another protocol, weights of a model file."""
    folder = tmp_path_factory.mktemp("several")
    every = {"backbone": "openface", "weights": "pretrained", "trainable_layers": "all"}
    seeds = {
        f"openface-pretrained-{n}": run("openface-pretrained", n) for n in (43, 44)
    }
    sections = studies.SYNTHETIC | {
        "variants": {"openface-all": every},
        "runs": seeds | {"openface-all": run("openface-all")},
    }
    score = scores.score
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        # `scores.score` is the one place to add a metric.
        patch.setattr(scores, "score", lambda *a: {**score(*a), "top_two": 0.8125})
        ran = ("openface-random", "resnet50-random", *seeds, "openface-all")
        studies.make(folder, ran=ran, images=112, sections=sections)
        origin = {"name": "model.onnx", "source": "model", "sha256": "ab" * 32}
        path = Path("metrics/weights/openface-random.json")
        files.write_json(path, origin)
        for name, temperature in {
            "openface-random": 1.25,
            "openface-pretrained-43": 1.43,
            "vggface-random": 1.77,  # of an earlier study: it did not run in this one
        }.items():
            both = {key: {"ece": 0.1, "loss": 1.5} for key in ("before", "after")}
            calibrated = {"temperature": temperature, "test": both}
            files.write_json(Path(f"metrics/calibration/{name}.json"), calibrated)
        report.main()
    return folder


def read(folder):
    """Return what a page says."""
    page = (folder / "plots/report.html").read_text(encoding="utf-8")
    tags = r"<(script|style)\b.*?</\1>|<[^>]*>"
    return " ".join(unescape(re.sub(tags, " ", page, flags=re.DOTALL)).split())


def test_the_same_results_give_the_same_bytes(study, monkeypatch):
    monkeypatch.chdir(study)
    first = (study / "plots/report.html").read_bytes()
    report.main()
    assert (study / "plots/report.html").read_bytes() == first


def test_the_page_is_small_and_names_no_address_and_no_secret(study):
    assert planted.found_in(study) == []
    page = (study / "plots/report.html").read_text(encoding="utf-8")
    assert len(page) < 6_000_000
    without = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    tags = re.findall(r"<[a-z][^>]*>", without)
    for address in re.findall(r'(?:src|href)="([^"]*)"', " ".join(tags)):
        assert address.startswith(("#", "data:image/png;base64,"))


def test_synthetic_faces_are_said_first_to_prove_nothing(several, study):
    text = read(several)
    notice = "Synthetic faces and stand-in weights prove nothing about people."
    assert text.index(notice) < text.index("Does a backbone")
    assert "supported on synthetic faces" in text
    for words in ("prove nothing", "on synthetic faces"):
        assert words not in read(study)


def test_of_photos_of_ones_own_the_page_says_what_was_left_out_and_nothing_of_the_paper(
    several, tmp_path, monkeypatch
):
    folder = shutil.copytree(several, tmp_path / "own")
    monkeypatch.chdir(folder)
    changes = {"dropped": {"no face": 3, "damaged": 1}}
    changes["classes_without_faces"] = ["bored"]
    for name, changed in (("dataset", changes), ("study/study", {"data": "holiday"})):
        path = folder / f"metrics/{name}.json"
        files.write_json(path, files.read_json(path) | changed)
    report.main()
    text = read(folder)
    assert "Models for holiday" in text
    assert "no photo of them has a usable face: bored." in text
    assert "Left out 4 files: 3 no face, 1 damaged" in text
    assert "the paper" not in text.lower()
    page = (folder / "plots/report.html").read_text(encoding="utf-8")
    assert page.count('data-variant="openface-all"') == 2  # as the other runs


def test_missing_variants_are_named_with_the_reason(partial):
    text = read(partial)
    assert "5 of 8 groups of runs have results" in text
    assert text.count("Missing: no results") == 3


def test_every_claim_has_its_rule_and_a_verdict(study):
    text = read(study)
    for claim in claims.CLAIMS:
        assert claim.says in text
        assert claim.rule in text


def test_the_page_says_what_its_results_rest_on(study):
    for words in (
        "Uninformative features: mobilenet-random.",
        "No comparison has three seeds on each side yet",
        "Holm’s correction for all 0 comparisons",
        "of 3 seeds",
        "28 of the 28 nonzero rates of training accuracy fit 28,710",
        "fit 7,177 images",
        "train.learning_rate 0.0001",
        "OpenVINO, float32",
        "Its validation images are its test images.",
    ):
        assert words in read(study)


def test_data_and_weights_have_their_hashes(study, several):
    text = read(study)
    assert files.read_json(study / "metrics/dataset.json")["fingerprint"] in text
    origin = files.read_json(study / "metrics/weights/vggface-pretrained.json")
    assert origin["sha256"] in text
    text = read(several)
    assert "model.onnx, model" in text
    assert "ab" * 32 in text


def test_a_metric_that_is_scored_is_on_the_page_without_a_word_of_it(several):
    text = read(several)
    assert "top two" in text
    assert text.count("0.8125") == 2 * 3  # all of the test set, and deduplicated


def test_no_two_parts_of_the_page_have_one_name(several):
    page = (several / "plots/report.html").read_text(encoding="utf-8")
    names = re.findall(r'<[^>]* id="([^"]+)"', page)
    assert {"protocols", "other-protocols"} < set(names)
    assert sorted(names) == sorted(set(names))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(names)


def test_calibration_is_that_of_the_runs_that_the_page_is_of(several):
    shown = re.findall(r'<data value="(1\.\d\d)">', part(several, "calibration"))
    assert shown == ["1.43", "1.25"]


@pytest.fixture
def folder(study, tmp_path, monkeypatch):
    """A copy of the study, to be changed; the current folder."""
    shutil.copytree(study, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return tmp_path / "copy"


def test_stale_runs_and_runs_with_the_same_outputs_are_named(folder, study):
    path = folder / "metrics/study/study.json"
    told = files.read_json(path)
    del told["ran"]["openface-random"]
    told["stale"] = {"openface-random": "another split"}
    files.write_json(path, told | {"repeats": {"openface-b": "openface-a"}})
    report.main()
    text = read(folder)
    assert "7 of 8 groups of runs have results" in text
    assert "settings and data: openface-random: another split" in text
    assert "Missing: another split" in text
    assert "openface-b has the same history and predictions as openface-a." in text
    assert "one seed" not in read(study)


@pytest.mark.parametrize("stage", [plot, report])
def test_tables_of_other_settings_are_refused(folder, stage):
    settings_files.change({"splits.random.by": "person"})
    message = "The tables are stale: `splits.random.by` was 'random', is 'person'"
    with pytest.raises(InputError, match=message):
        stage.main()


def test_tables_of_another_first_split_or_order_of_runs_are_refused(folder):
    path = folder / "metrics/study/study.json"
    told = files.read_json(path)
    for key, value, why in (
        ("paper_split", "tables", "`random` is the first split now"),
        ("ran", ["openface-b"], "runs are listed in another order now"),
    ):
        files.write_json(path, told | {key: value})
        with pytest.raises(InputError, match=why):
            report.main()


def test_tables_are_current_whether_the_classifiers_are_or_not(folder):
    lock = files.read_json(folder / "dvc.lock")
    for dep in lock["stages"]["assess"]["deps"]:
        dep["md5"] = "0" * 32
    (folder / "dvc.lock").write_text(json.dumps(lock))
    report.main()
    assert "8 of 8 groups of runs have results" in read(folder)


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
@pytest.mark.parametrize("kind", CHARTS)
def test_every_chart_is_drawn_and_the_console_is_silent(kind, show, request):
    number = CHARTS[kind]
    browser = show(request.getfixturevalue(kind), charts=number)
    assert browser.get_log("browser") == []
    placed = browser.find_elements(By.CSS_SELECTOR, ".chart")
    assert len(placed) == number
    for chart in placed:
        assert chart.find_elements(
            By.CSS_SELECTOR, ".mark-line path, .mark-rect path, .mark-symbol path"
        )


def part(folder, name):
    """Return the HTML of a table."""
    page = (folder / "plots/report.html").read_text(encoding="utf-8")
    [table] = re.findall(rf'<table[^>]* id="{name}".*?</table>', page, re.DOTALL)
    return table


def cells(folder, name):
    """Return the exact numbers of a table by variant; None where a cell has none."""
    cell = (
        r'<td[^>]*>(?:<abbr.*?</abbr>)?(?:<data value="([^"]*)">|<span class="nothing")'
    )
    rows = re.findall(
        r'<tr data-variant="([^"]+)">(.*?)</tr>', part(folder, name), re.DOTALL
    )
    return {
        variant: [float(value) if value else None for value in re.findall(cell, row)]
        for variant, row in rows
    }


def approximately(value):
    return None if value is None else pytest.approx(value, abs=1e-6)


def test_the_tables_of_rates_equal_the_json_and_mark_signs_that_disagree(partial):
    for table in TABLES:
        ours, published = (
            files.read_json(partial / f"metrics/{where}/{table}.json")
            for where in ("study", "paper")
        )
        expected, disagree = {}, 0
        for variant in studies.LEARNS:
            mine = list(ours.get(variant, {}).values()) or [None] * 4
            expected[variant] = []
            for one, other in zip(mine, published[variant].values(), strict=True):
                gap = None if one is None else one - other
                expected[variant] += map(approximately, (one, other, gap))
                disagree += one is not None and one * other < 0
        assert cells(partial, table) == expected
        assert part(partial, table).count("the signs disagree") == disagree


def test_the_first_and_the_last_epoch_equal_the_json(study):
    initial, final = (
        files.read_json(study / f"metrics/study/{name}.json")
        for name in ("initial", "final")
    )
    history = ("accuracy", "val_accuracy", "loss", "val_loss")
    test = [
        f"{part}_{metric}"
        for metric in ("accuracy", "loss", "macro_f1")
        for part in ("test", "deduplicated")
    ]
    rows, scored = cells(study, "ends"), cells(study, "scores")
    assert list(rows) == list(scored) == list(studies.LEARNS)
    for variant in rows:
        ends = [one[variant][key] for one in (initial, final) for key in history]
        assert rows[variant] == pytest.approx(ends, rel=1e-5)
        scores = [final[variant][key] for key in test]
        assert scored[variant] == pytest.approx(scores, rel=1e-5)


def test_confusion_matrices_and_examples_equal_the_csv(study):
    confusion = files.read_csv(study / "plots/study/confusion.csv")
    for variant in studies.LEARNS:
        shares = re.findall(
            r'<data value="(.*?)">', part(study, f"confusion-{variant}")
        )
        expected = confusion[confusion["run"] == variant]["share"]
        assert [float(share) for share in shares] == pytest.approx(expected.tolist())
    page = (study / "plots/report.html").read_text(encoding="utf-8")
    assert page.count('aria-label="Probabilities for the image') == len(EMOTIONS)


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


@needs_chromium
def test_hovering_a_chart_gives_the_numbers_of_an_epoch(show, study):
    browser = show(study)
    chart = browser.find_element(By.ID, "accuracy-openface")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", chart)
    # A hand moves in many steps; at the first the nearest epoch is only found.
    for offset in range(4):
        ActionChains(browser).move_to_element_with_offset(chart, offset, 0).perform()
    tooltip = (By.CSS_SELECTOR, "#vg-tooltip-element.visible")
    box = WebDriverWait(browser, 10).until(lambda _: browser.find_element(*tooltip))
    shown = box.text
    history = files.read_csv(study / "plots/history/openface-pretrained.csv")
    epoch = int(re.search(r"epoch\s+(\d+)", shown)[1])
    value = re.search(r"openface-pretrained, validation\s+([\d.]+)", shown)[1]
    expected = history.set_index("epoch")["val_accuracy"][epoch]
    assert float(value) == pytest.approx(expected, abs=5e-5)


@needs_chromium
def test_a_study_without_results_has_a_page_without_charts_and_errors(show, tmp_path):
    browser = show(write_page(tmp_path, ran=()), charts=NUM_PUBLISHED)
    assert browser.get_log("browser") == []
    text = browser.find_element(By.TAG_NAME, "main").text
    assert "0 of 8 groups of runs have results" in text
    assert "No run has results yet." in text


@needs_chromium
def test_a_study_of_one_epoch_has_a_page_without_rates(show, tmp_path):
    sections = {"train": {"epochs": 1}}
    folder = write_page(tmp_path, ran=("mobilenet-random",), sections=sections)
    browser = show(folder, charts=NUM_CHARTS - NUM_ANSWERS - 6)
    assert browser.get_log("browser") == []
    assert "Epochs 1 to" not in browser.find_element(By.TAG_NAME, "main").text
    points = "return document.querySelectorAll('#validation .mark-symbol path').length"
    assert browser.execute_script(points) == 1


@needs_chromium
def test_another_protocol_is_a_table_of_its_own_and_in_no_figure(show, several):
    browser = show(several, charts=CHARTS["several"])
    drawn = "return document.querySelectorAll('#accuracy-openface .mark-line path')"
    assert len(browser.execute_script(drawn)) == 2 * 2  # sets, of the paper's protocol
    [(name, numbers)] = cells(several, "other-protocols").items()
    assert name == "openface-all"
    assert ">every layer</td><td>1</td>" in part(several, "other-protocols")
    final = files.read_json(several / "metrics/study/final.json")[name]
    keys = ("accuracy", "val_accuracy", "test_accuracy", "deduplicated_accuracy")
    # It has no best epoch, so its last one's test accuracy is not repeated.
    *shown, last_beside_best = numbers[1:]
    assert shown == pytest.approx([final[key] for key in keys], rel=1e-5)
    assert last_beside_best is None


@needs_chromium
def test_seeds_are_one_line_of_means_with_a_band_and_the_page_counts_them(
    show, several
):
    """Under the name of the first, though that has no results."""
    browser = show(several, charts=CHARTS["several"])
    # The made-up training is the same from every seed: only validation has a band.
    drawn = "return document.querySelectorAll('#accuracy-openface .mark-area path')"
    assert len(browser.execute_script(drawn)) == 1
    assert "2 seeds" in part(several, "variants")
    of_each = [
        files.read_json(several / f"metrics/test/openface-pretrained-{n}.json")
        for n in (43, 44)
    ]
    mean = np.mean([scored["test"]["accuracy"] for scored in of_each])
    shown = cells(several, "scores")["openface-pretrained"][0]
    assert shown == pytest.approx(mean, rel=1e-5)
    assert part(several, "confusion-openface-pretrained")


def test_charts_are_data_that_no_script_escapes(study):
    page = (study / "plots/report.html").read_text()
    embedded = re.search(r'id="specs">(.*?)</script>', page, re.DOTALL)[1]
    assert "<" not in embedded
    assert len(json.loads(embedded)) == NUM_CHARTS
