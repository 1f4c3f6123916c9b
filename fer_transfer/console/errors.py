"""What a user can put right: mistakes in files and settings, and the machine's refusals."""

import errno
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
    errno.EDQUOT: "Your share of the disk is full: free some space.",
    errno.EFBIG: "Files may not grow so large here: see `ulimit -f`, and the file system.",
    errno.EACCES: "You may not read or write there: see its owner and permissions.",
    errno.EPERM: "You may not do this there: see its owner and permissions.",
    errno.EROFS: "The file system is read-only: work in a folder that you may write to.",
}


def remedy(error: OSError) -> str:
    """Return what its user can do about an error of the machine, in a sentence."""
    return REMEDIES.get(error.errno or 0, "Check this path and its disk.")


class InputError(ValueError):
    """The user's files or settings are at fault.

    The message says what happened, what was expected and how to fix it.
    """


def shown(value: Any) -> str:
    """Return a value as an error shows it, cut short where it is long."""
    return _short.repr(value)
