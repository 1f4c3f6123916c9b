"""Bring a file from outside into the project: from a mirror if there is one, checked by its hash.

The environment variable FER_MIRROR names a folder (or an https address) that is tried first, by
file name. It changes where bytes come from, never what they may be: a mirror's file has the
official hash, or stands with its own in the mirror's SHA256SUMS, and then is not official.
"""

import io
import logging
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urljoin

import pooch

from fer_transfer.console.errors import REMEDIES, InputError
from fer_transfer.core import files
from fer_transfer.data.addresses import file_name, local_path

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

ATTEMPTS = 4
PAUSE = 2.0  # seconds before another attempt
TIMEOUT = 30.0  # seconds without a response, or without another byte of it
CHUNK = 1 << 20  # bytes: pooch's own 1 kB is slow for files of this size
LIMIT = 4 << 30  # bytes: seven times VGG-Face's weights, the largest file we know of
# The status of a file that a server does not have; some stores say 403.
ABSENT = (403, 404, 410)
PAGE = re.compile(rb"\s*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)


class Origin(NamedTuple):
    """Where a file came from, and what it is."""

    name: str
    source: str  # mirror, kaggle, url
    sha256: str
    official: bool  # it has the hash that is pinned for it


def fetch(url: str, known_hash: str, target: Path) -> Origin:
    """Bring the file at `url` to `target`, which appears whole and verified or not at all.

    Args:
        url: An https or file address, or a path.
        known_hash: `md5:...` or `sha256:...`; empty means that nobody knows it.
        target: The file to write.

    Raises:
        InputError: If the file cannot be had, or is not what `known_hash` says.
    """
    name = file_name(url)
    if origin := from_mirror(name, known_hash, target):
        return origin
    logger.info("Fetching %s.", url)
    with files.atomic_write(target) as part:
        try:
            transfer(url, part, will_be_hashed=bool(known_hash))
        except OSError as error:
            if error.errno in REMEDIES:
                raise
            raise InputError(
                f"Could not fetch {url}: {error}. Check the address and the network; or put "
                f"{name} into a folder and set FER_MIRROR to that folder."
            ) from None
        if known_hash:
            check(part, known_hash, url)
    return Origin(name, "url", files.digest(target, "sha256"), bool(known_hash))


def from_mirror(name: str, known_hash: str, target: Path) -> Origin | None:
    """Bring a file from the mirror to `target`; None without a mirror or without the file in it."""
    mirror = os.environ.get("FER_MIRROR", "").rstrip("/")
    if not mirror:
        return None
    folder = local_path(mirror)
    if folder and not folder.is_dir():
        raise InputError(
            f"FER_MIRROR names {mirror}, which is not a folder. Set it to one that exists "
            "(seen from the project's top folder), or unset it."
        )
    try:
        with files.atomic_write(target) as part:
            transfer(f"{mirror}/{name}", part)
            official = _check_mirrored(part, known_hash, mirror, name)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in REMEDIES:
            raise
        raise InputError(
            f"Could not read {mirror}/{name}: {error}. Check FER_MIRROR, or unset it."
        ) from None
    warrant = "the official file" if official else "as its SHA256SUMS has it"
    logger.info("Took %s from the mirror %s: %s.", name, mirror, warrant)
    return Origin(name, "mirror", files.digest(target, "sha256"), official)


def check(path: Path, known_hash: str, source: str) -> None:
    """Raise an InputError if what came from `source` has another hash than the known one."""
    _check_no_page(path, source)
    got = digest_like(known_hash, path)
    if got != known_hash.lower():
        raise InputError(
            f"{source} is not the file it should be: expected {known_hash}, got {got}. Nothing "
            "was kept. Try again, the transfer may have been damaged; if it stays so, the file "
            "has changed at its source and another copy is needed."
        )


def digest_like(known_hash: str, path: Path) -> str:
    """Hash a file in the way that the known hash was made."""
    if not re.fullmatch(r"(?i)md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}", known_hash):
        raise InputError(
            "A hash must be `md5:` and 32 digits, or `sha256:` and 64, each 0-9 or a-f. "
            f"Got `{known_hash}` instead."
        )
    algorithm = known_hash.split(":")[0].lower()
    return f"{algorithm}:{files.digest(path, algorithm)}"


class _Bounded(io.BufferedWriter):
    """A file that does not grow beyond LIMIT: an endless response must not fill the disk."""

    def write(self, content: Any) -> int:
        _check_size(self.tell() + len(content))
        return super().write(content)


def transfer(address: str, target: Path, *, will_be_hashed: bool = True) -> None:
    """Copy or download to `target`.

    Args:
        address: An https or file address, or a path.
        target: The file to write.
        will_be_hashed: Whether the caller knows what the file must be. If not, nothing is
            taken from a server of which one could not tell that the end is missing.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If it cannot be read; what requests raises is one too.
        InputError: If what came in its place is a web page, too long or perhaps truncated.
    """
    path = local_path(address)
    if path:
        shutil.copyfile(path, target)
        return
    checks = [_check_redirect, _check_length]
    download = pooch.HTTPDownloader(
        progressbar=True,
        chunk_size=CHUNK,
        timeout=TIMEOUT,
        # Bytes as they are: of what a server packs on the way, a missing end does not show.
        headers={"Accept-Encoding": "identity"},
        hooks={"response": checks if will_be_hashed else [*checks, _check_end_shows]},
    )

    def attempt() -> None:
        try:
            with _Bounded(io.FileIO(target, "w")) as file:
                download(address, file, None)
        except OSError as error:
            status = getattr(getattr(error, "response", None), "status_code", None)
            if status in ABSENT:
                raise FileNotFoundError(str(error)) from None
            raise

    retry(attempt)
    _check_no_page(target, address)


def retry(attempt: Callable[[], Result]) -> Result:
    """Call `attempt` until the network lets it succeed; what a retry cannot help is not retried."""
    for _ in range(ATTEMPTS - 1):
        try:
            return attempt()
        except FileNotFoundError:
            raise
        except OSError as error:
            if error.errno in REMEDIES:
                raise
            logger.info("The transfer failed: %s. Trying again.", error)
            time.sleep(PAUSE)
    return attempt()


def _check_redirect(response: Any, **_: Any) -> None:
    """Refuse a redirect that leads away from https, before it is followed."""
    if response.is_redirect:
        target = urljoin(response.url, response.headers["location"])
        if local_path(target):
            raise InputError(
                f"{response.url} leads to `{target}`, which is not on the web. Use another address."
            )


def _check_length(response: Any, **_: Any) -> None:
    """Refuse a length that is no number, or more than there can be."""
    length = response.headers.get("Content-Length", "0")
    if not length.isdecimal():
        raise InputError(
            f"{response.url} says that its length is `{length}`: expected a number of bytes. "
            "Something between may have spoilt the response: try again, or another address."
        )
    _check_size(int(length))


def _check_size(size: int) -> None:
    if size > LIMIT:
        raise InputError(
            f"The response has more than {LIMIT} bytes, and no file of this study has. Nothing "
            "was kept. Check the address; a file that large has to be given by its path."
        )


def _check_end_shows(response: Any, **_: Any) -> None:
    """Refuse a response that could be truncated unnoticed."""
    headers = response.headers
    counted = "Content-Length" in headers or "chunked" in headers.get(
        "Transfer-Encoding", ""
    )
    packed = headers.get("Content-Encoding", "identity") != "identity"
    if response.status_code == 200 and (packed or not counted):
        raise InputError(
            f"From {response.url} it cannot be told whether the file that comes is whole: the "
            "server does not say how long it is. Set `data.hash` in params.yaml to the file's "
            "hash, fetch it by hand and set `data.source` to its path, or use another address."
        )


def _check_no_page(path: Path, source: str) -> None:
    with path.open("rb") as file:
        start = file.read(512)
    if PAGE.match(start.removeprefix(b"\xef\xbb\xbf")):
        raise InputError(
            f"{source} answered with a web page in place of the file: expected data, got "
            f"`{start[:40].decode(errors='replace').strip()}`. A proxy, a login or a consent page "
            "may stand between: open the address in a browser, and see HTTPS_PROXY and NO_PROXY."
        )


def _check_mirrored(path: Path, known_hash: str, mirror: str, name: str) -> bool:
    """Say whether a mirror's file is the official one; refuse it if nobody vouches for it."""
    official = digest_like(known_hash, path) if known_hash else ""
    if official and official == known_hash.lower():
        return True
    listed = _sha256sums(mirror).get(name, "")
    got = f"sha256:{files.digest(path, 'sha256')}"
    if got == listed:
        return False
    expected = " or ".join(filter(None, (known_hash, listed))) or "a line for it there"
    raise InputError(
        f"{mirror}/{name} is neither the official file nor the one that the mirror's SHA256SUMS "
        f"lists: expected {expected}, got {' = '.join(filter(None, (official, got)))}. Nothing "
        f"was kept. Replace the file; or, if you trust it, `sha256sum {name} >> SHA256SUMS`."
    )


def _sha256sums(mirror: str) -> dict[str, str]:
    """Read the mirror's list of hashes, in the format of `sha256sum`."""
    with TemporaryDirectory() as folder:
        sums = Path(folder) / "SHA256SUMS"
        try:
            transfer(f"{mirror}/SHA256SUMS", sums)
        except FileNotFoundError:
            return {}
        line = r"(?m)^([0-9a-fA-F]{64}) [ *](?:\./)?(.+?)\r?$"
        lines = re.findall(line, sums.read_text(encoding="utf-8", errors="replace"))
    return {name: f"sha256:{digest.lower()}" for digest, name in lines}
