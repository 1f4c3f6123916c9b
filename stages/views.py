"""Compute a frozen backbone's vectors of augmented views of the training faces.

Reads   data/faces/                  images.npy, faces.csv, classes.json
        data/splits/<split>.npz      rows of each set
        data/weights/<variant>.h5    what the backbone starts from
Params  views, features, compute; the search, its split and its variant
Writes  data/views/<search>/views.npz  of each view: face (V,) int64, matrix, brightness
        data/views/<search>/0.npy      vectors (V, channels) float32; missing without views
Source  the paper, section 6
"""

import logging
import shutil
import sys
from pathlib import Path

from fer_transfer.augmentation import views
from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.core.state import state_key
from fer_transfer.data import faces
from fer_transfer.extraction import frozen_pass
from fer_transfer.extraction.feature_stats import summarize
from fer_transfer.features.feature_store import Store
from fer_transfer.networks import runtime
from fer_transfer.settings.settings import Settings, load_settings

logger = logging.getLogger(__name__)


def compute_vectors(
    name: str, plan: views.Plan, folder: Path, settings: Settings
) -> None:
    """Run the frozen part over the views; go on with what a killed pass has computed."""
    runtime.check_versions()
    search = settings.searches[name]
    variant = settings.variants[search.variant]
    weights = Path(f"data/weights/{search.variant}.h5")
    _, engine, precision = frozen_pass.open_variant(
        variant, settings.compute.precision, weights
    )
    logger.info("Running %s over %d views.", search.variant, len(plan.face))
    key = state_key(
        {**variant, **settings.views, "precision": precision, "engine": engine.name},
        [
            *(faces.FOLDER / file for file in ("images.npy", "faces.csv")),
            Path(f"data/splits/{search.split}.npz"),
            weights,
            runtime.VERSIONS,
        ],
    )
    store = Store(folder.with_name(f".{name}.part"), len(plan.face), key)
    pixels = views.Rendered(faces.read_images(), plan)
    measured = frozen_pass.store(store, engine, pixels, settings.features.batch_size)
    summarize(search.variant, measured)
    store.finish(folder)


def main(name: str) -> None:
    settings = load_settings()
    split_name = settings.searches[name].split
    split = files.read_npz(Path(f"data/splits/{split_name}.npz"))
    train = views.sets(split)["train"]
    number = views.views_per_face(faces.read().labels[train], settings.views)
    plan = views.draw(train, number, settings.views, settings.splits[split_name].seed)
    folder = Path("data/views") / name
    shutil.rmtree(folder, ignore_errors=True)  # DVC does it too, a user may not
    if len(plan.face):
        compute_vectors(name, plan, folder, settings)
    files.write_npz(folder / "views.npz", plan._asdict())


if __name__ == "__main__":
    command.run(main, *sys.argv[1:])
