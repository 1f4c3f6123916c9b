"""Compare the two sides' outputs, and decide whose results may stand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fer_transfer.console.errors import InputError
from tools.pipeline import Entry, Pipeline
from tools.unchanged.differences import describe
from tools.unchanged.plan import changed_setting
from tools.unchanged.sides import Side

Convert = Callable[[dict[str, bytes]], dict[str, bytes]]


@dataclass
class Verdict:
    """What the comparison found, by stage."""

    proven: list[str] = field(default_factory=list)
    again: dict[str, str] = field(default_factory=dict)
    differ: list[str] = field(
        default_factory=list
    )  # lines that forbid to record anything


@dataclass(frozen=True)
class Comparison:
    """Both pipelines, and both sides after they ran."""

    past: Pipeline
    now: Pipeline
    old: Side
    new: Side
    old_entries: dict[str, Entry]
    new_entries: dict[str, Entry]

    def judge(self, names: list[str], convert: Convert | None) -> Verdict:
        """Compare the stages' outputs, those in Git after their conversion.

        A stage of a variant or a run whose outputs differ is a changed result. A stage that
        they hang on may differ as long as theirs do not: it has to run again.
        """
        found = Verdict()
        kept = read_kept(self.old.folder, self.past, names)
        converted = kept if convert is None else convert(kept)
        for name in names:
            lines, reshaped = self._differences(name, converted)
            if not lines:
                found.proven.append(name)
            elif reshaped or not self.now.stages[name].generated:
                found.again[name] = "; ".join(lines)
            else:
                found.differ += [f"{name}: {line}" for line in lines]
        written = {path for name in names for path in self.now.stages[name].kept}
        found.differ += [
            f"{path}: the conversion makes it, and no stage writes it"
            for path in sorted(set(converted) - written)
            if convert is not None
        ]
        for name in list(found.proven):
            why = self._changed_otherwise(name, self.now.entries[name])
            if why:
                found.proven.remove(name)
                found.again[name] = why
        return found

    def run_first(self, proven: list[str]) -> set[str]:
        """Return the stages whose new outputs the proven ones read, and that never ran."""
        return {
            by
            for name in proven
            for path, by in self.now.stages[name].reads.items()
            if by not in proven
            and not self.now.is_current(by)
            and not self._same(path, by)
        }

    def _differences(
        self, name: str, converted: dict[str, bytes]
    ) -> tuple[list[str], bool]:
        """Return a line for each output that differs, and whether other files are cached."""
        before, after = self.past.stages[name], self.now.stages[name]
        lines = [f"{path} is gone" for path in sorted(before.cached - after.cached)]
        lines += [f"{path} is new" for path in sorted(after.cached - before.cached)]
        reshaped = bool(lines)
        for path in sorted(before.cached & after.cached):
            if not self._same(path, name):
                lines.append(_describe(path, self.old.folder, self.new.folder))
        new = read_kept(self.new.folder, self.now, [name])
        for path, content in new.items():
            if path not in converted:
                lines.append(f"{path} is new: see --convert")
            elif converted[path] != content:
                lines.append(f"{path}: {describe(path, converted[path], content)}")
        gone = (before.kept - after.kept) & set(converted)
        lines += [f"{path} is gone: see --convert" for path in sorted(gone)]
        return lines, reshaped

    def _same(self, path: str, by: str) -> bool:
        """Tell whether both sides wrote the same file or folder."""
        old, new = (
            entries[by].outs.get(path) if by in entries else None
            for entries in (self.old_entries, self.new_entries)
        )
        return old == new is not None

    def _changed_otherwise(self, name: str, entry: Entry) -> str:
        """Say what a stage reads that changed for another reason than code, if anything.

        What it reads has been made anew, with other contents, since the entry: by other code,
        which the small part shows, or from other data or by other settings.
        """
        for path, by in self.now.stages[name].reads.items():
            if self.now.written(path, by) == entry.deps.get(path):
                continue
            if self._same(path, by):
                return f"{path} changed, and not by code"
            before = self.past.stages.get(by)
            why = before and changed_setting(
                before.settings, self.now.stages[by].settings
            )
            made = self.past.entries.get(by, self.now.entries[by])
            why = why or self._changed_otherwise(by, made)
            if why:
                return f"{path} changed: {why}"
        return ""


def read_kept(folder: Path, pipeline: Pipeline, names: list[str]) -> dict[str, bytes]:
    """Read what stages wrote and Git keeps."""
    found = {}
    for name in names:
        for path in sorted(pipeline.stages[name].kept):
            if (folder / path).is_dir():
                raise InputError(
                    f"{path} is a folder that Git keeps; such outputs of {name} cannot be "
                    "compared. List its files in dvc.yaml."
                )
            found[path] = (folder / path).read_bytes()
    return found


def _describe(path: str, old: Path, new: Path) -> str:
    """Say how a file, or the first file of a folder that differs, differs."""
    files = [
        {file.relative_to(side).as_posix() for file in (side / path).rglob("*")}
        or {path}
        for side in (old, new)
    ]
    for file in sorted(files[0] ^ files[1]):
        return f"{file} is {'gone' if file in files[0] else 'new'}"
    for file in sorted(files[0]):
        if (old / file).is_file():
            contents = (old / file).read_bytes(), (new / file).read_bytes()
            if contents[0] != contents[1]:
                return f"{file}: {describe(file, *contents)}"
    return f"{path}: other contents"
