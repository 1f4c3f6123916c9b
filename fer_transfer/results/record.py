"""Whether results were made with the settings and data as they are now, by what dvc.lock records.

DVC records there which settings and which files, by hash, each stage ran with last. A result is
current if that still agrees with params.yaml and with what the stages before it wrote, from
`download` on. Changed code is ignored, so results can be tabulated before stages run again with it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from dvc.utils import serialize
from dvc.utils.flatten import flatten
from voluptuous import Invalid

from fer_transfer.console.errors import InputError, shown
from fer_transfer.core import files
from fer_transfer.settings.settings import Settings

LOCK = Path("dvc.lock")
Entry = dict[str, Any]  # of a stage in dvc.lock, as YAML gives it


class Record(NamedTuple):
    """What dvc.lock holds."""

    entries: dict[str, Entry]  # by stage
    written: dict[str, tuple[str, str]]  # by path, the stage that wrote it and its hash
    whys: dict[str, str]  # by stage, why it is stale; filled by `why_stale`


def recorded(path: Path = LOCK) -> dict[str, Entry]:
    """Return the entries of a dvc.lock by stage, as YAML gives them.

    Raises:
        InputError: If it is empty, was cut short, or holds a conflict that Git left.
    """
    lock = path.read_text(encoding="utf-8")
    try:
        values = COMPILED_LOCKFILE_SCHEMA(serialize.parse_yaml(lock, str(path)))
    except (serialize.YAMLFileCorruptedError, Invalid):
        if "<<<<<<< " in lock:
            raise InputError(
                f"{path} holds a merge conflict. Resolve the one in params.yaml first, if any; "
                f"then run `git -C {path.parent} checkout --ours {path.name}` and, in your own "
                "clone, `python -m tools.merge FOLDER` with one of theirs (docs/sharing.md)."
            ) from None
        raise InputError(f"{path} is damaged. Run `git checkout {path}`.") from None
    stages: dict[str, Entry] = values.get("stages", {})
    return stages


def read() -> Record:
    entries = recorded() if LOCK.is_file() else {}
    written = {
        path: (stage, digest)
        for stage, entry in entries.items()
        for path, digest in hashes(entry, "outs").items()
    }
    return Record(entries, written, {})


def why_stale(
    stage: str, settings: Settings, record: Record, paths: Iterable[Path] = ()
) -> str:
    """Say why what a stage wrote is not of the current settings and data; "" if it is.

    Args:
        stage: Its name in dvc.lock, such as `evaluate@openface-random`.
        settings: The current ones.
        record: What dvc.lock holds.
        paths: Files that must be as the record has them.
    """
    if stage not in record.whys:
        record.whys[stage] = _why_stale(stage, settings, record)
    if why := record.whys[stage]:
        return why
    for file in paths:
        _, last = record.written.get(file.as_posix(), ("", ""))
        if files.digest(file, "md5") != last:
            return f"{file} is not the file that {LOCK} records"
    return ""


def _why_stale(stage: str, settings: Settings, record: Record) -> str:
    if stage not in record.entries:
        return f"{LOCK} has no record of {stage}"
    entry = record.entries[stage]
    if why := changed_setting(settings, entry):
        return why
    for path, digest in hashes(entry, "deps").items():
        writer, last = record.written.get(path, ("", ""))
        # No stage wrote it; or `assess` did, of which `tabulate` itself leaves out what is stale.
        is_exempt = writer in ("", "assess")
        if not is_exempt and (why := why_stale(writer, settings, record)):
            return why
        if writer and digest != last:
            return f"{path} has changed since {stage} ran"
        # What no stage writes is code, the user's own data, or a folder in which several write.
        if writer or not path.startswith("data/") or path == settings.data.watch:
            continue
        if not any(written.startswith(f"{path}/") for written in record.written):
            return f"{LOCK} does not say what wrote {path}"
    return ""


def changed_setting(settings: dict[str, Any], entry: Entry) -> str:
    """Name a setting that a stage ran with and that has another value now, if any has."""
    ran_with = entry.get("params", {}).get("params.yaml", {})
    parts = tuple(f"{key}." for key in ran_with)
    old, new = flatten(ran_with), flatten(settings)
    for key in old | new:
        if f"{key}.".startswith(parts) and old.get(key) != new.get(key):
            return f"`{key}` was {shown(old.get(key))}, is {shown(new.get(key))}"
    return ""


def hashes(entry: Entry, part: str) -> dict[str, str]:
    """Return the recorded hashes of a stage's `deps` or `outs`, by path."""
    return {item["path"]: item["md5"] for item in entry.get(part, []) if "md5" in item}
