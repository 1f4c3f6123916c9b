"""Transfer learning for facial emotion recognition.

    from fer_transfer import Recogniser

recognises the emotions of the faces in a photo; everything else is the study behind it.
"""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fer_transfer.detection.status import Rejected
    from fer_transfer.recognise.face import Face
    from fer_transfer.recognise.recogniser import Faces, Recogniser

# deepface and params-flow are written for Keras 2, also in a notebook that imports this package.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

__all__ = ["Face", "Faces", "Recogniser", "Rejected"]


def __getattr__(name: str) -> Any:
    """Import the recogniser when it is first asked for: stages do without it."""
    if name not in __all__:
        raise AttributeError(f"module `fer_transfer` has no attribute `{name}`")
    from fer_transfer.recognise import recogniser

    return getattr(recogniser, name)
