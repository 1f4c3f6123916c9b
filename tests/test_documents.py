"""The documents against the project: what they name exists, and they stay short."""

import re
import subprocess
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
import settings_files

from fer_transfer.recognise.model import Model, default_model

PROJECT = Path(__file__).parents[1]
FILES = subprocess.check_output(["git", "ls-files"], cwd=PROJECT, text=True).split("\n")
DOCUMENTS = [name for name in FILES if name.endswith(".md")]
HISTORY = ("CHANGELOG.md", "docs/log.md")  # they name what was there at the time
NOW = [name for name in DOCUMENTS if name not in HISTORY]
FOLDERS = "benchmarks|data|docs|fer_transfer|metrics|models|plots|stages|tests|tools"
ELSEWHERE = ("fleet.yaml",)  # in a user's home

PIPELINE = settings_files.load("dvc.yaml")["stages"]
SETTINGS = settings_files.load()


def text(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def code(name: str) -> str:
    """Return what a document sets as code, fenced, indented or in backticks, without comments."""
    content = re.sub(
        r"^```mermaid.*?^```", "", text(name), flags=re.DOTALL | re.MULTILINE
    )
    blocks = re.findall(
        r"^```$.*?^```$|^ {4}[^\n]+$", content, re.DOTALL | re.MULTILINE
    )
    for block in blocks:
        content = content.replace(block, "")
    code_lines = re.sub(r"(^|\s)# .*", "", "\n".join(blocks), flags=re.MULTILINE)
    return "\n".join([code_lines, *re.findall(r"`([^`]+)`", content)])


def outputs() -> list[str]:
    """Return what stages write, as patterns: `${key}` is any name."""
    paths: list[str] = []
    for stage in PIPELINE.values():
        for out in stage.get("do", stage)["outs"]:
            paths.append(out if isinstance(out, str) else next(iter(out)))
    return [re.escape(path).replace(r"\$\{key\}", "[^/]+") for path in paths]


def exists(path: str) -> bool:
    """Return whether a path is in Git, or written by a stage, or a folder of such."""
    plain = re.sub(r"<\w+>|\b[A-Z]{2,}\b", "x", path).rstrip("/.")
    if path.rstrip("/.") in FILES or any(
        name.startswith(path.rstrip("/.") + "/") for name in FILES
    ):
        return True
    return any(
        re.match(out + "(/|$)", plain) or out.startswith(re.escape(plain) + "/")
        for out in outputs()
    )


def missing(names: Iterable[str], known: Iterable[str]) -> list[str]:
    return sorted(set(names) - set(known))


@pytest.mark.parametrize("name", NOW)
def test_every_file_that_a_document_names_exists(name):
    content = re.sub(r"https://\S+", "", text(name))
    named = re.findall(rf"(?<![\w./-])(?:{FOLDERS})/[\w./<>-]*[\w>/]", content)
    named += re.findall(r"(?<![\w./-])[\w.-]+\.(?:yaml|toml|lock)\b", content)
    assert [path for path in named if not exists(path) and path not in ELSEWHERE] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_to_a_file_and_a_heading(name):
    broken = []
    for link in re.findall(r"\]\(([^)]+)\)", text(name)):
        path, _, anchor = link.partition("#")
        target = (PROJECT / name).parent / path if path else PROJECT / name
        if link.startswith("https://"):
            continue
        if not target.exists():
            broken.append(link)
        elif anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
            slugs = [
                re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-")
                for one in headings
            ]
            broken += [link] * (anchor not in slugs)
    assert broken == []


@pytest.mark.parametrize("name", NOW)
def test_every_command_that_a_document_names_exists(name):
    modules = re.findall(
        r"-m ((?:stages|tools|fer_transfer|benchmarks)[\w.]*)", text(name)
    )
    paths = [module.replace(".", "/") for module in modules]
    assert [
        path
        for path in paths
        if f"{path}.py" not in FILES and f"{path}/__main__.py" not in FILES
    ] == []
    targets = re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE)
    assert missing(re.findall(r"\bmake ([a-z][a-z-]*)", code(name)), targets) == []
    scripts = tomllib.loads(text("pyproject.toml"))["project"].get("scripts", {})
    assert missing(re.findall(r"\bfer-recognise\b", code(name)), scripts) == []


@pytest.mark.parametrize("name", NOW)
def test_every_stage_that_a_document_names_exists(name):
    named = re.findall(r"(?<![\w.-])([a-z]+)@", code(name))
    for line in re.findall(r"\bdvc (?:repro|pull) ([^#`\n&]+)", code(name)):
        named += [word for word in line.split() if re.fullmatch("[a-z]+", word)]
    assert missing(named, PIPELINE) == []


@pytest.mark.parametrize("name", NOW)
def test_every_setting_that_a_document_names_exists(name):
    sections = "|".join(SETTINGS)
    named = re.findall(rf"(?<![\w./-])({sections})\.([a-z]\w*)(?!\w|/)", code(name))
    files = {"py", "yaml", "csv", "json", "npz", "h5"}
    assert [
        f"{section}.{key}"
        for section, key in named
        if key not in files and key not in SETTINGS[section]
    ] == []


def test_what_does_not_exist_is_found_out():
    assert not any(map(exists, ["tools/gone.py", "metrics/gone/x.json"]))
    assert exists("metrics/test/<run>.json")
    assert missing(["repor"], PIPELINE) == ["repor"]


def test_every_document_that_code_names_exists():
    named = {
        (path, name)
        for name in FILES
        if name.endswith((".py", ".yaml", ".yml", ".toml", "Makefile"))
        for path in re.findall(r"\bdocs/[\w/-]+\.\w+", text(name))
    }
    assert sorted(one for one in named if not exists(one[0])) == []


def test_documents_stay_short():
    assert len(text("README.md").splitlines()) <= 130
    assert len(text("README.md").split()) <= 1300
    docs = [name for name in NOW if name.startswith("docs/")]
    assert sum(len(text(name).split()) for name in docs) <= 9000


def test_the_model_card_has_the_scores_of_the_default_model():
    scores = Model(default_model()).metadata.scores
    rows = {"all": (scores["images"], scores["accuracy"], scores["interval"])}
    for name, row in scores["by_class"].items():
        rows[name] = (row["images"], row["recall"], row["interval"])
    for name, (images, share, (low, high)) in rows.items():
        expected = f"| {name} | {images:,} | {share:.1%} | {low:.1%} to {high:.1%} |"
        assert expected in text("docs/model-card.md")
