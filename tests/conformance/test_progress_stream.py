"""Progress as server-sent events: read with a real client, and with raw sockets that look at every
byte and misbehave. Jobs that last are copies from a Region whose server does not answer."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sseclient
from support.cloud import HOME, Account, Cloud, bucket_config
from support.server import Server
from support.tls import Certificate, make_certificate
from support.wire import Request, escape

NOWHERE = "ap-south-1"


def waiting_config(folder: Path, library: Path, patience: int) -> str:
    secret = folder / "peer.secret"
    secret.write_text("A" * 40 + "\n")
    secret.chmod(0o600)
    return (
        bucket_config(library)
        + f"[copy]\npeer-patience = {patience}\n[scrub]\nrate = 0\n"
        + f"[peer {NOWHERE}]\nurl = http://127.0.0.1:9\naccess-key = AKIAAAAAAAAAAAAAAAAA\n"
        + f"secret-key-file = {secret}\n"
    )


def start_waiting(account: Account) -> str:
    source = f"arn:aws:bedrock:{NOWHERE}:{account.id}:custom-model/imported/abcdefghij12"
    return account.start_copy(source, region=HOME)


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory, library: Path) -> Iterator[Server]:
    """A server whose copies from NOWHERE last until the test is over."""
    folder = tmp_path_factory.mktemp("patient")
    with Server(folder, waiting_config(folder, library, 600)) as server:
        yield server


@pytest.fixture
def owner(patient: Server) -> Account:
    return Cloud(patient).account()


def request(account: Account, job: str, method: str = "GET", **headers: str) -> Request:
    host = account.server.endpoint.split("//")[1]
    path = f"/-/model-copy-jobs/{escape(job)}/progress"
    made = Request(method, path, headers={"Accept": "text/event-stream", **headers})
    return made.sign(account.keys, HOME, host)


def raw(made: Request, version: str = "1.1") -> bytes:
    lines = [f"{made.method} {made.target} HTTP/{version}"]
    lines += [f"{name}: {value}" for name, value in made.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def connect(server: Server, certificate: Certificate | None = None) -> socket.socket:
    host, port = server.endpoint.split("//")[1].split(":")
    plain = socket.create_connection((host, int(port)), timeout=10)
    if not certificate:
        return plain
    context = ssl.create_default_context(cafile=str(certificate.file))
    return context.wrap_socket(plain, server_hostname=host)


def read_until(sock: socket.socket, what: bytes, timeout: float = 10) -> bytes:
    """All that comes, up to and with `what`."""
    sock.settimeout(timeout)
    seen = b""
    while what not in seen:
        piece = sock.recv(65536)
        assert piece, f"the connection ended after {seen!r}"
        seen += piece
    return seen


def open_streams(server: Server) -> int:
    with server.wire(server.admin_keys()) as wire:
        text = wire.call("GET", "/-/metrics").body.decode()
    found = re.search(r"^outcrop_http_open_streams (\d+)$", text, re.MULTILINE)
    assert found
    return int(found[1])


def wait_for_streams(server: Server, count: int) -> None:
    deadline = time.monotonic() + 15
    while open_streams(server) != count:
        assert time.monotonic() < deadline, open_streams(server)
        time.sleep(0.05)


def stream(account: Account, job: str) -> Iterator[Any]:
    """The events as a client of server-sent events reads them."""
    made = request(account, job)
    host = account.server.endpoint.split("//")[1]
    with closing(http.client.HTTPConnection(host, timeout=20)) as connection:
        connection.request(made.method, made.target, headers=made.headers)
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.getheader("content-type") == "text/event-stream"
        assert answer.getheader("cache-control") == "no-store"

        def pieces() -> Iterator[bytes]:
            while piece := answer.read1(65536):
                yield piece

        yield from sseclient.SSEClient(pieces()).events()


def test_an_ended_job_is_told_once(account: Account) -> None:
    job = account.copy(account.import_model(), region="us-west-2")
    host = account.server.endpoint.split("//")[1]
    path = f"/-/model-copy-jobs/{escape(job['jobArn'])}/progress"
    made = Request("GET", path, headers={"Accept": "text/event-stream"})
    made.sign(account.keys, "us-west-2", host)
    with closing(http.client.HTTPConnection(host, timeout=20)) as connection:
        connection.request("GET", path, headers=made.headers)
        body = connection.getresponse().read()
        events = list(sseclient.SSEClient(iter([body])).events())
        assert [event.event for event in events] == ["progress", "end"]
        assert json.loads(events[1].data)["status"] == "Completed"
        # The connection goes on, as after any answer.
        connection.request("GET", "/-/health")
        assert connection.getresponse().status == 200


def test_phases_never_go_back(account: Account) -> None:
    """A copy that ends between two looks, at the engine and at the store, is not queued again."""
    order = ["queued", "copying", "sealing", "done"]
    model = account.import_model()
    host = account.server.endpoint.split("//")[1]
    with closing(http.client.HTTPConnection(host, timeout=20)) as connection:
        for _ in range(40):
            job = account.start_copy(model, region="us-west-2")
            path = f"/-/model-copy-jobs/{escape(job)}/progress"
            made = Request("GET", path).sign(account.keys, "us-west-2", host)
            phases = ["queued"]
            while phases[-1] != "done":
                connection.request("GET", path, headers=made.headers)
                phases.append(json.loads(connection.getresponse().read())["phase"])
            assert phases == sorted(phases, key=order.index)


def test_it_lasts_as_long_as_the_job(tmp_path: Path, library: Path) -> None:
    with Server(tmp_path, waiting_config(tmp_path, library, 3)) as server:
        owner = Cloud(server).account()
        job = start_waiting(owner)
        begun = time.monotonic()
        events = list(stream(owner, job))
        lasted = time.monotonic() - begun
        assert [event.event for event in events[:-1]] == ["progress"] * (len(events) - 1)
        assert events[-1].event == "end"
        last = json.loads(events[-1].data)
        assert (last["status"], last["jobArn"]) == ("Failed", job)
        assert json.loads(events[0].data)["status"] == "InProgress"
        assert lasted >= 2
        assert lasted < len(events) <= 2 * lasted + 4, "about twice a second"
        with owner.wire() as wire:
            once = wire.call("GET", f"/-/model-copy-jobs/{escape(job)}/progress")
        assert once.json == last, "without that Accept header it is one answer"


def test_chunks_are_whole_events(patient: Server, owner: Account) -> None:
    job = start_waiting(owner)
    with connect(patient) as sock:
        sock.sendall(raw(request(owner, job)))
        text = read_until(sock, b"\r\n\r\n")
        while text.count(b"\n\n\r\n") < 3:
            text += sock.recv(65536)
    head, _, body = text.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nTransfer-Encoding: chunked" in head
    assert b"Content-Length" not in head
    for _ in range(3):
        size, _, body = body.partition(b"\r\n")
        chunk, body = body[: int(size, 16)], body[int(size, 16) :]
        assert re.fullmatch(rb"event: progress\ndata: \{[^\n]+\}\n\n", chunk)
        assert body.startswith(b"\r\n")
        body = body[2:]


def test_http_1_0_gets_no_chunks(patient: Server, owner: Account) -> None:
    job = start_waiting(owner)
    with connect(patient) as sock:
        sock.sendall(raw(request(owner, job), "1.0"))
        text = read_until(sock, b"\n\nevent: progress")
        assert b"Transfer-Encoding" not in text
        assert b"\r\nConnection: close" in text
        assert text.split(b"\r\n\r\n")[1].startswith(b"event: progress\n")


def test_it_is_refused_like_the_answer_itself(patient: Server, owner: Account) -> None:
    job = start_waiting(owner)
    stranger = Cloud(patient).account()
    host = patient.endpoint.split("//")[1]
    for account, arn, status in (
        (stranger, job, 404),
        (owner, job[:-1] + "x", 404),
        (owner, "nonsense", 400),
    ):
        with account.wire(HOME) as wire:
            answer = wire.send(request(account, arn))
            assert answer.status == status, answer
            assert answer.headers["content-type"] == "application/json"
    unsigned = Request("GET", f"/-/model-copy-jobs/{escape(job)}/progress")
    unsigned.headers = {"Accept": "text/event-stream", "Host": host}
    with patient.wire(None) as wire:
        assert wire.send(unsigned).status == 403


def test_clients_that_go_leave_nothing(patient: Server, owner: Account) -> None:
    job = start_waiting(owner)
    socks = [connect(patient) for _ in range(20)]
    for sock in socks:
        sock.sendall(raw(request(owner, job)))
        read_until(sock, b"event: progress")
    wait_for_streams(patient, 20)
    for i, sock in enumerate(socks):
        if i % 2:  # a reset
            linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        sock.close()
    wait_for_streams(patient, 0)


def test_there_is_a_limit(patient: Server, owner: Account) -> None:
    job = start_waiting(owner)
    data = raw(request(owner, job))
    socks = [connect(patient) for _ in range(256)]
    try:
        for sock in socks:
            sock.sendall(data)
        for sock in socks:
            read_until(sock, b"event: progress")
        with connect(patient) as sock:
            sock.sendall(data)
            refused = read_until(sock, b"}")
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: " in refused
        # All others are answered meanwhile.
        assert owner.boto(HOME).list_model_copy_jobs()["modelCopyJobSummaries"]
    finally:
        for sock in socks:
            sock.close()
    wait_for_streams(patient, 0)
    with connect(patient) as sock:
        sock.sendall(data)
        read_until(sock, b"event: progress")


def test_what_a_client_sends_meanwhile_waits_for_its_turn(tmp_path: Path, library: Path) -> None:
    with Server(tmp_path, waiting_config(tmp_path, library, 2)) as server:
        owner = Cloud(server).account()
        job = start_waiting(owner)
        host = server.endpoint.split("//")[1]
        with connect(server) as sock:
            sock.sendall(raw(request(owner, job)))
            read_until(sock, b"event: progress")
            sock.sendall(f"GET /-/health HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            text = read_until(sock, b'"status":"ok"', timeout=20)
        assert text.index(b"event: end") < text.index(b"\r\n0\r\n\r\nHTTP/1.1 200 OK")


def test_a_stop_ends_it_properly(tmp_path: Path, library: Path) -> None:
    with Server(tmp_path, waiting_config(tmp_path, library, 600)) as server:
        owner = Cloud(server).account()
        job = start_waiting(owner)
        with connect(server) as sock:
            sock.sendall(raw(request(owner, job)))
            read_until(sock, b"event: progress")
            begun = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - begun < 5
            rest = b""
            while piece := sock.recv(65536):
                rest += piece
        assert rest.endswith(b"0\r\n\r\n"), "a client can tell the end from a cut"
        server.start()


def test_over_https(tmp_path: Path, library: Path) -> None:
    certificate = make_certificate(tmp_path)
    config = waiting_config(tmp_path, library, 600)
    with Server(tmp_path / "server", config, tls=certificate) as server:
        keys = server.admin_keys()
        source = f"arn:aws:bedrock:{NOWHERE}:{keys.account}:custom-model/imported/abcdefghij12"
        host = server.endpoint.split("//")[1]
        body = json.dumps({"sourceModelArn": source, "targetModelName": "x"}).encode()
        made = Request("POST", "/model-copy-jobs", body=body).sign(keys, HOME, host)
        trust = ssl.create_default_context(cafile=str(certificate.file))
        with closing(http.client.HTTPSConnection(host, context=trust)) as connection:
            connection.request("POST", made.path, body, made.headers)
            job = json.loads(connection.getresponse().read())["jobArn"]
        with connect(server, certificate) as sock:
            sock.sendall(raw(request(Account(server, keys), job)))
            text = read_until(sock, b"\r\n\r\n")
            while text.count(b"event: progress") < 3:
                text += sock.recv(65536)
