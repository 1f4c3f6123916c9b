"""Photos and files that are none, made for the tests of fer_transfer.recognise."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from fer_transfer.recognise import metadata
from fer_transfer.synthetic import drawing

CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

EIGHT = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear", "contempt")


def drawn_faces(number: int = 7) -> np.ndarray:
    """Return synthetic faces (n, 48, 48) uint8."""
    return drawing.draw(number, 1, seed=3)[0]


def scene(angle: float = 0, side: int = 240) -> Image.Image:
    """Return a photo of 800x600 with one face, tilted, about the middle.

    CenterFace takes few of the synthetic faces for faces; this is one of them.
    """
    face = Image.fromarray(drawing.draw(28, 8, 3)[0][23]).resize(
        (side, side), Image.Resampling.BICUBIC
    )
    image = Image.new("L", (800, 600), 120)
    image.paste(face, ((800 - side) // 2, (600 - side) // 2))
    image = image.filter(ImageFilter.GaussianBlur(side / 60))  # without edges of pixels
    image = image.rotate(angle, Image.Resampling.BILINEAR, fillcolor=120)
    warm = [
        image.point(lambda grey, part=part: int(grey * part)) for part in (1, 0.8, 0.7)
    ]
    return Image.merge("RGB", warm)


def ramp(width: int = 60, height: int = 40) -> Image.Image:
    """Return a small picture no two corners of which are alike."""
    across = np.linspace(0, 200, width)
    down = np.linspace(0, 50, height)
    red = (across + down[:, None]).astype(np.uint8)
    return Image.fromarray(np.stack([red, 250 - red, red // 2], axis=-1))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


class SimpleModel:
    """A model that judges a face by the mean of its seven bands, in a moment."""

    def __init__(self, path: str | Path = "simple") -> None:
        labels = np.repeat(np.arange(7), 10)
        scores = metadata.score("FER2013's test set", CLASSES, labels, labels % 4)
        self.key = str(path)
        self.metadata = metadata.Metadata(
            "simple", CLASSES, 1, 0, "FER2013", "MIT", "", "", scores
        )

    def probabilities(self, face: np.ndarray) -> np.ndarray:
        bands = np.array_split(face.astype(float), len(CLASSES))
        powers = np.exp([band.mean() / 10 for band in bands])
        return np.asarray(powers / powers.sum())
