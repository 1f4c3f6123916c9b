"""What became of an input, in one word and a reason."""

from enum import StrEnum

NO_MEMORY = "there is not enough memory for it: make it smaller"


class Status(StrEnum):
    """What became of an input."""

    FACES = "faces"
    NO_FACE = "no face"
    SKIPPED = "skipped"  # lies in a folder and is not a photo
    MISSING = "missing"
    NO_PERMISSION = "no permission"
    EMPTY = "empty"
    NOT_A_PHOTO = "not a photo"
    VIDEO = "video"
    CAMERA_RAW = "camera raw"
    NEEDS_PACKAGE = "needs a package"
    TOO_LARGE = "too large"
    DAMAGED = "damaged"

    @property
    def failed(self) -> bool:
        """Whether the run ends with an error because of it."""
        return self not in (Status.FACES, Status.NO_FACE, Status.SKIPPED)


class Rejected(Exception):  # noqa: N818  # says what happened, and is not an error of ours
    """One input cannot be read; the others can. Not an error of the run."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status, self.reason = status, reason


def unreadable(error: OSError | ValueError) -> Rejected:
    """Say what keeps a file or folder from being opened; ValueError: a zero in its name."""
    if isinstance(error, PermissionError):
        reason = "permission denied: check its permissions"
        return Rejected(Status.NO_PERMISSION, reason)
    reason = getattr(error, "strerror", None) or str(error)
    return Rejected(Status.MISSING, f"it cannot be opened ({reason}): check the path")
