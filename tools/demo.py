"""./run demo: a real model is copied between two Regions, and boto3 lists the job; then once more
between two servers, one of which is killed meanwhile.

Starts servers on free loopback ports with temporary data folders, does what a person would do,
checks each result, and leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import boto3
from support.server import ROOT, Server, ServerError
from support.sites import Sites
from support.tls import make_certificate

HOME, AWAY = "us-east-1", "us-west-2"
KILL_FROM = 40 << 20  # bytes of a model whose copy lasts long enough to be cut
COPIES = ("demo-copy", "demo-nightly", "demo-candidate")


class Transcript:
    """Numbered steps, and below each what was done and proved."""

    def __init__(self) -> None:
        self.number = 0
        self.begin = time.monotonic()

    def step(self, title: str) -> None:
        self.number += 1
        print(f"\n{self.number}. {title}", flush=True)

    def note(self, text: str) -> None:
        print(f"   {text}", flush=True)


def size_text(count: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError


def rate_text(count: int, seconds: float) -> str:
    return f"{seconds:.2f} s, {size_text(count / max(seconds, 1e-6))}/s"


def files_of(folder: Path) -> list[Path]:
    """The files that an import takes: plain ones, hidden ones too."""
    return sorted(file for file in folder.rglob("*") if file.is_file())


def digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def outcrop(server: Server, *args: str, region: str = HOME) -> dict[str, Any]:
    """One outcrop command as a program would run it: its JSON answer."""
    ran = server.command(*args, "-o", "json", region=region, timeout=3600)
    if ran.returncode != 0:
        raise ServerError(f"outcrop {' '.join(args)}: {ran.stderr.strip()}\n{server.tail()}")
    answer: dict[str, Any] = json.loads(ran.stdout) if ran.stdout.strip() else {}
    return answer


def client(server: Server, region: str) -> Any:
    """An unmodified boto3 client: only the endpoint is another."""
    keys = server.admin_keys()
    return boto3.client(
        "bedrock",
        region_name=region,
        endpoint_url=server.endpoint,
        verify=str(server.tls.file) if server.tls else None,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret,
    )


def follow(bedrock: Any, job_arn: str, transcript: Transcript) -> dict[str, Any]:
    """Poll the job as any Bedrock user does, until it ends."""
    status = ""
    while True:
        job: dict[str, Any] = bedrock.get_model_copy_job(jobArn=job_arn)
        if job["status"] != status:
            status = job["status"]
            transcript.note(f"status {status}")
        if status != "InProgress":
            return job
        time.sleep(0.02)


def run(folder: Path, server: Server, scratch: Path, transcript: Transcript) -> None:
    files = files_of(folder)
    total = sum(file.stat().st_size for file in files)
    name = "demo-model"

    transcript.step(f"A model of yours: {len(files)} files, {size_text(total)}")
    for file in sorted(files, key=lambda file: -file.stat().st_size)[:3]:
        transcript.note(f"{size_text(file.stat().st_size):>10}  {file.relative_to(folder)}")

    transcript.step(f"outcrop import: register it in {HOME}")
    begin = time.monotonic()
    outcrop(server, "import", str(folder), "--name", name)
    seconds = time.monotonic() - begin
    model = client(server, HOME).get_custom_model(modelIdentifier=name)
    assert model["modelStatus"] == "Active", model
    transcript.note(model["modelArn"])
    transcript.note(
        f"Active; uploaded, hashed, encrypted and synced in {rate_text(total, seconds)}"
    )

    transcript.step(f"boto3 create_model_copy_job: copy it to {AWAY}, with tags")
    bedrock = client(server, AWAY)
    begin = time.monotonic()
    made = bedrock.create_model_copy_job(
        sourceModelArn=model["modelArn"],
        targetModelName=COPIES[0],
        targetModelTags=[{"key": "team", "value": "search"}, {"key": "stage", "value": "demo"}],
    )
    transcript.note(made["jobArn"])
    job = follow(bedrock, made["jobArn"], transcript)
    if job["status"] != "Completed":
        raise ServerError(f"the job ended {job['status']}: {job.get('failureMessage')}")
    transcript.note(
        f"copied, verified and encrypted anew in {rate_text(total, time.monotonic() - begin)}"
    )
    begin = time.monotonic()
    for copy in COPIES[1:]:
        made = bedrock.create_model_copy_job(sourceModelArn=model["modelArn"], targetModelName=copy)
        while bedrock.get_model_copy_job(jobArn=made["jobArn"])["status"] == "InProgress":
            time.sleep(0.005)
    seconds = time.monotonic() - begin
    transcript.note(f"two more copies in {seconds:.2f} s: parts that are there are not moved again")

    transcript.step("boto3 list_model_copy_jobs: paginator, filters and order")
    paginator = bedrock.get_paginator("list_model_copy_jobs")
    pages = list(paginator.paginate(PaginationConfig={"PageSize": 2}))
    jobs = [job for page in pages for job in page["modelCopyJobSummaries"]]
    assert [job["targetModelName"] for job in jobs] == list(reversed(COPIES))
    found = bedrock.list_model_copy_jobs(
        statusEquals="Completed",
        sourceModelArnEquals=model["modelArn"],
        targetModelNameContains="nightly",
        sortOrder="Ascending",
    )["modelCopyJobSummaries"]
    assert [job["targetModelName"] for job in found] == [COPIES[1]]
    transcript.note(
        f"{len(pages)} pages of two, newest first; the filters found just '{COPIES[1]}'"
    )

    transcript.step("outcrop jobs: the same for people")
    table = server.command("jobs", region=AWAY)
    if table.returncode != 0:
        raise ServerError(f"outcrop jobs: {table.stderr.strip()}")
    for line in table.stdout.rstrip().splitlines():
        transcript.note(line)

    transcript.step(f"outcrop pull: take the copy out of {AWAY} and compare it with the original")
    begin = time.monotonic()
    out = scratch / "pulled"
    outcrop(server, "pull", COPIES[0], str(out), region=AWAY)
    seconds = time.monotonic() - begin
    pulled = files_of(out)
    assert [file.relative_to(out) for file in pulled] == [f.relative_to(folder) for f in files]
    for mine, theirs in zip(files, pulled, strict=True):
        assert digest(mine) == digest(theirs), f"{mine} differs from {theirs}"
    transcript.note(f"pulled in {rate_text(total, seconds)}")
    transcript.note(f"byte-identical: the SHA-256 of all {len(files)} files agree")


def wait_run(server: Server) -> dict[str, Any]:
    """What the server's log says of its one copy. The line comes after the copy can be seen."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for line in server.log.read_text().splitlines(keepends=True):
            if '"copy.done"' in line and line.endswith("\n"):
                found: dict[str, Any] = json.loads(line)
                return found
        time.sleep(0.02)
    raise ServerError("the log does not tell of the end of the copy")


