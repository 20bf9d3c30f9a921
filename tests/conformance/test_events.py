"""Events: in the commit of what they tell, in order, signed, at least once, from any cursor on."""

from __future__ import annotations

import json
import re
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.blobs import blobs, flip_a_bit
from support.clock import Clock
from support.cloud import AWAY, HOME, THIRD, Account, Cloud, bucket_config
from support.server import Server, ServerError
from support.tls import make_certificate
from support.webhooks import Receiver
from support.wire import Answer, escape

STILL = "[scrub]\nrate = 0\n"


def ask(account: Account, after: str | None = None, size: int | None = None) -> Answer:
    query = [("after", after)] if after is not None else []
    query += [("maxResults", str(size))] if size else []
    with account.wire() as wire:
        return wire.call("GET", "/-/events", query=query)


def listed(account: Account, after: str | None = None) -> list[dict[str, Any]]:
    """All events from a cursor on."""
    found: list[dict[str, Any]] = []
    while True:
        answer = ask(account, after, 7)
        assert answer.status == 200, answer
        page = answer.json
        found += page["events"]
        if page["cursor"] == after:
            return found
        after = page["cursor"]


@pytest.fixture
def hook(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path) as receiver:
        yield receiver


@pytest.fixture
def watched(tmp_path: Path, library: Path, hook: Receiver) -> Iterator[Server]:
    with Server(tmp_path / "server", bucket_config(library) + STILL + hook.config()) as server:
        yield server


def test_a_copy_is_told_in_eventbridges_envelope(watched: Server, hook: Receiver) -> None:
    owner = Cloud(watched).account()
    source = owner.import_model()
    job = owner.copy(source, "copied")
    first, second = hook.wait(2)
    assert hook.statuses() == [(job["jobArn"].split("/")[-1], s) for s in ("InProgress", "Completed")]
    for event in (first, second):
        assert set(event) == {
            *("version", "id", "detail-type", "source", "account", "time", "region"),
            *("resources", "detail"),
        }
        assert event["version"] == "0"
        assert event["detail-type"] == "Model Copy Job State Change"
        assert event["source"] == "aws.bedrock"
        assert (event["account"], event["region"]) == (owner.id, AWAY)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["time"])
        assert event["resources"] == [job["jobArn"], job["targetModelArn"]]
        detail = event["detail"]
        assert detail["jobArn"] == job["jobArn"]
        assert detail["sourceModelArn"] == source
        assert detail["targetModelArn"] == job["targetModelArn"]
        assert detail["targetModelName"] == "copied"
        assert detail["creationTime"][:19] == job["creationTime"].isoformat()[:19]
        assert "failureMessage" not in detail
    assert hook.ids == [first["id"], second["id"]]
    assert len({uuid.UUID(event["id"]) for event in (first, second)}) == 2
    assert listed(owner) == [first, second], "what is sent is what is listed"


def test_a_failure_brings_its_message(watched: Server, hook: Receiver) -> None:
    owner = Cloud(watched).account()
    job = owner.wait_job(owner.start_copy(owner.failing_source()))
    assert [status for _, status in (hook.wait(2), hook.statuses())[1]] == ["InProgress", "Failed"]
    assert hook.events[1]["detail"]["failureMessage"] == job["failureMessage"]


def test_a_receiver_that_fails_gets_every_event_in_order(watched: Server, hook: Receiver) -> None:
    hook.answer = lambda attempt: 200 if attempt % 3 == 0 else 500 if attempt % 3 == 1 else 429
    owner = Cloud(watched).account()
    source = owner.import_model()
    jobs = [owner.copy(source)["jobArn"].split("/")[-1] for _ in range(3)]
    hook.wait(6)
    assert hook.statuses() == [(job, s) for job in jobs for s in ("InProgress", "Completed")]
    assert hook.attempts == 18


def test_a_dead_and_a_slow_one_hold_up_nobody(tmp_path: Path, library: Path) -> None:
    dead, slow, good = (Receiver(tmp_path, name) for name in ("dead", "slow", "good"))
    with dead, slow, good:
        dead.stop()
        slow.delay = 30
        config = bucket_config(library) + STILL + dead.config() + slow.config() + good.config()
        with Server(tmp_path / "server", config) as server:
            owner = Cloud(server).account()
            source = owner.import_model()
            begun = time.monotonic()
            for _ in range(5):
                owner.copy(source)
            good.wait(10, timeout=10)
            assert time.monotonic() - begun < 10
            begun = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - begun < 10, "a slow webhook holds up the stop"


def test_it_goes_on_where_it_was_after_kill_and_downtime(
    watched: Server, hook: Receiver, library: Path
) -> None:
    cloud = Cloud(watched)
    owner = cloud.account()
    source = owner.import_model()
    owner.copy(source)
    hook.wait(2)
    hook.stop()
    for _ in range(4):
        owner.copy(source)
    watched.kill()
    hook.start()
    watched.start()
    owner._clients.clear()
    owner.copy(source)
    deadline = time.monotonic() + 20
    while len(set(hook.ids)) < 12:
        assert time.monotonic() < deadline, hook.statuses()
        time.sleep(0.02)
    told = [event["id"] for event in listed(owner)]
    assert list(dict.fromkeys(hook.ids)) == told, "some are sent twice, none is left out or late"
    assert len(hook.ids) <= 16


