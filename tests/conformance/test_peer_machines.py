"""What goes wrong on one of the machines of two Regions: disk, rot, keys, descriptors, clock.

Each ends within a bounded time: Completed, or Failed with a message that names part, file, place
and remedy; what was brought over is reclaimed, and the next attempt works.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.blobs import blobs, lose_to_a_folder, truncate
from support.clock import Clock
from support.cloud import AWAY, HOME, Account, digests, unique_name, write_model
from support.disk import Disk
from support.proxy import Proxy, pass_on, slowly
from support.server import Server
from support.sites import failure, progress, through_proxy

PARTS = 5  # of the model "big"; its last one has the small file too


@pytest.fixture(scope="module")
def big_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("machines")
    content = b"".join(bytes([65 + part]) * (8 << 20) for part in range(PARTS - 1))
    write_model(folder / "big", {"model.safetensors": content})
    return folder


def wait_until(what: Callable[[], Any], timeout: float = 20) -> Any:
    deadline = time.monotonic() + timeout
    while not (seen := what()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)
    return seen


def check_next_attempt(there: Account, source: str, big_library: Path, to: Path) -> None:
    name = unique_name()
    assert there.copy(source, name)["status"] == "Completed"
    ran = there.server.command("pull", name, str(to), keys=there.keys, region=AWAY)
    assert ran.returncode == 0, ran.stderr
    assert digests(to) == digests(big_library / "big")


def start_and_reach_the_middle(
    proxy: Proxy, there: Account, source: str, seconds: float = 0.3, **more: Any
) -> str:
    proxy.treat = slowly(seconds)
    job = there.start_copy(source, unique_name(), **more)
    wait_until(lambda: progress(there, job)["partsDone"] >= 1)
    return job


@pytest.mark.parametrize("damage", [truncate, Path.unlink, lose_to_a_folder])
def test_a_part_that_cannot_be_read_at_the_source(
    tmp_path: Path, big_library: Path, damage: Callable[[Path], None]
) -> None:
    with through_proxy(tmp_path, big_library, patience=2) as (sites, _):
        here, there = sites.account()
        source = here.import_model(prefix="big")
        lost = blobs(sites.source, HOME)[0]
        content = lost.read_bytes()
        damage(lost)
        text = failure(there, source)
        assert re.search(rf"part \d of {PARTS} \(file '[^']+'\)", text), text
        assert f"Region {HOME}" in text, text
        # A disk that fails may do so for a moment: it is waited for, and that server's log tells.
        remedy = "Its log says why" if damage is lose_to_a_folder else "outcrop check --deep"
        assert remedy in text, text
        wait_until(lambda: not blobs(sites.target, AWAY))
        if lost.is_dir():
            lost.rmdir()
        lost.write_bytes(content)
        check_next_attempt(there, source, big_library, tmp_path / "out")


def test_the_disk_of_the_target_is_full(tmp_path: Path, big_library: Path) -> None:
    with (
        Disk(tmp_path / "target" / "data", 26) as disk,
        through_proxy(tmp_path, big_library) as (
            sites,
            _,
        ),
    ):
        here, there = sites.account()
        source = here.import_model(prefix="big")
        text = failure(there, source)
        assert re.search(rf"part \d of {PARTS} \(file '[^']+'\)", text), text
        assert "No space left" in text and "Free space on that disk" in text, text
        wait_until(lambda: not blobs(sites.target, AWAY))
        disk.resize(200)
        check_next_attempt(there, source, big_library, tmp_path / "out")


def test_the_key_of_the_target_is_disabled_half_way(tmp_path: Path, big_library: Path) -> None:
    with through_proxy(tmp_path, big_library) as (sites, proxy):
        here, there = sites.account()
        key = there.create_kms_key(AWAY)
        source = here.import_model(prefix="big")
        job = start_and_reach_the_middle(proxy, there, source, modelKmsKeyId=key["keyArn"])
        there.set_kms_key(key["keyId"], False, AWAY)
        text = there.wait_job(job)["failureMessage"]
        assert key["keyId"] in text and "disabled" in text and "outcrop kms enable" in text, text
        wait_until(lambda: not blobs(sites.target, AWAY))
        proxy.treat = pass_on
        check_next_attempt(there, source, big_library, tmp_path / "out")


def limit_descriptors(server: Server, soft: int) -> None:
    assert server.process
    subprocess.run(["prlimit", f"--pid={server.process.pid}", f"--nofile={soft}:1024"], check=True)


def descriptors(server: Server) -> int:
    assert server.process
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


@pytest.mark.parametrize("who", ["source", "target"])
def test_no_file_descriptors_left(tmp_path: Path, big_library: Path, who: str) -> None:
    """Without them no part can be read or stored, nor a connection made."""
    with through_proxy(tmp_path, big_library) as (sites, proxy):
        here, there = sites.account()
        source = here.import_model(prefix="big")
        server: Server = getattr(sites, who)
        job = start_and_reach_the_middle(proxy, there, source)
        limit_descriptors(server, descriptors(server) - 2)
        time.sleep(2)
        limit_descriptors(server, 1024)
        ended = there.wait_job(job)
        assert ended["status"] == "Completed" or "Too many open files" in ended["failureMessage"]
        proxy.treat = pass_on
        check_next_attempt(there, source, big_library, tmp_path / "out")


@pytest.mark.parametrize(("who", "jump"), [("source", -315_360_000), ("target", 315_360_000)])
def test_a_clock_that_jumps(tmp_path: Path, big_library: Path, who: str, jump: int) -> None:
    """Signatures are refused meanwhile: the copy says so and waits, and goes on when it is right."""
    clock = Clock(tmp_path)
    with through_proxy(tmp_path, big_library) as (sites, proxy):
        server: Server = getattr(sites, who)
        server.environment = clock.environment
        server.stop()
        server.start()
        here, there = sites.account()
        source = here.import_model(prefix="big")
        job = start_and_reach_the_middle(proxy, there, source)
        clock.jump(jump)
        # In its log: a target whose clock is wrong refuses our questions, too.
        wait_until(lambda: "set the one that is wrong" in sites.target.log.read_text())
        clock.jump(0)
        assert there.wait_job(job)["status"] == "Completed"
        proxy.treat = pass_on
        check_next_attempt(there, source, big_library, tmp_path / "out")
