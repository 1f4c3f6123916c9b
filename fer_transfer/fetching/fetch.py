"""Bring a file from outside into the project: from a mirror if there is one, checked by its hash.

The environment variable FER_MIRROR names a folder (or an https address) that is tried first, by
file name. It changes where bytes come from, never what they may be: a mirror's file has the
official hash, or stands with its own in the mirror's SHA256SUMS, and then is not official.
"""

import logging
import os
import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urljoin

import pooch

from fer_transfer.console.errors import REMEDIES, InputError
from fer_transfer.core import files
from fer_transfer.fetching.addresses import file_name, local_path

logger = logging.getLogger(__name__)

RETRIES = 3
TIMEOUT = 30.0  # seconds without a response, or without another byte of it
CHUNK = 1 << 20  # bytes: pooch's own 1 kB is slow for files of this size
# The status of a file that a server does not have; some stores say 403.
ABSENT = (403, 404, 410)
PAGE = re.compile(
    rb"\s*(\xef\xbb\xbf)?<(!doctype\s+html|html|head|body)\b", re.IGNORECASE
)


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
            transfer(url, part)
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
    algorithm = pooch.hashes.hash_algorithm(known_hash)
    got = f"{algorithm}:{files.digest(path, algorithm)}"
    if got != known_hash.lower():
        raise InputError(
            f"Checksum mismatch of {source}: expected {known_hash}, got {got}. Nothing was kept. "
            "Try again, the transfer may have been damaged; if it stays so, the file has changed "
            "at its source."
        )


def transfer(address: str, target: Path) -> None:
    """Copy or download to `target`; pooch tries again where the network fails.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If it cannot be read; what requests raises is one too.
        InputError: If what came in its place is a web page.
    """
    if path := local_path(address):
        shutil.copyfile(path, target)
        return
    name = target.name
    downloads = pooch.create(
        path=target.parent,
        base_url="",
        registry={name: None},
        urls={name: address},
        retry_if_failed=RETRIES,
    )
    download = pooch.HTTPDownloader(
        progressbar=True,
        chunk_size=CHUNK,
        timeout=TIMEOUT,
        # Bytes as they are: of what a server packs on the way, a missing end does not show.
        headers={"Accept-Encoding": "identity"},
        hooks={"response": _check_response},
    )
    target.unlink(missing_ok=True)
    downloads.fetch(name, downloader=download)
    _check_no_page(target, address)


def _check_response(response: Any, **_: Any) -> None:
    """Refuse a redirect that leads away from https, and a file whose end could be missing.

    Pooch tries again after errors of requests, and not after these: an absent file stays absent.
    """
    status, length = response.status_code, response.headers.get("Content-Length", "")
    if status in ABSENT:
        raise FileNotFoundError(f"{status} {response.reason} for {response.url}")
    if response.is_redirect:
        target = urljoin(response.url, response.headers["location"])
        if local_path(target):
            raise FileNotFoundError(f"it leads to {target}, which is not on the web")
    elif not (length.isdigit() or "Transfer-Encoding" in response.headers):
        raise ConnectionError("the server does not say how long the file is")


def _check_no_page(path: Path, source: str) -> None:
    with path.open("rb") as file:
        start = file.read(512)
    if PAGE.match(start):
        raise InputError(
            f"{source} answered with a web page in place of the file. A proxy, a login or a "
            "consent page may stand between: open the address in a browser, and see HTTPS_PROXY "
            "and NO_PROXY."
        )


def _check_mirrored(path: Path, known_hash: str, mirror: str, name: str) -> bool:
    """Tell whether a mirror's file is the official one; refuse it if no checksum fits."""
    if known_hash and pooch.hashes.hash_matches(str(path), known_hash):
        return True
    listed = _sha256sums(mirror).get(name, "")
    got = f"sha256:{files.digest(path, 'sha256')}"
    if got == listed:
        return False
    expected = " or ".join(filter(None, (known_hash, listed))) or "a line for it there"
    raise InputError(
        f"{mirror}/{name} is neither the official file nor the one that the mirror's SHA256SUMS "
        f"lists: expected {expected}, got {got}. Nothing was kept. Replace the file; or, if you "
        f"trust it, `sha256sum {name} >> SHA256SUMS`."
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
