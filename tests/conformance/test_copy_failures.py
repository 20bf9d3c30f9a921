"""Failures in the middle of a copy: it ends within a bounded time, as Completed or as Failed with a
message that names file, part, place and remedy; partial data goes, and the next attempt works."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.blobs import blobs, flip_a_bit, lose_to_a_folder, truncate
from support.clock import Clock
from support.cloud import (
    AWAY,
    HOME,
    Account,
    Cloud,
    bucket_config,
    digests,
    sharing_policy,
    write_model,
)
from support.server import Server
from support.wire import escape

BOUND = 30  # seconds in which every copy has to end
PARTS = 8  # of the model "big"
SLOW = "[copy]\nworkers = 1\nbandwidth = 8M\n[scrub]\nrate = 0\n"


@pytest.fixture(scope="module")
def big_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One model of eight parts, no two alike, and a tiny one."""
    folder = tmp_path_factory.mktemp("big")
    content = b"".join(bytes([65 + part]) * (8 << 20) for part in range(PARTS - 1))
    write_model(folder / "big", {"model.safetensors": content})
    write_model(folder / "tiny", {"weights.bin": b"tiny" * 100})
    return folder


@pytest.fixture
def slow(tmp_path: Path, big_library: Path) -> Iterator[Server]:
    """A server on which a copy of `big` takes some seven seconds."""
    with Server(tmp_path, bucket_config(big_library) + SLOW) as server:
        yield server


@pytest.fixture
def owner(slow: Server) -> Account:
    return Cloud(slow).account()


def progress(account: Account, job: str) -> dict[str, Any]:
    with account.wire(AWAY) as wire:
        answer: dict[str, Any] = wire.call(
            "GET", f"/-/model-copy-jobs/{escape(job)}/progress"
        ).json
    return answer


def wait_until(what: Callable[[], Any], timeout: float = 20) -> None:
    deadline = time.monotonic() + timeout
    while not what():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)


def start_and_reach_the_middle(account: Account, source: str, **more: Any) -> str:
    job = account.start_copy(source, **more)
    wait_until(lambda: progress(account, job)["partsDone"] >= 1)
    assert progress(account, job)["status"] == "InProgress"
    return job


def models_of(server: Server) -> list[str]:
    return re.findall(r"path = (.*)", server.config.read_text())


def failure(account: Account, job: str) -> str:
    ended = account.wait_job(job, timeout=BOUND)
    assert ended["status"] == "Failed", ended
    text = str(ended["failureMessage"])
    for path in (account.server.data, *models_of(account.server)):
        assert str(path) not in text, f"nothing of the server's folders is for its users: {text}"
    return text


def check_next_attempt(server: Server, account: Account, source: str, to: Path) -> None:
    """It works; at full speed, so that the test is soon over."""
    server.stop()
    server.config.write_text(server.config.read_text().replace("bandwidth = 8M\n", ""))
    server.start()
    account._clients.clear()
    done = account.copy(source)
    pulled = server.command(
        "pull", done["targetModelArn"], str(to), keys=account.keys, region=AWAY
    )
    assert pulled.returncode == 0, pulled.stderr
    (bucket,) = models_of(server)
    assert digests(to) == digests(Path(bucket) / "big")


