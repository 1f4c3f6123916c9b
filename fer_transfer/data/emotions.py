"""The words and numbers by which data sets call emotions."""

from fer_transfer.data.fer2013 import EMOTIONS

WORDS = {name: name for name in (*EMOTIONS, "contempt")} | {
    "ang": "angry",
    "anger": "angry",
    "disgusted": "disgust",
    "afraid": "fear",
    "fearful": "fear",
    "scared": "fear",
    "happiness": "happy",
    "joy": "happy",
    "joyful": "happy",
    "sadness": "sad",
    "surprised": "surprise",
    "neutrality": "neutral",
    "contemptuous": "contempt",
}

# Each data set numbers otherwise. RAF-DB: Li et al. 2017; AffectNet: Mollahosseini et al. 2017;
# CK+: the readme of its emotion labels (Lucey et al. 2010); ExpW: the readme beside label.lst.
NUMBERINGS: dict[str, dict[int, str]] = {
    name: dict(enumerate(words.split(), first))
    for name, first, words in (
        ("fer2013", 0, " ".join(EMOTIONS)),
        ("raf-db", 1, "surprise fear disgust happy sad angry neutral"),
        ("affectnet", 0, "neutral happy sad surprise fear disgust angry contempt"),
        ("ck+", 0, "neutral angry contempt disgust fear happy sad surprise"),
        ("expw", 0, " ".join(EMOTIONS)),
    )
}


def in_order(names: set[str]) -> tuple[str, ...]:
    """Return class names: FER2013's in its order, the others after them by name.

    >>> in_order({"contempt", "sad", "awe", "angry"})
    ('angry', 'sad', 'awe', 'contempt')
    """
    own = [name for name in EMOTIONS if name in names]
    return (*own, *sorted(names - set(own)))


def listed(numbering: str) -> str:
    """Write a numbering out.

    >>> listed("fer2013")[:28]
    'fer2013 (0 angry, 1 disgust,'
    """
    pairs = NUMBERINGS[numbering].items()
    return f"{numbering} ({', '.join(f'{code} {name}' for code, name in pairs)})"
