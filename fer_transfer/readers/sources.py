"""Which layout a source has, once it is downloaded."""

from collections import Counter
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from fer_transfer.console.errors import InputError
from fer_transfer.readers import class_folders, fer2013_csv, manifest
from fer_transfer.readers.listing import Listing, as_table, is_of_the_system, list_files

LAYOUTS = ("csv", "manifest", "class-folders")
SYNTHETIC = "synthetic"  # the labelled faces themselves, as download draws them
EXPECTED = (
    "Expected fer2013.csv or icml_face_data.csv with the columns emotion, pixels and Usage "
    "(plain, .gz, .xz, .bz2, .zip or .tar); a folder of images per class, perhaps in train/, "
    "val/ and test/; or a manifest, a CSV file with the columns path and label, beside the images"
)


class Source(NamedTuple):
    """A layout, and the file or folder that has it."""

    layout: str
    path: Path

    @property
    def folder(self) -> Path:
        """The folder that the files of its listing are relative to."""
        return self.path if self.path.is_dir() else self.path.parent


def detect_layout(root: Path, layout: str = "auto") -> Source:
    """Return the layout of what was downloaded.

    Args:
        root: The folder it was downloaded to.
        layout: `auto`, or one of LAYOUTS that it must have.

    Raises:
        InputError: If it has none, or two manifests.
    """
    if (root / "classes.json").is_file() and (root / "images.npy").is_file():
        return Source(SYNTHETIC, root)
    names, _ = list_files(root)
    csv_files = [
        root / name for name in names if name.lower().endswith((".csv", ".tsv"))
    ]
    fer2013 = fer2013_csv.find(csv_files)
    if fer2013 and layout in ("auto", "csv"):
        return Source("csv", fer2013)
    top = _inside_wrappers(root)
    manifests = manifest.find([path for path in csv_files if path.parent == top])
    if len(manifests) > 1:
        raise InputError(
            f"There are several manifests: {', '.join(path.name for path in manifests)}. Keep "
            "one of them in the folder that `data.source` in params.yaml names."
        )
    if manifests and layout in ("auto", "manifest"):
        return Source("manifest", manifests[0])
    has_folders = any("/" in name for name in names)
    if has_folders and layout in ("auto", "class-folders"):
        return Source("class-folders", root)
    wanted = "a known layout" if layout == "auto" else f"the layout `{layout}`"
    raise InputError(
        f"What `data.source` in params.yaml names does not have {wanted}. {EXPECTED}. It holds "
        f"{_summary(names)}. Set `data.source` to a copy that has one of these layouts."
    )


def _inside_wrappers(folder: Path) -> Path:
    """Return the folder that all files lie in, such as the one that an archive unpacks into."""
    while True:
        inside = [path for path in folder.iterdir() if not is_of_the_system(path.name)]
        if len(inside) != 1 or not inside[0].is_dir():
            return folder
        folder = inside[0]


def list_images(source: Source) -> Listing:
    """List the labelled image files of a source; none where its faces are in one file."""
    if source.layout == "manifest":
        return manifest.read(source.path)
    if source.layout == "class-folders":
        return class_folders.read(source.path)
    return Listing(as_table([]))


def _summary(names: list[str]) -> str:
    if not names:
        return "no file"
    kinds = Counter(PurePosixPath(name).suffix.lower() or "no suffix" for name in names)
    counted = ", ".join(f"{number} of {kind}" for kind, number in kinds.most_common(5))
    return f"{len(names)} files ({counted}), such as {names[0]}"
