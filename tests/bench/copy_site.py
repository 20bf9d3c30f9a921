"""What the sections of ./run bench copy share: a server with a bucket, models, copies, and clocks.

A section is a function that takes the options and gives back figures. Each module named in
bench_copy.MODULES has a dictionary SECTIONS of them.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import boto3
from harness import Outcrop

HOME, AWAY = "us-east-1", "us-west-2"
BUCKET = "bench"
ROLE = "arn:aws:iam::000000000000:role/bench"
MIB, GIB = 1 << 20, 1 << 30
PART = 8 * MIB
POLL = 0.02  # seconds; a call takes the server and the client a millisecond


def work_folder() -> pathlib.Path:
    """Where the bytes go: a real disk, not a tmpfs."""
    return pathlib.Path(os.environ.get("OUTCROP_BENCH_DIR", "/var/tmp"))


@contextlib.contextmanager
def scratch() -> Iterator[pathlib.Path]:
    folder = pathlib.Path(tempfile.mkdtemp(prefix="outcrop-bench-", dir=work_folder()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def need_space(path: pathlib.Path, size: int) -> None:
    free = shutil.disk_usage(path).free
    if free < size + 2 * GIB:
        sys.exit(f"{path}: {size / GIB:.0f} GiB are needed and {free / GIB:.0f} GiB are free")


def random_file(path: pathlib.Path, size: int) -> None:
    """No two parts alike: equal ones would be stored once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for at in range(0, size, PART):
            file.write(os.urandom(min(PART, size - at)))


def distinct_parts_file(path: pathlib.Path, size: int) -> None:
    """No two parts alike, and hardly any room taken: all of a part but its beginning is a hole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
        for at in range(0, size, PART):
            file.seek(at)
            file.write(os.urandom(64))


def settle() -> None:
    """What was written before is not to be paid for by what is measured next."""
    subprocess.run(["sync"], check=True)


def timed(*commands: list[str]) -> float:
    """Seconds that these take one after another."""
    begin = time.monotonic()
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begin


class Site:
    """A server on a data folder below `folder`, whose bucket is `folder`/bucket."""

    def __init__(
        self, folder: pathlib.Path, config: str = "", address: str = "127.0.0.1"
    ) -> None:
        self.folder = folder
        self.bucket = folder / "bucket"
        self.bucket.mkdir(exist_ok=True)
        self.config = folder / "outcrop.conf"
        self.config.write_text(f"{config}\n[bucket {BUCKET}]\npath = {self.bucket}\n")
        self.data = folder / "data"
        self.data.mkdir(exist_ok=True)
        self.server = Outcrop(
            self.data, ["--config", str(self.config)], core=None, address=address
        )
        self.connect()

    def connect(self) -> None:
        """Clients for the server as it listens now."""
        self.clients = {
            region: boto3.client(
                "bedrock",
                region_name=region,
                endpoint_url=self.server.url,
                aws_access_key_id=self.server.key,
                aws_secret_access_key=self.server.secret,
            )
            for region in (HOME, AWAY)
        }

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *exc: object) -> None:
        self.server.close()

    # -- models ----------------------------------------------------------------------------------

    def start_import(self, name: str) -> str:
        """Begin to import the folder bucket/NAME. @return the model's ARN"""
        return self.clients[HOME].create_custom_model(
            modelName=name,
            roleArn=ROLE,
            modelSourceConfig={"s3DataSource": {"s3Uri": f"s3://{BUCKET}/{name}"}},
        )["modelArn"]

    def wait_model(self, arn: str) -> None:
        while True:
            model = self.clients[HOME].get_custom_model(modelIdentifier=arn)
            if model["modelStatus"] != "Creating":
                break
            time.sleep(POLL)
        if model["modelStatus"] != "Active":
            sys.exit(f"the import failed: {model.get('failureMessage')}")

    def import_model(self, name: str) -> str:
        arn = self.start_import(name)
        self.wait_model(arn)
        return arn

    def timed_import(self, name: str) -> tuple[float, str]:
        """Seconds of an import, and the model's ARN."""
        begin = time.monotonic()
        arn = self.import_model(name)
        return time.monotonic() - begin, arn

    def start_copy(self, arn: str, name: str) -> str:
        return self.clients[AWAY].create_model_copy_job(sourceModelArn=arn, targetModelName=name)[
            "jobArn"
        ]

    def wait_copy(self, job: str) -> str:
        """@return the ARN of the copy"""
        while True:
            answer = self.clients[AWAY].get_model_copy_job(jobArn=job)
            if answer["status"] != "InProgress":
                break
            time.sleep(POLL)
        if answer["status"] != "Completed":
            sys.exit(f"the copy failed: {answer.get('failureMessage')}")
        return answer["targetModelArn"]

    def copy(self, arn: str, name: str) -> str:
        return self.wait_copy(self.start_copy(arn, name))

    def timed_copy(self, arn: str, name: str) -> float:
        """Seconds of a copy, which is removed again."""
        begin = time.monotonic()
        copied = self.copy(arn, name)
        seconds = time.monotonic() - begin
        self.remove_copy(copied)
        return seconds

    def remove_copy(self, arn: str) -> None:
        """Delete a copy and wait until its bytes are gone."""
        self.clients[AWAY].delete_custom_model(modelIdentifier=arn)
        self.wait_swept(AWAY)

    def wait_swept(self, region: str) -> None:
        while any(True for _ in self.stored(region)):
            time.sleep(POLL)

    def stored(self, region: str) -> Iterator[pathlib.Path]:
        """The blobs of a Region."""
        parts = next(self.data.rglob(f"{region}/parts"), None)
        return (path for path in parts.rglob("*") if path.is_file()) if parts else iter(())

    # -- the server's process --------------------------------------------------------------------

    def peak_mib(self) -> float:
        status = pathlib.Path(f"/proc/{self.server.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found
        return int(found.group(1)) / 1024

    def written(self) -> int:
        """Bytes that the process has sent to the disk."""
        text = pathlib.Path(f"/proc/{self.server.pid}/io").read_text()
        found = re.search(r"^write_bytes: (\d+)", text, re.MULTILINE)
        assert found
        return int(found.group(1))

    def kill(self) -> None:
        self.server.process.kill()
        self.server.process.wait()

    def restart(self) -> None:
        self.server.start()
        self.connect()
