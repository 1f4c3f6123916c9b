import drawn
import numpy as np
import pytest
import scipy.ndimage

from algorithm import split, views
from algorithm.lib import augment
from algorithm.lib.settings import Views
from fer_transfer.core import files

REST = {
    "flip": False,
    "shift": np.zeros(2),
    "rotation": 0.0,
    "scale": 1.0,
    "brightness": 1.0,
}
FACE = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)


def test_a_view_that_changes_nothing_is_the_face():
    assert (augment.transform(FACE, **REST) == FACE).all()


def test_flip_shift_and_brightness_are_numpys():
    assert (augment.transform(FACE, **REST | {"flip": True}) == FACE[:, ::-1]).all()
    right_and_down = augment.transform(FACE, **REST | {"shift": np.array([3, 2])})
    assert (right_and_down[2:, 3:] == FACE[:-2, :-3]).all()
    darker = augment.transform(FACE, **REST | {"brightness": 0.5})
    assert (darker == np.round(FACE * 0.5)).all()


def test_rotation_and_scale_are_scipys():
    smooth = scipy.ndimage.gaussian_filter(FACE.astype(float), 4)
    smooth = (255 * (smooth - smooth.min()) / np.ptp(smooth)).astype(np.uint8)
    found = augment.transform(smooth, **REST | {"rotation": 10.0, "scale": 1.1})
    angle = np.deg2rad(10)
    # scipy maps output to input, in (row, column); OpenCV turns against the clock.
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    matrix = turn / 1.1
    middle = np.full(2, 23.5)
    expected = scipy.ndimage.affine_transform(
        smooth.astype(float),
        matrix,
        middle - matrix @ middle,
        order=1,
        mode="mirror",
    )
    assert np.abs(found.astype(float) - expected).mean() < 2


def test_rarer_classes_get_more_views_until_all_have_about_as_many():
    labels = np.repeat([0, 1, 2], [40, 20, 10])
    number = augment.views_per_face(labels, Views(number=1, balance="views"))
    totals = [int((1 + number)[labels == code].sum()) for code in range(3)]
    assert totals == [80, 80, 80]


def test_a_class_of_one_face_gets_no_more_than_twenty():
    labels = np.array([0] * 500 + [1])
    number = augment.views_per_face(labels, Views(number=0, balance="views"))
    assert number[-1] == augment.MOST == 20


def test_transforms_stay_within_the_settings():
    settings = Views(number=50, shift=3, rotation=8, scale=10, brightness=20)
    plan = augment.draw_views(np.arange(20), np.full(20, 50), settings, 1)
    assert np.abs(plan["shift"]).max() <= 3
    assert np.abs(plan["rotation"]).max() <= 8
    assert 0.9 <= plan["scale"].min() < plan["scale"].max() <= 1.1
    assert 0.8 <= plan["brightness"].min() < plan["brightness"].max() <= 1.2
    assert 0.4 < plan["flip"].mean() < 0.6


@pytest.fixture
def at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    drawn.write_settings(views={"number": 2})
    drawn.draw()
    split.main()
    views.main()
    return tmp_path


def test_training_faces_alone_have_views(at):
    plan = files.read_npz(drawn.FOLDER / "views.npz")
    train = files.read_npz(drawn.FOLDER / "split.npz")["train"]
    assert (plan["face"] == np.repeat(train, 2)).all()


def test_the_seed_decides_every_view(at):
    first = (drawn.FOLDER / "views.npz").read_bytes()
    views.main()
    assert (drawn.FOLDER / "views.npz").read_bytes() == first
    drawn.write_settings(views={"number": 2}, split={"seed": 43})
    views.main()
    assert (drawn.FOLDER / "views.npz").read_bytes() != first
