"""Servers on loopback for the tests of remotes: an S3 store, and a line to it that dies."""

import contextlib
import select
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

CREDENTIALS = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "planted-key-id",
    "AWS_SECRET_ACCESS_KEY": "planted-secret-key",
}
ADDRESS = "AWS_ENDPOINT_URL_S3"


@contextlib.contextmanager
def s3_bucket(log: Path, name: str) -> Iterator[dict[str, str]]:
    """Run an S3 server with a bucket, and give the environment of who may use it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    port = address.rpartition(":")[2]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port]
    with log.open("w") as file:
        server = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        _make_bucket(f"{address}/{name}")
        yield {**CREDENTIALS, ADDRESS: address}
    finally:
        server.terminate()
        server.wait(timeout=20)


def _make_bucket(address: str) -> None:
    for _ in range(100):
        try:
            request = urllib.request.Request(address, method="PUT")
            urllib.request.urlopen(request, timeout=20).close()
        except OSError:
            time.sleep(0.2)  # the server is not up yet
        else:
            return
    pytest.fail(f"No S3 server came up at {address}.")


class Line(socketserver.ThreadingTCPServer):
    """A line to a server. It dies, with all that is on it, once `room` bytes went through.

    `env` is the environment of somebody who reaches the server by this line only.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, env: dict[str, str], room: float) -> None:
        super().__init__(("127.0.0.1", 0), Ends)
        self.port, self.room, self.carried = int(env[ADDRESS].split(":")[-1]), room, 0
        self.env = {**env, ADDRESS: f"http://127.0.0.1:{self.server_address[1]}"}
        self.lock = threading.Lock()

    def carry(self, content: bytes) -> bytes:
        """Count what goes through, and return what still fits."""
        with self.lock:
            fits = content[: int(max(0, min(len(content), self.room - self.carried)))]
            self.carried += len(fits)
        return fits


class Ends(socketserver.BaseRequestHandler):
    """The two ends of a connection."""

    server: Line

    def handle(self) -> None:
        if self.server.carried >= self.server.room:
            return
        with socket.create_connection(("127.0.0.1", self.server.port)) as far:
            other = {self.request: far, far: self.request}
            while True:
                for end in select.select(list(other), [], [], 0.2)[0]:
                    content = end.recv(1 << 14)
                    fits = self.server.carry(content)
                    other[end].sendall(fits)
                    if not content or len(fits) < len(content):
                        return
                if self.server.carried >= self.server.room:
                    return


@contextlib.contextmanager
def line(env: dict[str, str], room: float = float("inf")) -> Iterator[Line]:
    with Line(env, room) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
