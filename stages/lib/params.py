"""params.yaml as typed params-flow `Params`; a misspelt key or an impossible value is an error."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

# params-flow's own Params come from this package, which spares the light stages TensorFlow.
from params import Param, Params
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from stages.lib.console import InputError


class Data(Params):
    """Where FER2013 comes from."""

    source: str = Param("kaggle", dtype=str)
    hash: str = Param("", dtype=str)


class Sample(Params):
    """The drawn faces of the demo."""

    images: int = Param(112, dtype=int, low=70)
    identities: int = Param(8, dtype=int, low=2)
    pretraining_steps: int = Param(6, dtype=int, low=1)
    seed: int = Param(42, dtype=int, low=0)


class Split(Params):
    """Shares of all images (section 3.1)."""

    val: float = Param(0.1, dtype=float, low=0, high=1)
    test: float = Param(0.2, dtype=float, low=0, high=1)
    seed: int = Param(42, dtype=int, low=0)


class Weights(Params):
    """The weights a variant starts from."""

    pretrained: str = Param("official", dtype=str, one_of=("official", "stand-in"))
    seed: int = Param(42, dtype=int, low=0)


class Compute(Params):
    """How the frozen pass and training compute."""

    precision: str = Param("float32", dtype=str, one_of=("float32", "bfloat16"))


class Features(Params):
    """The pass through the frozen part."""

    batch_size: int = Param(32, dtype=int, low=1)


class Train(Params):
    """The training of the layers that are not frozen (section 4)."""

    epochs: int = Param(20, dtype=int, low=1)
    batch_size: int = Param(32, dtype=int, low=1)
    learning_rate: float = Param(1e-4, dtype=float, low=0)
    seed: int = Param(42, dtype=int, low=0)


class Tables(Params):
    """The windows of Tables 2-5."""

    window: int = Param(5, dtype=int, low=1)


class Variant(Params):
    """One network of the comparison; `trainable_layers` is a number or `all` (C5)."""

    backbone: str = Param(
        "", dtype=str, one_of=("mobilenet", "resnet50", "openface", "vggface")
    )
    weights: str = Param("", dtype=str, one_of=("pretrained", "random"))
    trainable_layers: int | str = Param(4, dtype=(int, str), low=1, one_of=("all",))


class Settings(Params):
    """All of params.yaml."""

    data: Data = Param(None, dtype=Data)
    sample: Sample = Param(None, dtype=Sample)
    split: Split = Param(None, dtype=Split)
    weights: Weights = Param(None, dtype=Weights)
    compute: Compute = Param(None, dtype=Compute)
    features: Features = Param(None, dtype=Features)
    train: Train = Param(None, dtype=Train)
    tables: Tables = Param(None, dtype=Tables)
    variants: dict[str, Variant] = Param(None, dtype=dict)


SECTIONS = {
    "data": Data,
    "sample": Sample,
    "split": Split,
    "weights": Weights,
    "compute": Compute,
    "features": Features,
    "train": Train,
    "tables": Tables,
}


def load(path: Path = Path("params.yaml")) -> Settings:
    """Read the settings of the study.

    Raises:
        InputError: If a key is unknown or missing, or a value has the wrong type or range.
    """
    try:
        # YAML 1.2, as DVC reads it: in 1.1, `1e-4` would be text and `off` a truth value.
        values = YAML(typ="safe", pure=True).load(path)
    except FileNotFoundError:
        raise InputError(
            f"There is no {path} in this folder. Run from the project's top folder."
        ) from None
    except YAMLError as error:
        raise InputError(f"{path} is not valid YAML: {error}") from None
    if not isinstance(values, dict):
        raise InputError(
            f"{path} must be a mapping of sections. Got {values!r} instead."
        )
    _check_keys(values, [*SECTIONS, "variants"], "")
    sections = {
        name: _section(kind, values[name], name) for name, kind in SECTIONS.items()
    }
    settings = Settings(**sections, variants=_variants(values["variants"]))
    _check_together(settings)
    return settings


def _variants(values: Any) -> dict[str, Variant]:
    if not isinstance(values, dict) or not values:
        raise InputError(
            f"`variants` must name at least one variant. Got {values!r} instead."
        )
    return {
        name: _section(Variant, value, f"variants.{name}")
        for name, value in values.items()
    }


def _section(kind: type[Params], values: Any, where: str) -> Any:
    """Check the values of one section and make it a typed object."""
    specs = dict(_specs(kind))
    if not isinstance(values, dict):
        raise InputError(
            f"`{where}` must hold {', '.join(specs)}. Got {values!r} instead."
        )
    _check_keys(values, list(specs), f"{where}.")
    return kind(
        **{
            key: _checked(values[key], spec, f"{where}.{key}")
            for key, spec in specs.items()
        }
    )


def _specs(kind: type[Params]) -> Iterator[tuple[str, Param]]:
    # py-params keeps the specifications under a name that Python mangles.
    yield from kind._Params__specs.items()


def _check_keys(values: dict[str, Any], known: list[str], where: str) -> None:
    for key in values:
        if key not in known:
            near = get_close_matches(str(key), known, n=1, cutoff=0)[0]
            raise InputError(
                f"params.yaml sets `{where}{key}`, which no stage reads. Did you mean `{where}{near}`?"
            )
    for key in known:
        if key not in values:
            raise InputError(
                f"params.yaml does not set `{where}{key}`. Add it: Git has the line in its history."
            )


def _checked(value: Any, spec: Param, where: str) -> Any:
    """Return the value in its declared type, or say what it must be."""
    kinds = spec.dtype if isinstance(spec.dtype, tuple) else (spec.dtype,)
    if float in kinds and type(value) is int:
        value = float(value)
    low, high = (spec.argparse_kwargs.get(bound) for bound in ("low", "high"))
    choices = spec.argparse_kwargs.get("one_of")
    allowed = type(value) in kinds
    if allowed and isinstance(value, str):
        allowed = choices is None or value in choices
    elif allowed:
        # A share, a rate: between the bounds, not on them. A count may be its lower bound.
        above = low is None or (value > low if float in kinds else value >= low)
        allowed = above and (high is None or value < high)
    if not allowed:
        raise InputError(
            f"`{where}` in params.yaml must be {_wanted(kinds, low, high, choices)}. Got {value!r} instead."
        )
    return value


def _wanted(kinds: tuple[type, ...], low: Any, high: Any, choices: Any) -> str:
    """Describe a permitted value in words."""
    words = []
    if int in kinds:
        words.append(
            "a whole number" + (f" of at least {low}" if low is not None else "")
        )
    if float in kinds:
        words.append(
            "a number"
            + (f" above {low}" if low is not None else "")
            + (f" and below {high}" if high else "")
        )
    if choices:
        words.append(
            ("one of " if len(choices) > 1 else "")
            + ", ".join(f"`{choice}`" for choice in choices)
        )
    elif str in kinds:
        words.append("text")
    return " or ".join(words)


def _check_together(settings: Settings) -> None:
    shares = settings.split.val + settings.split.test
    if shares >= 1:
        raise InputError(
            f"`split.val` + `split.test` in params.yaml must leave images for training, but they "
            f"sum to {shares:g}. Make them smaller."
        )
