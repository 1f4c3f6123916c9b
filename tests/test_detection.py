from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import numpy as np
import photo_files
import pytest
from PIL import Image

from fer_transfer.console.errors import InputError
from fer_transfer.detection import centerface, framing
from fer_transfer.detection.boxes import Box
from fer_transfer.detection.detectors import find_detector
from fer_transfer.detection.labelled_face import find_face

CENTERFACE, HAAR = find_detector("centerface"), find_detector("haar")


@pytest.mark.parametrize("angle", [0, -30, 90])
def test_centerface_finds_a_tilted_face_and_tells_its_tilt(angle):
    found = CENTERFACE(np.asarray(photo_files.scene(angle)))
    assert len(found) == 1
    assert found[0].box.overlap(Box(300, 200, 200, 200)) > 0.4
    framed = found[0].square.width
    assert 150 < framed < 200  # tilted or not
    assert found[0].tilt == pytest.approx(-angle, abs=16)  # the angle is anticlockwise


@pytest.mark.parametrize("side", [60, 480])
def test_centerface_finds_a_face_of_any_size(side):
    [face] = CENTERFACE(np.asarray(photo_files.scene(side=side)))
    framed = face.square.width
    assert 0.6 < framed / side < 0.9


def test_centerface_finds_nothing_where_nothing_is():
    for pixels in (np.zeros((1, 1, 3)), np.full((30, 2000, 3), 90)):
        assert CENTERFACE(pixels.astype(np.uint8)) == []


def test_a_small_face_in_a_large_photo_is_found_from_the_size_that_is_asked_for():
    """Of 12 megapixels: 1280 pixels of them would leave it 13."""
    face = photo_files.scene(side=120)
    large = Image.new("RGB", (4000, 3000), (120, 96, 84))
    large.paste(face, (2000, 1000))
    [found] = find_detector("centerface", 60)(np.asarray(large))
    assert found.box.overlap(Box(2350, 1250, 100, 100)) > 0.3
    assert find_detector("centerface", 400)(np.asarray(large)) == []


def test_the_largest_photos_are_reduced_more_for_their_memory(monkeypatch):
    resized = Mock(wraps=centerface._resized)
    monkeypatch.setattr(centerface, "MOST_PIXELS", 300_000)
    monkeypatch.setattr(centerface, "_resized", resized)
    face = photo_files.scene(side=400).resize((2000, 1500))
    assert len(find_detector("centerface", 24)(np.asarray(face))) == 1
    assert resized.call_args.args[1] == pytest.approx((300_000 / 3_000_000) ** 0.5)
    strip = np.zeros((1, 90_000, 3), np.uint8)  # 32 pixels high by padding
    find_detector("centerface", 24)(strip)
    assert 32 * 90_000 * resized.call_args.args[1] == pytest.approx(300_000)


def test_threads_may_share_a_detector():
    photos = [np.asarray(photo_files.scene(angle)) for angle in (0, 20)]
    for find in (CENTERFACE, HAAR):
        alone = [find(photo) for photo in photos]
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(find, photos)) == alone


def test_haar_finds_an_upright_face_and_nothing_where_nothing_is():
    [face, *_] = HAAR(np.asarray(photo_files.scene()))
    assert face.box.overlap(Box(280, 180, 240, 240)) > 0.4
    assert HAAR(np.zeros((100, 100, 3), np.uint8)) == []


def test_a_misspelt_detector_is_an_error_that_names_all():
    with pytest.raises(InputError, match="must be one of centerface, haar, none"):
        find_detector("centreface")


def test_beyond_the_border_its_pixels_are_repeated():
    pixels = np.zeros((100, 100, 3), np.uint8)
    pixels[:, :50] = 200
    cut = framing.cut(pixels, Box(-48, -24, 96, 48 + 48))
    assert (cut[:, :23] == 200).all()
    assert np.array_equal(cut[0], cut[-1])


@pytest.mark.parametrize(
    "box", [Box(-500, -500, 20, 20), Box(3, 3, 0.01, 0.01), Box(-50, 0, 300, 300)]
)
def test_a_box_anywhere_can_be_cut(box):
    assert (
        framing.cut(np.full((40, 60, 3), 7, np.uint8), box).tolist() == [[7] * 48] * 48
    )


def test_colour_becomes_grey_as_fer2013s_readers_make_it():
    image = photo_files.ramp(48, 48)
    grey = np.asarray(image.convert("L"))
    assert np.array_equal(framing.cut(np.asarray(image), Box(0, 0, 48, 48)), grey)


def test_a_fine_pattern_is_averaged():
    pixels = (255 * (np.indices((480, 480)).sum(0) % 2)).astype(np.uint8)
    cut = framing.cut(np.repeat(pixels[..., None], 3, axis=2), Box(0, 0, 480, 480))
    assert cut.min() > 115
    assert cut.max() < 140


@pytest.mark.parametrize("tilt", [-170, 12, 90])
def test_a_tilted_face_is_cut_upright(tilt):
    photo = photo_files.scene()
    upright = framing.cut(np.asarray(photo), Box(300, 200, 200, 200))
    tilted = np.asarray(photo_files.scene(-tilt))
    cut = framing.cut_upright(tilted, Box(300, 200, 200, 200), tilt)
    assert np.abs(cut.astype(int) - upright).mean() < 4


def test_a_slight_tilt_is_left():
    photo = np.asarray(photo_files.scene())
    square = Box(300, 200, 200, 200)
    assert np.array_equal(
        framing.cut_upright(photo, square, 9), framing.cut(photo, square)
    )


def test_the_face_of_a_photo_and_of_its_mirror_image_are_mirrored_copies():
    photo = np.asarray(photo_files.scene(-12))[:, 50:]  # its face is not in the middle
    one = find_face(photo, None, "centerface", convert=False)
    other = find_face(photo[:, ::-1], None, "centerface", convert=False)
    np.testing.assert_array_equal(other.image, one.image[:, ::-1])
    left = photo.shape[1] - one.box.left - one.box.width
    assert other.box == pytest.approx(one.box._replace(left=left))
