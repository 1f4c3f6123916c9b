"""Take over what another clone has run: `python -m tools.merge FOLDER`.

An entry of its dvc.lock is taken only where it is what DVC would record here too: the same
command, code, settings and inputs. What Git holds of it is copied, checked by its hash; what
DVC caches comes by a shared cache or a remote (`dvc pull`). Besides DVC itself, only this (also
for `make fleet`), `make unchanged` and tools.prune write dvc.lock.

Reads   FOLDER/dvc.lock, and the outputs there that Git holds
Writes  dvc.lock, in one write, and those outputs
"""

import hashlib
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from dvc.repo import Repo

from fer_transfer.console import command
from fer_transfer.console.errors import InputError, some_of
from fer_transfer.core import files
from fer_transfer.results.record import LOCK, Entry, hashes, recorded
from tools.pipeline import Pipeline, edited, load

logger = logging.getLogger(__name__)

Read = Callable[[str], bytes]


def fitting(here: Pipeline, incoming: dict[str, Entry]) -> tuple[list[str], list[str]]:
    """Name the stages whose entries are to be taken, and those that do not fit.

    Where both have a result of a variant or run that fits, the incoming one is taken. What all
    share (the data, the splits) stays ours, and so do stages that keep whole folders in Git: DVC
    runs these again in seconds. Whether one fits depends on those it reads from, which
    stand before it in dvc.yaml.
    """
    merged, taken, refused = here, [], []
    for name, stage in here.stages.items():
        if name not in incoming or incoming[name] == here.entries.get(name):
            continue
        outs = hashes(incoming[name], "outs")
        keeps_folders = any(outs.get(path, "").endswith(".dir") for path in stage.kept)
        # Other features that fit would make every run on ours stale.
        stays = not stage.generated or stage.unshared
        if keeps_folders or (stays and merged.is_current(name)):
            continue
        if trial := merged.fits(name, incoming[name]):
            merged = trial
            taken.append(name)
        elif stage.generated:
            refused.append(name)
    return taken, refused


def copies(
    here: Pipeline, incoming: dict[str, Entry], names: list[str], read: Read
) -> Iterator[tuple[Path, bytes]]:
    """Read what these stages wrote there and Git holds.

    Raises:
        InputError: If a file is not what the entry records.
    """
    for name in names:
        for path in sorted(here.stages[name].kept):
            content = read(path)
            if hashlib.md5(content).hexdigest() != hashes(incoming[name], "outs")[path]:
                raise InputError(
                    f"{path} in the other clone is not what its dvc.lock records for {name}. "
                    "Commit or restore it there, then run this again. Nothing was taken."
                )
            yield Path(path), content


def merge(incoming: dict[str, Entry], read: Read) -> tuple[list[str], list[str]]:
    """Take over the entries of a dvc.lock that fit, in one write.

    Args:
        incoming: The entries, by stage.
        read: Gives the content of a file there that Git holds; nothing where it is missing.

    Returns:
        The names of the stages taken, and of those that do not fit.

    Raises:
        InputError: If a file is not what its entry records; then nothing is taken.
    """
    with edited(Repo()) as here:
        taken, refused = fitting(here, incoming)
        # All are read and checked before one is written.
        for path, content in list(copies(here, incoming, taken, read)):
            files.write_bytes(path, content)
        here.entries.update({name: incoming[name] for name in taken})
    return taken, refused


def main(folder: str) -> None:
    source, here = Path(folder), load(Repo())
    incoming = {
        name: entry
        for name, entry in recorded(source / LOCK).items()
        # The outputs of what is current lie here; others may differ in their last bits.
        if name in here.stages and not here.is_current(name)
    }

    def read(path: str) -> bytes:
        return (source / path).read_bytes() if (source / path).is_file() else b""

    taken, refused = merge(incoming, read)
    logger.info("Taken over: %s.", ", ".join(taken) or "nothing")
    if refused:
        logger.warning(
            "Not taken: %s. Their code, settings or inputs differ from those here.",
            some_of(refused),
        )


if __name__ == "__main__":
    command.run(main, *sys.argv[1:])
