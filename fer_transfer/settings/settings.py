"""params.yaml as typed params-flow `Params`; a misspelt key or an impossible value is an error."""

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any

# params-flow's own Params come from this package, which spares the light stages TensorFlow.
from params import Param, Params
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from fer_transfer.console.errors import InputError, shown
from fer_transfer.data import fer2013
from fer_transfer.networks import catalog
from fer_transfer.settings.validation import check_keys, section

# More of anything is a typing error.
MOST = 1_000_000
# What NumPy and scikit-learn take is below 2**32; stand-in weights and faces use the next one.
LAST_SEED = 2**32 - 2

PRECISIONS = ("float32", "bfloat16")

# A variant's or run's name is part of file names and of DVC's stage names. In lower case only, as
# some file systems take `A` and `a` for the same.
NAME = re.compile("[a-z0-9][a-z0-9_-]{0,59}")
HASH = re.compile("|md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}", re.IGNORECASE)


class Data(Params):
    """Where FER2013 comes from, and whether FER+ is wanted beside it."""

    source: str = Param("kaggle", dtype=str)
    hash: str = Param("", dtype=str)
    convert: bool = Param(False, dtype=bool)
    numbering: str = Param("none", dtype=str, one_of=("none", *fer2013.NUMBERINGS))
    ferplus: bool = Param(False, dtype=bool)


class Synthetic(Params):
    """The synthetic faces of the demo."""

    images: int = Param(112, dtype=int, low=70, high=MOST)
    identities: int = Param(8, dtype=int, low=2, high=MOST)
    pretraining_steps: int = Param(6, dtype=int, low=1, high=MOST)
    seed: int = Param(42, dtype=int, low=0, high=LAST_SEED)


class Split(Params):
    """The sets: at random by shares of all images (section 3.1), or the competition's own."""

    by: str = Param("random", dtype=str, one_of=("random", "official"))
    val: float = Param(0.1, dtype=float, low=0, high=1)
    test: float = Param(0.2, dtype=float, low=0, high=1)
    seed: int = Param(42, dtype=int, low=0, high=LAST_SEED)


class Weights(Params):
    """The weights a variant starts from."""

    pretrained: str = Param("official", dtype=str, one_of=("official", "stand-in"))


class Compute(Params):
    """How the frozen pass and training compute."""

    precision: str = Param("float32", dtype=str, one_of=PRECISIONS)


class Features(Params):
    """The pass through the frozen part."""

    batch_size: int = Param(64, dtype=int, low=1, high=MOST)


class Train(Params):
    """The training of the layers that are not frozen (section 4)."""

    epochs: int = Param(20, dtype=int, low=1, high=MOST)
    batch_size: int = Param(32, dtype=int, low=1, high=MOST)
    learning_rate: float = Param(1e-4, dtype=float, low=0, high=1)


class Tables(Params):
    """The windows of Tables 2-5."""

    window: int = Param(5, dtype=int, low=1, high=MOST)


class Variant(Params):
    """A network at its start: its backbone, its weights, and how many of its layers train.

    `trainable_layers` is a number, 0 for the head alone, or `all` (C5). `seed` draws a random
    variant's initial values; a pretrained one has none.
    """

    backbone: str = Param("", dtype=str)
    weights: str = Param("", dtype=str, one_of=("pretrained", "random"))
    trainable_layers: int | str = Param(
        4, dtype=(int, str), low=0, high=MOST, one_of=("all",)
    )
    seed: int | None = Param(None, dtype=int, low=0, high=LAST_SEED)
    precision: str | None = Param(None, dtype=str, one_of=PRECISIONS)


class Run(Params):
    """One training: a variant and a seed (C8), and what departs from `train`, if anything."""

    variant: str = Param("", dtype=str)
    seed: int = Param(42, dtype=int, low=0, high=LAST_SEED)
    learning_rate: float | None = Param(None, dtype=float, low=0, high=1)
    dropout: float | None = Param(None, dtype=float, low=0, high=1)
    train_share: float | None = Param(None, dtype=float, low=0, high=1)