def test_accounts_and_regions_choose(tmp_path: Path, library: Path) -> None:
    every, some = Receiver(tmp_path, "every"), Receiver(tmp_path, "some")
    with every, some:
        config = (
            bucket_config(library)
            + STILL
            + every.config()
            + some.config(f"accounts = 111111111111 222222222222\nregions = {THIRD}\n")
        )
        with Server(tmp_path / "server", config) as server:
            cloud = Cloud(server)
            server.add_account("222222222222")
            chosen, other = cloud.user("222222222222"), cloud.account()
            wanted = []
            for owner in (chosen, other):
                source = owner.import_model()
                for region in (AWAY, THIRD):
                    job = owner.copy(source, region=region)
                    if owner is chosen and region == THIRD:
                        wanted.append(job["jobArn"].split("/")[-1])
            every.wait(8)
            some.wait(2)
            assert some.statuses() == [(wanted[0], "InProgress"), (wanted[0], "Completed")]


def test_over_https_and_two_secrets(tmp_path: Path, library: Path) -> None:
    hook = Receiver(tmp_path, certificate=make_certificate(tmp_path))
    with hook:
        # The first one is the new one; the receiver still knows the old one only.
        hook.secret_file.write_text("whsec_" + "A" * 43 + "=\n" + hook.secret + "\n")
        with Server(tmp_path / "server", bucket_config(library) + STILL + hook.config()) as server:
            owner = Cloud(server).account()
            owner.copy(owner.import_model())
            hook.wait(2)


def test_an_untrusted_receiver_gets_nothing(tmp_path: Path, library: Path) -> None:
    """Neither by the system's certificates nor by a bundle with another one; with its own it gets
    all that it has missed."""
    other = tmp_path / "other"
    other.mkdir()
    trusted, untrusted = make_certificate(tmp_path), make_certificate(other)
    with Receiver(tmp_path, certificate=trusted) as hook:
        config = bucket_config(library) + STILL + hook.config()
        bundle = f"ca-bundle = {trusted.file}\n"
        server = Server(tmp_path / "server", config.replace(bundle, ""))
        for without in (config.replace(bundle, f"ca-bundle = {untrusted.file}\n"), config):
            with server:
                owner = Cloud(server).account()
                owner.copy(owner.import_model())
                deadline = time.monotonic() + 20
                while "no trusted TLS connection" not in server.log.read_text():
                    assert time.monotonic() < deadline, server.tail()
                    time.sleep(0.01)
            assert "`ca-bundle` of that webhook" in server.log.read_text()
            assert hook.attempts == 0
            server.log.unlink()
            server.config.write_text(without)
        with server:
            hook.wait(4)


# -- reading them ----------------------------------------------------------------------------------


def test_only_ones_own_and_in_order(account: Account, cloud: Cloud) -> None:
    other = cloud.account()
    source = account.import_model()
    theirs = other.import_model()
    jobs = []
    for _ in range(5):
        jobs.append(account.copy(source)["jobArn"])
        other.copy(theirs)
    found = listed(account)
    assert [event["resources"][0] for event in found] == [job for job in jobs for _ in (0, 1)]
    assert {event["account"] for event in found} == {account.id}
    assert len({event["id"] for event in found}) == 10
    middle = ask(account, None, 4).json
    assert len(middle["events"]) == 4
    assert not middle["gap"]
    assert listed(account, middle["cursor"]) == found[4:]
    end = ask(account, None, 1000).json["cursor"]
    assert ask(account, end).json["events"] == []
    assert ask(account, end).json["cursor"] == end


def test_cursors_are_sealed(account: Account, cloud: Cloud) -> None:
    cursor = ask(account).json["cursor"]
    assert ask(account, cursor).status == 200
    for bad in ("", "x", cursor[:-1], cursor[:-2] + "AA", cursor + "A"):
        assert ask(account, bad).status == 400, bad
    answer = ask(cloud.account(), cursor)
    assert (answer.status, answer.error) == (400, "ValidationException")


def test_the_events_need_a_permission(cloud: Cloud) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "bedrock:*", "Resource": "*"}],
    }
    assert ask(cloud.user("000000000000", policy)).status == 403


def test_old_ones_go_and_a_gap_is_told(tmp_path: Path, library: Path) -> None:
    config = bucket_config(library) + STILL + "[events]\nkeep = 2s\n"
    with Server(tmp_path, config) as server:
        owner = Cloud(server).account()
        source = owner.import_model()
        owner.copy(source)
        first = ask(owner, None, 1).json["cursor"]
        assert len(listed(owner)) == 2
        for _ in range(2):
            owner.copy(source)
        deadline = time.monotonic() + 20
        while len(listed(owner)) > 1:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert ask(owner, first).json["gap"]
        # The numbers go on, so that no cursor comes to mean another event.
        last = ask(owner).json["cursor"]
        server.stop()
        server.start()
        owner._clients.clear()
        owner.copy(source)
        assert len(listed(owner, last)) == 2


