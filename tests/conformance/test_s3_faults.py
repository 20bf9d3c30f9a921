"""What goes wrong between Outcrop and an S3 server: errors, slowness, cuts, restarts, changes."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.clock import Clock
from support.cloud import AWAY, HOME, THIRD, Account, Cloud, bucket_config, digests, write_model
from support.s3 import FaultProxy, S3Server
from support.server import Server
from support.sites import progress
from support.wire import Request, sha256


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3Server]:
    server = S3Server(tmp_path / "s3").start()
    server.make_bucket("data")
    yield server
    server.kill()


def wait_until(what: Callable[[], Any], timeout: float = 40) -> Any:
    deadline = time.monotonic() + timeout
    while not (seen := what()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)
    return seen


def config_of(s3: S3Server, library: Path, endpoint: str) -> str:
    settings = s3.settings(bucket="data", endpoint=endpoint)
    return (
        bucket_config(library)
        + f"[blob {AWAY}]\n{settings}prefix = content\n"
        + f"[bucket shelf]\n{settings}prefix = library\n"
    )


def copy_and_compare(account: Account, library: Path, to: Path) -> None:
    job = account.copy(account.import_model(prefix="parts"))
    run = account.server.command(
        "pull", job["targetModelArn"], str(to), keys=account.keys, region=AWAY
    )
    assert run.returncode == 0, run.stderr
    assert digests(to) == digests(library / "parts")


@pytest.mark.parametrize("fault", [500, 503, 429, "slow", "cut"])
def test_every_third_request_fails(
    s3: S3Server, library: Path, tmp_path: Path, fault: int | str
) -> None:
    numbers = itertools.count()

    def decide(method: str, path: str, headers: Mapping[str, str]) -> int | str | None:
        return fault if next(numbers) % 3 == 1 else None

    with FaultProxy(s3.endpoint, decide) as proxy:
        with Server(tmp_path / "server", config_of(s3, library, proxy.endpoint)) as server:
            copy_and_compare(Cloud(server).account(), library, tmp_path / "out")
        assert proxy.faults > 3


def test_small_objects_of_one_part_are_asked_for_together(
    s3: S3Server, library: Path, tmp_path: Path
) -> None:
    """One after another each would cost a way to the server and back."""
    lock = threading.Lock()
    now = peak = 0

    def decide(method: str, path: str, headers: Mapping[str, str]) -> None:
        nonlocal now, peak
        with lock:
            now += 1
            peak = max(peak, now)
        time.sleep(0.05)
        with lock:
            now -= 1

    folder = tmp_path / "many"
    write_model(folder, {f"{i:02}.bin": bytes([i]) * (i and 1000 + i) for i in range(40)})
    s3.upload(folder, "data", "library/many/")
    with FaultProxy(s3.endpoint, decide) as proxy:
        with Server(tmp_path / "server", config_of(s3, library, proxy.endpoint)) as server:
            account = Cloud(server).account()
            arn = account.boto().create_custom_model(
                modelName="many", modelSourceConfig={"s3DataSource": {"s3Uri": "s3://shelf/many"}}
            )["modelArn"]
            assert account.wait_model(arn)["modelStatus"] == "Active"
            run = server.command("pull", arn, str(tmp_path / "out"), keys=account.keys, region=HOME)
            assert run.returncode == 0 and digests(tmp_path / "out") == digests(folder), run
    assert 4 <= peak <= 10, peak


def test_damage_on_the_way_is_not_served(s3: S3Server, library: Path, tmp_path: Path) -> None:
    flip = False
    read: list[str] = []

    def decide(method: str, path: str, headers: Mapping[str, str]) -> str | None:
        if not flip or method != "GET" or "/parts/" not in path:
            return None
        read.append(path)
        return "flip" if path != read[0] else None  # not the manifest, which comes first

    with FaultProxy(s3.endpoint, decide) as proxy:
        with Server(tmp_path / "server", config_of(s3, library, proxy.endpoint)) as server:
            account = Cloud(server).account()
            target = account.copy(account.import_model(prefix="parts"))["targetModelArn"]
            flip = True
            job = account.wait_job(account.start_copy(target, region=THIRD), THIRD)
            text = job["failureMessage"]
            assert re.search(r"part \d of \d \(file '[^']+'\) could not be copied: ", text), text
            assert f"content store of Region {AWAY}" in text and "outcrop check --deep" in text, (
                text
            )
            assert proxy.faults
            flip = False
            account.copy(target, region=THIRD)


def test_server_is_killed_and_comes_back(s3: S3Server, library: Path, tmp_path: Path) -> None:
    """The S3 server dies when the second part arrives, and is away for a while."""
    puts = itertools.count(1)
    killed = threading.Event()

    def decide(method: str, path: str, headers: Mapping[str, str]) -> None:
        if method == "PUT" and "/parts/" in path and next(puts) == 2:
            s3.kill()
            killed.set()

    with FaultProxy(s3.endpoint, decide) as proxy:
        with Server(tmp_path / "server", config_of(s3, library, proxy.endpoint)) as server:
            account = Cloud(server).account()
            job = account.start_copy(account.import_model(prefix="parts"))
            assert killed.wait(20)
            time.sleep(0.5)
            assert account.boto(AWAY).get_model_copy_job(jobArn=job)["status"] == "InProgress"
            s3.start()
            done = account.wait_job(job)
            assert done["status"] == "Completed", done


def health(server: Server) -> Any:
    with server.wire(None) as wire:
        return wire.call("GET", "/-/health").json


def config_with_patience(s3: S3Server, library: Path, patience: int) -> str:
    return config_of(s3, library, s3.endpoint) + f"[copy]\npeer-patience = {patience}\n"


@pytest.mark.parametrize("role", ["target", "source", "shelf"])
def test_a_store_that_is_away_is_waited_for(
    s3: S3Server, library: Path, tmp_path: Path, role: str
) -> None:
    """As long as it takes, not only while one call is tried again; progress says for what."""
    s3.upload(library / "parts", "data", "library/parts/")
    with Server(tmp_path / "server", config_with_patience(s3, library, 600)) as server:
        account = Cloud(server).account()
        here = account.import_model(prefix="parts")
        there = account.copy(here)["targetModelArn"]
        region = HOME if role == "source" else AWAY
        if role == "target":  # else all of it would be there
            account.boto(AWAY).delete_custom_model(modelIdentifier=there)
        s3.kill()
        if role == "shelf":
            model = account.boto().create_custom_model(
                modelName="shelved",
                modelSourceConfig={"s3DataSource": {"s3Uri": "s3://shelf/parts/"}},
            )["modelArn"]
            wait_until(lambda: '"copy.waiting"' in server.log.read_text())
        else:
            job = account.start_copy(here if role == "target" else there, region=region)
            shown = wait_until(
                lambda: (p := progress(account, job, region))["phase"] == "waiting" and p
            )
            assert "bucket 'data' at " + s3.endpoint in shown["waitingFor"], shown
        s3.start()
        if role == "shelf":
            assert account.wait_model(model)["modelStatus"] == "Active"
        else:
            done = account.wait_job(job, region)
            assert done["status"] == "Completed", done


def test_a_store_that_stays_away_or_broken_ends_the_copy(
    s3: S3Server, library: Path, tmp_path: Path
) -> None:
    """One target has nobody there, the other one answers everything with 500."""
    with FaultProxy(s3.endpoint, lambda *_: 500 if broken else None) as proxy:
        broken = False
        config = config_with_patience(s3, library, 1)
        config += (
            f"[blob {THIRD}]\n{s3.settings(bucket='data', endpoint=proxy.endpoint)}prefix = x\n"
        )
        with Server(tmp_path / "server", config) as server:
            account = Cloud(server).account()
            source = account.import_model(prefix="parts")
            broken = True
            s3.kill()
            jobs = {region: account.start_copy(source, region=region) for region in (AWAY, THIRD)}
            for region, job in jobs.items():
                text = account.wait_job(job, region, timeout=60)["failureMessage"]
                where = s3.endpoint if region == AWAY else proxy.endpoint
                assert f"bucket 'data' at {where}" in text and "waited for 1 seconds" in text, text
                assert "start again when it answers" in text, text
                assert region == AWAY or "the server answers 500" in text, text
            broken = False
            s3.start()
            for region in jobs:
                account.copy(source, region=region)


def test_the_server_starts_while_its_bucket_is_away(
    s3: S3Server, library: Path, tmp_path: Path
) -> None:
    """What needs no bytes works, copies wait, and those who ask are told."""
    server = Server(tmp_path / "server", config_of(s3, library, s3.endpoint)).start()
    account = Cloud(server).account()
    source = account.import_model(prefix="parts")
    copied = account.copy(source)["targetModelArn"]
    server.stop()
    s3.kill()
    with server:
        account = Cloud(server).user(account.id)
        assert '"blob.away"' in server.log.read_text() and s3.endpoint in server.log.read_text()
        assert account.boto(AWAY).get_custom_model(modelIdentifier=copied)
        assert account.jobs() and account.boto(AWAY).list_custom_models()["modelSummaries"]
        account.boto(AWAY).tag_resource(resourceARN=copied, tags=[{"key": "a", "value": "b"}])
        assert health(server)["status"] == "degraded" and health(server)["contentAway"] == [AWAY]
        told = server.command("doctor", keys=account.keys, region=HOME)
        assert f"the store with the content of {AWAY} does not answer" in told.stdout, told
        with account.wire(AWAY) as wire:
            refused = wire.call("GET", f"/-/models/{copied}/manifest")
        assert refused.status == 503 and refused.error == "ServiceUnavailableException", refused
        account.boto(AWAY).delete_custom_model(modelIdentifier=copied)
        job = account.start_copy(source)
        shown = wait_until(lambda: (p := progress(account, job))["phase"] == "waiting" and p)
        assert "bucket 'data' at " + s3.endpoint in shown["waitingFor"], shown
        s3.start()
        assert account.wait_job(job)["status"] == "Completed"
        assert health(server)["status"] == "ok" and health(server)["contentAway"] == []


def test_health_tells_of_a_store_that_nobody_uses(
    s3: S3Server, library: Path, tmp_path: Path
) -> None:
    with Server(tmp_path / "server", config_of(s3, library, s3.endpoint)) as server:
        assert health(server)["contentAway"] == []
        s3.kill()
        wait_until(lambda: health(server)["contentAway"] == [AWAY])
        assert health(server)["status"] == "degraded"
        s3.start()
        wait_until(lambda: health(server)["status"] == "ok")


def test_a_bucket_that_comes_back_as_another_servers_is_refused(
    s3: S3Server, library: Path, tmp_path: Path
) -> None:
    config = config_of(s3, library, s3.endpoint)
    with Server(tmp_path / "first", config):
        pass
    s3.kill()
    with Server(tmp_path / "second", config) as server:
        account = Cloud(server).account()
        source = account.import_model(prefix="parts")
        s3.start()
        before = s3.keys("data")
        job = account.wait_job(account.start_copy(source))
        assert "belongs to a server with another master key" in job["failureMessage"], job
        assert s3.keys("data") == before


def test_restart_in_the_middle_resumes(s3: S3Server, library: Path, tmp_path: Path) -> None:
    """Kill -9 while a copy is under way: it goes on, and parts that are there stay as they are."""
    stuck = True
    puts = itertools.count()

    def decide(method: str, path: str, headers: Mapping[str, str]) -> int | None:
        if method == "PUT" and "/parts/" in path and stuck and next(puts) >= 1:
            return 503
        return None

    with FaultProxy(s3.endpoint, decide) as proxy:
        server = Server(tmp_path / "server", config_of(s3, library, proxy.endpoint)).start()
        account = Cloud(server).account()
        source = account.import_model(prefix="parts")
        job = account.start_copy(source)
        deadline = time.monotonic() + 20
        while not (first := s3.keys("data", f"content/{AWAY}/parts/")) or proxy.faults < 2:
            assert time.monotonic() < deadline
        server.kill()
        stuck = False
        proxy.requests.clear()
        with server:
            again = Cloud(server).user(account.id)
            assert again.wait_job(job)["status"] == "Completed"
        stored = [path for method, path in proxy.requests if method == "PUT"]
        assert stored
        for key in first:
            assert not any(path.endswith(key) for path in stored), "it was there"


def test_server_stops_at_once_while_the_store_hangs(
    s3: S3Server, library: Path, tmp_path: Path
) -> None:
    hang = False

    def decide(method: str, path: str, headers: Mapping[str, str]) -> int | None:
        return 503 if hang else None

    with FaultProxy(s3.endpoint, decide) as proxy:
        server = Server(tmp_path / "server", config_of(s3, library, proxy.endpoint)).start()
        account = Cloud(server).account()
        source = account.import_model(prefix="parts")
        hang = True
        job = account.start_copy(source)
        while not proxy.faults:
            time.sleep(0.01)
        assert server.stop(timeout=10) == 0
        hang = False
        with server:
            assert Cloud(server).user(account.id).wait_job(job)["status"] == "Completed"


@pytest.mark.parametrize("role", ["target", "shelf"])
def test_a_silent_store_gives_way_to_others(
    s3: S3Server, library: Path, tmp_path: Path, role: str
) -> None:
    """As a silent peer does: after two seconds, not after the time-outs of a call and its tries."""
    s3.upload(library / "parts", "data", "library/parts/")
    hang = False

    def decide(method: str, path: str, headers: Mapping[str, str]) -> str | None:
        wanted = "PUT" if role == "target" else "GET"
        return "hang" if hang and method == wanted else None

    with FaultProxy(s3.endpoint, decide) as proxy:
        config = config_of(s3, library, proxy.endpoint) + "[copy]\njobs = 1\n"
        with Server(tmp_path / "server", config) as server:
            account = Cloud(server).account()
            source = account.import_model(prefix="parts")
            hang = True
            if role == "target":
                job = account.start_copy(source)
            else:
                model = account.boto().create_custom_model(
                    modelName="shelved",
                    modelSourceConfig={"s3DataSource": {"s3Uri": "s3://shelf/parts/"}},
                )["modelArn"]
            wait_until(lambda: proxy.faults)
            began = time.monotonic()
            account.import_model(prefix="tiny")
            assert time.monotonic() - began < 8  # the call's own time-out is thirty
            hang = False
            if role == "target":
                assert account.wait_job(job)["status"] == "Completed"
            else:
                assert account.wait_model(model)["modelStatus"] == "Active"


def test_uploads_to_a_silent_store_give_way_to_others(
    s3: S3Server, library: Path, tmp_path: Path
) -> None:
    """They hold the memory that those to other Regions wait for, who would be refused after ten."""
    hang = False

    def decide(method: str, path: str, headers: Mapping[str, str]) -> str | None:
        return "hang" if hang and method == "PUT" else None

    def put(account: Account, region: str, number: int) -> int:
        content = bytes([number]) * (8 << 20)
        digest = sha256(content)
        with account.wire(region) as wire:
            upload = wire.call("POST", "/-/uploads", body={"modelName": f"m{number}"}).json
            path = f"/-/uploads/{upload['uploadId']}/parts/{digest}"
            request = Request("PUT", path, body=content, headers={"X-Amz-Content-Sha256": digest})
            return wire.send(request.sign(account.keys, region, wire.host)).status

    with FaultProxy(s3.endpoint, decide) as proxy:
        with Server(tmp_path / "server", config_of(s3, library, proxy.endpoint)) as server:
            account = Cloud(server).account()
            account.copy(account.import_model(prefix="tiny"))  # the place is known
            hang = True
            with ThreadPoolExecutor(4) as pool:
                silent = [pool.submit(put, account, AWAY, number) for number in range(4)]
                wait_until(lambda: proxy.faults >= 3)
                assert put(account, HOME, 9) == 200
                hang = False
                proxy.closing.set()  # what still hangs is cut, and tried again
                answers = [answer.result() for answer in silent]
                assert 503 in answers and set(answers) <= {200, 503}, answers


def test_object_changes_under_an_import(s3: S3Server, library: Path, tmp_path: Path) -> None:
    """Between the list and the reading of its second part, an object is replaced."""
    s3.upload(library, "data", "library/")
    changed = False

    def decide(method: str, path: str, headers: Mapping[str, str]) -> None:
        nonlocal changed
        if "model-00001" in path and not changed:
            changed = True
            s3.client().put_object(
                Bucket="data", Key="library/parts/model-00001.safetensors", Body=b"n" * (20 << 20)
            )

    with FaultProxy(s3.endpoint, decide) as proxy:
        with Server(tmp_path / "server", config_of(s3, library, proxy.endpoint)) as server:
            account = Cloud(server).account()
            made = account.boto().create_custom_model(
                modelName="moving",
                modelSourceConfig={"s3DataSource": {"s3Uri": "s3://shelf/parts"}},
            )
            model = account.wait_model(made["modelArn"])
            assert model["modelStatus"] == "Failed"
            assert "model-00001.safetensors' changed while it was read" in model["failureMessage"]


def test_keys_that_expire_are_read_again(s3: S3Server, library: Path, tmp_path: Path) -> None:
    with Server(tmp_path / "server", config_of(s3, library, s3.endpoint)) as server:
        account = Cloud(server).account()
        source = account.import_model(prefix="tiny")
        good = s3.credentials.read_text()
        s3.credentials.write_text(good.replace("a-secret", "not-the-secret"))
        # Keys in use go on; those in the file are looked at when the server refuses.
        account.copy(source)
        s3.credentials.write_text(good)
        account.copy(account.import_model(prefix="small"))


# -- what does not pass ----------------------------------------------------------------------------


def test_no_file_descriptors_left(s3: S3Server, library: Path, tmp_path: Path) -> None:
    """No connection can be made meanwhile."""

    def decide(method: str, path: str, headers: Mapping[str, str]) -> str | None:
        return "slow" if "/parts/" in path else None

    with FaultProxy(s3.endpoint, decide) as proxy:
        with Server(tmp_path / "server", config_of(s3, library, proxy.endpoint)) as server:
            assert server.process
            account = Cloud(server).account()
            job = account.start_copy(account.import_model(prefix="parts"))
            wait_until(lambda: any(method == "PUT" for method, _ in proxy.requests))
            limit = ["prlimit", f"--pid={server.process.pid}"]
            held = len(os.listdir(f"/proc/{server.process.pid}/fd"))
            subprocess.run([*limit, f"--nofile={held - 2}:1024"], check=True)
            time.sleep(2)
            subprocess.run([*limit, "--nofile=1024:1024"], check=True)
            ended = account.wait_job(job)
            assert ended["status"] == "Completed" or "open files" in ended["failureMessage"], ended
            copy_and_compare(account, library, tmp_path / "out")


@pytest.mark.parametrize("jump", [315_360_000, -315_360_000])
def test_a_clock_that_jumps(s3: S3Server, library: Path, tmp_path: Path, jump: int) -> None:
    """Signatures are refused meanwhile: the copy says so and waits, and goes on when it is right."""
    clock = Clock(tmp_path)
    config = config_of(s3, library, s3.endpoint)
    with Server(tmp_path / "server", config, environment=clock.environment) as server:
        account = Cloud(server).account()
        source = account.import_model(prefix="parts")
        job = account.start_copy(source)
        clock.jump(jump)
        wait_until(lambda: "set this machine's clock" in server.log.read_text())
        clock.jump(0)
        assert account.wait_job(job)["status"] == "Completed"
        copy_and_compare(account, library, tmp_path / "out")


def test_object_is_removed_under_an_import(s3: S3Server, library: Path, tmp_path: Path) -> None:
    s3.upload(library, "data", "library/")
    removed = False

    def decide(method: str, path: str, headers: Mapping[str, str]) -> None:
        nonlocal removed
        if "model-00001" in path and not removed:
            removed = True
            s3.client().delete_object(Bucket="data", Key="library/parts/model-00001.safetensors")

    with FaultProxy(s3.endpoint, decide) as proxy:
        with Server(tmp_path / "server", config_of(s3, library, proxy.endpoint)) as server:
            account = Cloud(server).account()
            uri = {"s3DataSource": {"s3Uri": "s3://shelf/parts"}}
            made = account.boto().create_custom_model(modelName="gone", modelSourceConfig=uri)
            model = account.wait_model(made["modelArn"])
            assert "model-00001.safetensors' changed while it was read" in model["failureMessage"]
            s3.upload(library, "data", "library/")
            made = account.boto().create_custom_model(modelName="gone", modelSourceConfig=uri)
            assert account.wait_model(made["modelArn"])["modelStatus"] == "Active"
