"""Which layout a source has, once it is downloaded."""

from pathlib import Path
from typing import NamedTuple

from fer_transfer.console.errors import InputError, some_of
from fer_transfer.readers import class_folders, csv_files, fer2013_csv, manifest
from fer_transfer.readers.listing import (
    Dropped,
    Listing,
    as_table,
    images_among,
    list_files,
)

SYNTHETIC = "synthetic"  # the labelled faces themselves, as download draws them
BESIDE, OUTSIDE = "beside {}, which alone is read", "outside the folder of {}"
EXPECTED = (
    "Expected fer2013.csv or icml_face_data.csv with the columns emotion, pixels and Usage "
    "(plain, .gz, .xz, .bz2, .zip or .tar); a folder of images per class, perhaps in train/, "
    "val/ and test/; or a manifest, a CSV file with the columns path and label, beside the images "
    "(save a spreadsheet as CSV UTF-8)"
)


class Source(NamedTuple):
    """A layout, and the file or folder that has it."""

    layout: str
    path: Path


def detect_layout(root: Path, layout: str = "auto") -> Source:
    """Return the layout of what was downloaded.

    Args:
        root: The folder it was downloaded to.
        layout: `auto`, or the one that it must have (`data.layout` in params.yaml).

    Raises:
        InputError: If it has none, or two manifests.
    """
    if (root / "classes.json").is_file() and (root / "images.npy").is_file():
        return Source(SYNTHETIC, root)
    names, _ = list_files(root)
    tables = [root / name for name in names if name.lower().endswith((".csv", ".tsv"))]
    columns = {path: set(csv_files.header(path)[1]) for path in tables}
    if layout in ("auto", "csv") and (path := _find_fer2013(columns)):
        return Source("csv", path)
    if layout in ("auto", "manifest") and (
        path := _find_manifest(columns, root, names)
    ):
        return Source("manifest", path)
    if layout in ("auto", "class-folders") and any("/" in name for name in names):
        return Source("class-folders", root)
    wanted = "a known layout" if layout == "auto" else f"the layout `{layout}`"
    raise InputError(
        f"The source (`data.source` in params.yaml) does not have {wanted}. {EXPECTED}. Found: "
        f"{some_of(names, 3) or 'no file'}. Set `data.source` to a copy that has "
        "one of these layouts. Only .zip and .tar archives (.tar also compressed) are unpacked, and "
        "none inside a folder: set `data.source` to the archive itself."
    )


def list_images(source: Source, root: Path) -> Listing:
    """List the labelled image files of a source; none where its faces are in one file."""
    layout, path = source
    if layout == "class-folders":
        return class_folders.read(path)
    if layout == SYNTHETIC:
        return Listing(as_table([]), [])
    names, dropped = list_files(root)
    if layout == "manifest":
        listed, inside, reason = manifest.read(path), path.parent, OUTSIDE
    else:
        listed, inside, reason = Listing(as_table([]), dropped), path, BESIDE
    outside = [name for name in names if not (root / name).is_relative_to(inside)]
    left_out = [Dropped(name, reason.format(path.name)) for name in outside]
    return listed._replace(dropped=listed.dropped + left_out)


def _find_fer2013(columns: dict[Path, set[str]]) -> Path | None:
    tables = [path for path in columns if columns[path] >= set(fer2013_csv.HEADER)]
    # The competition's folder has both, with the same faces: fer2013.csv comes first.
    return min(
        tables, key=lambda path: (len(path.parts), path.name.lower()), default=None
    )


def _find_manifest(
    columns: dict[Path, set[str]], root: Path, names: list[str]
) -> Path | None:
    """Return the manifest at the top: no image lies outside its folder."""
    folders = {(root / name).parent for name in images_among(names)}
    fitting = [
        path
        for path in columns
        if columns[path] >= set(manifest.REQUIRED)
        and all(folder.is_relative_to(path.parent) for folder in folders)
    ]
    depth = min((len(path.parts) for path in fitting), default=0)
    manifests = [path for path in fitting if len(path.parts) == depth]
    if len(manifests) > 1:
        raise InputError(
            f"There are several manifests: {', '.join(path.name for path in manifests)}. Keep "
            "one of them in the folder that `data.source` in params.yaml names."
        )
    return manifests[0] if manifests else None
