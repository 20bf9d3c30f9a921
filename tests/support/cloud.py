"""What a test of the API works with: accounts with clients, and models with known bytes."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from support.recorder import Recorder
from support.server import Server
from support.wire import Keys, Wire, escape

BUCKET = "models"
HOME, AWAY, THIRD = "us-east-1", "us-west-2", "eu-west-1"

_names = itertools.count(1)


def unique_name(stem: str = "model") -> str:
    return f"{stem}-{next(_names)}"


def write_model(folder: Path, files: Mapping[str, bytes], model_type: str = "bert") -> Path:
    """A folder of model files: a config.json and what is given."""
    folder.mkdir(parents=True, exist_ok=True)
    config = json.dumps({"model_type": model_type, "hidden_size": 384}).encode()
    for path, content in {"config.json": config, **files}.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


def distinct_bytes(mib: int) -> bytes:
    """So many MiB, no two alike: no part or range can be taken for another."""
    return b"".join(bytes([1 + number]) * (1 << 20) for number in range(mib))


def digests(folder: Path) -> dict[str, str]:
    """Path and SHA-256 of every file below a folder."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def write_library(folder: Path) -> None:
    """The models of the bucket, by prefix: tiny, small (nested, an empty file), parts (3 parts)."""
    random_bytes = random.Random(20260101).randbytes
    write_model(folder / "tiny", {"weights.bin": random_bytes(3000)})
    write_model(
        folder / "small",
        {
            "model.safetensors": random_bytes(200_000),
            "1_Pooling/config.json": b"{}",
            "tokenizer/vocab.txt": b"hello\nworld\n",
            "empty.txt": b"",
        },
        "Llama_3.1",
    )
    write_model(
        folder / "parts",
        {"model-00001.safetensors": random_bytes(20 << 20), "model-00002.safetensors": b"x" * 17},
    )
    (folder / "plain").mkdir()
    (folder / "plain" / "weights.bin").write_bytes(b"no config beside these weights")


