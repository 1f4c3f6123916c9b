import numpy as np
import pytest

from fer_transfer.features.feature_store import open_features
from fer_transfer.training.batches import Batches


def test_features_stay_on_disk_until_they_are_read(tmp_path):
    for number in (0, 1, 10, 2):
        np.save(tmp_path / f"{number}.npy", np.full((3, 2), number))
    features = open_features(tmp_path)
    assert [int(array[0, 0]) for array in features] == [0, 1, 2, 10]
    assert all(isinstance(array, np.memmap) for array in features)


@pytest.mark.parametrize("row_size", [1, 1000, 5000])
def test_batches_of_mapped_features_are_their_rows(tmp_path, row_size):
    expected = np.random.default_rng(0).random((50, row_size), np.float32)
    np.save(tmp_path / "0.npy", expected)
    rows = np.random.default_rng(1).permutation(50)
    batches = Batches(open_features(tmp_path), np.arange(50), rows, 3)
    assert len(batches) == 17
    features, labels = zip(*((one, codes) for (one,), codes in batches), strict=True)
    np.testing.assert_array_equal(np.concatenate(features), expected[rows])
    np.testing.assert_array_equal(np.concatenate(labels), rows)
