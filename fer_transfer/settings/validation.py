"""Turn what YAML read into params-flow's Params: pydantic checks each value by its annotation."""

from collections.abc import Collection
from difflib import get_close_matches
from functools import cache
from inspect import get_annotations
from typing import Any

from params import Params
from pydantic import TypeAdapter, ValidationError

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
    """Check the values of one section and make it a typed object; None is optional."""
    adapters = _adapters(kind)  # type: ignore[arg-type]  # a class is hashable
    if not isinstance(values, dict):
        raise InputError(
            f"`{where}` in params.yaml must hold {', '.join(adapters)}. Got {shown(values)} "
            "instead. Git has the section in its history."
        )
    optional = [key for key in adapters if getattr(kind, key) is None]
    check_keys(values, list(adapters), f"{where}.", optional)
    checked = {
        key: _checked(adapters[key], value, f"{where}.{key}")
        for key, value in values.items()
    }
    return kind(**checked)


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


@cache
def _adapters(kind: Any) -> dict[str, TypeAdapter[Any]]:
    return {name: TypeAdapter(hint) for name, hint in get_annotations(kind).items()}


def _checked(adapter: TypeAdapter[Any], value: Any, where: str) -> Any:
    try:
        return adapter.validate_python(value, strict=True)
    except ValidationError as error:
        wanted = [
            problem["msg"]
            .removeprefix("Input should be ")
            .removeprefix("Value error, ")
            for problem in error.errors(include_url=False, include_input=False)
        ]
        raise InputError(
            f"`{where}` in params.yaml must be {' or '.join(dict.fromkeys(wanted))}. Got "
            f"{shown(value)} instead."
        ) from None