def test_a_clock_that_jumps_makes_none_old(tmp_path: Path, library: Path) -> None:
    clock = Clock(tmp_path)
    config = bucket_config(library) + STILL + "[events]\nkeep = 100s\n"  # looked at each second
    with Server(tmp_path, config, environment=clock.environment) as server:
        owner = Cloud(server).account()
        source = owner.import_model()
        for _ in range(2):
            owner.copy(source)
        time.sleep(1.2)
        clock.jump(315_360_000)
        time.sleep(2.2)
        clock.jump(0)
        assert len(listed(owner)) == 4


def test_none_are_made_when_nobody_wants_them(tmp_path: Path, library: Path) -> None:
    config = bucket_config(library) + STILL + "[events]\nkeep = 0\n"
    with Server(tmp_path, config) as server:
        owner = Cloud(server).account()
        owner.copy(owner.import_model())
        assert ask(owner).json["events"] == []


def test_rot_and_repair_are_told(watched: Server, hook: Receiver) -> None:
    owner = Cloud(watched).account()
    model = owner.import_model(prefix="parts")

    def verify() -> None:
        path = f"/-/models/{escape(model)}/verification"
        with owner.wire() as wire:
            wire.call("POST", path)
            while wire.call("GET", path).json["status"] == "InProgress":
                time.sleep(0.01)

    flip_a_bit(blobs(watched, HOME)[0])
    verify()
    verify()
    (damaged,) = hook.wait(1)
    assert damaged["detail-type"] == "Model Integrity State Change"
    assert damaged["source"] == "outcrop"
    assert damaged["resources"] == [model]
    assert damaged["detail"]["status"] == "Damaged"
    assert HOME in damaged["detail"]["problem"]
    owner.import_model(prefix="parts")
    owner.copy(model)
    hook.wait(3)
    flip_a_bit(blobs(watched, HOME)[0])
    verify()
    events = hook.wait(4)
    assert {event["detail"]["status"] for event in events[3:]} == {"Repaired"}
    assert any(event["resources"] == [model] for event in events[3:])


def test_the_command(server: Server, account: Account) -> None:
    job = account.copy(account.import_model(), "told")
    shown = server.command("events", keys=account.keys)
    assert shown.returncode == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert [line.split()[1] for line in lines] == ["InProgress", "Completed"]
    assert all(AWAY in line and "told" in line and job["jobArn"] in line for line in lines)
    cursor = re.search(r"--after (\S+)", shown.stderr)
    assert cursor
    again = server.command("events", "--after", cursor[1], keys=account.keys)
    assert (again.returncode, again.stdout) == (0, "")
    as_json = server.command("events", "-o", "jsonl", keys=account.keys)
    assert [json.loads(line)["detail"]["status"] for line in as_json.stdout.splitlines()] == [
        "InProgress",
        "Completed",
    ]
    assert server.command("events", "--after", "nonsense", keys=account.keys).returncode == 1


def test_the_command_follows(server: Server, account: Account) -> None:
    environment = {
        "AWS_ENDPOINT_URL_BEDROCK": server.endpoint,
        "AWS_REGION": HOME,
        "AWS_ACCESS_KEY_ID": account.keys.access_key,
        "AWS_SECRET_ACCESS_KEY": account.keys.secret,
    }
    with subprocess.Popen(
        [str(server.binary), "events", "--follow", "-o", "jsonl"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as follower:
        assert follower.stdout
        job = account.copy(account.import_model())
        try:
            for status in ("InProgress", "Completed"):
                event = json.loads(follower.stdout.readline())
                assert event["detail"]["status"] == status
                assert event["resources"][0] == job["jobArn"]
        finally:
            follower.terminate()


# -- settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "secret", "says"),
    [
        ("url = ftp://x/\n", None, "https://"),
        ("url = http://127.0.0.1:9/\n", None, "secret-file is missing"),
        ("secret-file = {file}\n", "whsec_" + "A" * 43 + "=", "url is missing"),
        ("url = http://127.0.0.1:9/\nsecret-file = {file}\n", "password", "whsec_"),
        ("url = http://127.0.0.1:9/\nsecret-file = {file}\n", "whsec_QQ==", "24 to 64 bytes"),
        ("url = http://127.0.0.1:9/\nsecret-file = {file}\n", "\n\n", "no secret"),
        ("url = http://127.0.0.1:9/\nsecret-file = /no/such/file\n", None, "/no/such/file"),
        ("url = http://127.0.0.1:9/\ncolour = red\n", None, "no such setting"),
    ],
)
def test_a_wrong_webhook_is_refused(
    tmp_path: Path, section: str, secret: str | None, says: str
) -> None:
    file = tmp_path / "secret"
    if secret is not None:
        file.write_text(secret)
    server = Server(tmp_path, "[webhook w]\n" + section.format(file=file))
    with pytest.raises(ServerError):
        server.start()
    text = server.log.read_text()
    assert says in text
    assert "[webhook w]" in text
    assert "password" not in text
