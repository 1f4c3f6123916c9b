"""The paper's Tables 2-5, as they lie in Git."""

from pathlib import Path

from fer_transfer.core import files
from fer_transfer.results import paper

PAPER = Path(__file__).parents[1] / "metrics/paper"
PUBLISHED = {name: files.read_json(PAPER / f"{name}.json") for name in paper.TABLES}
