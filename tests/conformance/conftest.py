"""One server for the whole session; every test takes accounts of its own from it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cloud import Account, Cloud, bucket_config, write_library
from support.recorder import Recorder
from support.server import Server, ServerError
from support.tls import make_certificate


@pytest.fixture(scope="session")
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.save()


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder behind s3://models."""
    folder = tmp_path_factory.mktemp("models")
    write_library(folder)
    return folder


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, library: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    started = Server(folder, bucket_config(library))
    try:
        started.start()
    except (ServerError, OSError) as error:
        pytest.exit(f"no server, no tests: {error}", 1)
    with started as server:
        yield server
    shutil.rmtree(folder)  # only after a clean end: a failure leaves data and log to look at


@pytest.fixture(scope="session")
def tls_server(tmp_path_factory: pytest.TempPathFactory, library: Path) -> Iterator[Server]:
    """A server that speaks HTTPS, with a certificate that only AWS_CA_BUNDLE makes trusted."""
    folder = tmp_path_factory.mktemp("tls")
    with Server(folder, bucket_config(library), tls=make_certificate(folder)) as server:
        yield server


@pytest.fixture(scope="session")
def cloud(server: Server, recorder: Recorder) -> Cloud:
    return Cloud(server, recorder)


@pytest.fixture
def account(cloud: Cloud) -> Account:
    return cloud.account()


@pytest.fixture(autouse=True)
def server_lives(server: Server) -> Iterator[None]:
    """A test during which the server dies fails, and shows why; the next ones get a new one."""
    yield
    if not server.running():
        died = f"the server died with {server.status()}\n{server.tail()}"
        server.start()
        pytest.fail(died)
