"""What a module imports, read from its source."""

import ast
from collections.abc import Collection, Iterable
from pathlib import Path

PROJECT = Path(__file__).parents[1]
LIBRARY = PROJECT / "fer_transfer"
# No stage depends on these: they decide no result. `settings` checks values that DVC records itself.
EXEMPT = ("console", "settings")
DECIDES = LIBRARY / "settings/classifiers.py"  # all the same


def imported(file: Path) -> set[Path]:
    """Return the project's modules that a module imports itself, wherever it does."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names.append(node.module or "")
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        places = [PROJECT / name.replace(".", "/") for name in names]
        paths = [place.with_suffix(".py") for place in places]
        paths += [place / "__init__.py" for place in places if place.parent == LIBRARY]
        found |= {path for path in paths if path.is_file()}
    return found


def package(file: Path) -> str:
    """Name the package of fer_transfer/ that a module lies in; nothing where it lies in none."""
    return file.parent.name if file.parents[1] == LIBRARY else ""


def modules(files: Iterable[Path], exempt: Collection[str] = ()) -> set[Path]:
    """Return the modules that these import, themselves and indirectly, without exempt packages."""
    seen: set[Path] = set()
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file not in seen and (package(file) not in exempt or file == DECIDES):
            seen.add(file)
            waiting += imported(file)
    return seen
