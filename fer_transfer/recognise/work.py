"""One input, from its file to a record: what it holds, and what each face in it shows."""

import base64
import io
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fer_transfer.detection import framing, photos
from fer_transfer.detection.detectors import Box, Detection, Detector
from fer_transfer.detection.inputs import Input, identity
from fer_transfer.detection.status import Rejected, Status
from fer_transfer.recognise import pictures
from fer_transfer.recognise.model import Model

UNSURE = "unsure"


@dataclass(frozen=True)
class Face:
    """What is known of a face."""

    box: list[float]  # left, top, width, height, in pixels of the displayed photo
    score: float | None  # of the detector; None where the image was taken whole
    tilt: float  # degrees clockwise from upright
    emotion: str  # or UNSURE
    probabilities: dict[str, float]
    crop: str  # what the model saw, as the address of a PNG


@dataclass(frozen=True)
class Record:
    """What became of an input."""

    file: str
    identity: list[int]
    status: str
    reason: str
    width: int | None = None
    height: int | None = None
    picture: str = ""  # file name of the picture with boxes
    faces: list[Face] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Recogniser:
    """A detector, a model, and from which probability on it names an emotion."""

    detector: Detector
    model: Model
    least_probability: float
    pictures: Path | None  # the folder of pictures with boxes, or None for no pictures

    def record(self, one: Input) -> Record:
        """Read an input and recognise the faces in it; one that cannot be read says why."""
        before = identity(one.path)
        try:
            if one.rejected:
                raise one.rejected
            photo = photos.read_photo(Path(one.path), named=one.named)
        except Rejected as rejected:
            return Record(one.shown, before, rejected.status.value, rejected.reason)
        except MemoryError:
            reason = "there is not enough memory for it: make it smaller"
            return Record(one.shown, before, Status.TOO_LARGE.value, reason)
        faces = self.faces(photo.pixels)
        picture = ""
        if faces and self.pictures:
            picture = pictures.name_for(one.path)
            pictures.draw(photo.pixels, faces, self.pictures / picture)
        height, width = photo.pixels.shape[:2]
        status = Status.FACES if faces else Status.NO_FACE
        return Record(
            one.shown, before, status.value, photo.note, width, height, picture, faces
        )

    def faces(self, pixels: np.ndarray) -> list[Face]:
        """Find the faces in RGB (h, w, 3) from left to right, and recognise each."""
        if photos.is_fer2013_crop(pixels):
            whole = Box(0, 0, *pixels.shape[1::-1])
            return [self.face(pixels[..., 0], Detection(whole, None))]
        found = sorted(self.detector.find(pixels), key=lambda face: face.box)
        return [self.framed_face(pixels, face) for face in found]

    def framed_face(self, pixels: np.ndarray, found: Detection) -> Face:
        side = self.detector.framed(found.box)
        square = framing.square_about(found.box, side)
        crop = framing.cut_upright(pixels, square, found.tilt)
        return self.face(crop, found)

    def face(self, crop: np.ndarray, found: Detection) -> Face:
        shares = self.model.probabilities(crop)
        best = int(shares.argmax())
        sure = shares[best] >= self.least_probability
        return Face(
            box=[round(side, 1) for side in found.box],
            score=None if found.score is None else round(found.score, 4),
            tilt=round(found.tilt, 1),
            emotion=self.model.classes[best] if sure else UNSURE,
            probabilities={
                name: round(float(share), 6)
                for name, share in zip(self.model.classes, shares, strict=True)
            },
            crop=_png(crop),
        )


def _png(crop: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(crop).save(buffer, format="png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
