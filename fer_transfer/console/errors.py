"""Errors a user can fix: in files, in settings, and those of the operating system."""

import errno
import re
from collections.abc import Sequence
from reprlib import Repr
from typing import Any

# A value is shown in short: an alias of aliases in YAML is small and prints as gigabytes.
_short = Repr()
_short.maxstring = _short.maxother = 80
_short.maxlevel = 2
_short.maxlist = _short.maxdict = 4

# Errors of this machine and its file systems, not of what is read: a retry cannot help.
REMEDIES = {
    errno.ENOSPC: "The disk is full: free some space.",
    errno.EDQUOT: "Your disk quota is used up: free some space.",
    errno.EFBIG: "The file is too large for this system: check `ulimit -f` and the file system.",
    errno.EACCES: "Permission denied: check its owner and permissions.",
    errno.EPERM: "Not permitted: check its owner and permissions.",
    errno.EROFS: "The file system is read-only: work in a folder that you may write to.",
}


# How NumPy says that it could write a part of an array; it does not say why.
SHORT_WRITE = re.compile(r"\d+ requested and \d+ written")


def remedy(error: OSError) -> str:
    """Return what its user can do about an error of the machine, in a sentence.

    >>> remedy(OSError("161280 requested and 61312 written"))
    'The disk is full: free some space.'
    """
    is_short = error.errno is None and SHORT_WRITE.search(str(error))
    number = errno.ENOSPC if is_short else error.errno or 0
    return REMEDIES.get(number, "Check this path and its disk.")


class InputError(ValueError):
    """The user's files or settings are at fault.

    The message says what happened, what was expected and how to fix it.
    """


def shown(value: Any) -> str:
    """Return a value as an error shows it, cut short where it is long."""
    return _short.repr(value)


def some_of(names: Sequence[str], most: int = 10) -> str:
    """Name the first of several, and say how many more there are.

    >>> some_of(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
