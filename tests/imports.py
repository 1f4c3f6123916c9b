"""What a module imports, read from its source."""

import ast
from pathlib import Path

PROJECT = Path(__file__).parents[1]


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
        paths = [PROJECT / (name.replace(".", "/") + ".py") for name in names]
        found |= {path for path in paths if path.is_file()}
    return found
