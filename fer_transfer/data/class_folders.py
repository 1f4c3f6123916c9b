"""What a class folder of an image copy stands for: by its name, or by a numbering that is set."""

import re

from fer_transfer.console.errors import InputError
from fer_transfer.data import fer2013

# `3`, `03`, `1_surprise`, `0 - angry`
NUMBERED = re.compile(r"0*(\d{1,3})(?:[\s._-]+([^\W\d_]+))?")


def code_of(folder: str, where: str, numbering: str) -> int:
    """Return the code of the emotion that a folder holds.

    Args:
        folder: The folder's name, such as `happy`, `3` or `1_surprise`.
        where: What errors call the image and its place.
        numbering: `data.numbering`: one of fer2013.NUMBERINGS, or `none`.

    Raises:
        InputError: If it names no emotion of FER2013, or goes by number and none is set.
    """
    known = fer2013.EMOTION_FOLDERS.get(folder.lower())
    numbered = NUMBERED.fullmatch(folder)
    if known is None and numbered:
        known = _by_number(folder, numbered, where, numbering)
    if known is None:
        raise InputError(
            f"{where} is in the class folder `{folder}`, which names no emotion of FER2013: "
            f"{', '.join(fer2013.EMOTION_FOLDERS)}. Classes go by name, by number only where "
            "`data.numbering` in params.yaml says which. Rename the folder, or remove it."
        )
    return fer2013.EMOTIONS.index(known)


def _by_number(folder: str, numbered: re.Match[str], where: str, numbering: str) -> str:
    number, word = numbered.groups()
    if numbering == "none":
        raise InputError(
            f"{where} is in the class folder `{folder}`, which goes by number, and data sets "
            f"number differently: {'; '.join(map(_listed, fer2013.NUMBERINGS))}. Set "
            "`data.numbering` in params.yaml to the one of this copy, or rename the folders."
        )
    emotion = fer2013.NUMBERINGS[numbering].get(int(number))
    if emotion is None:
        raise InputError(
            f"{where} is in the class folder `{folder}`, and `data.numbering` in params.yaml is "
            f"{numbering}, which has no {number}: {_listed(numbering)}. Set another one, or "
            "rename the folder."
        )
    if emotion not in fer2013.EMOTIONS:
        raise InputError(
            f"{where} is in the class folder `{folder}`, by `data.numbering` in params.yaml "
            f"{emotion}, which is no emotion of FER2013: {', '.join(fer2013.EMOTIONS)}. Remove "
            "the folder, or set another numbering."
        )
    named = fer2013.EMOTION_FOLDERS.get((word or emotion).lower())
    if named != emotion:
        raise InputError(
            f"{where} is in the class folder `{folder}`, but by `data.numbering` in params.yaml "
            f"({numbering}) {number} is {emotion}. Set the numbering of this copy, or rename "
            "the folder."
        )
    return emotion


def _listed(numbering: str) -> str:
    """Write a numbering out.

    >>> _listed("fer2013")
    'fer2013 (0 angry, 1 disgust, 2 fear, 3 happy, 4 sad, 5 surprise, 6 neutral)'
    """
    pairs = fer2013.NUMBERINGS[numbering].items()
    return f"{numbering} ({', '.join(f'{code} {name}' for code, name in pairs)})"
