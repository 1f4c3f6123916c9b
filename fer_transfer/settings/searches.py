"""The sections of params.yaml about classifiers: augmented views, what is tried, searches."""

from typing import Annotated

from pydantic import Field

from fer_transfer.settings.classifiers import CLASSIFIERS
from fer_transfer.settings.types import MOST, Classifiers, Count, Text
from fer_transfer.settings.validation import Section


class Views(Section):
    """The augmented views of each training face, and their largest changes."""

    number: Annotated[int, Field(ge=0, le=100)] = 1
    balance: bool = False
    flip: bool = True
    shift: Annotated[int, Field(ge=0, le=24)] = 2  # pixels of 48
    rotation: Annotated[int, Field(ge=0, le=180)] = 10  # degrees
    scale: Annotated[int, Field(ge=0, le=90)] = 10  # per cent
    brightness: Annotated[int, Field(ge=0, le=100)] = 20  # per cent


class Choose(Section):
    """The search among classifiers."""

    folds: Annotated[int, Field(ge=2, le=20)] = 5
    classifiers: Classifiers = [*CLASSIFIERS]  # noqa: RUF012
    minutes: Count = 60
    largest: Annotated[int, Field(ge=100, le=MOST)] = 8000


class Assess(Section):
    """What `assess` depends on: it exists in every study, with searches or without."""

    reads: Text = ""


class Search(Section):
    """A search among classifiers: on the vectors of a frozen variant, on one split.

    `backbone` repeats the variant's: dvc.yaml names what a search depends on by it.
    """

    variant: Text = ""
    backbone: Text = ""
    split: Text = ""
