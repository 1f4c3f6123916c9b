"""Small sources of labelled faces in every layout, and the stages that read them."""

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import photo_files
import settings_files
from PIL import Image

from fer_transfer.fetching import addresses
from stages import detect, download, prepare

HEADER = "emotion,pixels,Usage\n"


def write_settings(source: str, **data: Any) -> None:
    """Write params.yaml here: the demo's with this source, of one run: it is read again and again."""
    is_here = source not in ("kaggle", "synthetic")
    path = addresses.local_path(source) if is_here else None
    watch = "data/unwatched" if path is None else str(path)
    data |= {"source": source, "watch": watch}
    settings_files.write_demo(Path(), ["openface-random"], data=data, searches={})


def read(source: str, **data: Any) -> None:
    """Bring a source into data/faces, by the stages that do."""
    write_settings(source, **data)
    read_written()


def read_written() -> None:
    """Bring the source that params.yaml names into data/faces."""
    download.main()
    detect.main()
    prepare.main()


def face(shade: int, *, mirrored: bool = False) -> np.ndarray:
    """Return a grey image of 48x48 that is another one for each shade, and not symmetric."""
    image = np.full((48, 48), shade, dtype=np.uint8)
    image[:, -10:] = 255 - shade
    return image[:, ::-1] if mirrored else image


def encoded(image: np.ndarray, kind: str = "PNG") -> bytes:
    return photo_files.encoded(Image.fromarray(image), kind)


def csv_row(label: object = 3, shade: int = 7, usage: str = "Training") -> str:
    return f"{label},{' '.join(map(str, face(shade).ravel()))},{usage}\n"


def write_files(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write files by their path below a folder; return the folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        content = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(content)
    return folder


def zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(
    files: Mapping[str, bytes], mode: str = "", kind: bytes = tarfile.REGTYPE
) -> bytes:
    """Pack members of one kind; a link leads to /etc."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{mode}") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.type, member.size, member.linkname = kind, len(content), "/etc"
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
