import json
from pathlib import Path

import pytest
import settings_files

from fer_transfer.console.errors import InputError
from fer_transfer.settings.checks import BACKBONES
from fer_transfer.settings.settings import load_settings

PROJECT = Path(__file__).parents[1]
SETTINGS = settings_files.load()
VARIANT, RUN = "variants.vggface-random", "runs.vggface-random"
# The runs that are changed below: all of them take long to read, again and again.
RUNS = ("vggface-random", "mobilenet-pretrained", "mobilenet-recipe")
SETTINGS["runs"] = {name: SETTINGS["runs"][name] for name in RUNS}
# Of each kind of section, and of each type.
KEYS = ["data.convert", "tables.windows", f"{VARIANT}.backbone", f"{RUN}.seed"]
TYPED = [*KEYS, "data.layout", "train.learning_rate", f"{VARIANT}.trainable_layers"]
LEAST, MOST = "greater than or equal to", "less than or equal to"


@pytest.fixture
def write(tmp_path):
    def write(**changes: str | None) -> Path:
        """Write params.yaml with other values, given as YAML; None removes a key."""
        values = json.loads(json.dumps(SETTINGS))
        for number, (key, change) in enumerate(changes.items()):
            *outer, last = key.split(".")
            holder = values
            for name in outer:
                holder = holder[name]
            holder[last] = f"<{number}>"
            if change is None:
                del holder[last]
        text = json.dumps(values, indent=1)
        for number, change in enumerate(changes.values()):
            text = text.replace(f'"<{number}>"', change or "")
        path = tmp_path / "params.yaml"
        path.write_text(text)
        return path

    return write


