"""Choose a classifier and its settings on the vectors of one frozen variant and one split.

Reads   data/faces/                faces.csv, classes.json; the labels of test faces are not used
        data/splits/<split>.npz    train, val, test: rows; groups
        data/features/<variant>/   vectors (N, channels)
        data/views/<search>/       vectors of the training faces' views
        data/weights/<variant>.h5  the backbone, which the model needs
Params  choose; the search, its split and its variant
Writes  metrics/choose/<search>.json  a record per classifier: settings, score, temperature
        data/choices/<search>/        for `assess`: probabilities.npz, of the test faces, (n,
                                      classes), by the best classifier and by the best one that
                                      a model can hold; model.onnx, that one on its backbone
Source  the paper, section 6; fer_transfer/classifiers/selection.py
"""

import logging
import sys
from pathlib import Path

from fer_transfer.classifiers import comparison, dataset, head
from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.export import onnx_export
from fer_transfer.networks import split_model
from fer_transfer.settings.classifiers import PORTABLE
from fer_transfer.settings.settings import Variant, load_settings

logger = logging.getLogger(__name__)


def write_model(
    path: Path, variant: Variant, weights: Path, layers: head.Layers, temperature: float
) -> None:
    """Write a classifier's dense layers on their backbone as ONNX, calibrated."""
    network = split_model.build(variant, weights)
    model = onnx_export.to_onnx(network.frozen)
    onnx_export.add_dense_layers(model, layers)
    onnx_export.calibrate(model, temperature)
    files.write_bytes(path, onnx_export.finish(model, {}))


def main(name: str) -> None:
    settings = load_settings()
    search, known = settings.searches[name], faces.read()
    seed, tried = settings.splits[search.split].seed, settings.choose.classifiers
    data = dataset.read(name, search, known.labels)
    compared = comparison.selections(data, known.classes, settings.choose, seed)
    records = comparison.compare(compared, settings.choose.minutes)
    portable = [name for name in tried if name in PORTABLE]
    chosen = {
        "best": comparison.best_of(records, tried),
        "model": comparison.best_of(records, portable),
    }
    logger.info("Fitting the chosen: %s.", " and ".join(sorted(set(chosen.values()))))
    fitted = {
        name: compared[name].refit(records[name]["settings"])
        for name in dict.fromkeys(chosen.values())
    }
    folder, model = Path("data/choices") / name, chosen["model"]
    predicted = {
        role: compared[name].predict(fitted[name], data.test)
        for role, name in chosen.items()
    }
    files.write_npz(folder / "probabilities.npz", predicted)
    write_model(
        folder / "model.onnx",
        settings.variants[search.variant],
        Path(f"data/weights/{search.variant}.h5"),
        head.layers_of(fitted[model], len(known.classes)),
        records[model]["temperature"]["value"],
    )
    files.write_json(
        Path(f"metrics/choose/{name}.json"),
        {
            **search,
            "selected_by": "validation" if len(data.val) else "cross-validation",
            "train": len(data.train),
            "views": len(data.vectors) - len(data.groups),
            "subset": len(compared[model].subset),
            **chosen,
            "candidates": records,
        },
    )


if __name__ == "__main__":
    command.run(main, *sys.argv[1:])
