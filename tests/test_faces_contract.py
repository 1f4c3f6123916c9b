"""A set of labelled faces: what is written is what is read, whoever it comes from."""

import numpy as np
import pandas as pd
import pytest

from fer_transfer.console.errors import InputError
from fer_transfer.data import faces


def a_set(**departures):
    table = pd.DataFrame(
        {
            "label": ["sad", "happy", "sad"],
            "person": ["NA", "", "Zoë, the 2nd"],
            "part": ["train", "test", ""],
            "file": ["a.jpg", "b/c.png", "d.png"],
        }
    )
    boxes = pd.DataFrame(
        "", index=table.index, columns=["left", "top", "width", "height"]
    )
    values = {"name": "mine", "classes": ("happy", "sad"), "table": table.join(boxes)}
    return faces.Faces(**(values | departures))


IMAGES = np.arange(3 * 48 * 48, dtype=np.uint32).astype(np.uint8).reshape(3, 48, 48)
VOTES = pd.DataFrame({"happiness": [9, 0, 1], "unknown": [1, 10, 9]})


@pytest.mark.parametrize("votes", [None, VOTES], ids=["without votes", "with votes"])
def test_what_is_written_is_read(tmp_path, votes):
    faces.write(a_set(votes=votes), IMAGES, tmp_path)
    found = faces.read(tmp_path, votes=True)
    assert (found.name, found.classes) == ("mine", ("happy", "sad"))
    pd.testing.assert_frame_equal(found.table, a_set().table)
    assert found.labels.tolist() == [1, 0, 1]
    assert np.array_equal(faces.read_images(tmp_path), IMAGES)
    if votes is None:
        assert found.votes is None
    else:
        pd.testing.assert_frame_equal(found.votes, votes)


@pytest.mark.parametrize(
    ("departures", "message"),
    [
        ({"classes": ("happy",)}, "'sad'"),
        ({"votes": VOTES[:2]}, "2 rows of votes for 3 faces"),
    ],
)
def test_a_set_that_contradicts_itself_cannot_be_made(departures, message):
    with pytest.raises(ValueError, match=message):
        a_set(**departures)


def test_images_of_another_size_are_not_written(tmp_path):
    with pytest.raises(ValueError, match="uint8"):
        faces.write(a_set(), IMAGES[:, :40], tmp_path)


def test_a_missing_file_says_what_writes_it(tmp_path):
    with pytest.raises(InputError, match="dvc repro prepare"):
        faces.read(tmp_path)
