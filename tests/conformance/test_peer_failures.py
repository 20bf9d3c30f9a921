"""What goes wrong between two servers: either dies, the network lies, cuts or stalls, rights end.

A proxy stands between them, over plain HTTP on loopback; test_peers.py has TLS.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.cloud import AWAY, HOME, Account, digests, sharing_policy, unique_name, write_model
from support.proxy import Hang, Passed, Proxy, pass_on, slowly
from support.sites import Sites, failure, progress, through_proxy

PARTS = 6  # of the model "big"


@pytest.fixture(scope="module")
def big_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One model of six parts, no two alike."""
    folder = tmp_path_factory.mktemp("big")
    content = b"".join(bytes([65 + part]) * (8 << 20) for part in range(PARTS - 1))
    write_model(folder / "big", {"model.safetensors": content})
    write_model(folder / "tiny", {"weights.bin": b"tiny" * 100})
    return folder


def wait_until(what: Callable[[], Any], timeout: float = 20) -> Any:
    deadline = time.monotonic() + timeout
    while not (seen := what()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)
    return seen


def check_copy(account: Account, model: str, library: Path, to: Path) -> None:
    ran = account.server.command("pull", model, str(to), keys=account.keys, region=AWAY)
    assert ran.returncode == 0, ran.stderr
    assert digests(to) == digests(library / "big")


# -- either side dies -------------------------------------------------------------------------------


def test_source_killed_and_started_again(tmp_path: Path, big_library: Path) -> None:
    """The copy says what it waits for, and goes on with what is missing."""
    with through_proxy(tmp_path, big_library) as (sites, proxy):
        here, there = sites.account()
        source = here.import_model(prefix="big")
        proxy.treat = slowly(0.15)
        job = there.start_copy(source, "copy")
        wait_until(lambda: len(proxy.parts) >= 2)
        sites.source.kill()
        shown = wait_until(lambda: (p := progress(there, job))["phase"] == "waiting" and p)
        assert f"Region {HOME} ({proxy.endpoint})" in shown["waitingFor"], shown
        assert shown["bytesTotal"] > 0 and shown["partsDone"] >= 1, shown
        sites.source.start()
        done = there.wait_job(job)
        assert done["status"] == "Completed", done
        assert len(proxy.parts) <= PARTS + 4  # those in flight at the kill, once more at most
        check_copy(there, "copy", big_library, tmp_path / "out")


def test_target_killed_moves_only_what_is_missing(tmp_path: Path, big_library: Path) -> None:
    with through_proxy(tmp_path, big_library) as (sites, proxy):
        here, there = sites.account()
        source = here.import_model(prefix="big")
        proxy.treat = slowly(0.15)
        job = there.start_copy(source, "copy")
        wait_until(lambda: progress(there, job)["partsDone"] >= 2)
        sites.target.kill()
        manifests = sum("/manifests/" in path for path in proxy.requests)
        sites.target.start()
        there = Account(sites.target, there.keys)
        done = there.wait_job(job)
        assert done["status"] == "Completed", done
        assert len(set(proxy.parts)) == PARTS
        assert len(proxy.parts) <= PARTS + 4
        assert manifests == 1 == sum("/manifests/" in path for path in proxy.requests)
        check_copy(there, "copy", big_library, tmp_path / "out")


def test_parts_of_a_copy_that_waits_survive_a_sweep(tmp_path: Path, big_library: Path) -> None:
    with through_proxy(tmp_path, big_library) as (sites, proxy):
        here, there = sites.account()
        source = here.import_model(prefix="big")
        tiny = there.copy(here.import_model(prefix="tiny"), "tiny")
        proxy.treat = slowly(0.1)
        job = there.start_copy(source, "copy")
        wait_until(lambda: len(proxy.parts) >= 4)
        sites.source.kill()
        wait_until(lambda: progress(there, job)["phase"] == "waiting")
        there.boto(AWAY).delete_custom_model(modelIdentifier=tiny["targetModelArn"])
        wait_until(lambda: '"copy.swept"' in sites.target.log.read_text())
        before = len(set(proxy.parts))
        sites.source.start()
        assert there.wait_job(job)["status"] == "Completed"
        assert len(proxy.parts) - before <= PARTS + 1 - before + 4
        check_copy(there, "copy", big_library, tmp_path / "out")


