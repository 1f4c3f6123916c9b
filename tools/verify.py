"""Hash DVC's cache again, and remove what is damaged: `dvc repro` or `dvc pull` then replace it.

Not a stage of dvc.yaml (`make verify` runs it). Run it after a power cut, on a failing disk, or
when a kill left DVC's list of running stages unreadable. DVC itself trusts an object of its cache
that is read-only, as all are, and would replace a good file that a stage has just written by a
damaged one (treeverse/dvc#5978).

Reads   DVC's cache, data/, plots/, .dvc/tmp/rwlock
Writes  nothing; removes what is damaged, and sets the times of data/ and plots/, so that DVC
        hashes these again as well
"""

import json
import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from dvc.lock import make_lock
from dvc.repo import Repo

from fer_transfer.console import command
from fer_transfer.console.errors import InputError
from fer_transfer.core import files
from tools.pipeline import locked

logger = logging.getLogger(__name__)


def cache_folder() -> Path:
    return Path(str(Repo().cache.local.path))


def remove_cut_list(folder: Path) -> bool:
    """Remove DVC's list of running stages, `rwlock`, if a dvc that was killed left it truncated.

    DVC writes it in place, and refuses every command while it cannot be read
    (treeverse/dvc#7615). Nobody writes it while its lock is held here.
    """
    running = folder / "rwlock"
    if not running.exists():
        return False
    with locked(make_lock(str(folder / "rwlock.lock"), tmp_dir=str(folder))):
        try:
            json.loads(running.read_bytes())
        except ValueError:
            running.unlink()
            return True
    return False


def damaged(cache: Path) -> list[Path]:
    """Return the objects that are not what their names, their MD5 hashes, say.

    The name of one that lists a folder ends in `.dir`.
    """
    return [
        path
        for path in objects(cache)
        if path.parent.name + path.name.removesuffix(".dir")
        != files.digest(path, "md5")
    ]


def objects(cache: Path) -> list[Path]:
    return sorted(cache.glob("[0-9a-f][0-9a-f]/*"))


def touch(folder: Path, whole: Iterable[Path]) -> None:
    """Set the times in a folder, so that DVC hashes its files again; not of objects that are whole.

    These are other users' where a cache is shared, and nobody else may set their times.

    Raises:
        InputError: If a file is another user's, and not an object of the cache.
    """
    hashed = {(status.st_dev, status.st_ino) for status in map(os.stat, whole)}
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # a link to what was removed
            status = path.stat()
            if (status.st_dev, status.st_ino) in hashed:
                continue
            try:
                os.utime(path)
            except PermissionError:
                raise InputError(
                    f"{path} belongs to {path.owner()} and has not been checked: only its owner "
                    "may mark it for that. Remove it, and run `dvc checkout` or `dvc repro`."
                ) from None


def main() -> None:
    if remove_cut_list(Path(".dvc/tmp")):
        logger.warning("Unreadable, and removed: DVC's list of running stages.")
    cache = cache_folder()
    broken = damaged(cache)
    for path in broken:
        logger.warning("Damaged, and removed: %s.", path)
        path.unlink()
    whole = objects(cache)
    for folder in (Path("data"), Path("plots")):
        touch(folder, whole)
    logger.info("DVC's cache: %d objects whole, %d damaged.", len(whole), len(broken))
    if broken:
        logger.info("`dvc repro` makes what is missing again, `dvc pull` fetches it.")


if __name__ == "__main__":
    command.run(main)
