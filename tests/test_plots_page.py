"""What `dvc plots show` makes, as a real browser shows it without a network."""

import shutil

import commands
import planted
import projects
import pytest
import settings_files
import studies
from browsers import needs_chromium
from selenium.webdriver.support.wait import WebDriverWait

from stages import plot
from tools import plots_page

pytestmark = pytest.mark.slow

PLOTS = settings_files.load("dvc.yaml")["plots"]
FOLDERS = [entry for entry in PLOTS if isinstance(entry, str)]
CHARTS = [next(iter(entry)) for entry in PLOTS if isinstance(entry, dict)]


def show(folder):
    """Run `dvc plots show`; return where the page is."""
    assert not commands.python("-m", "dvc", "plots", "show", folder=folder).stderr
    return folder / "dvc_plots/index.html"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A clone in which a study ran, and the page was not made."""
    folder = tmp_path_factory.mktemp("study")
    projects.copy(folder, "dvc.yaml", ".dvc/config", ".dvc/.gitignore", ".gitignore")
    # Not what this clone made.
    for template in (commands.PROJECT / ".dvc/plots").glob("*.json"):
        projects.copy(folder, str(template.relative_to(commands.PROJECT)))
    commands.run("git", "init", "-q", folder=folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, secret in planted.SECRETS.items():
            patch.setenv(name, secret)
        studies.make(folder)
        plot.main()
    return folder


@pytest.fixture(scope="module")
def page(study, tmp_path_factory):
    """`dvc plots show` in a copy where the page was made."""
    folder = tmp_path_factory.mktemp("page") / "study"
    shutil.copytree(study, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        plots_page.main()
    return show(folder)


def test_a_clone_without_the_page_shows_its_plots_with_dvc_s_own(study):
    assert "https://cdn.jsdelivr.net" in show(study).read_text()
    assert planted.found_in(study) == []


def test_the_page_loads_nothing(page):
    text = page.read_text()
    assert "<script src" not in text
    assert "<link" not in text


def test_the_page_is_made_on_each_machine_and_not_committed(page):
    made = [str(plots_page.PAGE), ".dvc/config.local", "dvc_plots/index.html"]
    ignored = commands.run("git", "check-ignore", *made, folder=page.parents[1])
    assert ignored.stdout.split() == made


DRAWN = """
return [...document.querySelectorAll(".vega-embed svg")].filter((chart) =>
  chart.querySelector(".mark-line path[d], .mark-rect path[d]")).length
"""


@needs_chromium
def test_everything_that_dvc_yaml_lists_is_drawn_without_a_network(page, browser):
    browser.get(page.as_uri())
    WebDriverWait(browser, 30).until(
        lambda browser: browser.execute_script(DRAWN) == len(CHARTS)
    )
    loaded = "return [...document.images].filter((image) => image.naturalWidth).length"
    images = [path for one in FOLDERS for path in (page.parents[1] / one).iterdir()]
    assert len(images) == 15  # test accuracy, Figures 1 and 5-17
    assert browser.execute_script(loaded) == len(images)
    # Vega warns that Vega-Lite 5 was written for its version before, and draws it.
    log = browser.get_log("browser")
    assert [entry for entry in log if entry["level"] != "WARNING"] == []
    assert all("spec uses Vega v5" in entry["message"] for entry in log)
