import errno
import gzip
import hashlib
import re
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pooch
import pytest

from fer_transfer.console.errors import InputError
from fer_transfer.fetching import fetch

CONTENT = b"the official bytes\n"
MD5 = "md5:" + hashlib.md5(CONTENT).hexdigest()
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OTHER = b"other bytes\n"
OTHER_SHA256 = hashlib.sha256(OTHER).hexdigest()


@pytest.fixture(autouse=True)
def _no_mirror_and_no_waiting(monkeypatch):
    monkeypatch.delenv("FER_MIRROR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(pooch.core.time, "sleep", lambda seconds: None)


class Web(ThreadingHTTPServer):
    """A web server on this machine: `pages` by path, `failures` still to come, `asked` so far.

    `answers`, where set, are the raw bytes that it sends, whatever is asked for; `stalls`
    lets it keep the line open after them.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.pages: dict[str, bytes] = {}
        self.failures: list[str] = []
        self.asked: Counter[str] = Counter()
        self.answers = b""
        self.stalls = False
        self.closing = threading.Event()


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked[self.path] += 1
        if self.server.answers or self.server.stalls:
            self.wfile.write(self.server.answers)
            if self.server.stalls:
                self.server.closing.wait(30)
            return
        content = self.server.pages.get(self.path)
        failure = self.server.failures.pop(0) if self.server.failures else ""
        status = 404 if content is None else 500 if failure == "error" else 200
        if content and re.match(rb"\w+://", content):
            self.send_response(302)
            self.send_header("Location", content.decode())
            content = b""
        else:
            self.send_response(status)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write((content or b"")[: 3 if failure == "cut off" else None])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def web():
    with Web() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    folder = tmp_path / "mirror"
    folder.mkdir()
    monkeypatch.setenv("FER_MIRROR", str(folder))
    return folder


@pytest.fixture
def target(tmp_path):
    return tmp_path / "got/weights.h5"


def refuses(message, address, known_hash, target, call=fetch.fetch):
    with pytest.raises(InputError, match=message):
        call(address, known_hash, target)
    assert not list(target.parent.iterdir())


@pytest.mark.parametrize("known_hash", [MD5, f"SHA256:{SHA256.upper()}", ""])
def test_a_file_arrives_and_is_official_if_its_hash_is_known(web, target, known_hash):
    web.pages["/a/weights.h5"] = CONTENT
    origin = fetch.fetch(f"{web.url}/a/weights.h5", known_hash, target)
    assert target.read_bytes() == CONTENT
    assert origin == fetch.Origin("weights.h5", "url", SHA256, bool(known_hash))


def test_a_file_address_needs_no_web(tmp_path, target):
    (tmp_path / "a file.h5").write_bytes(CONTENT)
    origin = fetch.fetch((tmp_path / "a file.h5").as_uri(), MD5, target)
    assert (origin.name, target.read_bytes()) == ("a file.h5", CONTENT)


def test_a_wrong_hash_names_both_hashes_and_keeps_nothing(web, target):
    web.pages["/weights.h5"] = OTHER
    got = hashlib.md5(OTHER).hexdigest()
    refuses(f"expected {MD5}, got md5:{got}", f"{web.url}/weights.h5", MD5, target)


@pytest.mark.parametrize("failure", ["error", "cut off"])
def test_a_failed_transfer_is_tried_again(web, target, failure):
    web.pages["/weights.h5"] = CONTENT
    web.failures = [failure] * (fetch.RETRIES)
    fetch.fetch(f"{web.url}/weights.h5", MD5, target)
    assert target.read_bytes() == CONTENT
    assert web.asked["/weights.h5"] == (fetch.RETRIES + 1)


def test_a_web_that_keeps_failing_is_an_error_that_says_what_to_do(web, target):
    web.pages["/weights.h5"] = CONTENT
    web.failures = ["error"] * (fetch.RETRIES + 1)
    message = f"Could not fetch {web.url}/weights.h5: 500 Server Error.*FER_MIRROR"
    refuses(message, f"{web.url}/weights.h5", MD5, target)


def test_a_missing_page_is_asked_for_once(web, target):
    with pytest.raises(InputError, match="404 Not Found"):
        fetch.fetch(f"{web.url}/weights.h5", MD5, target)
    assert web.asked["/weights.h5"] == 1


@pytest.mark.parametrize("as_address", [False, True])
def test_the_mirror_is_asked_first(mirror, target, monkeypatch, as_address):
    (mirror / "weights.h5").write_bytes(CONTENT)
    if as_address:
        monkeypatch.setenv("FER_MIRROR", mirror.as_uri())
    origin = fetch.fetch("https://nowhere.invalid/weights.h5", MD5, target)
    assert origin == fetch.Origin("weights.h5", "mirror", SHA256, official=True)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("line", ["{} *weights.h5", "{}  ./weights.h5"])
def test_a_mirror_may_vouch_for_a_file_that_is_not_official(mirror, target, line):
    (mirror / "weights.h5").write_bytes(OTHER)
    (mirror / "SHA256SUMS").write_text(
        f"{SHA256}  x.csv\n{line.format(OTHER_SHA256)}\n"
    )
    origin = fetch.fetch("https://nowhere.invalid/weights.h5", MD5, target)
    assert origin == fetch.Origin("weights.h5", "mirror", OTHER_SHA256, official=False)


UNKNOWN = f"expected {MD5}, got sha256:{OTHER_SHA256}"
LISTED = f"expected {MD5} or sha256:{SHA256}, got sha256:{OTHER_SHA256}"


@pytest.mark.parametrize(
    ("sums", "message"),
    [
        (b"", UNKNOWN),
        (f"{SHA256}  weights.h5\n".encode(), LISTED),
        (b"\xff\xfe\x80\n", "neither the official"),
    ],
)
def test_a_mirrors_file_that_nobody_vouches_for_is_refused(
    mirror, target, sums, message
):
    (mirror / "weights.h5").write_bytes(OTHER)
    (mirror / "SHA256SUMS").write_bytes(sums)
    refuses(message, "https://nowhere.invalid/weights.h5", MD5, target)


def test_what_the_mirror_does_not_have_comes_from_its_real_source(web, mirror, target):
    web.pages["/weights.h5"] = CONTENT
    assert fetch.fetch(f"{web.url}/weights.h5", MD5, target).source == "url"


def test_a_mirror_may_be_an_address(web, target, monkeypatch):
    web.pages["/m/weights.h5"] = OTHER
    web.pages["/m/SHA256SUMS"] = f"{OTHER_SHA256}  weights.h5\n".encode()
    monkeypatch.setenv("FER_MIRROR", f"{web.url}/m/")
    origin = fetch.fetch("https://nowhere.invalid/weights.h5", MD5, target)
    assert (origin.source, origin.official) == ("mirror", False)
    assert fetch.from_mirror("openface.h5", MD5, target) is None


@pytest.mark.parametrize("name", ["no/such/folder", __file__])
def test_a_mirror_that_is_not_a_folder_is_an_error(target, monkeypatch, name):
    monkeypatch.setenv("FER_MIRROR", name)
    message = f"FER_MIRROR names {name}, which is not a folder"
    with pytest.raises(InputError, match=message):
        fetch.fetch("https://nowhere.invalid/weights.h5", MD5, target)


PAGES = {
    "a page": b"<!DOCTYPE html><title>Log in</title>",
    "a proxy's bare answer": b"<body>blocked</body>",
}


@pytest.mark.parametrize(
    ("name", "known_hash"), [*((name, "") for name in PAGES), ("a page", MD5)]
)
def test_a_web_page_in_place_of_the_file_is_called_so(web, target, name, known_hash):
    web.pages["/weights.h5"] = PAGES[name]
    message = r"with a web page in place of.*HTTPS_PROXY"
    refuses(message, f"{web.url}/weights.h5", known_hash, target)
    assert web.asked["/weights.h5"] == 1


UNREADABLE = r"Could not read .*Check FER_MIRROR, or unset"


@pytest.mark.parametrize(
    ("failure", "message"), [("error", UNREADABLE), ("", "a web page")]
)
def test_a_mirror_that_fails_or_answers_with_pages_is_an_error(
    web, target, monkeypatch, failure, message
):
    web.pages["/weights.h5"] = PAGES["a page"]
    web.failures = [failure] * (fetch.RETRIES + 1)
    monkeypatch.setenv("FER_MIRROR", web.url)
    refuses(message, "weights.h5", MD5, target, fetch.from_mirror)


def test_a_folder_in_place_of_a_mirrors_file_is_an_error(target, mirror):
    (mirror / "weights.h5").mkdir()
    refuses(UNREADABLE, "weights.h5", MD5, target, fetch.from_mirror)


@pytest.mark.parametrize("address", ["http://example.org/a.h5", "file:///etc/passwd"])
def test_a_redirect_away_from_https_is_not_followed(web, target, address):
    web.pages["/weights.h5"] = address.encode()
    refuses(re.escape(address), f"{web.url}/weights.h5", "", target)


def test_a_redirect_is_followed_where_it_is_safe(web, target):
    web.pages["/weights.h5"] = f"{web.url}/moved.h5".encode()
    web.pages["/moved.h5"] = CONTENT
    assert fetch.fetch(f"{web.url}/weights.h5", MD5, target).official


def test_a_full_disk_is_not_taken_for_the_network(web, target, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetch.pooch.HTTPDownloader, "__call__", full)
    with pytest.raises(OSError, match="No space left"):
        fetch.fetch(f"{web.url}/weights.h5", MD5, target)
    assert not list(target.parent.iterdir())


def answer(*headers: str, body: bytes = CONTENT) -> bytes:
    """Write what a server sends, whatever it says about it."""
    return "\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode() + body


HALF = CONTENT[: len(CONTENT) // 2]
LENGTH = f"Content-Length: {len(CONTENT)}"


def test_a_server_that_stalls_is_given_up(web, target, monkeypatch):
    monkeypatch.setattr(fetch, "TIMEOUT", 0.3)
    web.answers, web.stalls = answer(LENGTH, body=HALF), True
    began = time.monotonic()
    refuses(r"Could not fetch .*[Tt]imed out", f"{web.url}/weights.h5", "", target)
    assert time.monotonic() - began < 10
    assert web.asked["/weights.h5"] == (fetch.RETRIES + 1)


CUT = {
    "within the file": answer(LENGTH, body=HALF),
    "within a chunk": answer("Transfer-Encoding: chunked", body=b"12\r\nthe off"),
    "within what is packed": answer(
        "Content-Encoding: gzip", body=gzip.compress(CONTENT)[:20]
    ),
}


@pytest.mark.parametrize("name", CUT)
def test_a_transfer_that_is_cut_is_never_taken_for_whole(web, target, name):
    web.answers = CUT[name]
    refuses(r"weights\.h5", f"{web.url}/weights.h5", "", target)