def test_source_that_never_comes_back_ends_the_job(tmp_path: Path, big_library: Path) -> None:
    with through_proxy(tmp_path, big_library, patience=1) as (sites, proxy):
        here, there = sites.account()
        source = here.import_model(prefix="big")
        proxy.treat = slowly(0.1)
        job = there.start_copy(source, "copy")
        wait_until(lambda: len(proxy.parts) >= 2)
        sites.source.kill()
        text = there.wait_job(job, timeout=20)["failureMessage"]
        assert f"Region {HOME} ({proxy.endpoint}) cannot be asked" in text, text
        assert "waited for 1 seconds" in text and "start again when it answers" in text, text
        sites.source.start()
        assert there.copy(source, "copy")["status"] == "Completed"  # the name is free again


def test_job_is_made_while_the_source_is_away(tmp_path: Path, big_library: Path) -> None:
    with through_proxy(tmp_path, big_library) as (sites, _):
        here, there = sites.account()
        source = here.import_model(prefix="big")
        sites.source.kill()
        job = there.start_copy(source, "copy", clientRequestToken="once")
        shown = wait_until(lambda: (p := progress(there, job))["phase"] == "waiting" and p)
        assert HOME in shown["waitingFor"], shown
        assert there.start_copy(source, "copy", clientRequestToken="once") == job
        assert "sourceModelName" not in there.boto(AWAY).get_model_copy_job(jobArn=job)
        ran = sites.target.command("job", job, keys=there.keys)
        assert ran.returncode == 0 and "InProgress" in ran.stdout, ran
        sites.source.start()
        done = there.wait_job(job)
        assert done["status"] == "Completed", done
        name = here.boto(HOME).get_custom_model(modelIdentifier=source)["modelName"]
        assert done["sourceModelName"] == name, done
        assert [job["sourceModelName"] for job in there.jobs()] == [name]
        model = there.boto(AWAY).get_custom_model(modelIdentifier="copy")
        assert model["baseModelArn"].endswith("foundation-model/imported.bert"), model
        sites.source.kill()
        assert there.start_copy(source, "copy", clientRequestToken="once") == job
        sites.source.start()


def test_waiting_copy_can_be_deleted(tmp_path: Path, big_library: Path) -> None:
    with through_proxy(tmp_path, big_library) as (sites, _):
        here, there = sites.account()
        source = here.import_model(prefix="big")
        sites.source.kill()
        job = there.start_copy(source, "copy")
        wait_until(lambda: progress(there, job)["phase"] == "waiting")
        sites.target.stop()  # it does not wait for the source
        sites.target.start()
        sites.source.start()
        there = Account(sites.target, there.keys)
        assert there.wait_job(job)["status"] == "Completed"


# -- the network ------------------------------------------------------------------------------------


def flipped(body: bytes) -> bytes:
    return bytes([body[0] ^ 1]) + body[1:]


def once(treatment: Callable[[Passed], bytes | None]) -> Callable[[Passed], bytes | None]:
    """The first try of each part is treated like that."""
    seen: set[str] = set()

    def treat(passed: Passed) -> bytes | None:
        if passed.is_part and passed.path not in seen:
            seen.add(passed.path)
            return treatment(passed)
        return passed.body

    return treat


def hang_up(passed: Passed) -> bytes | None:
    return None


