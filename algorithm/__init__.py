"""The stages of algorithm/dvc.yaml: each module is one box of its graph, run as `python -m algorithm.<name>`."""

import stages  # noqa: F401  # takes out of the environment what could change a result
