"""Find the commit whose code made the results that dvc.lock holds."""

from collections.abc import Iterable, Iterator

from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.repo.brancher import switch

from fer_transfer.console.errors import InputError
from tools.git import git
from tools.pipeline import LOCK, Entry, Pipeline, load


def find(repo: Repo, now: Pipeline, names: list[str]) -> tuple[str, Pipeline, set[str]]:
    """Return the latest commit that made the entries, its pipeline, and whose it made.

    Where no commit made them all, it is the one that made the most.
    """
    stale = {name for name in names if not now.is_current(name)}
    commit, found, best = "", now, set[str]()
    for candidate, past in _history(repo, now, names):
        fitting = {name for name in names if made(past, now, name, now.entries[name])}
        if fitting & stale and len(fitting) > len(best):
            commit, found, best = candidate, past, fitting
        if len(best) == len(names):
            break
    if not best:
        raise InputError(
            "No commit in the history of HEAD has the code and settings that dvc.lock records "
            f"for {', '.join(sorted(stale))}. Run `dvc repro`."
        )
    return commit, found, best


def made(past: Pipeline, now: Pipeline, name: str, entry: Entry) -> bool:
    """Tell whether a commit's code and settings are those that a stage's entry records.

    If what the stage read has been made anew since, with other contents, then that must have
    been made by the commit, too: by an entry of its own dvc.lock, or one that still stands.
    """
    stage = past.stages.get(name)
    if stage is None or (stage.cmd, stage.settings) != (entry.cmd, entry.settings):
        return False
    code = {path: entry.deps.get(path) for path in stage.code}
    if code != stage.code or {*stage.code, *stage.reads} != set(entry.deps):
        return False
    return all(
        now.written(path, by) == entry.deps[path]
        or any(
            made(past, now, by, pipeline.entries[by])
            for pipeline in (now, past)
            if pipeline.written(path, by) == entry.deps[path]
        )
        for path, by in stage.reads.items()
    )


def _history(
    repo: Repo, now: Pipeline, names: Iterable[str]
) -> Iterator[tuple[str, Pipeline]]:
    """Yield the commits that changed what the entries rest on, the latest first."""
    paths = {path for name in names for path in now.entries[name].deps}
    paths |= {path for name in names for path in now.stages[name].code}
    watched = ["dvc.yaml", "params.yaml", str(LOCK), *sorted(paths)]
    for commit in git("log", "--format=%H", "--", *watched).split():
        try:
            with switch(repo, commit):
                past = load(repo, repo.fs.read_text(str(LOCK), encoding="utf-8"))
        except (DvcException, OSError):
            continue  # it has no pipeline, or one that DVC does not take
        yield commit, past
