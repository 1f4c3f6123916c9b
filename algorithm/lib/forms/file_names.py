"""Data sets whose file names say who shows what: JAFFE and KDEF.

JAFFE: KA.AN1.39.tiff is the person, the emotion with the number of the shot, and a number.
KDEF: AF01ANS.JPG is the session (A, B), the sex (F, M), the person's number within it, the emotion
and the angle (S straight, HL and HR half profiles, FL and FR full ones); F01 is one person in both
sessions.

Source: https://zenodo.org/records/3451524 (Lyons, Kamachi and Gyoba, JAFFE 1998);
https://www.kdef.se (Lundqvist, Flykt and Öhman, KDEF 1998).
"""

import re
from pathlib import PurePosixPath

from algorithm.lib.forms.entries import Entry, Folder, Found
from algorithm.lib.labels import WORDS, Labels
from algorithm.lib.names import in_one_line
from fer_transfer.console.errors import InputError

JAFFE = re.compile(r"([A-Z]{2})\.(AN|DI|FE|HA|NE|SA|SU)\d?\.\d+", re.IGNORECASE)
KDEF = re.compile(
    r"[AB]([FM]\d{2})(AF|AN|DI|HA|NE|SA|SU)(?:S|HL|HR|FL|FR)", re.IGNORECASE
)
EMOTIONS = {
    "AF": "fear",
    "AN": "angry",
    "DI": "disgust",
    "FE": "fear",
    "HA": "happy",
    "NE": "neutral",
    "SA": "sad",
    "SU": "surprise",
}


def jaffe_signs(folder: Folder, _: Labels) -> str:
    return _signs(folder, JAFFE)


def read_jaffe(folder: Folder, _: Labels) -> Found:
    return _read(folder, JAFFE, "JAFFE's, such as KA.AN1.39.tiff")


def kdef_signs(folder: Folder, _: Labels) -> str:
    return _signs(folder, KDEF)


def read_kdef(folder: Folder, _: Labels) -> Found:
    return _read(folder, KDEF, "KDEF's, such as AF01ANS.JPG")


def _signs(folder: Folder, pattern: re.Pattern[str]) -> str:
    named = [photo for photo in folder.photos if pattern.fullmatch(_stem(photo))]
    return f"names such as {named[0]}" if 2 * len(named) > len(folder.photos) else ""


def _read(folder: Folder, pattern: re.Pattern[str], wanted: str) -> Found:
    found = Found()
    for photo in folder.photos:
        name = pattern.fullmatch(_stem(photo))
        if not name:
            found.drop(photo, f"its name is not one of {wanted}")
            continue
        person, emotion = name[1].upper(), EMOTIONS[name[2].upper()]
        _check_folder(photo, emotion)
        found.entries.append(Entry(photo, emotion, person))
    return found


def _check_folder(photo: str, emotion: str) -> None:
    """Raise an InputError if the photo lies in another emotion's folder."""
    parent = PurePosixPath(photo).parent.name
    if WORDS.get(parent.lower(), emotion) != emotion:
        raise InputError(
            f"{in_one_line(photo)} shows {emotion} by its name, but lies in the folder `{in_one_line(parent)}`. Move it, or "
            "set `gather.form` to class-folders if the folders are right."
        )


def _stem(photo: str) -> str:
    return PurePosixPath(photo).stem
