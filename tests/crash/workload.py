"""Work that changes something at every step, and what each acknowledged step promises.

Shared by the tests that end a server at a bad moment: they let it work, end it, start another on
what is left, and hold it to the promises.
"""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from support.cloud import AWAY, BUCKET, HOME, write_model
from support.server import BINARY, Server
from support.wire import Keys, Wire, escape

REGIONS = (HOME, AWAY)


@dataclass
class Promise:
    """What holds once the step at `since` was acknowledged."""

    since: int
    about: str
    holds: Callable[[Wire, Wire], bool]


def wait_for(what: str, done: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.004)


def job_status(wire: Wire, arn: str) -> str:
    return str(wire.call("GET", "/model-copy-jobs/" + escape(arn)).json["status"])


def model_status(wire: Wire, arn: str) -> str | None:
    answer = wire.call("GET", "/custom-models/" + escape(arn))
    return str(answer.json["modelStatus"]) if answer.status == 200 else None


class Workload:
    """Calls of every kind that changes something, each followed by its promise."""

    def __init__(self, server: Server, keys: Keys, position: Callable[[], int]) -> None:
        """`position` tells how far things are whenever a step was acknowledged."""
        self.home, self.away = server.wire(keys, HOME), server.wire(keys, AWAY)
        self.position = position
        self.promises: list[Promise] = []

    def promise(self, about: str, holds: Callable[[Wire, Wire], bool]) -> None:
        self.promises.append(Promise(self.position(), about, holds))

    def must(self, wire: Wire, method: str, path: str, body: Any = None) -> Any:
        answer = wire.call(method, path, body=body)
        assert answer.status // 100 == 2, answer
        return answer.json if answer.body else {}

    def copy(self, source: str, name: str, **more: Any) -> tuple[str, str]:
        body = {"sourceModelArn": source, "targetModelName": name, **more}
        job = self.must(self.away, "POST", "/model-copy-jobs", body)["jobArn"]
        self.promise(f"job {name} is there", lambda home, away: job_status(away, job) != "Failed")
        wait_for(name, lambda: job_status(self.away, job) == "Completed")
        self.promise(
            f"job {name} has ended", lambda home, away: job_status(away, job) == "Completed"
        )
        shown = self.must(self.away, "GET", "/model-copy-jobs/" + escape(job))
        return job, shown["targetModelArn"]

    def import_model(self, prefix: str, name: str) -> str:
        body = {
            "modelName": name,
            "modelSourceConfig": {"s3DataSource": {"s3Uri": f"s3://{BUCKET}/{prefix}"}},
        }
        path = "/custom-models/create-custom-model"
        arn = str(self.must(self.home, "POST", path, body)["modelArn"])
        self.promise(
            f"model {name} is there", lambda home, away: model_status(home, arn) != "Failed"
        )
        wait_for(name, lambda: model_status(self.home, arn) == "Active")
        self.promise(
            f"model {name} is Active", lambda home, away: model_status(home, arn) == "Active"
        )
        return arn

    def delete_model(self, arn: str) -> None:
        self.must(self.away, "DELETE", "/custom-models/" + escape(arn))
        self.promise("a model stays deleted", lambda home, away: model_status(away, arn) is None)

    def tag(self, arn: str) -> None:
        self.must(
            self.away,
            "POST",
            "/tagResource",
            {"resourceARN": arn, "tags": [{"key": "stage", "value": "done"}]},
        )

        def is_tagged(home: Wire, away: Wire) -> bool:
            if model_status(away, arn) is None:  # deleted later
                return True
            return bool(
                away.call("POST", "/listTagsForResource", body={"resourceARN": arn}).json["tags"]
            )

        self.promise("a tag is there", is_tagged)

    def kms_key(self) -> str:
        made = self.must(self.away, "POST", "/-/kms/keys", {"description": "power"})
        return str(made["keyArn"])

    def run(self) -> None:
        sources = {name: self.import_model(name, "source-" + name) for name in ("tiny", "parts")}
        _, target = self.copy(sources["tiny"], "first")
        self.tag(target)
        self.copy(sources["parts"], "parts")
        self.import_model("small", "small")
        self.copy(sources["parts"], "under-a-key", modelKmsKeyId=self.kms_key())
        self.delete_model(target)
        self.copy(sources["tiny"], "again")
        time.sleep(0.1)  # the sweep after the deletion
        self.home.close()
        self.away.close()


def check(server: Server, *options: str) -> None:
    """`outcrop check` is content with the data folder."""
    ran = subprocess.run(
        [str(BINARY), "check", "--data", str(server.data), *options],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, f"outcrop check {options}: {ran.stdout}{ran.stderr}"


def is_idle(wire: Wire, path: str, name: str, value: str, member: str) -> bool:
    return not wire.call("GET", path, [(name, value), ("maxResults", "1")]).json[member]


def settle(home: Wire, away: Wire) -> None:
    """What was cut off goes on by itself and ends well."""
    jobs = ("/model-copy-jobs", "statusEquals", "InProgress", "modelCopyJobSummaries")
    models = ("/custom-models", "modelStatus", "Creating", "modelSummaries")
    for wire, what in ((away, jobs), (away, models), (home, models)):
        wait_for(what[0], partial(is_idle, wire, *what))
    failed = away.call("GET", "/model-copy-jobs", [("statusEquals", "Failed")]).json
    assert not failed["modelCopyJobSummaries"], failed


def hold_to(server: Server, keys: Keys, promises: list[Promise]) -> int:
    """A running server goes on with what was cut off and keeps the promises; its jobs, counted."""
    with server.wire(keys, HOME) as home, server.wire(keys, AWAY) as away:
        settle(home, away)
        for promise in promises:
            assert promise.holds(home, away), f"broken promise: {promise.about}"
        return len(away.call("GET", "/model-copy-jobs").json["modelCopyJobSummaries"])


def write_library(folder: Path) -> None:
    random_bytes = random.Random(20261101).randbytes
    write_model(folder / "tiny", {"weights.bin": random_bytes(3000)})
    write_model(folder / "small", {"weights.bin": random_bytes(90_000), "empty.txt": b""})
    write_model(folder / "parts", {"weights.bin": random_bytes((8 << 20) + 12_345)})