def progress(server: Server, job_arn: str) -> dict[str, Any]:
    with server.wire(server.admin_keys(), AWAY) as wire:
        shown: dict[str, Any] = wire.call("GET", f"/-/model-copy-jobs/{job_arn}/progress").json
    return shown


def kill_source_half_way(sites: Sites, job_arn: str, transcript: Transcript) -> None:
    while (shown := progress(sites.target, job_arn))["partsDone"] < 3:
        if shown["status"] != "InProgress":
            raise ServerError(f"the copy was {shown['status']} before the server could be killed")
    sites.source.kill()
    shown = progress(sites.target, job_arn)
    while shown["phase"] != "waiting" and shown["status"] == "InProgress":
        shown = progress(sites.target, job_arn)
    transcript.note(
        f"kill -9 of {HOME}, {size_text(shown['bytesDone'])} of {size_text(shown['bytesTotal'])} "
        "have arrived"
    )
    transcript.note(f"the job: {shown['phase']}: {shown.get('waitingFor', '')[:200]}")


def run_sites(folder: Path, sites: Sites, scratch: Path, transcript: Transcript) -> None:
    files = files_of(folder)
    total = sum(file.stat().st_size for file in files)
    transcript.note(f"{HOME}: {sites.source.endpoint}   {AWAY}: {sites.target.endpoint}")
    transcript.note("each has data, accounts and keys of its own; between them TLS and a peer key")
    outcrop(sites.source, "import", str(folder), "--name", "demo-model")
    source = client(sites.source, HOME).get_custom_model(modelIdentifier="demo-model")["modelArn"]

    transcript.step(f"boto3 create_model_copy_job in {AWAY}, and {HOME} dies in the middle")
    bedrock = client(sites.target, AWAY)
    job = bedrock.create_model_copy_job(sourceModelArn=source, targetModelName="far-copy")
    begin = time.monotonic()
    if killed := total >= KILL_FROM:
        kill_source_half_way(sites, job["jobArn"], transcript)
        begin = time.monotonic()
        sites.source.start()
        transcript.note(f"{HOME} starts again")
    else:
        transcript.note(f"(it lives: a copy of less than {size_text(KILL_FROM)} is over too soon)")
    ended = follow(bedrock, job["jobArn"], transcript)
    if ended["status"] != "Completed":
        raise ServerError(f"the job ended {ended['status']}: {ended.get('failureMessage')}")
    moved = int(wait_run(sites.target)["moved"])
    if killed:
        assert 0 < moved < total, moved
        transcript.note(
            f"went on where it was, done {time.monotonic() - begin:.1f} s after the restart: only "
            f"{size_text(moved)} were still missing"
        )
    out = scratch / "far"
    outcrop(sites.target, "pull", "far-copy", str(out), region=AWAY)
    for mine, theirs in zip(files, files_of(out), strict=True):
        assert digest(mine) == digest(theirs), f"{mine} differs from {theirs}"
    transcript.note(f"byte-identical: the SHA-256 of all {len(files)} files agree")


def next_steps() -> None:
    print("""
Now yourself:
   build-release/outcrop serve --data ~/outcrop        start a server; it prints what to export
   build-release/outcrop import DIR --name my-model    register a model
   build-release/outcrop copy my-model --to us-west-2 --name my-copy --wait
   aws bedrock list-model-copy-jobs --region us-west-2 --status-equals Completed
   ./run demo DIR                                      this demo with a model of your own""")


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    transcript = Transcript()
    print("Outcrop: a model is copied between two Regions, and boto3 lists the job")
    scratch_root = ROOT / ".cache"
    scratch_root.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="demo-", dir=scratch_root) as scratch:
        server = Server(Path(scratch), regions=(HOME, AWAY))
        begin = time.monotonic()
        with server:
            transcript.step(f"outcrop serve: up in {(time.monotonic() - begin) * 1000:.0f} ms")
            transcript.note(
                f"{server.endpoint}, Regions {HOME} and {AWAY}, data in a temporary folder"
            )
            run(folder, server, Path(scratch), transcript)
            transcript.step("The server ends on SIGTERM, and its data folder goes")
        far = Path(scratch) / "sites"
        far.mkdir()
        transcript.step("Two servers, one for each Region, as on two machines")
        with Sites(far, far, make_certificate(far), workers=1) as sites:
            run_sites(folder, sites, Path(scratch), transcript)
        transcript.note(
            f"nothing is left running; {time.monotonic() - transcript.begin:.1f} s in all"
        )
    next_steps()


if __name__ == "__main__":
    main()
