"""Failures that people meet: a full disk, a disk that fails, a source that changes, hostile input."""

from __future__ import annotations

import random
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from support.cloud import AWAY, HOME, Account, Cloud, bucket_config, digests, write_model
from support.disk import Disk
from support.server import Server, ServerError
from support.wire import Request


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder for a server whose data lies on a disk of 48 MB."""
    folder = tmp_path / "server"
    with Disk(folder / "data", 48):
        yield folder


def used(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_full_disk_fails_the_job_and_leaves_no_rest(
    small_disk: Path, library: Path, tmp_path: Path
) -> None:
    with Server(small_disk, bucket_config(library)) as server:
        account = Cloud(server).account()
        source = account.import_model(prefix="parts")  # 20 MB
        account.copy(account.import_model("little"), "before")
        ballast = server.data / "ballast"
        ballast.write_bytes(b"x" * (12 << 20))
        job = account.wait_job(account.start_copy(source, "too-big"), timeout=60)
        assert job["status"] == "Failed", job
        text = job["failureMessage"]
        assert re.search(r"part \d of \d \(file '[^']+'\) could not be copied: ", text), text
        assert f"content store of Region {AWAY}" in text and "No space left" in text, text
        assert "Free space on that disk, then start again." in text, text
        model = account.boto(AWAY).get_custom_model(modelIdentifier=job["targetModelArn"])
        assert model["modelStatus"] == "Failed"
        assert [job["targetModelName"] for job in account.jobs(statusEquals="Completed")] == [
            "before"
        ]
        ballast.unlink()
        done = account.copy(source, "too-big")  # the name is free, and so is the space
        out = tmp_path / "out"
        pulled = server.command(
            "pull", done["targetModelArn"], str(out), keys=account.keys, region=AWAY
        )
        assert pulled.returncode == 0, pulled.stderr
        assert digests(out) == digests(library / "parts")


def test_full_disk_ends_an_import(small_disk: Path, library: Path) -> None:
    with Server(small_disk, bucket_config(library)) as server:
        account = Cloud(server).account()
        ballast = server.data / "ballast"
        ballast.write_bytes(b"x" * (34 << 20))
        model = account.wait_model(account.start_import("big", "parts"), timeout=60)
        text = model["failureMessage"]
        assert re.search(r"part \d of \d \(file '[^']+'\) could not be stored: ", text), text
        assert f"content store of Region {HOME}" in text and "No space left" in text, text
        assert "Free space on that disk, then start again." in text, text
        ballast.unlink()
        account.import_model("big", "parts")


def test_full_disk_ends_an_upload(small_disk: Path, library: Path) -> None:
    with Server(small_disk, bucket_config(library)) as server:
        account = Cloud(server).account()
        ballast = server.data / "ballast"
        ballast.write_bytes(b"x" * (34 << 20))
        upload = ("import", str(library / "parts"), "--name", "big")
        ran = server.command(*upload, keys=account.keys)  # which tries again for some time
        assert ran.returncode != 0 and "no space left on its disk" in ran.stderr, ran
        ballast.unlink()
        ran = server.command(*upload, keys=account.keys)
        assert ran.returncode == 0, ran


def start_with_writes_that_fail(folder: Path, library: Path) -> Server:
    for first in range(1, 50):
        environment = {"OUTCROP_FAULT": f"write:{first}:always"}
        with suppress(ServerError):
            return Server(folder, bucket_config(library), environment=environment).start()
    raise AssertionError("a start makes fewer than fifty writes")


def test_disk_that_fails_to_write_fails_the_job(tmp_path: Path, library: Path) -> None:
    """Each write fails, from the first one after those of the start on."""
    with Server(tmp_path / "server", bucket_config(library)) as server:
        account = Cloud(server).account()
        source = account.import_model(prefix="parts")
        keys = account.keys
    broken = start_with_writes_that_fail(tmp_path / "server", library)
    try:
        account = Account(broken, keys)
        job = account.wait_job(account.start_copy(source), timeout=60)
        assert job["status"] == "Failed"
        assert job["failureMessage"]
    finally:
        broken.kill()
    with Server(tmp_path / "server", bucket_config(library)) as server:
        Account(server, keys).copy(source, "after")


def test_source_that_is_cut_off_while_it_is_read(account: Account, library: Path) -> None:
    """The folder promised a gigabyte; the file shrinks meanwhile: Failed, or whole; never half."""
    folder = write_model(library / "shrinking", {})
    file = folder / "weights.bin"
    with file.open("wb") as opened:
        opened.truncate(1 << 30)
    arn = account.start_import(prefix="shrinking")
    with file.open("r+b") as opened:
        opened.truncate(1000)
    model = account.wait_model(arn, timeout=60)
    if model["modelStatus"] == "Failed":
        assert "weights.bin" in model["failureMessage"]
    account.boto(HOME).delete_custom_model(modelIdentifier=arn)
    file.unlink()


def memory_kib(server: Server) -> int:
    assert server.process
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def hostile(rng: random.Random, good: bytes) -> bytes:
    """Garbage, or a good request with some bytes cut, doubled or replaced."""
    match rng.randrange(4):
        case 0:
            return rng.randbytes(rng.randrange(1, 4000))
        case 1:
            return good[: rng.randrange(1, len(good))]
        case 2:
            place = rng.randrange(len(good))
            return good[:place] + rng.randbytes(rng.randrange(1, 8)) + good[place + 1 :]
        case _:
            place, length = rng.randrange(len(good)), rng.randrange(1, 2000)
            return good[:place] + good[place : place + length] * rng.randrange(2, 9) + good[place:]


@pytest.mark.timeout(300)
def test_hostile_input_neither_grows_memory_nor_hurts(tmp_path: Path, library: Path) -> None:
    rng = random.Random(5)
    with Server(tmp_path / "server", bucket_config(library)) as server:
        account = Cloud(server).account()
        address = server.wire(None).address
        before = 0
        for number in range(6000):
            if number == 2000:
                before = memory_kib(server)
            body = b'{"resourceARN":"' + b"x" * rng.randrange(2000) + b'"}'
            request = Request("POST", "/listTagsForResource", body=body)
            request.sign(account.keys, HOME, server.endpoint.removeprefix("http://"))
            lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
            head = f"POST {request.path} HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
            with socket.create_connection(address, timeout=5) as sock, suppress(OSError):
                sock.sendall(hostile(rng, head.encode() + body))
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):
                    pass
        account.boto(AWAY).list_model_copy_jobs()
        grown = memory_kib(server) - before
    assert grown < 4096, f"4,000 hostile requests grew the server by {grown} KiB"
