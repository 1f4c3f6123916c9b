"""Settings that nobody wrote: `make fuzz` tries thousands, `make test` a few."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML

from fer_transfer.settings.settings import SECTIONS, load_settings
from fer_transfer.settings.types import Name
from tests.fuzzing import is_short, mutated, result_or_message, within

FILE = Path(__file__).parents[1] / "params.yaml"
TEXT = FILE.read_bytes()
VALUES = YAML(typ="safe", pure=True).load(TEXT)
KEYS = [(section, key) for section in SECTIONS for key in VALUES[section]]
KEYS += [(part, name) for part in ("variants", "runs") for name in VALUES[part]]

# YAML has many ways to write a value.
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.dates()
scalars |= st.text(max_size=20) | st.binary(max_size=9)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(scalars.filter(lambda key: key == key), inner, max_size=3)
    ),
    max_leaves=9,
)
words = st.sampled_from(
    ["!!python/object:os.system", "!!set {a}", "!!binary aGk=", "<<: *a", "&a *a", "? [a]", "|\n  a", "0x7f", "0o17", "1_000", "1:30:00", ".inf", "-.nan", "1e400", "9" * 5000, "~", "off", "[", "{", "'", '"', "%YAML 1.1", "---", "...", "\t", "\u2028", "!!int 'a'", "!!float x", "!!timestamp 2"]
)  # fmt: skip


def loads_or_says_why(content: bytes, folder: Path) -> None:
    path = folder / "params.yaml"
    path.write_bytes(content)
    with within(seconds=10):
        settings, message = result_or_message(lambda: load_settings(path))
    if settings:
        assert 0 < settings.splits["random"].val < 1
        assert 0 < settings.train.learning_rate < 1
        assert type(settings.train.epochs) is int
    else:
        assert is_short(message)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("settings")


@given(content=mutated(TEXT))
def test_changed_letters_are_settings_or_an_error(folder, content):
    loads_or_says_why(content, folder)


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@example(b"\xed\xa0\x80")
def test_any_bytes_are_settings_or_an_error(folder, content):
    loads_or_says_why(content, folder)


@given(key=st.sampled_from(KEYS), value=values)
def test_a_value_of_any_kind_is_a_setting_or_an_error(folder, key, value):
    changed = {name: dict(section) for name, section in VALUES.items()}
    changed[key[0]][key[1]] = value
    path = folder / "dumped.yaml"
    YAML(typ="safe", pure=True).dump(changed, path)
    loads_or_says_why(path.read_bytes(), folder)


@given(line=st.integers(0, TEXT.count(b"\n")), word=words)
def test_a_word_of_yaml_anywhere_is_a_setting_or_an_error(folder, line, word):
    lines = TEXT.decode().split("\n")
    lines[line] = f"{lines[line].split(': ')[0]}: {word}"
    loads_or_says_why("\n".join(lines).encode(), folder)


@given(name=st.text(max_size=70) | st.from_regex(r"[a-z0-9_/.-]+", fullmatch=True))
def test_a_name_is_a_file_name_or_an_error(name):
    try:
        TypeAdapter(Name).validate_python(name)
    except ValidationError:
        return
    assert Path(f"data/runs/{name}/x").parent.name == name == name.lower()
    assert name.isascii()