def refuses(path: Path, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load_settings(path)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("key", [*KEYS, "train", "runs"])
def test_a_missing_key_or_section_is_named(write, key):
    refuses(write(**{key: None}), f"does not set `{key}`. Add it; the comment")


@pytest.mark.parametrize("key", KEYS)
def test_a_misspelt_key_is_named_with_its_neighbour(write, key):
    value = json.dumps(SETTINGS["splits"]["random"]["seed"])
    refuses(
        write(**{key: None, f"{key}_": value}),
        f"sets `{key}_`, which no stage reads. Did you mean `{key}`?",
    )


@pytest.mark.parametrize("value", ["[1, 2]", "{a: 1}", "null", "2026-01-01"])
@pytest.mark.parametrize("key", TYPED)
def test_a_value_of_no_type_that_a_setting_has_is_an_error(write, key, value):
    refuses(write(**{key: value}), f"`{key}` in params.yaml must be ")


# name: (key, value as YAML, what it must be, how the value is shown)
WRONG_VALUES = {
    "source with a NUL": ("data.source", r'"a\0b"', "text on one line", r"'a\x00b'"),
    "convert as a word": ("data.convert", "yes", "a valid boolean", "'yes'"),
    "an empty name": ("data.map", "{joy: ''}", "a mapping of labels to names", "{'joy': ''}"),
    "a negative seed": ("synthetic.seed", "-1", f"{LEAST} 0", "-1"),
    "a seed NumPy does not take": ("splits.random.seed", "4294967296", f"{MOST} 4294967294", "4294967296"),
    "an update rate taken for a decay": ("runs.mobilenet-recipe.average", "0.998", f"{MOST} 0.2", "0.998"),
    "a share in per cent": ("splits.random.test", "20", "less than 1", "20"),
    "an unknown backbone": (f"{VARIANT}.backbone", "mobilnet", "one of " + ", ".join(BACKBONES), "'mobilnet' instead. Did you mean `mobilenet`?"),
    "unknown weights of a variant": (f"{VARIANT}.weights", "official", "'pretrained' or 'random' or a path that ends in .onnx", "'official'"),
    "fewer layers than none": (f"{VARIANT}.trainable_layers", "-1", f"{LEAST} 0 or 'all'", "-1"),
    "a variant's precision that no machine has": (f"{VARIANT}.precision", "float16", "'float32' or 'bfloat16'", "'float16'"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_VALUES)
def test_a_value_that_cannot_be_is_an_error_that_names_it(write, name):
    key, value, wanted, got = WRONG_VALUES[name]
    refuses(
        write(**{key: value}), f"`{key}` in params.yaml must be {wanted}. Got {got}"
    )


# name: (changes, message)
CONTRADICTIONS = {
    "a model file without its hash": (
        {f"{VARIANT}.weights": "models/default/model.onnx", f"{VARIANT}.seed": None},
        "which need a `hash`. Add it. The hash of a model file is `sha256:` and what `sha256sum` prints",
    ),
    "a model file whose hash is empty": (
        {f"{VARIANT}.weights": "models/default/model.onnx", f"{VARIANT}.hash": '""', f"{VARIANT}.seed": None},
        "which need a `hash`",
    ),
    "images to convert that a detector looks for faces in": (
        {"data.convert": "true", "data.detector": "haar"},
        "`data.detector` is `haar`. Set `convert: false` or",
    ),
    "batch statistics where every layer trains": (
        {f"{VARIANT}.batch_statistics": "true", f"{VARIANT}.trainable_layers": "all"},
        "Set a number there, or remove it",
    ),
    "a window before the first epoch": (
        {"tables.windows": "[[0, 5]]"},
        "counted from 1, the first before the last, such as [1, 6]. Got [[0, 5]] instead",
    ),
    "nothing left to train on": (
        {"splits.random.val": "0.4", "splits.random.test": "0.6"},
        "`splits.random`: `val` + `test` in params.yaml must leave images for training, but they sum to 1.",
    ),
    "a validation set beside the sets of the tables": (
        {"splits.tables.val": "0.1"},
        "splits by tables, which needs test (shares of all faces) and no other. Got ",
    ),
    "a search where the validation images are the test images": (
        {"searches.mine": '{"variant": "mobilenet-pretrained-head", "backbone": "mobilenet", "split": "tables"}'},
        "`searches.mine.split` in params.yaml is `tables`, whose validation images are its test images",
    ),
    "a search on a variant that trains": (
        {"searches.mine": '{"variant": "vggface-random", "backbone": "vggface", "split": "random"}'},
        "trains 4 layers. Name a variant with `trainable_layers: 0`",
    ),
    "a search on another backbone than its variant's": (
        {"searches.mine": '{"variant": "mobilenet-pretrained-head", "backbone": "openface", "split": "random"}'},
        "its variant `mobilenet-pretrained-head` has mobilenet",
    ),
    "an unknown classifier": ({"choose.classifiers": '["forest"]'}, "logistic, linear-svm"),
    "a classifier twice": ({"choose.classifiers": '["lda", "lda"]'}, "without repetition"),
    "no classifier that a model can hold": ({"choose.classifiers": '["knn"]'}, "dense or logistic or lda or linear-svm"),
    "a hash of what Kaggle has": (
        {"data.hash": f"md5:{'0' * 32}"},
        "`data.hash` in params.yaml is set, but `data.source` is `kaggle`, where it is not read",
    ),
    "a hash without its kind": ({"data.source": "a.csv", "data.hash": "a" * 32}, "`data.hash` in params.yaml must be empty, `md5:` and 32 digits"),
    "a pretrained variant with a seed": (
        {"variants.vggface-pretrained.seed": "42"},
        "`variants.vggface-pretrained` in params.yaml starts from pretrained weights, which have no `seed`. Remove it.",
    ),
    "a run of another seed than its random variant": (
        {"runs.vggface-random.seed": "43"},
        "`runs.vggface-random` in params.yaml has seed 43, but its variant `vggface-random` has seed 42. Set both alike, or name a random variant with seed 43.",
    ),
    "a run of no variant": (
        {"runs.vggface-random.variant": "vggface"},
        f"and {len(SETTINGS['variants']) - 10} more. Got 'vggface' instead. Did you mean `vggface-random`?",
    ),
    "augmentation of features that are computed once": (
        {"runs.mobilenet-pretrained.augment": "true"},
        "`runs.mobilenet-pretrained` in params.yaml augments images, but its variant `mobilenet-pretrained` trains 4 layers, and runs the others once. Set `trainable_layers: all` there, or remove `augment`.",
    ),
    "weight decay without its optimizer": (
        {"runs.mobilenet-recipe.optimizer": None},
        "`runs.mobilenet-recipe` in params.yaml must set both or neither of `optimizer: adamw` and `weight_decay`",
    ),
    "a cosine of one epoch": (
        {"runs.mobilenet-recipe.epochs": "1"},
        "`runs.mobilenet-recipe` in params.yaml trains for 1 epoch, in which `schedule: cosine` only warms up.",
    ),
    "votes that are not fetched": (
        {"data.ferplus": "false"},
        "`runs.mobilenet-recipe` in params.yaml learns from FER+'s votes, but `data.ferplus` is false.",
    ),
    "smoothed labels that are not read": (
        {"runs.mobilenet-recipe.labels": "ferplus"},
        "learns from FER+'s votes alone, where `label_smoothing` and `class_weight` are not read.",
    ),
    "a search that assess does not depend on": (
        {"assess.reads": "data/unwatched"},
        "`assess.reads` in params.yaml must be `data/choices`, as there are 3 searches.",
    ),
    "a random variant that is listed twice, with the precision of all": (
        {"variants.again": '{"backbone": "vggface", "weights": "random", "trainable_layers": 4, "seed": 42, "precision": "float32"}'},
        "`variants.vggface-random` and `variants.again` in params.yaml have the same settings",
    ),
    "a run that is listed twice, with what is said for all": (
        {"runs.again": '{"variant": "vggface-random", "backbone": "vggface", "split": "random", "seed": 42, "epochs": 20, "labels": "fer2013"}'},
        "`runs.vggface-random` and `runs.again` in params.yaml have the same settings, so one result would count as two. Remove one, or give it another `seed`.",
    ),
}  # fmt: skip

# What differs in one setting is not listed twice; nor is what `train` says of a sweep's step.
DIFFERENT = {
    "seed": {"runs.again": '{"variant": "vggface-pretrained", "backbone": "vggface", "split": "random", "seed": 43}'},
    "precision": {"variants.again": '{"backbone": "vggface", "weights": "pretrained", "trainable_layers": 4, "precision": "bfloat16"}'},
}  # fmt: skip


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_settings_that_contradict_each_other_are_an_error(write, name):
    changes, message = CONTRADICTIONS[name]
    refuses(write(**changes), message)


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_differs_in_one_setting_is_not_listed_twice(write, name):
    load_settings(write(**DIFFERENT[name]))


@pytest.mark.parametrize("name", ["", "../a", "-a", "A", "a\n", "a" * 61, "a@b", 1])
def test_a_name_that_is_not_a_file_name_is_refused(write, name):
    entry = json.dumps(SETTINGS["runs"]["vggface-random"])
    refuses(
        write(runs=f"{{{json.dumps(name)}: {entry}}}"),
        "A name becomes part of file names: it must be 1 to 60",
    )


@pytest.mark.parametrize("value", ["null", "[vggface-random]"])
@pytest.mark.parametrize("section", ["runs", "train"])
def test_a_section_that_holds_nothing_is_an_error(write, section, value):
    refuses(write(**{section: value}), f"`{section}` in params.yaml must be a")


def test_what_is_not_listed_is_an_error_that_names_what_is_nearest():
    settings = load_settings(PROJECT / "params.yaml")
    message = r"`runs` in params.yaml has no 'vggface'\. The closest of its \d+ entries are vggface-"
    with pytest.raises(InputError, match=message):
        settings.runs["vggface"]


# name: (the file, message)
NO_SETTINGS = {
    "empty": (b"", "must be a mapping. Got None"),
    "an open bracket": (b"split: [\n", "params.yaml, line 2, column 1 is not valid YAML: "),
    "a doubled section": (b"data: {}\ndata: {}\n", "params.yaml, line 2, column 1 is not valid YAML: found duplicate key"),
    "a key of keys": (b"{[a, [b]]: 1}\n", "is not valid YAML: "),
    "an alias of aliases": (
        b"a0: &a0 [x, x]\n" + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 20)) + b"data: *a19\n",
        "sets `a0`, which no stage reads",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_SETTINGS)
def test_a_file_that_is_no_settings_is_an_error_that_says_where(tmp_path, name):
    content, message = NO_SETTINGS[name]
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    refuses(path, message)


def test_a_number_is_read_as_dvc_reads_it(write):
    path = write(**{"train.learning_rate": "1e-4"})
    assert load_settings(path).train.learning_rate == 1e-4


def test_a_missing_file_says_where_to_run(tmp_path):
    with pytest.raises(InputError, match="Run from the project's top folder"):
        load_settings(tmp_path / "params.yaml")
