"""Which form a source has: as set, or found out where only one fits."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from algorithm.lib.forms import (
    affectnet,
    class_folders,
    file_names,
    lists,
    manifest,
    study,
)
from algorithm.lib.forms.entries import Folder, Found, open_folder
from algorithm.lib.labels import Labels
from algorithm.lib.names import in_one_line
from algorithm.lib.settings import FORMS, PATH, Gather
from fer_transfer.console.errors import InputError
from fer_transfer.detection import file_kinds


@dataclass(frozen=True)
class Form:
    """How a form is told and read; a numbering of its own, or the one that the user sets."""

    signs: Callable[[Folder, Labels], str]  # what speaks for it; empty if nothing does
    read: Callable[[Folder, Labels], Found]
    numbering: str | None = None


def _manifest_signs(folder: Folder, _: Labels) -> str:
    found = manifest.find(folder)
    return f"the columns path and label in {', '.join(found)}" if found else ""


def _read_manifest(folder: Folder, _: Labels) -> Found:
    found = manifest.find(folder)
    if len(found) != 1:
        raise InputError(
            f"{folder.root} must have one manifest, a CSV file with the columns path and label. "
            f"Found {', '.join(found) or 'none'}. Set `gather.source` in {PATH} to the file."
        )
    return manifest.read(folder.root / found[0])


# What speaks for the first ones is more than folders' names, which they may have too.
FOLDER_FORMS = {
    "manifest": Form(_manifest_signs, _read_manifest),
    "raf-db": Form(lists.raf_signs, lists.read_raf, "raf-db"),
    "affectnet": Form(affectnet.signs, affectnet.read, "affectnet"),
    "expw": Form(lists.expw_signs, lists.read_expw, "expw"),
    "jaffe": Form(file_names.jaffe_signs, file_names.read_jaffe, "none"),
    "kdef": Form(file_names.kdef_signs, file_names.read_kdef, "none"),
    "ck+48": Form(class_folders.ck_signs, class_folders.read_ck, "ck+"),
    "class-folders": Form(class_folders.signs, class_folders.read),
}
LEAST_SPECIFIC = "class-folders"


def read(settings: Gather) -> tuple[str, Found, Labels]:
    """Read the source; return the name of its form, what it holds, and who names its labels.

    Raises:
        InputError: If it is not there or at fault, or its form is not certain.
    """
    labels = Labels(settings.numbering, settings.map)
    if settings.source in study.SOURCES:
        _check_form(settings, (settings.source,))
        return settings.source, study.read(settings.source), labels
    if settings.form in study.SOURCES:
        raise InputError(
            f"`gather.form` in {PATH} is {settings.form}, which is read from the study's own "
            f"data. Set `gather.source: {settings.form}`, or another form."
        )
    source = Path(settings.source)
    if source.is_file():
        _check_no_archive(source)
        _check_form(settings, ("manifest",))
        return "manifest", manifest.read(source), labels
    if not source.is_dir():
        raise InputError(
            f"`gather.source` in {PATH} is {source}, and there is no such folder or file. "
            "Expected a folder of labelled photos, a manifest, `fer2013` or `ferplus`."
        )
    return _read_folder(open_folder(source), settings, labels)


def _read_folder(
    folder: Folder, settings: Gather, labels: Labels
) -> tuple[str, Found, Labels]:
    name = settings.form
    if name == "auto":
        name = find_form(folder, labels)
    form = FOLDER_FORMS[name]
    if form.numbering:
        _check_numbering(settings, name)
        labels = Labels(form.numbering, settings.map)
    found = form.read(folder, labels)
    found.dropped.extend(folder.dropped)
    return name, found, labels


def find_form(folder: Folder, labels: Labels) -> str:
    """Return the one form that a folder's files speak for.

    Raises:
        InputError: If none does, or two do; it says what was seen.
    """
    signs = {name: form.signs(folder, labels) for name, form in FOLDER_FORMS.items()}
    fitting = {name: sign for name, sign in signs.items() if sign}
    if len(fitting) > 1:
        fitting.pop(LEAST_SPECIFIC, None)
    if len(fitting) == 1:
        return next(iter(fitting))
    seen = "; ".join(
        f"{name}, by {in_one_line(sign)}" for name, sign in fitting.items()
    )
    raise InputError(
        f"{folder.root} may be {seen}. Set `gather.form` in {PATH} to the right one."
        if fitting
        else f"The form of {folder.root} is not certain. Seen: {_seen(folder)}. Expected a folder "
        f"per emotion, or one of the forms {', '.join(FORMS[1:])}. Set `gather.form` in {PATH}, "
        "or write a manifest: a CSV file with the columns path and label."
    )


def _seen(folder: Folder) -> str:
    """Describe a folder in a line: its files by kind, and the folders at its top."""
    kinds = Counter(
        PurePosixPath(name).suffix.lower() or "no suffix" for name in folder.files
    )
    tops = sorted({name.split("/")[0] for name in folder.files if "/" in name})
    files = ", ".join(f"{number} of {kind}" for kind, number in kinds.most_common(4))
    more = f" and {len(tops) - 8} more" if len(tops) > 8 else ""
    folders = in_one_line(", ".join(tops[:8]) or "none")
    return f"files: {in_one_line(files)}; folders: {folders}{more}"


def _check_no_archive(source: Path) -> None:
    with source.open("rb") as file:
        is_archive = file_kinds.kind_of(file.read(file_kinds.ENOUGH)) == "archive"
    if is_archive:
        raise InputError(
            f"`gather.source` in {PATH} is {source}: {file_kinds.WHY['archive']}."
        )


def _check_form(settings: Gather, possible: tuple[str, ...]) -> None:
    if settings.form not in ("auto", *possible):
        raise InputError(
            f"`gather.source` in {PATH} is {settings.source}, which is read as "
            f"{', '.join(possible)}. Got `gather.form: {settings.form}`. Set it to auto."
        )


def _check_numbering(settings: Gather, name: str) -> None:
    own = FOLDER_FORMS[name].numbering
    if settings.numbering not in ("none", own):
        raise InputError(
            f"`gather.numbering` in {PATH} is {settings.numbering}, but the form is {name}, which "
            f"has its own ({own}). Set it to none, or `gather.form` to class-folders."
        )
