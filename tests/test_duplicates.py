import numpy as np

from fer_transfer.splitting import duplicates

IMAGES = np.array([[1, 2], [3, 4], [1, 2], [1, 2], [3, 4], [5, 6]], dtype=np.uint8)


def test_a_group_is_named_by_the_row_of_its_first_image():
    group = duplicates.groups(IMAGES)
    assert group.tolist() == [0, 1, 0, 0, 1, 5]
    assert group.dtype == np.int64


def test_copies_beyond_the_first_are_counted():
    assert duplicates.count_beyond_first(duplicates.groups(IMAGES)) == 3


def test_a_group_conflicts_when_its_images_differ_in_label():
    group = duplicates.groups(IMAGES)
    count = duplicates.count_conflicting
    assert count(group, np.array([4, 5, 4, 4, 5, 6])) == 0
    assert count(group, np.array([4, 5, 3, 2, 5, 6])) == 1
    assert count(group, np.array([4, 5, 3, 4, 6, 6])) == 2
