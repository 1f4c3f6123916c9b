"""What a label is called: emotions in any usual word and case, and numbers by a named numbering."""

import re
from collections import Counter
from collections.abc import Mapping
from difflib import get_close_matches

from algorithm.lib.names import in_one_line
from algorithm.lib.settings import DROP, PATH
from fer_transfer.console.errors import InputError
from fer_transfer.data import fer2013

# Beside those that copies of FER2013 use: the words of other data sets, as they spell them.
WORDS = fer2013.EMOTION_FOLDERS | {
    "ang": "angry",
    "afraid": "fear",
    "scared": "fear",
    "neutrality": "neutral",
    "contempt": "contempt",
    "contemptuous": "contempt",
}
# CK+: Lucey et al. 2010, the readme of its emotion labels. ExpW: Zhang et al. 2017
# (arXiv:1609.06426), the readme beside label.lst.
NUMBERINGS = fer2013.NUMBERINGS | {
    "ck+": dict(
        enumerate(
            (
                *("neutral", "angry", "contempt", "disgust"),
                *("fear", "happy", "sad", "surprise"),
            )
        )
    ),
    "expw": dict(enumerate(fer2013.EMOTIONS)),
}
# `3`, `03`, `1_surprise`, `0 - angry`
NUMBERED = re.compile(r"0*(\d{1,3})(?:[\s._-]+(\S.*))?")


class Labels:
    """Name labels by the words above, a numbering and the user's map."""

    def __init__(self, numbering: str, user_map: Mapping[str, str]) -> None:
        self.numbering, self.user_map = numbering, user_map
        self.used: Counter[str] = Counter()

    def name(self, label: str, where: str) -> str | None:
        """Return what a label is called, or None if it is to be left out.

        Raises:
            InputError: If no word, number or map knows the label.
        """
        where = in_one_line(where)
        known = self.user_map.get(label.strip().casefold())
        if known is not None:
            self.used[label.strip().casefold()] += 1
        else:
            known = self._emotion(label, where)
            if known in self.user_map:
                self.used[known] += 1
                known = self.user_map[known]
        return None if known == DROP else known

    def knows(self, label: str) -> bool:
        """Return whether a word or the map names the label; numbers are not looked at."""
        word = label.strip().casefold()
        return word in self.user_map or _emotion_in(word) is not None

    def _emotion(self, label: str, where: str) -> str:
        numbered = NUMBERED.fullmatch(label.strip())
        if numbered and (self.numbering != "none" or not _emotion_in(label)):
            return self._by_number(label, numbered, where)
        if (emotion := _emotion_in(label)) is None:
            raise InputError(
                f"{where} has the label `{in_one_line(label)}`, which names no emotion that is known: "
                f"{', '.join(sorted(WORDS))}. Say in {PATH} what it is, "
                f"`gather.map: {{{_quoted(label)}: happy}}`, or leave it out: "
                f"`gather.map: {{{_quoted(label)}: {DROP}}}`."
            )
        return emotion

    def _by_number(self, label: str, numbered: re.Match[str], where: str) -> str:
        number, word = numbered.groups()
        if self.numbering == "none":
            raise InputError(
                f"{where} has the label `{in_one_line(label)}`, a number, and data sets number differently: "
                f"{'; '.join(map(_listed, NUMBERINGS))}. Set `gather.numbering` in {PATH} to "
                "the one of these photos, or `gather.form` to the data set."
            )
        emotion = NUMBERINGS[self.numbering].get(int(number))
        if emotion is None:
            raise InputError(
                f"{where} has the label `{in_one_line(label)}`, and the numbering {_listed(self.numbering)} "
                f"has no {number}. Set another one, or `gather.map: {{{_quoted(label)}: {DROP}}}` in "
                f"{PATH}."
            )
        if word is not None and _emotion_in(word) not in (None, emotion):
            raise InputError(
                f"{where} has the label `{in_one_line(label)}`, but in the numbering "
                f"{_listed(self.numbering)} {number} is {emotion}. Set `gather.numbering` in "
                f"{PATH} to the one of these photos, or to none."
            )
        return emotion

    def check_all_used(self, found: Counter[str]) -> None:
        """Raise an InputError for a label of the map that no photo has: it may be misspelt."""
        for label in self.user_map:
            if label not in self.used:
                near = get_close_matches(label, found, n=1, cutoff=0)
                hint = f" Did you mean `{near[0]}`?" if near else ""
                raise InputError(
                    f"`gather.map` in {PATH} maps `{label}`, which no photo has as its label. "
                    f"Found {in_one_line(', '.join(sorted(found)))}.{hint} Correct or remove it."
                )


def in_order(names: set[str]) -> list[str]:
    """Return class names: FER2013's in its order, the others after them by name.

    >>> in_order({"contempt", "sad", "awe", "angry"})
    ['angry', 'sad', 'awe', 'contempt']
    """
    own = [name for name in fer2013.EMOTIONS if name in names]
    return own + sorted(names - set(own))


def is_number(label: str) -> bool:
    """Return whether a label is a number and no more.

    >>> is_number("03"), is_number("3_happy")
    (True, False)
    """
    return bool(re.fullmatch(r"\d{1,3}", label.strip()))


def _emotion_in(label: str) -> str | None:
    """Return the emotion that a word names, or the word behind a number."""
    word = label.strip().casefold()
    numbered = NUMBERED.fullmatch(word)
    if numbered and numbered[2]:
        word = numbered[2]
    return WORDS.get(word)


def _quoted(label: str) -> str:
    return label if label.isalnum() else f'"{in_one_line(label)}"'


def _listed(numbering: str) -> str:
    """Write a numbering out.

    >>> _listed("ck+")[:24]
    'ck+ (0 neutral, 1 angry,'
    """
    pairs = NUMBERINGS[numbering].items()
    return f"{numbering} ({', '.join(f'{code} {name}' for code, name in pairs)})"
