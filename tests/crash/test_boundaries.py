"""The server dies at every write, sync, rename and commit of its work, one after the other.

For each kind of step and each number n, a server works on a fresh copy of one data folder and is
ended, as by kill -9, at its nth step of that kind; another server starts on what is left and is held
to what the first has acknowledged. The numbers go up until a server reaches the end of its work.
"""

from __future__ import annotations

import http.client
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cloud import bucket_config
from support.server import Server, ServerError
from support.wire import Keys
from workload import REGIONS, Promise, Workload, check, hold_to, write_library

ACCOUNT = "111122223333"
STRIDE = int(os.environ.get("OUTCROP_BOUNDARY_STRIDE", "1"))


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(
        dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    ) as at:
        yield Path(at)


def work_until_death(server: Server, keys: Keys) -> tuple[list[Promise], bool]:
    """The promises that were given, and whether the work was done to its end."""
    workload = Workload(server, keys, lambda: 0)
    try:
        workload.run()
    except (OSError, http.client.HTTPException):
        return workload.promises, False
    return workload.promises, True


@pytest.mark.timeout(900)
@pytest.mark.parametrize("site", ["write", "sync", "rename", "lmdb_commit"])
def test_server_that_dies_at_any_step_keeps_its_promises(site: str, folder: Path) -> None:
    write_library(folder / "models")
    config = bucket_config(folder / "models")
    first = Server(folder / "first", config, regions=REGIONS)
    with first.start():
        first.add_account(ACCOUNT)
        keys = first.add_key(ACCOUNT)
    deaths, step, finished = 0, 1, False
    while not finished:
        server = Server(folder / "server", config, regions=REGIONS)
        shutil.copytree(first.data, server.data)
        server.environment = {"OUTCROP_FAULT": f"{site}:{step}:die"}
        promises: list[Promise] = []
        try:
            if start(server):
                promises, finished = work_until_death(server, keys)
            server.kill()
            server.environment = {}
            check(server)
            with server.start():
                hold_to(server, keys, promises)
            check(server, "--deep")
        except Exception as error:
            raise AssertionError(f"died at {site} {step}: {error}\n{server.tail()}") from error
        finally:
            server.kill()
            shutil.rmtree(server.folder)
        deaths += not finished
        step += STRIDE
    assert deaths > 0, f"no {site} was met: the fault hook is not where the work is"
    print(f"{site}: died at {deaths} steps")


def start(server: Server) -> bool:
    """False: it died while it started."""
    try:
        server.start()
    except ServerError:
        return False
    return True
