"""Turn what YAML read into typed Params; whatever is not allowed is an error that names it."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Any

from params import Param, Params

from fer_transfer.console.errors import InputError, shown


class NamedSection(dict[str, Any]):
    """What a section of params.yaml lists by name."""

    def __init__(self, section: str, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.section = section

    def __missing__(self, name: str) -> Any:
        raise InputError(
            f"`{self.section}` in params.yaml has no {shown(name)}. It has {', '.join(self)}."
        )


def section(kind: type[Params], values: Any, where: str) -> Any:
    """Check the values of one section and make it a typed object."""
    specs = dict(_specs(kind))
    if not isinstance(values, dict):
        raise InputError(
            f"`{where}` in params.yaml must hold {', '.join(specs)}. Got {shown(values)} "
            "instead. Git has the section in its history."
        )
    optional = [key for key, spec in specs.items() if spec.default_value is None]
    check_keys(values, list(specs), f"{where}.", optional)
    return kind(
        **{
            key: _checked(values[key], spec, f"{where}.{key}")
            for key, spec in specs.items()
            if key in values or key not in optional
        }
    )


def check_keys(
    values: dict[Any, Any],
    known: list[str],
    where: str,
    optional: Collection[str] = (),
) -> None:
    """Raise an InputError for a key that is not known, or is missing and not optional."""
    for key in values:
        if key not in known:
            name = shown(key).strip("'\"")
            near = get_close_matches(name, known, n=1, cutoff=0)[0]
            raise InputError(
                f"params.yaml sets `{where}{name}`, which no stage reads. Did you mean `{where}{near}`?"
            )
    for key in known:
        if key not in values and key not in optional:
            raise InputError(
                f"params.yaml does not set `{where}{key}`. Add it: Git has the line in its history."
            )


def _specs(kind: type[Params]) -> Iterator[tuple[str, Param]]:
    # py-params keeps the specifications under a name that Python mangles.
    yield from kind._Params__specs.items()


def _checked(value: Any, spec: Param, where: str) -> Any:
    """Return the value in its declared type, or say what it must be."""
    kinds = spec.dtype if isinstance(spec.dtype, tuple) else (spec.dtype,)
    low, high = (spec.argparse_kwargs.get(bound) for bound in ("low", "high"))
    choices = spec.argparse_kwargs.get("one_of")
    if not _allowed(value, kinds, low, high, choices):
        raise InputError(
            f"`{where}` in params.yaml must be {_wanted(kinds, low, high, choices)}. "
            f"Got {shown(value)} instead."
        )
    return float(value) if kinds == (float,) else value


def _allowed(
    value: Any, kinds: tuple[type, ...], low: Any, high: Any, choices: Any
) -> bool:
    if float in kinds and type(value) in (int, float):
        # A share, a rate: between the bounds, not on them.
        return bool(low < value < high)
    if type(value) not in kinds:
        return False
    if isinstance(value, dict):
        return all(
            type(key) in (str, int) and isinstance(name, str) and name.strip()
            for key, name in value.items()
        )
    if isinstance(value, list) and choices:
        names = [name for name in value if name in choices]
        return bool(value) and len(set(names)) == len(value)
    if isinstance(value, str):
        # A control character is in no path, and would end what prints it in a mess.
        return value in choices if choices else value.isprintable()
    # A count may be its bounds; true and false, and lists, have none.
    return isinstance(value, bool | list) or bool(low <= value <= high)


def _wanted(kinds: tuple[type, ...], low: Any, high: Any, choices: Any) -> str:
    """Describe a permitted value in words."""
    words = []
    if dict in kinds:
        words.append("a mapping of words to words, or {}")
    if bool in kinds:
        words.append("`true` or `false`")
    if int in kinds:
        words.append(f"a whole number of at least {low} and at most {high}")
    if list in kinds and not choices:
        words.append("a list")
    if float in kinds:
        words.append(f"a number above {low} and below {high}")
    if choices:
        many = "a list, without repetition, of " if list in kinds else "one of "
        words.append(
            (many if len(choices) > 1 else "")
            + ", ".join(f"`{choice}`" for choice in choices)
        )
    elif str in kinds:
        words.append("text on one line")
    return " or ".join(words)
