from pathlib import Path

import pytest

from stages.lib import params
from stages.lib.console import InputError

PROJECT = Path(__file__).parents[1]


@pytest.fixture
def write(tmp_path):
    def write(old: str = "", new: str = "") -> Path:
        text = (PROJECT / "params.yaml").read_text()
        assert old in text
        path = tmp_path / "params.yaml"
        path.write_text(text.replace(old, new, 1))
        return path

    return write


def test_the_settings_have_their_types(write):
    settings = params.load(write())
    assert settings.split.test == 0.2
    assert settings.variants["openface-random"].backbone == "openface"
    assert isinstance(settings.train, params.Train)
    assert isinstance(settings.train.learning_rate, float)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  seed: 42           # section", "  sed: 42  # section", r"sets `split\.sed`, which no stage reads\. Did you mean `split\.seed`\?"),
        ("tables:", "table:", r"sets `table`, which no stage reads\. Did you mean `tables`\?"),
        ("  epochs: 20", "  epoch: 20", r"sets `train\.epoch`.*`train\.epochs`"),
        ("backbone: mobilenet, ", "bone: mobilenet, ", r"`variants\.mobilenet-pretrained\.bone`.*mean `variants\.mobilenet-pretrained\.backbone`"),
        ("  epochs: 20", "  # epochs: 20", r"does not set `train\.epochs`"),
        ("  epochs: 20", "  epochs: 0", r"`train\.epochs` .* must be a whole number of at least 1\. Got 0"),
        ("  epochs: 20", "  epochs: true", r"`train\.epochs` .* a whole number .*Got True"),
        ("  epochs: 20", "  epochs: '20'", r"`train\.epochs` .* a whole number .*Got '20'"),
        ("  val: 0.1", "  val: 1.5", r"`split\.val` .* a number above 0 and below 1\. Got 1\.5"),
        ("  val: 0.1", "  val: 0.85", r"must leave images for training, but they sum to 1\.05"),
        ("learning_rate: 0.0001", "learning_rate: 0", r"`train\.learning_rate` .* above 0\. Got 0\.0"),
        ("{backbone: mobilenet", "{backbone: mobilnet", r"one of `mobilenet`.*Got 'mobilnet'"),
        ("trainable_layers: 4", "trainable_layers: some", r"a whole number of at least 1 or `all`\. Got 'some'"),
        ("trainable_layers: 4", "trainable_layers: 0", r"a whole number of at least 1 or `all`\. Got 0"),
        ("pretrained: official", "pretrained: yes", r"`weights\.pretrained` .* `official`, `stand-in`\. Got 'yes'"),
        ("variants:", "variants: []\nrest:", r"`rest`, which no stage reads"),
        ("split:", "split: [", r"is not valid YAML"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_an_error_that_names_it(write, old, new, message):
    with pytest.raises(InputError, match=message):
        params.load(write(old, new))


def test_a_number_is_read_as_dvc_reads_it(write):
    assert params.load(write("0.0001", "1e-4")).train.learning_rate == 1e-4


def test_a_missing_file_says_where_to_run(tmp_path):
    with pytest.raises(InputError, match="Run from the project's top folder"):
        params.load(tmp_path / "params.yaml")


def test_a_ninth_variant_is_one_line(write):
    line = "  mobilenet-scratch: {backbone: mobilenet, weights: random, trainable_layers: all}\n"
    path = write()
    path.write_text(path.read_text() + line)
    assert params.load(path).variants["mobilenet-scratch"].trainable_layers == "all"
