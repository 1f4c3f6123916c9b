"""Hash DVC's cache again, and remove what is damaged: `dvc repro` or `dvc pull` then replace it.

Not a stage of dvc.yaml (`make verify` runs it). Run it after a power cut, on a failing disk, or
when a kill left DVC's list of running stages unreadable. DVC itself trusts an object of its cache
that is read-only, as all are, and would replace a good file that a stage has just written by a
damaged one (treeverse/dvc#5978).

Reads   DVC's cache, .dvc/tmp/rwlock
Writes  nothing; removes what is damaged, and the hashes that DVC remembers by a file's size and
        time, so that it hashes data/ and plots/ again as well
"""

import json
import logging
import sys
from pathlib import Path

from dvc.lock import make_lock
from dvc.repo import Repo

from fer_transfer.console import command
from fer_transfer.core import files
from tools.pipeline import locked

logger = logging.getLogger(__name__)


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


def is_damaged(path: Path) -> bool:
    """Tell whether an object is not what its name, its MD5 hash, says.

    The name of one that lists a folder ends in `.dir`.
    """
    name = path.parent.name + path.name.removesuffix(".dir")
    return name != files.digest(path, "md5")


def main() -> None:
    if remove_cut_list(Path(".dvc/tmp")):
        logger.warning("Removed DVC's unreadable list of running stages.")
    repo = Repo()
    cache = Path(str(repo.cache.local.path))
    # Not by one pattern: `glob` skips folders that may not be read.
    folders = sorted(cache.glob("[0-9a-f][0-9a-f]"))
    objects = [path for folder in folders for path in sorted(folder.iterdir())]
    # What another clone is just fetching into a shared cache has a temporary name.
    cached = [path for path in objects if not path.name.startswith(".")]
    broken = list(filter(is_damaged, cached))
    for path in broken:
        path.unlink()
        logger.warning("Removed damaged object: %s.", path)
    repo.state.hashes.clear()
    numbers = len(cached) - len(broken), len(broken)
    logger.info("DVC's cache: %d objects intact, %d damaged.", *numbers)
    if broken:
        logger.info("`dvc repro` makes what is missing again, `dvc pull` fetches it.")


if __name__ == "__main__":
    command.run(main, *sys.argv[1:])
