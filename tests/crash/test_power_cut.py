"""The power is cut: whatever the disk has kept of what was not synced, nothing promised is lost.

A server works while every write, sync and rename below its data folder is recorded. Then the folder
is laid out as it would be found: after each moment, in each way in which the disk may have decided
(every_cut.py). `outcrop check` must be content, a server must start on it, what had been
acknowledged before that moment must be there, and the copies that were cut off must end well,
every byte verified.

What every_cut.py says makes no difference is drawn at random by a second test, torn writes too.
OUTCROP_POWER_CUTS sets its number of cuts (default 40).
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from every_cut import Cut, EveryCut
from power_cut import Disk, Image, Keep, Operation, choices, read_log
from support.cloud import bucket_config
from support.server import ROOT, Server
from support.wire import Keys
from workload import REGIONS, Promise, Workload, check, hold_to, write_library

CUTS = int(os.environ.get("OUTCROP_POWER_CUTS", "40"))
RECORDER = ROOT / "build" / "tests" / "crash" / "record_io.so"


@dataclass
class Recording:
    operations: list[Operation]
    announced: int  # bytes of the record when the first start told of its address
    admin: Keys
    promises: list[Promise]  # the first: that `keys` are accepted
    keys: Keys
    config: str


@pytest.fixture
def fast_folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where that is possible: the disk of this machine is not what is tested."""
    folder = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else tmp_path
    folder = folder / f"outcrop-power-{os.getpid()}"
    folder.mkdir(mode=0o700)
    yield folder
    shutil.rmtree(folder)


def record(folder: Path) -> Recording:
    """The first start of a server and its work, down to every write."""
    library, log = folder / "models", folder / "log"
    write_library(library)
    config = bucket_config(library)
    server = Server(folder / "server", config, regions=REGIONS)
    server.data.mkdir(mode=0o700)
    server.environment = {
        "LD_PRELOAD": str(RECORDER),
        "OUTCROP_IO_ROOT": str(server.data),
        "OUTCROP_IO_LOG": str(log),
    }
    server.start()
    announced = log.stat().st_size
    admin = server.admin_keys()
    server.add_account("111122223333")
    keys = server.add_key("111122223333")
    workload = Workload(server, keys, lambda: log.stat().st_size)
    workload.promise("account and key are there", lambda home, away: True)
    workload.run()
    server.kill()
    shutil.rmtree(server.folder)
    return Recording(read_log(log), announced, admin, workload.promises, keys, config)


def moments(operations: list[Operation], rng: random.Random) -> list[int]:
    """After how many operations to cut, in order: every kind of moment, spread over the record."""
    count = len(operations)
    drawn = [rng.randrange(count + 1) for _ in range(CUTS)]
    return sorted(drawn)


def examine(server: Server, recording: Recording, after: int) -> int:
    """Start a server on what a cut has left; `after`: bytes of the record that had happened."""
    promises = [promise for promise in recording.promises if promise.since <= after]
    jobs = 0
    if promises:
        check(server)
    with server.start():
        if after >= recording.announced:
            assert server.admin_keys() == recording.admin, "announced keys are lost"
        assert "accounts" in server.admin("GET", "/-/accounts")
        if promises:
            jobs = hold_to(server, recording.keys, promises)
    if promises:
        check(server, "--deep")
    return jobs


def survive(folder: Path, recording: Recording, moment: int, image: Image, kept: str) -> int:
    """What a cut has left is sound; the jobs on it, counted."""
    survivor = Server(folder, recording.config, regions=REGIONS)
    image.write(survivor.data)
    try:
        return examine(survivor, recording, recording.operations[moment - 1].end if moment else 0)
    except Exception as error:
        raise AssertionError(
            f"cut after {moment} of {len(recording.operations)} operations, kept: {kept}: {error}\n"
            f"{survivor.tail()}"
        ) from error
    finally:
        survivor.kill()
        shutil.rmtree(survivor.folder)


@pytest.mark.timeout(900)
def test_every_state_that_a_power_cut_may_leave_is_sound(fast_folder: Path) -> None:
    recording = record(fast_folder)
    assert len(recording.promises) >= 10
    cuts = EveryCut()
    cuts.go_through(recording.operations)
    print(
        f"{len(recording.operations)} operations, at most {cuts.most} to decide at one moment; "
        f"{cuts.states} states, {len(cuts.found)} of them different; each is replayed "
        f"({cuts.drawn_at} moments had too many: some of theirs)"
    )
    assert len(cuts.found) > 150, "too little was recorded to mean anything"

    def replay(number: int, cut: Cut) -> int:
        return survive(fast_folder / f"cut-{number}", recording, cut.moment, cut.image, cut.kept)

    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        jobs = sum(pool.map(replay, itertools.count(), cuts.found.values()))
    finally:
        pool.shutdown(cancel_futures=True)  # after the first that is not sound
    assert jobs > 0, "the cuts all came before the first job"


@pytest.mark.timeout(900)
def test_what_is_said_to_make_no_difference_makes_none(fast_folder: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    recording = record(fast_folder)
    disk, done = Disk(), 0
    ways: dict[str, int] = {}
    for moment in moments(recording.operations, rng):
        for operation in recording.operations[done:moment]:
            disk.apply(operation)
        done = moment
        way, keep = draw(disk, rng)
        ways[way] = ways.get(way, 0) + 1
        survive(fast_folder / "survivor", recording, moment, disk.image(keep), f"{way}, seed {seed}")
    print(f"{CUTS} cuts of {len(recording.operations)} operations: {ways}")


def draw(disk: Disk, rng: random.Random) -> tuple[str, Keep]:
    """One of the ways to decide, the systematic ones first where there are few of them."""
    undecided = disk.undecided()
    few = 2 + 2 * len(undecided)
    at = rng.randrange(few + few // 2)
    for number, choice in enumerate(choices(undecided, rng)):
        last = choice
        if number == at:
            break
    return last
