"""Pick the best of all searches of a split, assess it once on the test set, write the model.

Reads   data/faces/             faces.csv, classes.json, images.npy: test and validation faces
        data/splits/            train, val, test, test_has_duplicate
        metrics/choose/         what each search chose, by validation alone
        data/choices/           its probabilities of the test faces, and its model
Params  searches
Writes  metrics/assess.json         by split: the candidates with a verdict, the best one's
                                    scores on the test set, and those of the model
        metrics/assess/scores.json  few of them, which DVC compares
        data/model/<split>.onnx     the best model, for fer-recognise
Source  Guo et al. 2017 (fer_transfer/scoring/calibration.py); the paper, section 6

Splits are assessed each on its own. Where the best classifier is one that a model cannot hold,
the model has the best one that it can, which is assessed too.
"""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from fer_transfer.augmentation import views
from fer_transfer.classifiers import assessment
from fer_transfer.console import command
from fer_transfer.core import files
from fer_transfer.data import faces
from fer_transfer.export import onnx_export
from fer_transfer.recognise import metadata
from fer_transfer.settings.settings import load_settings

logger = logging.getLogger(__name__)

MODEL = Path("data/model")
Record = dict[str, Any]


def assess_split(split: str, names: list[str], known: faces.Faces) -> Record:
    """Assess the searches of one split, and write their model."""
    chosen = {
        name: files.read_json(Path(f"metrics/choose/{name}.json")) for name in names
    }
    rows = assessment.candidates(chosen)
    sets = files.read_npz(Path(f"data/splits/{split}.npz"))
    used = views.sets(sets)
    labels = known.labels[used["test"]].astype(int)
    # Of training faces; of validation faces too, where classifiers are fitted on these.
    has_duplicate = sets["test_has_duplicate"]
    if not len(used["val"]):
        images = faces.read_images()
        fitted_on = set(map(bytes, images[sets["val"]]))
        has_duplicate |= [bytes(image) in fitted_on for image in images[used["test"]]]
    most_frequent = np.bincount(known.labels[used["train"]]).argmax()
    results: Record = {
        "selected_by": chosen[names[0]]["selected_by"],
        "train": chosen[names[0]]["train"],
        "majority": float((labels == most_frequent).mean()),
        "candidates": rows,
    }
    for role in ("best", "model"):
        picked = assessment.best_of(rows, role, chosen)
        folder = Path("data/choices") / picked["search"]
        results[role] = picked | assessment.assess(
            files.read_npz(folder / "probabilities.npz")[role],
            picked["temperature"]["value"],
            labels,
            has_duplicate,
            known.classes,
        )
    write_model(MODEL / f"{split}.onnx", results["model"], known, used["test"])
    return results


def write_model(
    path: Path, model: Record, known: faces.Faces, test: np.ndarray
) -> None:
    """Write the model of a search with its metadata; its scores are those of the file itself."""
    written = onnx.load(Path("data/choices") / model["search"] / "model.onnx")
    images = faces.read_images()[test]
    predicted = onnx_export.predict(written.SerializeToString(), images).argmax(axis=1)
    described = metadata.Metadata(
        name=f"{model['search']} ({model['classifier']} on {model['backbone']})",
        classes=known.classes,
        temperature=model["temperature"]["value"],
        calibrated_on=model["temperature"]["images"],
        data=known.name,
        licence="what the data and the backbone's weights ask for (data/README.md)",
        run=model["search"],
        commit="",  # the same bytes from any commit
        scores=metadata.score(
            f"{known.name}'s test set",
            known.classes,
            known.labels[test].astype(int),
            predicted,
        ),
    )
    files.write_bytes(path, onnx_export.finish(written, described.properties()))


def brief(results: Record) -> Record:
    """Return the few numbers that DVC's tables show."""
    best, model = results["best"], results["model"]
    return {
        "classifier": f"{best['search']}/{best['classifier']}",
        "accuracy": best["test"]["accuracy"],
        "macro_f1": best["test"]["macro_f1"],
        "loss": best["test"]["loss"],
        "deduplicated_accuracy": best["deduplicated"]["accuracy"],
        "calibration_error": best["calibration"]["after"],
        "model_accuracy": model["test"]["accuracy"],
    }


def main() -> None:
    searches, known = load_settings().searches, faces.read()
    by_split: dict[str, list[str]] = {}
    for name, search in searches.items():
        by_split.setdefault(search.split, []).append(name)
    results = {
        split: assess_split(split, names, known) for split, names in by_split.items()
    }
    MODEL.mkdir(parents=True, exist_ok=True)  # also where there are no searches
    files.write_json(Path("metrics/assess.json"), results)
    files.write_json(
        Path("metrics/assess/scores.json"),
        {split: brief(result) for split, result in results.items()},
    )


if __name__ == "__main__":
    command.run(main)
