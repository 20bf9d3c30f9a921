"""Data folders that hold many realistic jobs: made by bench_filters, which knows what is realistic."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from harness import Outcrop, binary

ACCOUNT = "000000000000"


def bench_folder() -> pathlib.Path:
    """A new folder for one run; OUTCROP_BENCH_TMP says where, when /tmp is too small."""
    return pathlib.Path(
        tempfile.mkdtemp(prefix="outcrop-bench-", dir=os.environ.get("OUTCROP_BENCH_TMP"))
    )


def fill(data: pathlib.Path, count: int, region: str, *extra: str) -> None:
    """Make `data` a server's folder and put `count` jobs of the first account into it."""
    Outcrop(data, core=None).stop()  # makes the store, the account and its key
    command = [
        binary("bench_filters"), "--dir", str(data / "store"), "--jobs", str(count),
        "--account", ACCOUNT, "--region", region, "--load-only", "1", *extra,
    ]  # fmt: skip
    if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
        sys.exit("loading the jobs failed")


@contextlib.contextmanager
def load_jobs(count: int, region: str) -> Iterator[pathlib.Path]:
    """A server's data folder with `count` realistic jobs; removed at the end."""
    data = bench_folder()
    try:
        fill(data, count, region)
        yield data
    finally:
        shutil.rmtree(data, ignore_errors=True)
