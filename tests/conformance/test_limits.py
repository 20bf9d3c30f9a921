"""Limits of the HTTP side: sizes, slow clients, many connections."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from support.cloud import HOME, Account, Cloud
from support.server import Server
from support.wire import Request, exchange

JOBS = "/model-copy-jobs"


HTTP = """
[http]
max-connections = 300
head-timeout = 2
body-timeout = 2
idle-timeout = 3
"""


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A server with short times and few connections."""
    with Server(tmp_path_factory.mktemp("limited"), HTTP) as server:
        yield Cloud(server)


@pytest.fixture(scope="module")
def caller(limited: Cloud) -> Account:
    return limited.account()


@pytest.fixture(scope="module")
def address(limited: Cloud) -> tuple[str, int]:
    return limited.server.wire(None).address


def get(extra: str = "", target: str = "/-/health") -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{extra}\r\n".encode()


def status(raw: bytes) -> int:
    return int(raw.split(b" ", 2)[1])


def test_head_of_16_kib_is_the_most(address: tuple[str, int]) -> None:
    room = 16 * 1024 - len(get("X-Pad: \r\n"))
    assert status(exchange(address, get(f"X-Pad: {'x' * (room - 100)}\r\n"))) == 200
    raw = exchange(address, get(f"X-Pad: {'x' * (room + 1)}\r\n"))
    assert status(raw) in (400, 413, 414, 431)


def test_long_target_is_refused(address: tuple[str, int]) -> None:
    raw = exchange(address, get(target="/" + "x" * 20000))
    assert status(raw) in (400, 414, 431)


def test_very_many_headers_are_refused(address: tuple[str, int]) -> None:
    raw = exchange(address, get("".join(f"X-{number}: y\r\n" for number in range(1000))))
    assert status(raw) in (400, 431)


def test_body_of_one_mebibyte_is_the_most(caller: Account) -> None:
    size = 1 << 20
    with caller.wire() as wire:
        fits = wire.call("POST", "/listTagsForResource", body=b"[" + b" " * (size - 1))
        assert (fits.status, fits.error) == (400, "SerializationException"), "it was read"
    with caller.wire() as wire:
        request = Request("POST", "/listTagsForResource", body=b" " * (size + 1))
        request.sign(caller.keys, HOME, wire.host)
        with suppress(OSError):  # the server may answer and close before all is sent
            assert wire.send(request).status == 413


def test_announced_huge_body_is_refused_before_it_is_sent(address: tuple[str, int]) -> None:
    head = "POST /listTagsForResource HTTP/1.1\r\nHost: localhost\r\n"
    head += f"Content-Length: {1 << 40}\r\n\r\n"
    begin = time.monotonic()
    assert status(exchange(address, head.encode())) == 413
    assert time.monotonic() - begin < 5


def test_refusals_of_the_http_side_have_a_request_id(address: tuple[str, int]) -> None:
    for data in (b"nonsense\r\n\r\n", get(f"X-Pad: {'x' * 20000}\r\n")):
        head = exchange(address, data).split(b"\r\n\r\n")[0].lower()
        assert b"x-amzn-requestid: " in head, head


def test_a_slow_head_is_cut_off_and_delays_nobody(
    address: tuple[str, int], caller: Account
) -> None:
    """Slow loris: a byte now and then does not keep a connection open."""
    begin = time.monotonic()
    with socket.create_connection(address, timeout=1) as slow, caller.wire() as wire:
        while time.monotonic() - begin < 15:
            try:
                slow.sendall(b"G")
                slow.recv(4096)
                break  # an answer, or the end
            except TimeoutError:
                assert wire.call("GET", JOBS).status == 200
            except OSError:
                break
    assert 1 < time.monotonic() - begin < 15, "still open after 15 seconds of a byte a second"


def test_a_slow_body_is_cut_off(caller: Account) -> None:
    begin = time.monotonic()
    with caller.wire() as wire:
        request = Request("POST", "/listTagsForResource", body=b" " * 1000)
        request.sign(caller.keys, HOME, wire.host)
        lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        head = f"POST /listTagsForResource HTTP/1.1\r\n{lines}Content-Length: 1000\r\n\r\n"
        with socket.create_connection(wire.address, timeout=1) as slow:
            slow.sendall(head.encode())
            while time.monotonic() - begin < 15:
                try:
                    slow.sendall(b" ")
                    slow.recv(4096)
                    break
                except TimeoutError:
                    continue
                except OSError:
                    break
    assert 1 < time.monotonic() - begin < 15


def test_an_idle_connection_is_closed(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=15) as idle:
        idle.sendall(b"GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        begin = time.monotonic()
        while idle.recv(4096):
            pass
    assert 1 < time.monotonic() - begin < 10


def test_open_connections_do_not_delay_others(address: tuple[str, int], caller: Account) -> None:
    with ExitStack() as stack:
        many = [stack.enter_context(socket.create_connection(address)) for _ in range(200)]
        for sock in many[::10]:
            sock.sendall(b"GET /-/hea")
        begin = time.monotonic()
        with caller.wire() as wire:
            assert wire.call("GET", JOBS).status == 200
        assert time.monotonic() - begin < 1
        many[0].sendall(b"lth HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert many[0].recv(4096).startswith(b"HTTP/1.1 200 ")


def test_connections_have_a_cap_and_the_server_recovers(
    address: tuple[str, int], caller: Account
) -> None:
    with ExitStack() as stack:
        many = [stack.enter_context(socket.create_connection(address)) for _ in range(320)]
        refused = 0
        for sock in many[-10:]:
            sock.settimeout(1)
            with suppress(ConnectionResetError):
                assert sock.recv(4096).startswith(b"HTTP/1.1 503 ")
            refused += 1
        assert refused == 10, "320 connections where 300 may be open"
    deadline = time.monotonic() + 10
    while True:
        with caller.wire() as wire, suppress(OSError, http.client.HTTPException):
            if wire.call("GET", JOBS).status == 200:
                break
        assert time.monotonic() < deadline, "connections were closed, and nobody gets in"


def test_client_that_hangs_up_early_does_no_harm(address: tuple[str, int], caller: Account) -> None:
    with caller.wire() as wire:
        head = Request("GET", JOBS).sign(caller.keys, HOME, wire.host)
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.headers.items())
    data = f"GET {JOBS} HTTP/1.1\r\n{lines}\r\n".encode()
    for cut in range(1, len(data) + 1, 7):
        with socket.create_connection(address, timeout=5) as sock:
            sock.sendall(data[:cut])
    with caller.wire() as wire:
        assert wire.call("GET", JOBS).status == 200
