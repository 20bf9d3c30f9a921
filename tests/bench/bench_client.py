"""liboutcrop against boto3 and the AWS SDK for JavaScript, driven in turn against one server on the
other core.

    client_calls_vs_boto3   CPU of one ListModelCopyJobs call with a page of 100 jobs, boto3's / ours
    client_vs_js            the same against @aws-sdk/client-bedrock in Node.js
    client_walk_vs_boto3    jobs per second of a walk through all pages, ours / boto3's
    client_rss_mib          most resident memory of our walk; a program that does nothing but load
                            Debian's libcurl has 10 MiB, so client_own_mib says what is our own

The walk is 1,000,000 jobs for us; boto3 walks OUTCROP_BENCH_BOTO_JOBS of them (default 50,000),
since its rate does not depend on how many there are.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from harness import LOAD_CORE, Outcrop, binary, median, pinned, print_table, write_figures
from jobs import load_jobs

REGION = "us-east-1"
JOBS = int(os.environ.get("OUTCROP_BENCH_CLIENT_JOBS", "1000000"))
BOTO_JOBS = int(os.environ.get("OUTCROP_BENCH_BOTO_JOBS", "50000"))
ROUNDS = 5
CALLS, BOTO_CALLS, JS_CALLS = 1000, 100, 300
NODE = Path(sys.executable).with_name("node")
JS_MODULES = Path(__file__).resolve().parent.parent / "conformance" / "js"

BOTO = """
import json, os, sys, time
import boto3
from botocore.config import Config
mode, number, page = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
client = boto3.client("bedrock", config=Config(retries={"total_max_attempts": 1}))
client.list_model_copy_jobs(maxResults=100)
jobs = total = 0
cpu, wall = time.process_time(), time.monotonic()
if mode == "calls":
    pages = (client.list_model_copy_jobs(maxResults=page) for _ in range(number))
else:
    pages = client.get_paginator("list_model_copy_jobs").paginate(
        PaginationConfig={"PageSize": page, "MaxItems": number})
for answer in pages:
    for job in answer["modelCopyJobSummaries"]:
        jobs += 1
        total += len(job["jobArn"]) + len(job["status"]) + ("creationTime" in job)
print(jobs, total, time.process_time() - cpu, time.monotonic() - wall, 0, 0)
"""


class Run:
    """What one run of a client printed."""

    def __init__(self, command: list[str], environment: dict[str, str]):
        done = subprocess.run(
            pinned(LOAD_CORE, command), env=environment, capture_output=True, text=True
        )
        if done.returncode != 0:
            sys.exit(f"{command[0]} failed:\n{done.stderr}")
        fields = done.stdout.split()
        self.jobs, self.bytes, self.rss_kib = int(fields[0]), int(fields[1]), int(fields[4])
        self.own_kib = int(fields[5])
        self.cpu, self.wall = float(fields[2]), float(fields[3])


def outcrop(environment: dict[str, str], mode: str, number: int) -> Run:
    return Run([binary("client_load"), mode, str(number)], environment)


def boto(environment: dict[str, str], mode: str, number: int, page: int) -> Run:
    return Run([sys.executable, "-c", BOTO, mode, str(number), str(page)], environment)


def javascript(environment: dict[str, str], number: int, page: int) -> Run:
    script = Path(__file__).with_name("client_load.mjs")
    return Run([str(NODE), str(script), str(JS_MODULES), str(number), str(page)], environment)


def measure_calls(environment: dict[str, str]) -> tuple[float, float, float]:
    """CPU seconds of one call: ours, boto3's, JavaScript's."""
    ours, theirs, javas = [], [], []
    for _ in range(ROUNDS):
        run = outcrop(environment, "calls", CALLS)
        rival = boto(environment, "calls", BOTO_CALLS, 100)
        other = javascript(environment, JS_CALLS, 100)
        if (run.jobs, rival.jobs, other.jobs) != (100 * CALLS, 100 * BOTO_CALLS, 100 * JS_CALLS):
            sys.exit("a page did not have 100 jobs")
        if not run.bytes / CALLS == rival.bytes / BOTO_CALLS == other.bytes / JS_CALLS:
            sys.exit("the three saw different jobs")
        ours.append(run.cpu / CALLS)
        theirs.append(rival.cpu / BOTO_CALLS)
        javas.append(other.cpu / JS_CALLS)
    return median(ours), median(theirs), median(javas)


def measure_walk(environment: dict[str, str]) -> tuple[float, float, float, float]:
    """Jobs per second: ours, boto3's; our memory in MiB: all that is resident, and our own."""
    ours, theirs, rss, own = [], [], [], []
    for _ in range(3):
        run = outcrop(environment, "walk", 1000)
        rival = boto(environment, "walk", BOTO_JOBS, 1000)
        if run.jobs != JOBS or rival.jobs != min(BOTO_JOBS, JOBS):
            sys.exit(f"walked {run.jobs} and {rival.jobs} jobs")
        ours.append(run.jobs / run.wall)
        theirs.append(rival.jobs / rival.wall)
        rss.append(run.rss_kib / 1024)
        own.append(run.own_kib / 1024)
    return median(ours), median(theirs), max(rss), max(own)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    with load_jobs(JOBS, REGION) as data, Outcrop(data, ["--region", REGION]) as server:
        environment = {**server.environment(REGION), "AWS_DEFAULT_REGION": REGION}
        call, boto_call, js_call = measure_calls(environment)
        walk, boto_walk, rss, own = measure_walk(environment)
    figures = {
        "client_calls_vs_boto3": boto_call / call,
        "client_vs_js": js_call / call,
        "client_walk_vs_boto3": walk / boto_walk,
        "client_rss_mib": rss,
        "client_own_mib": own,
        "client_call_us": call * 1e6,
        "client_walk_jobs_per_s": walk,
    }
    print_table(
        f"liboutcrop, boto3 and the AWS SDK for JavaScript, {JOBS} jobs",
        ["", "liboutcrop", "rival", "its figure", "ratio"],
        [
            ["CPU of a call, page of 100", f"{call * 1e6:.0f} us", "boto3",
             f"{boto_call * 1e6:.0f} us", f"{boto_call / call:.1f}"],
            ["", "", "JavaScript", f"{js_call * 1e6:.0f} us", f"{js_call / call:.1f}"],
            ["walk, jobs per second", f"{walk:.0f}", "boto3", f"{boto_walk:.0f}",
             f"{walk / boto_walk:.1f}"],
            ["resident memory of the walk", f"{rss:.1f} MiB", "", "", ""],
            ["of that, not of shared libraries", f"{own:.1f} MiB", "", "", ""],
        ],
    )  # fmt: skip
    print(json.dumps(figures, indent=2))
    write_figures(options.json, figures)


if __name__ == "__main__":
    main()
