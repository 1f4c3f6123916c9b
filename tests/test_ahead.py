"""Values that other threads make, a few ahead of whoever takes them."""

import threading

import pytest

from fer_transfer.core.ahead import in_order


def test_values_come_in_their_order_from_several_threads():
    barrier = threading.Barrier(2, timeout=10)

    def make(value: int) -> int:
        barrier.wait()  # passes only if two are made at once
        return value * value

    assert list(in_order(make, range(6), ahead=2, threads=2)) == [0, 1, 4, 9, 16, 25]
    assert list(in_order(make, [], ahead=2)) == []


def test_no_more_are_begun_than_so_many_ahead():
    begun = []
    squares = in_order(lambda value: begun.append(value) or value, range(9), ahead=2)
    assert next(squares) == 0
    squares.close()
    assert begun == [0, 1, 2]


def test_an_error_comes_where_its_value_would():
    quotients = in_order(lambda value: 1 / value, [1, 0, 2], ahead=3)
    assert next(quotients) == 1
    with pytest.raises(ZeroDivisionError):
        next(quotients)
