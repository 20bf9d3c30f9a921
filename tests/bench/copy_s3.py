"""Copies into a bucket of a local S3 server, against what else puts files there."""

from __future__ import annotations

import argparse
import pathlib
import sys

from copy_site import AWAY, GIB, Site, need_space, random_file, scratch, settle, timed
from harness import ROOT, cpu_seconds, median, print_table

sys.path.insert(0, str(ROOT / "tests"))
from support.s3 import ACCESS, SECRET, S3Server  # noqa: E402


class BucketSite(Site):
    """The second Region's content is in a bucket."""

    def __init__(self, folder: pathlib.Path, s3: S3Server) -> None:
        self.s3 = s3
        super().__init__(folder, f"[blob {AWAY}]\n{s3.settings(bucket='content')}")

    def stored(self, region: str):
        return iter(self.s3.keys("content", f"{region}/parts/"))


def rivals(s3: S3Server, source: pathlib.Path) -> dict[str, list[str]]:
    # rclone cannot use the bundle of certificates that the environment may name.
    keys = ["-u", "AWS_CA_BUNDLE", f"AWS_ACCESS_KEY_ID={ACCESS}"]
    keys += [f"AWS_SECRET_ACCESS_KEY={SECRET}"]
    remote = f":s3,provider=Other,env_auth=true,endpoint='{s3.endpoint}':rival/rclone"
    return {
        "s3_vs_rclone": ["env", *keys, "rclone", "copy", str(source), remote],
        "s3_vs_awscli": ["env", *keys, "AWS_DEFAULT_REGION=us-east-1"]
        + [str(ROOT / ".venv" / "bin" / "aws"), "--endpoint-url", s3.endpoint, "s3", "cp"]
        + ["--quiet", "--recursive", str(source), "s3://rival/awscli"],
    }


def remove_rival(s3: S3Server) -> None:
    for path in sorted((s3.root / "rival").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()


def into_bucket(args: argparse.Namespace) -> dict[str, float]:
    """4 files over plain HTTP; the S3 server has its share of the same processors and disk."""
    size = int(args.s3_gib * GIB)
    ours, cpu, server_cpu = [], [], []
    with scratch() as folder:
        need_space(folder, 4 * size)
        s3 = S3Server(folder / "s3").start()
        try:
            s3.make_bucket("content")
            s3.make_bucket("rival")
            with BucketSite(folder, s3) as site:
                source = site.bucket / "large"
                for i in range(4):
                    random_file(source / f"model-{i}.safetensors", size // 4)
                arn = site.import_model("large")
                commands = rivals(s3, source)
                theirs: dict[str, list[float]] = {name: [] for name in commands}
                for number in range(args.rounds + 1):
                    for name, command in commands.items():
                        settle()
                        seconds = timed(command)
                        remove_rival(s3)
                        if number:  # the first round warms the page cache for all
                            theirs[name].append(seconds)
                    settle()
                    assert s3.process
                    before = cpu_seconds(site.server.pid), cpu_seconds(s3.process.pid)
                    seconds = site.timed_copy(arn, f"copy-{number}")
                    if number:
                        ours.append(seconds)
                        cpu.append(cpu_seconds(site.server.pid) - before[0])
                        server_cpu.append(cpu_seconds(s3.process.pid) - before[1])
                peak = site.peak_mib()
        finally:
            s3.kill()
    ratios = {
        name: round(median([t / o for t, o in zip(seconds, ours, strict=True)]), 3)
        for name, seconds in theirs.items()
    }
    rows = [["outcrop", f"{median(ours):.2f}", f"{size / median(ours) / 1e6:.0f}", ""]]
    for name, seconds in theirs.items():
        middle = median(seconds)
        rows.append([name, f"{middle:.2f}", f"{size / middle / 1e6:.0f}", f"{ratios[name]:.2f}"])
    print_table(
        f"{args.s3_gib:g} GiB in 4 files into a local bucket, median of {args.rounds} "
        "interleaved rounds",
        ["", "s", "MB/s", "ratio"],
        rows,
    )
    print(
        f"  CPU of our copy: {median(cpu) / size * 1e9:.2f} s a GB, of the S3 server meanwhile "
        f"{median(server_cpu) / size * 1e9:.2f} s a GB; our peak {peak:.0f} MiB"
    )
    return {**ratios, "s3_mb_s": round(size / median(ours) / 1e6), "s3_rss_mib": round(peak, 1)}


SECTIONS = {"s3": into_bucket}
