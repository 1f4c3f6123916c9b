"""What the fuzz tests share: how to spoil a file, and a limit on time."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from hypothesis import strategies as st

from fer_transfer.console.errors import InputError

Result = TypeVar("Result")


def result_or_message(function: Callable[[], Result]) -> tuple[Result | None, str]:
    """Return what a function gives, or the message of its InputError; no other may come."""
    try:
        return function(), ""
    except InputError as error:
        return None, str(error)


def is_short(message: str) -> bool:
    return 0 < len(message) < 1_000 and message.count("\n") < 5


class TookTooLong(BaseException):
    """Not an Exception, so that nothing takes it for a damaged file."""


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Interrupt what takes longer, so that a hang is a failure and not the end of the test."""

    def stop(*_: object) -> None:
        raise TookTooLong(f"{seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@st.composite
def mutated(draw: st.DrawFn, content: bytes) -> bytes:
    """Spoil a file: bytes changed, put in, doubled or taken out at a few places, or its end cut off."""
    spoilt = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        # Archives have their structure at both ends.
        end = draw(st.sampled_from([64, 200, len(spoilt)]))
        first = draw(st.integers(0, min(end, len(spoilt))))
        first = draw(st.sampled_from([first, len(spoilt) - first]))
        last = min(len(spoilt), first + draw(st.integers(0, 40)))
        piece = spoilt[first:last]
        choice = draw(
            st.sampled_from(["change", "put in", "take out", "double", "cut"])
        )
        if choice == "change" and first < len(spoilt):
            spoilt[first] = draw(st.integers(0, 255))
        elif choice == "put in":
            spoilt[first:first] = draw(st.binary(max_size=9))
        elif choice == "take out":
            del spoilt[first:last]
        elif choice == "double":
            spoilt[first:first] = piece
        elif choice == "cut":
            del spoilt[first:]
    return bytes(spoilt)
