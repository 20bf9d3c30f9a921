"""What survives a restart, how a server starts and ends, and a store that fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cloud import AWAY, HOME, Cloud, bucket_config, digests
from support.server import BINARY, Server


@pytest.fixture
def own(tmp_path: Path, library: Path) -> Iterator[Server]:
    server = Server(tmp_path / "server", bucket_config(library)).start()
    yield server
    server.kill()


def test_everything_survives_a_restart(own: Server, library: Path, tmp_path: Path) -> None:
    cloud = Cloud(own)
    account = cloud.account()
    source = account.import_model(prefix="small", modelTags=[{"key": "a", "value": "b"}])
    jobs = [account.start_copy(source, f"copy-{number}") for number in range(5)]
    for job in jobs:
        account.wait_job(job)
    before = account.jobs()
    token = account.boto(AWAY).list_model_copy_jobs(maxResults=2)["nextToken"]

    assert own.stop() == 0, "SIGTERM ends the server cleanly"
    own.start()
    again = cloud.user(account.id)  # a new client: the address is another
    again.keys = account.keys
    assert again.jobs() == before
    page = again.boto(AWAY).list_model_copy_jobs(nextToken=token)
    assert [job["jobArn"] for job in page["modelCopyJobSummaries"]] == jobs[2::-1]
    assert again.boto(HOME).list_tags_for_resource(resourceARN=source)["tags"]
    out = tmp_path / "out"
    target = before[0]["targetModelArn"]
    pulled = own.command("pull", target, str(out), keys=account.keys, region=AWAY)
    assert pulled.returncode == 0, pulled.stderr
    assert digests(out) == digests(library / "small")


def test_admins_key_is_made_once(own: Server) -> None:
    first = own.admin_keys()
    own.stop()
    own.start()
    assert own.admin_keys() == first
    own.admin("GET", "/-/whoami")


def test_a_lost_master_key_is_not_replaced_by_a_new_one(own: Server) -> None:
    """A new key would open nothing that is there: say so, and leave everything as it is."""
    own.stop()
    master = own.data / "master.key"
    kept = master.read_bytes()
    master.unlink()
    for arguments in (["serve", "--listen", "127.0.0.1:0"], ["check"]):
        ran = subprocess.run(
            [str(BINARY), arguments[0], "--data", str(own.data), *arguments[1:]],
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert ran.returncode == 1, ran.stdout
        assert "OUTCROP_MASTER_KEY" in ran.stderr and "master.key" in ran.stderr, ran.stderr
        assert not master.exists()
    own.environment = {"OUTCROP_MASTER_KEY": kept.decode().strip()}
    own.start()
    own.admin("GET", "/-/whoami")


def test_sigint_ends_the_server_cleanly(own: Server) -> None:
    process = own.process
    assert process
    process.send_signal(signal.SIGINT)
    assert process.wait(15) == 0


def test_check_finds_nothing_in_a_sound_store(own: Server) -> None:
    account = Cloud(own).account()
    account.copy(account.import_model(prefix="small"))
    own.stop()
    ran = subprocess.run(
        [str(BINARY), "check", "--data", str(own.data)], capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_check_finds_a_flipped_bit_in_a_blob(own: Server, library: Path) -> None:
    account = Cloud(own).account()
    account.import_model(prefix="parts")
    own.stop()
    largest = max(
        (file for file in own.data.rglob("*") if file.is_file() and "store" not in file.parts),
        key=lambda file: file.stat().st_size if file.suffix != ".mdb" else 0,
    )
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.chmod(0o600)
    largest.write_bytes(content)
    ran = subprocess.run(
        [str(BINARY), "check", "--data", str(own.data), "--deep"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode != 0, "a flipped bit is found"
    assert ran.stdout + ran.stderr


def test_flipped_bit_is_never_copied(own: Server) -> None:
    """Rot at rest: the copy ends Failed and says so; a wrong byte never becomes a model."""
    account = Cloud(own).account()
    source = account.import_model(prefix="parts")
    blobs = sorted(
        (file for file in own.data.rglob("*") if file.is_file() and file.suffix != ".mdb"),
        key=lambda file: file.stat().st_size,
    )
    content = bytearray(blobs[-1].read_bytes())
    content[len(content) // 2] ^= 1
    blobs[-1].chmod(0o600)
    blobs[-1].write_bytes(content)
    job = account.wait_job(account.start_copy(source))
    assert job["status"] == "Failed"
    assert job["failureMessage"]


def test_two_servers_cannot_share_a_data_folder(own: Server, tmp_path: Path) -> None:
    ran = subprocess.run(
        [str(BINARY), "serve", "--data", str(own.data), "--listen", "127.0.0.1:0"],
        capture_output=True,
        text=True,
        timeout=15,
    )
    assert ran.returncode != 0
    assert ran.stderr.strip()
    own.admin("GET", "/-/whoami")


@pytest.mark.parametrize(
    "config",
    [
        "[server]\nlisten = nowhere:at:all\n",
        "[server]\nvalidation = sometimes\n",
        "[surprise]\nx = 1\n",
        "[server]\nsurprise = 1\n",
        "[bucket models]\npath = /does/not/exist/anywhere\nmore = 1\n",
        "[throttle]\nrate = many\n",
        "no section\n",
    ],
)
def test_a_wrong_configuration_is_refused_with_a_reason(tmp_path: Path, config: str) -> None:
    file = tmp_path / "outcrop.conf"
    file.write_text(config)
    ran = subprocess.run(
        [str(BINARY), "serve", "--data", str(tmp_path / "data"), "--config", str(file)],
        capture_output=True,
        text=True,
        timeout=15,
    )
    assert ran.returncode != 0
    assert str(file) in ran.stderr or "outcrop.conf" in ran.stderr, ran.stderr
    assert not (tmp_path / "data" / "credentials").exists()


def test_what_the_first_start_prints_works_when_pasted(tmp_path: Path) -> None:
    """For people: the lines to export and a command to try, run as they are by a shell."""
    process = subprocess.Popen(
        [str(BINARY), "serve", "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout
        text = ""
        while "list-model-copy-jobs" not in text:
            line = process.stdout.readline()
            assert line, text
            text += line
        pasted = text[text.index("  export ") :]
        environment = {name: v for name, v in os.environ.items() if not name.startswith("AWS_")}
        environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
        ran = subprocess.run(
            ["bash", "-ec", pasted], env=environment, capture_output=True, text=True, timeout=60
        )
    finally:
        process.terminate()
        process.communicate(timeout=15)
    assert ran.returncode == 0, f"{pasted}\n{ran.stderr}"
    assert json.loads(ran.stdout) == {"modelCopyJobSummaries": []}
    for word in ("AWS_ENDPOINT_URL_BEDROCK", "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION"):
        assert f"export {word}=" in text, text


def test_log_has_a_json_line_per_request(own: Server) -> None:
    account = Cloud(own).account()
    with account.wire(AWAY) as wire:
        answer = wire.call("GET", "/model-copy-jobs")
        wire.call("GET", "/model-copy-jobs", [("maxResults", "0")])
    own.stop()
    lines = [json.loads(line) for line in own.log.read_text().splitlines()]
    wanted = answer.headers["x-amzn-requestid"]
    found = [line for line in lines if wanted in line.values()]
    assert len(found) == 1, "one line for each request"
    text = json.dumps(found[0])
    assert "ListModelCopyJobs" in text and account.id in text and "200" in text
    assert account.keys.secret not in own.log.read_text()


def test_store_that_cannot_commit_keeps_serving_reads(tmp_path: Path, library: Path) -> None:
    """The store is made to fail from its first commit on, after a good first run."""
    folder = tmp_path / "server"
    with Server(folder, bucket_config(library)) as server:
        account = Cloud(server).account()
        source = account.import_model()
        account.copy(source, "before")
    broken = Server(
        folder, bucket_config(library), environment={"OUTCROP_FAULT": "lmdb_commit:1:always"}
    ).start()
    try:
        with broken.wire(account.keys, AWAY) as wire:
            body = {"sourceModelArn": source, "targetModelName": "after"}
            answer = wire.call("POST", "/model-copy-jobs", body=body)
            assert (answer.status, answer.error) == (500, "InternalServerException"), answer
            listed = wire.call("GET", "/model-copy-jobs")
            names = [job["targetModelName"] for job in listed.json["modelCopyJobSummaries"]]
            assert names == ["before"]
    finally:
        broken.kill()
    with Server(folder, bucket_config(library)) as server, server.wire(account.keys, AWAY) as wire:
        listed = wire.call("GET", "/model-copy-jobs")
        assert len(listed.json["modelCopyJobSummaries"]) == 1, "what was refused is not there"


def test_lenient_mode_lets_awss_own_examples_reach_the_404(tmp_path: Path) -> None:
    example = (
        "arn:aws:bedrock:us-east-1:{}:custom-model/amazon.titan-text-lite-v1:0:4k/MyCustomModel"
    )
    job = "arn:aws:bedrock:us-west-2:{}:model-copy-job/amazon.titan-text-lite-v1:0:4k/abcdef123456"
    with Server(tmp_path / "server", "[server]\nvalidation = lenient\n") as server:
        account = Cloud(server).account()
        with account.wire(AWAY) as wire:
            body = {"sourceModelArn": example.format(account.id), "targetModelName": "copy"}
            created = wire.call("POST", "/model-copy-jobs", body=body)
            shown = wire.call("GET", "/model-copy-jobs/" + job.format(account.id))
            name = wire.call("POST", "/model-copy-jobs", body={**body, "targetModelName": "a b"})
            other = wire.call("GET", "/model-copy-jobs/arn:aws:s3:::bucket")
    for answer in (created, shown):
        assert (answer.status, answer.error) == (404, "ResourceNotFoundException"), answer
    assert name.error == other.error == "ValidationException", "names and services stay strict"
