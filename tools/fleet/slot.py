"""A worker's own clone, in .fleet/ of the clone that it was started in, under a lock."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dvc.config import Config
from dvc.utils.fs import remove

from fer_transfer.console.errors import InputError
from tools.git import git
from tools.pipeline import LOCK, recorded

FOLDER = ".fleet"
MOST = 1000  # workers started in one clone


class ChainError(Exception):
    """A chain cannot run here, or failed; the message says why."""


@dataclass(frozen=True)
class Slot:
    """One of the folders that workers of one clone share out among them."""

    root: Path
    folder: Path
    number: int

    @property
    def clone(self) -> Path:
        return self.folder / "clone"

    @property
    def done(self) -> Path:
        """The folder of what was finished here, by any worker of this clone."""
        return self.root / FOLDER / "done"

    def has(self, commit: str, bundle: bytes | None) -> bool:
        """Tell whether the commit is here; take it from the bundle if need be."""
        if not (self.clone / ".git").is_dir():
            shutil.rmtree(self.clone, ignore_errors=True)
            self.folder.mkdir(parents=True, exist_ok=True)
            # Shared: what the clone around it has, or fetches later, is here too.
            origin, target = str(self.root), str(self.clone)
            options = ["--quiet", "--shared", "--no-checkout"]
            _git(self.folder, "clone", *options, origin, target)
        if self._is_here(commit):
            return True
        if bundle is None:
            return False
        file = self.folder / "bundle"
        file.write_bytes(bundle)
        _git(self.clone, "fetch", "--quiet", str(file), "HEAD")
        file.unlink()
        if not self._is_here(commit):
            raise ChainError(f"The Git bundle does not hold commit {commit[:7]}.")
        return True

    def _is_here(self, commit: str) -> bool:
        command = ["git", "cat-file", "-e", f"{commit}^{{commit}}"]
        return not subprocess.run(
            command, cwd=self.clone, check=False, capture_output=True
        ).returncode

    def check_out(self, commit: str, cache: str) -> None:
        """Check out a commit; what DVC caches, and checkpoints, stay."""
        _git(self.clone, "checkout", "--quiet", "--force", "--detach", commit)
        _git(self.clone, "clean", "--quiet", "-d", "--force")
        # What the user set for this machine alone: credentials, the remote's address.
        here, ours = (Config(str(one / ".dvc")) for one in (self.clone, self.root))
        with here.edit("local") as local:
            local.clear()
            local.update(ours.load_one("local"))
            local["core"] = {**local.get("core", {}), "autostage": False}
            if cache:
                local["cache"] = {**local.get("cache", {}), "dir": cache}

    def cores(self, workers: int) -> str:
        """Return this slot's part of the machine's cores, or nothing for all of them."""
        every = sorted(os.sched_getaffinity(0))
        mine = every[self.number % workers :: workers] if workers > 1 else []
        return ",".join(map(str, mine))

    def delete(self, paths: list[str], cache: str) -> None:
        """Delete what no remote gets, such as features: they would fill the disk.

        A shared cache keeps it, as one machine's would.
        """
        entries = recorded((self.clone / LOCK).read_text(encoding="utf-8"))
        hashes = {
            out["path"]: out["md5"]
            for entry in entries.values()
            for out in entry.get("outs", [])
        }
        for path in paths:
            remove(str(self.clone / path))
            if not cache and path in hashes:
                self._delete_object(hashes[path])

    def _delete_object(self, digest: str) -> None:
        """Delete a folder's or file's objects from this clone's cache."""
        objects = self.clone / ".dvc/cache/files/md5"
        listing = objects / digest[:2] / digest[2:]
        found = [listing]
        if digest.endswith(".dir") and listing.is_file():
            names = [
                item["md5"] for item in json.loads(listing.read_text(encoding="utf-8"))
            ]
            found += [objects / name[:2] / name[2:] for name in names]
        for file in found:
            file.unlink(missing_ok=True)

    def environment(self, threads: int) -> dict[str, str]:
        """Return an environment in which `python`, in stages' commands, is this one."""
        counted = {"TF_NUM_INTRAOP_THREADS": str(threads)} if threads else {}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, **counted, "PATH": path, "PYTHONUNBUFFERED": "1"}

    def unlock(self) -> None:
        """Remove locks of a worker that was killed: whoever holds the slot is alone here."""
        for name in (".dvc/tmp/rwlock", ".dvc/tmp/lock", ".git/index.lock"):
            (self.clone / name).unlink(missing_ok=True)


@contextmanager
def open_slot(root: Path) -> Iterator[Slot]:
    """Take the first folder that no other worker of this clone holds."""
    for number in range(MOST):
        folder = root / FOLDER / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield Slot(root, folder, number)
            return
    raise ChainError(f"{MOST} workers run in {root}.")


def _git(folder: Path, *arguments: str) -> None:
    try:
        git(*arguments, folder=folder)
    except InputError as error:
        raise ChainError(str(error)) from error
