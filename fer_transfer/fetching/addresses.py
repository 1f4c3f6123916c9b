"""Where a file comes from: a path, or an https or file address."""

from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from fer_transfer.console.errors import InputError

THIS_MACHINE = ("127.0.0.1", "::1", "localhost")  # where http is as safe as https


def file_name(url: str) -> str:
    """Return the name of the file that an address ends in; `download` if in none.

    >>> file_name("https://example.org/a/fer%202013.csv?version=1")
    'fer 2013.csv'
    >>> file_name("https://example.org/a/..%2F..")
    'download'
    """
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    return name if name not in ("", "..") else "download"


def local_path(address: str) -> Path | None:
    """Return the path that an address stands for, or None if it is one on the web.

    Raises:
        InputError: If it is an address of a kind that is not used, or holds a password.
    """
    try:
        parts = urlsplit(address)
        if parts.scheme == "file" and parts.netloc in ("", "localhost"):
            return Path(url2pathname(parts.path))
        if "://" not in address:
            return Path(address).expanduser()
        host = parts.hostname
    except (ValueError, RuntimeError) as error:  # RuntimeError: no home of that name
        raise InputError(
            f"Invalid address or path `{address}`: {error}. Correct it."
        ) from None
    if parts.username or parts.password:
        raise InputError(
            f"The address on {host} holds a name or password, which would end up in logs and in "
            "Git. Put them into ~/.netrc, which is read, and leave them out of the address."
        )
    if host and (
        parts.scheme == "https" or (parts.scheme == "http" and host in THIS_MACHINE)
    ):
        return None
    raise InputError(
        f"Unsupported address `{address}`: expected one that starts with https:// "
        "(http can be changed on its way) or file:///, or a path. Set another one."
    )
