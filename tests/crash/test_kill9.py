"""kill -9 at 200 random moments under load.

Three clients create copy jobs and import models without pause; the server is killed; its data
folder is checked; it starts again and goes on. Promised: a job that was acknowledged is there,
once, for ever; one that was not is there once or not at all, and its token tells which; copies and
imports that were cut off go on and end well; what is Active is whole.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import subprocess
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.cloud import (
    AWAY,
    BUCKET,
    HOME,
    Cloud,
    bucket_config,
    digests,
    write_library,
    write_model,
)
from support.server import BINARY, Server
from support.wire import Answer, Keys, escape

KILLS = int(os.environ.get("OUTCROP_KILLS", "200"))
FRESH_EVERY = 10  # rounds between models with bytes that no Region holds yet
JOBS = "/model-copy-jobs"
IMPORT = "/custom-models/create-custom-model"


@dataclass
class Ledger:
    """What the clients were promised. Keyed by name; names are never used twice."""

    jobs: dict[str, str] = field(default_factory=dict)  # acknowledged: name → jobArn
    models: dict[str, str] = field(default_factory=dict)  # acknowledged: name → modelArn
    unsure: dict[str, dict[str, Any]] = field(default_factory=dict)  # sent, no answer: name → body
    lock: threading.Lock = field(default_factory=threading.Lock)


def client(server: Server, keys: Keys, ledger: Ledger, sources: list[str], seed: int) -> None:
    """Create until the server dies."""
    rng = random.Random(seed)
    away, home = server.wire(keys, AWAY), server.wire(keys, HOME)
    name = ""
    body: dict[str, Any] = {}
    try:
        while True:
            name = f"n-{uuid.uuid4()}"
            token = str(uuid.uuid4())
            if rng.random() < 0.8:
                # Mostly small sources: the fresh ones are 20 MB each.
                source = rng.choice(sources[:2] if rng.random() < 0.9 else sources)
                body = {
                    "sourceModelArn": source,
                    "targetModelName": name,
                    "clientRequestToken": token,
                }
                answer = away.call("POST", JOBS, body=body)
                promised(answer, 201, "jobArn", name, ledger.jobs, ledger)
            else:
                uri = f"s3://{BUCKET}/{rng.choice(['tiny', 'small'])}"
                body = {
                    "modelName": name,
                    "modelSourceConfig": {"s3DataSource": {"s3Uri": uri}},
                    "clientRequestToken": token,
                }
                answer = home.call("POST", IMPORT, body=body)
                promised(answer, 202, "modelArn", name, ledger.models, ledger)
            time.sleep(rng.random() * 0.01)
    except (OSError, http.client.HTTPException):
        with ledger.lock:
            if name not in ledger.jobs and name not in ledger.models:
                ledger.unsure[name] = body
    finally:
        away.close()
        home.close()


def promised(
    answer: Answer, status: int, member: str, name: str, kept: dict[str, str], ledger: Ledger
) -> None:
    assert answer.status == status, answer
    with ledger.lock:
        kept[name] = answer.json[member]


def check(server: Server, *options: str) -> None:
    ran = subprocess.run(
        [str(BINARY), "check", "--data", str(server.data), *options],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, f"outcrop check: {ran.stdout}{ran.stderr}\n{server.tail(10)}"


def walk(server: Server, keys: Keys, path: str, member: str, region: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    parameters = [("maxResults", "1000")]
    with server.wire(keys, region) as wire:
        while True:
            answer = wire.call("GET", path, parameters)
            assert answer.status == 200, answer
            found += answer.json[member]
            if "nextToken" not in answer.json:
                return found
            parameters = [("maxResults", "1000"), ("nextToken", answer.json["nextToken"])]


def check_promises(server: Server, keys: Keys, ledger: Ledger) -> None:
    """No acknowledged job or model is missing, and none is there twice."""
    jobs = walk(server, keys, JOBS, "modelCopyJobSummaries", AWAY)
    names = [job["targetModelName"] for job in jobs]
    assert len(names) == len(set(names)), "a job is there twice"
    found = {job["targetModelName"]: job["jobArn"] for job in jobs}
    for name, arn in ledger.jobs.items():
        assert found.get(name) == arn, f"acknowledged job {name} is lost"
    sent = set(ledger.jobs) | set(ledger.unsure)
    assert set(names) <= sent, "a job that nobody asked for"
    models = walk(server, keys, "/custom-models", "modelSummaries", HOME)
    here = {model["modelName"]: model["modelArn"] for model in models}
    assert len(here) == len(models), "a model is there twice"
    for name, arn in ledger.models.items():
        assert here.get(name) == arn, f"acknowledged model {name} is lost"


def repeat_unsure(server: Server, keys: Keys, ledger: Ledger) -> None:
    """A client that got no answer sends again, with its token: then it is there, once."""
    for name, body in list(ledger.unsure.items()):
        job = "sourceModelArn" in body
        with server.wire(keys, AWAY if job else HOME) as wire:
            answer = wire.call("POST", JOBS if job else IMPORT, body=body)
        if job:
            promised(answer, 201, "jobArn", name, ledger.jobs, ledger)
        else:
            promised(answer, 202, "modelArn", name, ledger.models, ledger)
        del ledger.unsure[name]


def wait_until_settled(server: Server, keys: Keys) -> None:
    deadline = time.monotonic() + 120
    running = [(AWAY, JOBS, "statusEquals", "InProgress", "modelCopyJobSummaries")]
    running += [
        (region, "/custom-models", "modelStatus", "Creating", "modelSummaries")
        for region in (HOME, AWAY)
    ]
    for region, path, name, value, member in running:
        with server.wire(keys, region) as wire:
            while wire.call("GET", path, [(name, value), ("maxResults", "1")]).json[member]:
                assert time.monotonic() < deadline, "what was cut off does not go on"
                time.sleep(0.05)


@pytest.mark.timeout(400 + 4 * KILLS)
def test_kill_9_loses_and_doubles_nothing(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    library = tmp_path / "models"
    write_library(library)
    server = Server(tmp_path / "server", bucket_config(library)).start()
    account = Cloud(server).account()
    keys = account.keys
    sources = [account.import_model("n-first"), account.import_model("n-small", "small")]
    ledger = Ledger()
    ledger.models = {"n-first": sources[0], "n-small": sources[1]}
    fresh: dict[str, str] = {}  # name → prefix
    try:
        for round_number in range(KILLS):
            if round_number % FRESH_EVERY == 0:
                add_fresh_model(library, server, keys, ledger, fresh, rng)
            threads = [
                threading.Thread(
                    target=client, args=(server, keys, ledger, sources, rng.randrange(1 << 32))
                )
                for _ in range(3)
            ]
            for thread in threads:
                thread.start()
            time.sleep(rng.random() ** 2 * 0.25)
            server.kill()
            for thread in threads:
                thread.join()
            check(server)
            server.start()
            if round_number % 8 == 0:
                check_promises(server, keys, ledger)
                repeat_unsure(server, keys, ledger)
            sources = more_sources(server, keys, ledger, sources, rng)
        repeat_unsure(server, keys, ledger)
        wait_until_settled(server, keys)
        check_promises(server, keys, ledger)
        check_ends(server, keys, ledger)
        check_bytes(server, keys, ledger, fresh, library, tmp_path)
        assert server.stop() == 0
        check(server, "--deep")
        assert len(ledger.jobs) >= KILLS, "the load was too thin to mean anything"
        print(f"{KILLS} kills, {len(ledger.jobs)} jobs, {len(ledger.models)} models")
    finally:
        server.kill()


def add_fresh_model(
    library: Path,
    server: Server,
    keys: Keys,
    ledger: Ledger,
    fresh: dict[str, str],
    rng: random.Random,
) -> None:
    """Register a model of 20 MB that no Region holds, so that the next kills meet moving bytes."""
    name = f"n-fresh-{len(fresh)}"
    write_model(library / name, {"w.bin": rng.randbytes(20 << 20), "v.bin": rng.randbytes(100)})
    body = {
        "modelName": name,
        "modelSourceConfig": {"s3DataSource": {"s3Uri": f"s3://{BUCKET}/{name}"}},
    }
    with server.wire(keys, HOME) as wire:
        promised(wire.call("POST", IMPORT, body=body), 202, "modelArn", name, ledger.models, ledger)
    fresh[name] = name


def more_sources(
    server: Server, keys: Keys, ledger: Ledger, sources: list[str], rng: random.Random
) -> list[str]:
    """A fresh model becomes a source as soon as it is Active."""
    with server.wire(keys, HOME) as wire:
        for name, arn in ledger.models.items():
            if name.startswith("n-fresh") and arn not in sources:
                shown = wire.call("GET", "/custom-models/" + escape(arn)).json
                if shown["modelStatus"] == "Active":
                    return [*sources[:2], *sources[2:][-3:], arn]
    return sources


def check_ends(server: Server, keys: Keys, ledger: Ledger) -> None:
    """Every job is Completed and its target Active; every import is Active."""
    jobs = walk(server, keys, JOBS, "modelCopyJobSummaries", AWAY)
    failed = [job for job in jobs if job["status"] != "Completed"]
    assert not failed, json.dumps(failed[:3])
    assert len(jobs) == len(ledger.jobs)
    for region in (HOME, AWAY):
        models = walk(server, keys, "/custom-models", "modelSummaries", region)
        bad = [model for model in models if model["modelStatus"] != "Active"]
        assert not bad, json.dumps(bad[:3])
    targets = {model["modelArn"] for model in models}
    assert {job["targetModelArn"] for job in jobs} == targets


def check_bytes(
    server: Server,
    keys: Keys,
    ledger: Ledger,
    fresh: dict[str, str],
    library: Path,
    tmp_path: Path,
) -> None:
    """Copies of the fresh models, which kills cut off, are byte-identical."""
    jobs = walk(server, keys, JOBS, "modelCopyJobSummaries", AWAY)
    checked = 0
    for name, prefix in fresh.items():
        copies = [job for job in jobs if job["sourceModelArn"] == ledger.models[name]]
        for job in copies[:1]:
            out = tmp_path / f"out-{checked}"
            ran = server.command("pull", job["targetModelArn"], str(out), keys=keys, region=AWAY)
            assert ran.returncode == 0, ran.stderr
            assert digests(out) == digests(library / prefix)
            checked += 1
    assert checked >= min(3, KILLS // FRESH_EVERY)
