"""An HTTP proxy between two servers on this machine, which passes on, counts, delays and lies."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import urlsplit


@dataclass
class Passed:
    """One exchange: what was asked, and what came back before anybody touched it."""

    path: str
    status: int
    head: bytes
    body: bytes
    range: str = ""  # that was asked for

    @property
    def is_part(self) -> bool:
        """All or some of a part."""
        return "/parts/" in self.path and self.status in (200, 206)


# What becomes of an answer: the bytes that are sent for its body (its length is announced as it
# was), or None: the connection is closed before the answer. It may sleep, and raise `Hang`.
Treatment = Callable[[Passed], bytes | None]


class Hang(Exception):
    """Send so much, then nothing more until the proxy closes."""

    def __init__(self, sent: bytes) -> None:
        super().__init__(f"{len(sent)} bytes, then silence")
        self.sent = sent


def pass_on(passed: Passed) -> bytes:
    return passed.body


@dataclass
class Proxy:
    """Listens on a free port, and forwards to `upstream`, an http:// URL that may change."""

    upstream: str
    treat: Treatment = pass_on
    ignores_ranges: bool = False
    parts: list[str] = field(default_factory=list)  # paths of parts that were passed on whole
    requests: list[str] = field(default_factory=list)

    def __enter__(self) -> Proxy:
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as stream:
            with contextlib.suppress(OSError, http.client.HTTPException):  # a side went away
                self._converse(client, stream)

    def _converse(self, client: socket.socket, stream: BinaryIO) -> None:
        try:
            while line := stream.readline().decode():
                self._exchange(client, stream, line)
        except Hang as hang:
            client.sendall(hang.sent)
            self._closing.wait()

    def _exchange(self, client: socket.socket, stream: BinaryIO, line: str) -> None:
        method, path, _ = line.split()
        headers = http.client.parse_headers(stream)
        if self.ignores_ranges:
            del headers["range"]
        body = stream.read(int(headers.get("content-length", 0)))
        self.requests.append(path)
        passed = self._forward(method, path, headers, body)
        answer = self.treat(passed)
        if answer is None:
            raise ConnectionError("closed before the answer")
        client.sendall(passed.head + answer)
        if len(answer) < len(passed.body):
            raise ConnectionError("closed in the middle of the answer")
        if passed.is_part and answer == passed.body:
            self.parts.append(path)

    def _forward(
        self, method: str, path: str, headers: http.client.HTTPMessage, body: bytes
    ) -> Passed:
        parts = urlsplit(self.upstream)
        assert parts.hostname and parts.port
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        lines = [f"HTTP/1.1 {response.status} {response.reason}"]
        lines += [f"{name}: {value}" for name, value in response.getheaders()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        return Passed(path, response.status, head, content, headers.get("range", ""))


def at_rate(rate: float) -> Treatment:
    """Each answer by itself comes at so many bytes a second, as over a link with a long way."""

    def treat(passed: Passed) -> bytes:
        time.sleep(len(passed.body) / rate)
        return passed.body

    return treat


def slowly(seconds: float) -> Treatment:
    """Parts take that long."""

    def treat(passed: Passed) -> bytes:
        if passed.is_part:
            time.sleep(seconds)
        return passed.body

    return treat