def hang(passed: Passed) -> bytes:
    raise Hang(passed.head + passed.body[: len(passed.body) // 2])


@pytest.mark.parametrize(
    "treatment",
    [
        lambda passed: flipped(passed.body),
        lambda passed: passed.body[: len(passed.body) // 2],
        hang_up,
    ],
    ids=["wrong bytes", "truncated", "hung up"],
)
def test_what_happens_once_is_survived(
    tmp_path: Path, big_library: Path, treatment: Callable[[Passed], bytes | None]
) -> None:
    with through_proxy(tmp_path, big_library) as (sites, proxy):
        here, there = sites.account()
        source = here.import_model(prefix="big")
        proxy.treat = once(treatment)
        there.copy(source, "copy")
        check_copy(there, "copy", big_library, tmp_path / "out")


def test_stall_ends_the_request_and_it_is_made_again(tmp_path: Path, big_library: Path) -> None:
    with through_proxy(tmp_path, big_library, stall=1) as (sites, proxy):
        here, there = sites.account()
        source = here.import_model(prefix="big")
        stalled: list[str] = []

        def treat(passed: Passed) -> bytes:
            if passed.is_part and not stalled:
                stalled.append(passed.path)
                hang(passed)
            return passed.body

        proxy.treat = treat
        there.copy(source, "copy")
        assert stalled
        check_copy(there, "copy", big_library, tmp_path / "out")


@pytest.mark.parametrize("jobs", [16, 1])
def test_silent_peer_holds_up_nobody_else(tmp_path: Path, big_library: Path, jobs: int) -> None:
    """Its parts keep no worker, and leave two buffers; when others need more it gives way."""
    with through_proxy(tmp_path, big_library, stall=120, jobs=jobs) as (sites, proxy):
        here, there = sites.account()
        source = here.import_model(prefix="big")

        def treat(passed: Passed) -> bytes:
            """Silent until it has given way, which it does for others alone."""
            gave_way = '"copy.waiting"' in sites.target.log.read_text()
            return passed.body if gave_way or not passed.is_part else hang(passed)

        proxy.treat = treat
        job = there.start_copy(source, "copy")
        wait_until(lambda: sum("/parts/" in path for path in proxy.requests) >= 3)
        began = time.monotonic()
        ran = sites.target.command(
            "import", str(big_library / "big"), "--name", "mine", keys=there.keys, region=AWAY
        )
        assert ran.returncode == 0, ran.stderr
        assert time.monotonic() - began < 60  # half of the time until the requests are ended
        if jobs == 1:
            assert there.wait_job(job, timeout=60)["status"] == "Completed"
            check_copy(there, "copy", big_library, tmp_path / "out")


def test_questions_to_a_silent_peer_hold_up_nobody_else(tmp_path: Path, big_library: Path) -> None:
    with through_proxy(tmp_path, big_library, stall=120) as (sites, proxy):
        here, there = sites.account()
        source = here.import_model(prefix="big")

        def silence(_: Passed) -> bytes:
            raise Hang(b"")

        proxy.treat = silence
        asking = [
            threading.Thread(target=there.start_copy, args=(source, f"copy{i}")) for i in range(8)
        ]
        for thread in asking:
            thread.start()
        wait_until(lambda: len(proxy.requests) >= 4)
        ran = sites.target.command(
            "import", str(big_library / "tiny"), "--name", "mine", keys=there.keys, region=AWAY
        )
        assert ran.returncode == 0, ran.stderr
        assert any(thread.is_alive() for thread in asking)  # they wait for five seconds
        proxy.treat = pass_on
        for thread in asking:
            thread.join()


def lie_about_one(treatment: Callable[[Passed], bytes | None]) -> Callable[[Passed], bytes | None]:
    chosen: list[str] = []

    def treat(passed: Passed) -> bytes | None:
        if passed.is_part and (not chosen or passed.path == chosen[0]):
            chosen[:] = [passed.path]
            return treatment(passed)
        return passed.body

    return treat


def test_peer_that_lies_about_a_part_fails_the_job(tmp_path: Path, big_library: Path) -> None:
    with through_proxy(tmp_path, big_library) as (sites, proxy):
        here, there = sites.account()
        source = here.import_model(prefix="big")
        proxy.treat = lie_about_one(lambda passed: flipped(passed.body))
        text = failure(there, source)
        assert f"Region {HOME} ({proxy.endpoint}) sends bytes that do not have the digest" in text
        assert "of 7 (file 'model.safetensors')" in text or "of 6 (file '" in text, text
        proxy.treat = lambda passed: passed.body
        there.copy(source, "copy")
        check_copy(there, "copy", big_library, tmp_path / "out")


def test_manifest_that_is_not_the_models_fails_the_job(tmp_path: Path, big_library: Path) -> None:
    with through_proxy(tmp_path, big_library) as (sites, proxy):
        here, there = sites.account()
        source = here.import_model(prefix="tiny")

        def treat(passed: Passed) -> bytes:
            return flipped(passed.body) if "/manifests/" in passed.path else passed.body

        proxy.treat = treat
        text = failure(there, source)
        assert "the manifest of the source model could not be read" in text, text
        assert "do not have the digest" in text, text


def test_part_that_always_breaks_off_ends_the_job(tmp_path: Path, big_library: Path) -> None:
    """All others arrive: patience counts from the last byte that helped."""
    with through_proxy(tmp_path, big_library, patience=2) as (sites, proxy):
        here, there = sites.account()
        source = here.import_model(prefix="big")
        proxy.treat = lie_about_one(lambda passed: passed.body[: len(passed.body) // 2])
        text = failure(there, source, timeout=40)
        assert "cannot be asked" in text and "waited for 2 seconds" in text, text


def test_answer_that_is_none_is_waited_out(tmp_path: Path, big_library: Path) -> None:
    with through_proxy(tmp_path, big_library, patience=1) as (sites, proxy):
        here, there = sites.account()
        source = here.import_model(prefix="tiny")
        for body in (b"<html>login</html>", b"{}", b'{"modelName":"x","modelStatus":"Active"}'):

            def treat(passed: Passed, body: bytes = body) -> bytes:
                return body.ljust(len(passed.body)) if passed.status == 200 else passed.body

            proxy.treat = treat
            text = failure(there, source)
            assert "gives an answer that" in text, text


# -- rights and sources that end --------------------------------------------------------------------


def start_slow_copy(sites: Sites, proxy: Proxy, account: Account, source: str) -> str:
    proxy.treat = slowly(0.2)
    job = account.start_copy(source, unique_name())
    wait_until(lambda: len(proxy.parts) >= 1)
    return job


def test_share_revoked_half_way_ends_the_job(tmp_path: Path, big_library: Path) -> None:
    with through_proxy(tmp_path, big_library) as (sites, proxy):
        owner, _ = sites.account()
        _, guest = sites.account()
        source = owner.import_model(prefix="big")
        owner.boto(HOME).put_resource_policy(
            resourceArn=source, resourcePolicy=sharing_policy(source, guest.id)
        )
        job = start_slow_copy(sites, proxy, guest, source)
        owner.boto(HOME).delete_resource_policy(resourceArn=source)
        text = guest.wait_job(job)["failureMessage"]
        assert f"account {owner.id} no longer shares the source model" in text, text


def test_source_deleted_half_way_ends_the_job(tmp_path: Path, big_library: Path) -> None:
    with through_proxy(tmp_path, big_library) as (sites, proxy):
        here, there = sites.account()
        source = here.import_model(prefix="big")
        job = start_slow_copy(sites, proxy, there, source)
        here.boto(HOME).delete_custom_model(modelIdentifier=source)
        text = there.wait_job(job)["failureMessage"]
        assert "the source model was deleted during the copy" in text, text


def test_key_of_the_source_disabled_half_way_ends_the_job(
    tmp_path: Path, big_library: Path
) -> None:
    with through_proxy(tmp_path, big_library) as (sites, proxy):
        here, there = sites.account()
        key = here.create_kms_key(HOME)
        source = here.import_model(prefix="big", modelKmsKeyArn=key["keyArn"])
        job = start_slow_copy(sites, proxy, there, source)
        here.set_kms_key(key["keyId"], False, HOME)
        text = there.wait_job(job)["failureMessage"]
        assert "disabled" in text and HOME in text, text


def test_rot_at_the_source_ends_the_job(tmp_path: Path, big_library: Path) -> None:
    with through_proxy(tmp_path, big_library) as (sites, _):
        here, there = sites.account()
        source = here.import_model(prefix="big")
        blobs = [f for f in (sites.source.data / "regions").rglob("*") if f.is_file()]
        rotten = max(blobs, key=lambda file: file.stat().st_size)
        content = bytearray(rotten.read_bytes())
        content[len(content) // 2] ^= 1
        rotten.chmod(0o600)
        rotten.write_bytes(content)
        text = failure(there, source)
        assert "damaged there" in text or "damaged here" in text, text
        assert "outcrop check --deep" in text and HOME in text, text


# -- what the command line shows --------------------------------------------------------------------


def test_command_line_shows_what_it_waits_for(tmp_path: Path, big_library: Path) -> None:
    with through_proxy(tmp_path, big_library, patience=2) as (sites, proxy):
        here, there = sites.account()
        source = here.import_model(prefix="big")
        sites.source.kill()
        ran = sites.target.command(
            "copy", source, "--to", AWAY, "--name", "copy", "--wait", keys=there.keys
        )
        assert ran.returncode == 1, ran
        assert f"waiting Region {HOME} ({proxy.endpoint}) cannot be asked" in ran.stderr, ran.stderr
        assert "ended Failed" in ran.stderr, ran.stderr
