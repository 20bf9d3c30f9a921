"""Two servers in network namespaces of their own, with a slow and lossy link between them.

What test_peer_failures.py does at the level of answers, this does to packets: nobody is told that
they are gone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.cloud import AWAY, HOME, Account, Cloud, digests, distinct_bytes, write_model
from support.network import Network, NotPermitted, inside
from support.sites import Sites, failure, progress, streams
from support.tls import make_certificate

ACCOUNT = "555566667777"


@pytest.fixture
def network() -> Iterator[Network]:
    try:
        with Network(delay=0.015, loss=0.005) as made:
            yield made
    except NotPermitted as error:
        pytest.skip(f"network namespaces are not permitted here (needs root on Linux): {error}")


@contextmanager
def started(network: Network, sites: Sites) -> Iterator[tuple[Account, Account]]:
    """Both servers, each in its namespace, and one account on both; ended whatever happens."""
    try:
        yield start(network, sites)
        assert sites.target.stop() == 0 == sites.source.stop()
    finally:
        sites.target.kill()
        sites.source.kill()


def start(network: Network, sites: Sites) -> tuple[Account, Account]:
    with inside(network.far):
        sites.source.start()
        sites.key = sites.make_peer_key(AWAY)
        sites.source.add_account(ACCOUNT)
        here = Cloud(sites.source).user(ACCOUNT)
    sites.configure()
    with inside(network.near):
        sites.target.start()
        sites.target.add_account(ACCOUNT)
        there = Cloud(sites.target).user(ACCOUNT)
    return here, there


def wait_until(what: Callable[[], Any], timeout: float = 60) -> Any:
    deadline = time.monotonic() + timeout
    while not (seen := what()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)
    return seen


def test_copy_survives_delay_loss_and_a_cut(network: Network, tmp_path: Path) -> None:
    """It comes in several ranges at once by then."""
    library = tmp_path / "library"
    write_model(library / "big", {"model.safetensors": distinct_bytes(120)})
    tls = make_certificate(tmp_path, network.far_address)
    sites = Sites(tmp_path, library, tls, stall=1, source_address=network.far_address)
    with started(network, sites) as (here, there):
        with inside(network.far):
            source = here.import_model(prefix="big")
        with inside(network.near):
            job = there.start_copy(source, "copy")
            wait_until(lambda: streams(sites.target)[1] >= 4)
            network.cut()
            shown = wait_until(lambda: (p := progress(there, job))["phase"] == "waiting" and p)
            assert f"Region {HOME} ({sites.source.endpoint})" in shown["waitingFor"], shown
            network.mend()
            done = there.wait_job(job, timeout=60)
            assert done["status"] == "Completed", done
            out = tmp_path / "out"
            ran = sites.target.command("pull", "copy", str(out), keys=there.keys, region=AWAY)
            assert ran.returncode == 0, ran.stderr
            assert digests(out) == digests(library / "big")
            assert network.lost > 0, "the link was too good"


def test_cut_that_is_never_mended_ends_the_job(
    network: Network, library: Path, tmp_path: Path
) -> None:
    """Nobody refuses the connection: it is just that nothing comes back."""
    tls = make_certificate(tmp_path, network.far_address)
    sites = Sites(tmp_path, library, tls, patience=6, stall=1, source_address=network.far_address)
    with started(network, sites) as (here, there):
        with inside(network.far):
            source = here.import_model()
        network.cut()
        with inside(network.near):
            text = failure(there, source, timeout=60)
            assert "does not accept a connection in time" in text or "no answer within" in text, (
                text
            )
            assert f"Region {HOME} ({sites.source.endpoint}) cannot be asked" in text, text
            network.mend()
            assert there.copy(source)["status"] == "Completed"
