import numpy as np
import pytest

from fer_transfer.data.fer2013 import EMOTIONS
from fer_transfer.synthetic import drawing


@pytest.fixture(scope="module")
def faces():
    return drawing.draw(num_images=112, num_identities=8, seed=42)


def test_every_emotion_occurs_equally_often_and_every_identity_within_it(faces):
    _, labels, identities = faces
    pairs = np.zeros((len(EMOTIONS), 8), int)
    np.add.at(pairs, (labels, identities), 1)
    assert np.array_equal(pairs, np.full((len(EMOTIONS), 8), 2))


def test_the_order_tells_nothing(faces):
    _, labels, identities = faces
    assert np.any(labels != np.arange(112) % len(EMOTIONS))
    assert len(set(labels[:20].tolist())) > 3
    assert len(set(identities[:20].tolist())) > 3


def test_images_differ_and_show_something(faces):
    pixels = faces[0]
    assert len({image.tobytes() for image in pixels}) == len(pixels)
    assert pixels.std(axis=(1, 2)).min() > 10


def test_the_seed_decides_which_faces_are_drawn(faces):
    again, other = (drawing.draw(112, 8, seed) for seed in (42, 43))
    for first, second in zip(faces, again, strict=True):
        assert first.tobytes() == second.tobytes()
    assert not np.array_equal(faces[0], other[0])
