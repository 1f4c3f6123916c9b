"""Sections of params.yaml that pydantic checks; what it finds becomes one error that says where."""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import reduce
from inspect import get_annotations
from operator import getitem
from typing import Any

# params-flow's own Params come from this package, which spares the light stages TensorFlow.
from params import Params
from pydantic import GetCoreSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from fer_transfer.console.errors import InputError, shown

UNKNOWN = ("extra_forbidden", "invalid_key")


class Section(Params):
    """Params whose values are checked by their annotations; what is None may be left out."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        fields = {
            name: core_schema.typed_dict_field(
                handler.generate_schema(hint), required=getattr(cls, name) is not None
            )
            for name, hint in get_annotations(cls).items()
        }
        values = core_schema.typed_dict_schema(fields, extra_behavior="forbid")
        return core_schema.no_info_after_validator_function(cls, values)


class NamedSection(dict[str, Any]):
    """What a section of params.yaml lists by name."""

    def __init__(self, section: str, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.section = section

    def __missing__(self, name: str) -> Any:
        near = ", ".join(get_close_matches(name, self, n=3, cutoff=0))
        raise InputError(
            f"`{self.section}` in params.yaml has no {shown(name)}. The closest of its {len(self)} "
            f"entries are {near}. Use one of them, or add a new entry."
        )


Kinds = Mapping[str, type[Section]]


def checked(whole: type[Section], named: Kinds, values: Any) -> Any:
    """Make the values of all sections typed.

    Args:
        whole: What holds all sections.
        named: The kind of what each other section lists by name.
        values: What YAML read.

    Raises:
        InputError: If a key is unknown or missing, or a value has the wrong type or range.
    """
    try:
        return TypeAdapter(whole).validate_python(values, strict=True)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
    # A misspelt key is both missing and unknown: the latter is said with its neighbour.
    problems.sort(key=lambda problem: problem["type"] not in UNKNOWN)
    depth = 2 if problems[0]["loc"][0] in named else 1
    kinds = {**get_annotations(whole), **named}
    raise InputError(_message(problems, depth, kinds, values))


def _message(
    problems: list[ErrorDetails], depth: int, kinds: Kinds, values: Any
) -> str:
    """Describe the first problem; `depth` keys lead to the settings of its section or entry."""
    kind, place = problems[0]["type"], problems[0]["loc"]
    path = place[: depth + 1]
    *outer, name = (shown(key).strip("'\"") for key in path)
    where = ".".join([*outer, name])
    if kind in UNKNOWN:
        known = get_annotations(kinds[outer[0]]) if outer else kinds
        near = ".".join([*outer, get_close_matches(name, known, n=1, cutoff=0)[0]])
        return (
            f"params.yaml sets `{where}`, which no stage reads. Did you mean `{near}`?"
        )
    if kind == "missing":
        return f"params.yaml does not set `{where}`. Add it; the comment above its section describes it."
    if place[-1] == "[key]":
        return (
            f"`{outer[0]}` in params.yaml has an entry {shown(place[1])}. A name becomes part of "
            "file names: it must be 1 to 60 of a-z, 0-9, `-` and `_`, and begin with a letter or "
            "digit."
        )
    wanted = dict.fromkeys(
        problem["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
        for problem in problems
        if problem["loc"][: depth + 1] == path
    )
    return (
        f"`{where}` in params.yaml must be {' or '.join(wanted)}. Got "
        f"{shown(reduce(getitem, path, values))} instead."
    )
