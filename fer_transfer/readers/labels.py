"""From a source's labels to the names of classes."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from fer_transfer.console.errors import InputError, shown
from fer_transfer.data.emotions import NUMBERINGS, WORDS, listed
from fer_transfer.readers.listing import normalised

DROP = "drop"  # what `data.map` maps a label to that is to be left out
RESERVED = ("total", "row", "emotion")  # what columns of the results are called
# `3`, `03`, `1_surprise`, `0 - angry`
NUMBERED = re.compile(r"0*(\d{1,3})(?:[\s._-]+(\S.*))?")
NUMBER = re.compile(r"[-+\d.,]+")  # `3.0`, `-1`, `2024`


def name_classes(
    labels: Iterable[str], numbering: str, mapping: Mapping[str, str]
) -> dict[str, str]:
    """Return the class of each label.

    A class is called what its label says, in lower case. Where all of them are words for
    emotions, each emotion has one name: `anger` and `Angry` are `angry`.

    Args:
        labels: The labels as the source spells them.
        numbering: One of NUMBERINGS, or `none`: what numbers mean (`data.numbering`).
        mapping: Labels to class names, or to DROP (`data.map`).

    Raises:
        InputError: If labels have no name; it lists all of them.
    """
    counts = Counter(map(_key, mapping))
    mapping = {_key(label): _key(name) for label, name in mapping.items()}
    names, used, unnamed = {}, set(), []
    for label in sorted(set(labels)):
        key = _key(label)
        name = key if key in mapping else _by_number(key, numbering)
        if name is None:
            unnamed.append(label)
            continue
        used |= {key, name}
        names[label] = mapping.get(name, name)
    problems = [_unnamed(unnamed, numbering)] if unnamed else []
    problems += [_unused(label, names) for label in mapping if label not in used]
    twice = [label for label, number in counts.items() if number > 1]
    problems += [f"`data.map` maps {label} twice" for label in twice]
    reserved = {*names.values()} & {*RESERVED} | (used - mapping.keys()) & {DROP}
    problems += [f"no class may be called {name}" for name in sorted(reserved)]
    if problems:
        raise InputError(
            f"{'; '.join(problems)}. Correct `data.numbering` or `data.map` in params.yaml, such "
            f"as `data.map: {{smiling: happy, other: {DROP}}}`, or rename the labels."
        )
    if {name for name in names.values() if name != DROP} <= WORDS.keys():
        names = {label: WORDS.get(name, name) for label, name in names.items()}
    return names


def is_emotion(label: str) -> bool:
    """Tell whether a label is a word for an emotion, perhaps behind a number."""
    return _number_and_word(label)[1] in WORDS


def is_number(label: str) -> bool:
    """Tell whether a label is a number and nothing else."""
    return not _number_and_word(label)[1]


def _key(label: str) -> str:
    return normalised(str(label)).lower()


def _number_and_word(label: str) -> tuple[str, str]:
    """Split a label such as `1_surprise`; either may be empty."""
    numbered = NUMBERED.fullmatch(_key(label))
    return (numbered[1], numbered[2] or "") if numbered else ("", _key(label))


def _by_number(label: str, numbering: str) -> str | None:
    """Return the name of a label that begins with a number, the label itself if it does not.

    None if the number has no name, or another one than the word behind it.
    """
    number, word = _number_and_word(label)
    if NUMBER.fullmatch(label) and (word or not number):
        return None
    if not number:
        return label
    if numbering == "none":
        return word if word in WORDS else label if word else None
    emotion = NUMBERINGS[numbering].get(int(number))
    return emotion if WORDS.get(word, emotion) == emotion else None


def _unnamed(labels: list[str], numbering: str) -> str:
    names = ", ".join(map(shown, labels))
    if numbering == "none":
        known = ", ".join(map(listed, NUMBERINGS))
        return f"the labels {names} are numbers, whose meaning depends on the data set: {known}"
    return f"the labels {names} are not among those of {listed(numbering)}"


def _unused(label: str, names: Mapping[str, str]) -> str:
    near = get_close_matches(label, [name.lower() for name in names], n=1, cutoff=0)
    hint = f" (did you mean {shown(near[0])}?)" if near else ""
    return f"`data.map` maps {shown(label)}, but no face has that label{hint}"
