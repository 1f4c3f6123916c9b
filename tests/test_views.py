import numpy as np
import scipy.ndimage

from fer_transfer.augmentation import views
from fer_transfer.settings.searches import Views

FACE = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
NONE = {"flip": False, "shift": 0, "rotation": 0, "scale": 0, "brightness": 0}


def plan(number=50, faces=20, seed=1, **settings):
    values = Views(**NONE | {"number": number} | settings)
    return views.draw(np.arange(faces), np.full(faces, number), values, seed)


def rendered(**settings):
    """Return the views of FACE."""
    return views.render(np.stack([FACE]), plan(200, 1, **settings))


def test_without_any_change_a_view_is_the_face():
    assert (rendered() == FACE).all()


def test_half_of_the_views_are_mirrored_and_nothing_else():
    mirrored = (rendered(flip=True) == FACE[:, ::-1]).all(axis=(1, 2))
    same = (rendered(flip=True) == FACE).all(axis=(1, 2))
    assert (mirrored | same).all()
    assert 0.4 < mirrored.mean() < 0.6


def test_brightness_multiplies_grey_levels():
    drawn = plan(200, 1, brightness=50)
    first, *_ = views.render(np.stack([FACE]), drawn)
    expected = np.clip(np.round(FACE * drawn.brightness[0]), 0, 255)
    assert (first == expected).all()


def test_shift_rotation_and_scale_are_scipys_affine_transform():
    smooth = scipy.ndimage.gaussian_filter(FACE.astype(float), 4)
    smooth = (255 * (smooth - smooth.min()) / np.ptp(smooth)).astype(np.uint8)
    drawn = plan(5, 1, flip=True, shift=3, rotation=15, scale=10)
    rendered = views.render(np.stack([smooth]), drawn)
    for view, matrix in zip(rendered, drawn.matrix, strict=True):
        # scipy maps output to input, in (row, column).
        inverse = np.linalg.inv(matrix[::-1, 1::-1])
        expected = scipy.ndimage.affine_transform(
            smooth.astype(float),
            inverse,
            -inverse @ matrix[::-1, 2],
            order=1,
            mode="mirror",
        )
        assert np.abs(view - expected).mean() < 2


def test_changes_stay_within_the_settings():
    drawn = plan(shift=3, rotation=8, scale=10, brightness=20)
    scale = np.sqrt(np.linalg.det(drawn.matrix[:, :, :2]))
    assert 0.9 <= scale.min() < scale.max() <= 1.1
    angle = np.rad2deg(np.arctan2(drawn.matrix[:, 0, 1], drawn.matrix[:, 0, 0]))
    assert 7 < np.abs(angle).max() <= 8
    middle = drawn.matrix @ [23.5, 23.5, 1] - 23.5
    assert 2.9 < np.abs(middle).max() <= 3
    assert 0.8 <= drawn.brightness.min() < drawn.brightness.max() <= 1.2


def test_rarer_classes_get_more_views_until_all_are_about_equal():
    labels = np.repeat([0, 1, 2], [40, 20, 1])
    number = views.views_per_face(labels, Views(number=1, balance=True))
    totals = np.bincount(labels, 1 + number).tolist()
    assert totals == [80, 80, 1 + views.MAX_PER_FACE]


def test_the_seed_decides_every_view():
    first, same, other = (plan(rotation=9, seed=seed).matrix for seed in (1, 1, 2))
    assert (first == same).all()
    assert (first != other).any()