@dataclass
class Account:
    """An account with one credential, and clients for it."""

    server: Server
    keys: Keys
    recorder: Recorder | None = None
    _clients: dict[tuple[str, int], Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.keys.account

    def boto(self, region: str = HOME, attempts: int = 1) -> Any:
        """A boto3 client; no retries unless `attempts` says so."""
        if (region, attempts) not in self._clients:
            session = boto3.session.Session(
                aws_access_key_id=self.keys.access_key,
                aws_secret_access_key=self.keys.secret,
                aws_session_token=self.keys.token,
                region_name=region,
            )
            client = session.client(
                "bedrock",
                endpoint_url=self.server.endpoint,
                verify=str(self.server.tls.file) if self.server.tls else None,
                config=Config(
                    retries={"total_max_attempts": attempts}, connect_timeout=5, read_timeout=30
                ),
            )
            self._clients[region, attempts] = (
                self.recorder.listen(client) if self.recorder else client
            )
        return self._clients[region, attempts]

    def wire(self, region: str = HOME) -> Wire:
        return self.server.wire(self.keys, region)

    # -- models --------------------------------------------------------------------------------

    def start_import(
        self, name: str | None = None, prefix: str = "tiny", region: str = HOME, **more: Any
    ) -> str:
        made = self.boto(region).create_custom_model(
            modelName=name or unique_name(),
            modelSourceConfig={"s3DataSource": {"s3Uri": f"s3://{BUCKET}/{prefix}"}},
            **more,
        )
        return str(made["modelArn"])

    def import_model(
        self, name: str | None = None, prefix: str = "tiny", region: str = HOME, **more: Any
    ) -> str:
        """Register a model and wait until it is Active."""
        arn = self.start_import(name, prefix, region, **more)
        model = self.wait_model(arn, region)
        assert model["modelStatus"] == "Active", model
        return arn

    def wait_model(self, arn: str, region: str = HOME, timeout: float = 30) -> dict[str, Any]:
        """The model once it is no longer Creating."""
        deadline = time.monotonic() + timeout
        while True:
            model: dict[str, Any] = self.boto(region).get_custom_model(modelIdentifier=arn)
            if model["modelStatus"] != "Creating":
                return model
            assert time.monotonic() < deadline, f"still Creating after {timeout} s: {model}"
            time.sleep(0.005)

    def start_copy(
        self, source: str, name: str | None = None, region: str = AWAY, **more: Any
    ) -> str:
        made = self.boto(region).create_model_copy_job(
            sourceModelArn=source, targetModelName=name or unique_name("copy"), **more
        )
        return str(made["jobArn"])

    def wait_job(self, arn: str, region: str = AWAY, timeout: float = 30) -> dict[str, Any]:
        """The job once it is no longer InProgress."""
        deadline = time.monotonic() + timeout
        while True:
            job: dict[str, Any] = self.boto(region).get_model_copy_job(jobArn=arn)
            if job["status"] != "InProgress":
                return job
            assert time.monotonic() < deadline, f"still InProgress after {timeout} s: {job}"
            time.sleep(0.005)

    def copy(
        self, source: str, name: str | None = None, region: str = AWAY, **more: Any
    ) -> dict[str, Any]:
        """Copy and wait until the job is Completed."""
        job = self.wait_job(self.start_copy(source, name, region, **more), region)
        assert job["status"] == "Completed", job
        return job

    def jobs(self, region: str = AWAY, **filters: Any) -> list[dict[str, Any]]:
        """All jobs that match, through the paginator."""
        pages = self.boto(region).get_paginator("list_model_copy_jobs").paginate(**filters)
        return [job for page in pages for job in page["modelCopyJobSummaries"]]

    # -- keys of the key service, through the server's own operations ---------------------------

    def create_kms_key(self, region: str = HOME, alias: str | None = None) -> dict[str, str]:
        with self.wire(region) as wire:
            answer = wire.call("POST", "/-/kms/keys", body={"description": "test"})
            assert answer.status == 201, answer
            key: dict[str, str] = answer.json
            if alias:
                body = {"aliasName": alias, "keyId": key["keyId"]}
                answer = wire.call("POST", "/-/kms/aliases", body=body)
                assert answer.status == 201, answer
        return key

    def set_kms_key(self, key_id: str, enabled: bool, region: str = HOME) -> None:
        with self.wire(region) as wire:
            verb = "enable" if enabled else "disable"
            answer = wire.call("POST", f"/-/kms/keys/{key_id}/{verb}")
            assert answer.status == 200, answer

    def failing_source(self, region: str = HOME) -> str:
        """A model whose copies are accepted and end Failed: its key is disabled afterwards."""
        key = self.create_kms_key(region)
        arn = self.import_model(region=region, modelKmsKeyArn=key["keyArn"])
        self.set_kms_key(key["keyId"], False, region)
        return arn


def verify(account: Account, model: str, region: str = HOME, timeout: float = 30) -> dict[str, Any]:
    """Start a verification and wait for its end."""
    path = f"/-/models/{escape(model)}/verification"
    with account.wire(region) as wire:
        started = wire.call("POST", path)
        assert started.status == 202, started
        deadline = time.monotonic() + timeout
        while True:
            answer = wire.call("GET", path)
            assert answer.status == 200, answer
            found: dict[str, Any] = answer.json
            if found["status"] != "InProgress":
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.01)


class Cloud:
    """A server with a bucket of small models, from which tests take fresh accounts."""

    def __init__(self, server: Server, recorder: Recorder | None = None) -> None:
        self.server = server
        self.recorder = recorder
        self._numbers = itertools.count(random.randrange(10**9, 10**11))

    def account(self, policy: Mapping[str, Any] | None = None) -> Account:
        """A new account: nothing of any other test is in it."""
        number = f"{next(self._numbers):012d}"
        self.server.add_account(number)
        return self.user(number, policy)

    def user(self, account: str, policy: Mapping[str, Any] | None = None, **more: Any) -> Account:
        """One more credential of an account, with a policy of its own."""
        keys = self.server.add_key(account, policy=policy, **more)
        return Account(self.server, keys, self.recorder)

    def admin(self) -> Account:
        return Account(self.server, self.server.admin_keys(), self.recorder)


def bucket_config(models: Path) -> str:
    return f"[bucket {BUCKET}]\npath = {models}\n"


def sharing_policy(model: str, account: str) -> str:
    """A resource policy that lets an account copy a model."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "LetThemCopy",
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                    "Action": "bedrock:CreateModelCopyJob",
                    "Resource": model,
                }
            ],
        }
    )


def allow(*actions: str, **more: Any) -> dict[str, Any]:
    """An identity policy of one Allow statement."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}