class Named(dict[str, Any]):
    """What a section of params.yaml lists by name."""

    def __init__(self, section: str, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.section = section

    def __missing__(self, name: str) -> Any:
        raise InputError(
            f"`{self.section}` in params.yaml has no {shown(name)}. It has {', '.join(self)}."
        )


class Settings(Params):
    """All of params.yaml."""

    data: Data = Param(None, dtype=Data)
    synthetic: Synthetic = Param(None, dtype=Synthetic)
    split: Split = Param(None, dtype=Split)
    weights: Weights = Param(None, dtype=Weights)
    compute: Compute = Param(None, dtype=Compute)
    features: Features = Param(None, dtype=Features)
    train: Train = Param(None, dtype=Train)
    tables: Tables = Param(None, dtype=Tables)
    variants: dict[str, Variant] = Param(None, dtype=Named)
    runs: dict[str, Run] = Param(None, dtype=Named)


SECTIONS = {
    "data": Data,
    "synthetic": Synthetic,
    "split": Split,
    "weights": Weights,
    "compute": Compute,
    "features": Features,
    "train": Train,
    "tables": Tables,
}


def load_settings(path: Path = Path("params.yaml")) -> Settings:
    """Read the settings of the study.

    Raises:
        InputError: If a key is unknown or missing, a value has the wrong type or range, or
            two values contradict each other.
    """
    values = _read(path)
    if not isinstance(values, dict):
        raise InputError(
            f"{path} must be a mapping of sections. Got {shown(values)} instead."
        )
    check_keys(values, [*SECTIONS, "variants", "runs"], "")
    sections = {
        name: section(kind, values[name], name) for name, kind in SECTIONS.items()
    }
    variants = _named(Variant, values["variants"], "variants")
    runs = _named(Run, values["runs"], "runs")
    settings = Settings(**sections, variants=variants, runs=runs)
    _check_hash(settings.data)
    _check_shares(settings)
    _check_variants(settings)
    return settings


def _read(path: Path) -> Any:
    try:
        # YAML 1.2, as DVC reads it: in 1.1, `1e-4` would be text and `off` a truth value.
        return YAML(typ="safe", pure=True).load(path)
    except FileNotFoundError:
        raise InputError(
            f"There is no {path} in this folder. Run from the project's top folder."
        ) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(
            f"{path}{where} is not valid YAML: {error.problem or error.context}. Correct the "
            "line, or take it from Git's history."
        ) from None
    except (YAMLError, RecursionError, ValueError, TypeError) as error:
        # ValueError: not text, or a number of thousands of digits; TypeError: an odd key.
        raise InputError(
            f"{path} is not YAML that can be read: {shown(str(error))}. Take the file from "
            "Git's history."
        ) from None


def _named(kind: type[Params], values: Any, where: str) -> Named:
    if not isinstance(values, dict) or not values:
        raise InputError(
            f"`{where}` in params.yaml must name at least one. Got {shown(values)} instead."
        )
    for name in values:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise InputError(
                f"`{where}` in params.yaml has an entry {shown(name)}. A name becomes part of "
                "file names: it must be 1 to 60 of a-z, 0-9, `-` and `_`, and begin with a "
                "letter or digit."
            )
    return Named(
        where,
        {name: section(kind, one, f"{where}.{name}") for name, one in values.items()},
    )


def _check_hash(data: Data) -> None:
    if not HASH.fullmatch(data.hash):
        raise InputError(
            "`data.hash` in params.yaml must be empty, `md5:` and 32 digits, or `sha256:` and "
            f"64, each 0-9 or a-f. Got {shown(data.hash)} instead."
        )
    if data.hash and data.source in ("kaggle", "synthetic"):
        raise InputError(
            f"`data.hash` in params.yaml is set, but `data.source` is `{data.source}`, where it "
            'is not read. Set it to "", or set `data.source` to the file that has this hash.'
        )


def _check_shares(settings: Settings) -> None:
    """Check what is left for training, and that synthetic sets hold every emotion."""
    shares, faces = settings.split, settings.synthetic
    left = 1 - shares.val - shares.test
    if left < 1e-9:
        raise InputError(
            f"`split.val` + `split.test` in params.yaml must leave images for training, but they "
            f"sum to {shares.val + shares.test:g}. Make them smaller."
        )
    if settings.data.source != "synthetic":
        return
    least = min(shares.val, shares.test, left)
    num_emotions = len(fer2013.EMOTIONS)
    if round(least * faces.images) < num_emotions:
        raise InputError(
            f"`synthetic.images` in params.yaml is {faces.images}, and one of the sets of `split` "
            f"gets a share of {least:g} of them: fewer than {num_emotions}, one per emotion. "
            "Set more images, or other shares."
        )
    if faces.identities * num_emotions > faces.images:
        raise InputError(
            f"`synthetic.identities` in params.yaml is {faces.identities}, so `synthetic.images` must "
            f"be at least {faces.identities * num_emotions}, one per identity and emotion. Got "
            f"{faces.images} instead. Set more images, or fewer identities."
        )


def _check_variants(settings: Settings) -> None:
    """Check that every variant has a backbone and, if random, a seed; every run a variant."""
    for name, variant in settings.variants.items():
        catalog.find(variant.backbone, f"variants.{name}.backbone")
        is_random = variant.weights == "random"
        if is_random != (variant.seed is not None):
            raise InputError(
                f"`variants.{name}` in params.yaml starts from {variant.weights} weights, "
                + (
                    "so it needs a `seed`, which draws them: add `seed: 42`."
                    if is_random
                    else "which no seed draws: remove its `seed`, and set that of its runs."
                )
            )
    for name, run in settings.runs.items():
        if run.variant not in settings.variants:
            near = get_close_matches(run.variant, settings.variants, n=1, cutoff=0)[0]
            raise InputError(
                f"`runs.{name}.variant` in params.yaml must be the name of one of `variants`. "
                f"Got {shown(run.variant)} instead. Did you mean `{near}`?"
            )
        variant = settings.variants[run.variant]
        if variant.seed not in (None, run.seed):
            raise InputError(
                f"`runs.{name}` in params.yaml has seed {run.seed}, but the initial values of "
                f"`{run.variant}` are those of seed {variant.seed}. A random variant has a seed "
                "of its own for each run: set both alike, or list another variant."
            )