@pytest.mark.parametrize("damage", [flip_a_bit, truncate, Path.unlink, lose_to_a_folder])
def test_a_source_part_that_goes_bad_half_way(
    slow: Server, owner: Account, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    source = owner.import_model(prefix="big")
    parts = blobs(slow, HOME)[:PARTS]
    kept = {part: part.read_bytes() for part in parts}
    job = start_and_reach_the_middle(owner, source)
    for part in parts:
        damage(part)
    text = failure(owner, job)
    assert text.startswith(f"The copy from {HOME} to {AWAY} failed: part "), text
    assert re.search(rf"part \d of {PARTS} \(file '[^']+'\) could not be copied", text), text
    assert f"content store of Region {HOME}, blob '" in text, text
    assert any(part.parent.name + part.name in text for part in parts), text
    log = slow.log.read_text()
    assert any(str(part) in log for part in parts), "who runs the server is told where it is"
    if damage is not lose_to_a_folder:
        checked = slow.command("check", "--deep", "--data", str(slow.data), keys=None)
        assert any(str(part) in checked.stdout + checked.stderr for part in parts), checked
    assert re.search(r"(bring|start again|again\.)", text), f"no remedy: {text}"
    wait_until(lambda: not blobs(slow, AWAY))
    for part, content in kept.items():
        if part.is_dir():
            part.rmdir()
        part.write_bytes(content)
    check_next_attempt(slow, owner, source, tmp_path / "out")


def test_a_key_that_is_disabled_half_way(slow: Server, owner: Account, tmp_path: Path) -> None:
    here, there = owner.create_kms_key(HOME), owner.create_kms_key(AWAY)
    source = owner.import_model(prefix="big", modelKmsKeyArn=here["keyArn"])
    for key, region in ((here, HOME), (there, AWAY)):
        job = start_and_reach_the_middle(owner, source, modelKmsKeyId=there["keyArn"])
        owner.set_kms_key(key["keyId"], False, region)
        text = failure(owner, job)
        assert key["keyId"] in text and "disabled" in text, text
        owner.set_kms_key(key["keyId"], True, region)
        wait_until(lambda: not blobs(slow, AWAY))
    check_next_attempt(slow, owner, source, tmp_path / "out")


def test_a_source_that_is_deleted_half_way(slow: Server, owner: Account) -> None:
    source = owner.import_model(prefix="big")
    job = start_and_reach_the_middle(owner, source)
    owner.boto().delete_custom_model(modelIdentifier=source)
    assert "deleted" in failure(owner, job)
    wait_until(lambda: not blobs(slow, AWAY) and not blobs(slow, HOME))


def test_a_share_that_is_revoked_half_way(slow: Server, owner: Account, tmp_path: Path) -> None:
    receiver = Cloud(slow).account()
    source = owner.import_model(prefix="big")
    policy = sharing_policy(source, receiver.id)
    owner.boto().put_resource_policy(resourceArn=source, resourcePolicy=policy)
    job = start_and_reach_the_middle(receiver, source)
    owner.boto().delete_resource_policy(resourceArn=source)
    text = failure(receiver, job)
    assert owner.id in text and "share" in text, text
    wait_until(lambda: not blobs(slow, AWAY))
    owner.boto().put_resource_policy(resourceArn=source, resourcePolicy=policy)
    check_next_attempt(slow, receiver, source, tmp_path / "out")


def test_no_file_descriptors_left(slow: Server, owner: Account, tmp_path: Path) -> None:
    """The copy ends, connections that are open go on, and all is well when there are some again."""
    assert slow.process
    pid = slow.process.pid
    source = owner.import_model(prefix="big")
    owner.boto(AWAY).list_model_copy_jobs()
    job = owner.start_copy(source)
    wait_until(lambda: progress(owner, job)["partsDone"] >= 1)
    held = len(os.listdir(f"/proc/{pid}/fd"))
    subprocess.run(["prlimit", f"--pid={pid}", f"--nofile={held - 2}:1024"], check=True)
    try:
        text = failure(owner, job)
    finally:
        subprocess.run(["prlimit", f"--pid={pid}", "--nofile=1024:1024"], check=True)
    assert "Too many open files" in text, text
    assert "start again" in text, text
    # The sweep had no descriptors either and waits a minute; a model that goes begins another.
    owner.boto(AWAY).delete_custom_model(
        modelIdentifier=owner.import_model(prefix="tiny", region=AWAY)
    )
    wait_until(lambda: not blobs(slow, AWAY))
    check_next_attempt(slow, owner, source, tmp_path / "out")


def test_a_clock_that_jumps(tmp_path: Path, big_library: Path) -> None:
    """The wall clock is set forward and back by years while a copy runs: it is used for time stamps
    and signatures alone, so the copy ends as ever, and times in the list never decrease."""
    clock = Clock(tmp_path)
    config = bucket_config(big_library) + SLOW.replace("8M", "20M")
    with Server(tmp_path / "server", config, environment=clock.environment) as server:
        account = Cloud(server).account()
        model = account.import_model(prefix="big")
        ten_years = 315_360_000
        for jump in (ten_years, -ten_years):
            job = start_and_reach_the_middle(account, model)
            clock.jump(jump)
            with account.wire(AWAY) as wire:  # signed by the true clock: told so, not let in
                answer = wire.call("GET", "/model-copy-jobs")
            assert answer.status == 403, answer
            time.sleep(1)
            clock.jump(0)
            assert account.wait_job(job, timeout=BOUND)["status"] == "Completed"
            account.boto(AWAY).delete_custom_model(
                modelIdentifier=account.boto(AWAY).get_model_copy_job(jobArn=job)["targetModelArn"]
            )
            wait_until(lambda: not blobs(server, AWAY))
        times = [job["creationTime"] for job in account.jobs(sortOrder="Ascending")]
        assert times == sorted(times)
        assert server.command("check", "--data", str(server.data)).returncode == 0
