"""Copies on one machine, Region to Region, against what else copies files on it."""

from __future__ import annotations

import argparse
import os
import pathlib
import random
import shutil

from copy_site import AWAY, GIB, Site, need_space, random_file, scratch, settle, timed
from harness import cpu_seconds, median, print_table


def remove(path: pathlib.Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
    settle()


def large_rivals(source: pathlib.Path, target: pathlib.Path) -> dict[str, list[list[str]]]:
    files = sorted(str(path.relative_to(source)) for path in source.iterdir())
    both = [str(folder / file) for folder in (source, target) for file in files]
    return {
        "copy_vs_cp_sync": [["cp", "-r", str(source), str(target)], ["sync"]],
        "copy_vs_cp_sha256sum": [["cp", "-r", str(source), str(target)], ["sha256sum", *both]],
        "copy_vs_rclone": [
            ["rclone", "copy", "--quiet", "--checksum", str(source), str(target)],
            ["sync"],
        ],
    }


def compare(
    site: Site, arn: str, rivals: dict[str, list[list[str]]], target: pathlib.Path, rounds: int
) -> tuple[dict[str, list[float]], list[float], list[float]]:
    """Seconds of each rival and ours (and our CPU), in turn."""
    theirs: dict[str, list[float]] = {name: [] for name in rivals}
    ours, cpu = [], []
    for number in range(rounds + 1):
        for name, commands in rivals.items():
            settle()
            seconds = timed(*commands)
            remove(target)
            if number:  # the first round warms the page cache for all
                theirs[name].append(seconds)
        settle()
        before = cpu_seconds(site.server.pid)
        seconds = site.timed_copy(arn, f"copy-{number}")
        if number:
            ours.append(seconds)
            cpu.append(cpu_seconds(site.server.pid) - before)
    return theirs, ours, cpu


def ratios(theirs: dict[str, list[float]], ours: list[float]) -> dict[str, float]:
    return {
        name: round(median([t / o for t, o in zip(seconds, ours, strict=True)]), 3)
        for name, seconds in theirs.items()
    }


def report(
    title: str, size: int, theirs: dict[str, list[float]], ours: list[float], cpu: list[float]
) -> None:
    rows = [["outcrop", f"{median(ours):.2f}", f"{size / median(ours) / 1e6:.0f}", ""]]
    for name, ratio in ratios(theirs, ours).items():
        seconds = median(theirs[name])
        rows.append([name, f"{seconds:.2f}", f"{size / seconds / 1e6:.0f}", f"{ratio:.2f}"])
    print_table(title, ["", "s", "MB/s", "ratio"], rows)
    print(f"  CPU of ours: {median(cpu) / size * 1e9:.2f} s a GB")


def large(args: argparse.Namespace) -> dict[str, float]:
    """4 files; the figures are the disk's where the page cache holds the sources."""
    size = int(args.gib * GIB)
    with scratch() as folder:
        need_space(folder, 4 * size)
        with Site(folder) as site:
            source = site.bucket / "large"
            for i in range(4):
                random_file(source / f"model-{i}.safetensors", size // 4)
            arn = site.import_model("large")
            target = folder / "rival"
            rivals = large_rivals(source, target)
            theirs, ours, cpu = compare(site, arn, rivals, target, args.rounds)
            peak = site.peak_mib()
    title = f"{args.gib:g} GiB in 4 files, median of {args.rounds} interleaved rounds"
    report(title, size, theirs, ours, cpu)
    return {
        **ratios(theirs, ours),
        "copy_mb_s": round(size / median(ours) / 1e6),
        "copy_cpu_s_per_gb": round(median(cpu) / size * 1e9, 3),
        "copy_rss_mib_real": round(peak, 1),
    }


def small(args: argparse.Namespace) -> dict[str, float]:
    """20,000 files of 1 to 64 KiB: the copy, and the import that reads them one by one."""
    chance = random.Random(20260101)
    sizes = [chance.randint(1 << 10, 64 << 10) for _ in range(args.files)]
    with scratch() as folder, Site(folder) as site:
        source, target = site.bucket / "small", folder / "rival"
        for i, size in enumerate(sizes):
            path = source / f"{i % 100:02d}" / f"{i}.bin"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(size))
        rivals = {"copy_small_files_vs_cp": [["cp", "-r", str(source), str(target)], ["sync"]]}
        arn = site.import_model("small")
        theirs, ours, cpu = compare(site, arn, rivals, target, args.rounds)
        imports, import_cpu = [], []
        for _ in range(args.rounds):
            site.clients["us-east-1"].delete_custom_model(modelIdentifier=arn)
            site.wait_swept("us-east-1")
            settle()
            before = cpu_seconds(site.server.pid)
            seconds, arn = site.timed_import("small")
            imports.append(seconds)
            import_cpu.append(cpu_seconds(site.server.pid) - before)
    total = sum(sizes)
    report(f"{args.files:,} files of 1 to 64 KiB, Region to Region", total, theirs, ours, cpu)
    imported = {"import_small_files_vs_cp": theirs["copy_small_files_vs_cp"]}
    report("  and imported from the folder", total, imported, imports, import_cpu)
    return {**ratios(theirs, ours), **ratios(imported, imports)}


def second(args: argparse.Namespace) -> dict[str, float]:
    """What is moved when the target holds 95 % of the parts already."""
    with scratch() as folder, Site(folder) as site:
        source = site.bucket / "first"
        random_file(source / "model.safetensors", 100 * (8 << 20))
        site.copy(site.import_model("first"), "first")
        other = site.bucket / "second"
        shutil.copytree(source, other)
        with (other / "model.safetensors").open("r+b") as file:
            for part in range(0, 100, 20):
                file.seek(part * (8 << 20) + 1000)
                file.write(os.urandom(100))
        arn = site.import_model("second")
        before = sum(path.stat().st_size for path in site.stored(AWAY))
        site.copy(arn, "second")
        moved = sum(path.stat().st_size for path in site.stored(AWAY)) - before
    share = moved / (100 * (8 << 20))
    print_table(
        "A second model, 95 % of whose parts are there", ["", "share"], [["moved", f"{share:.4f}"]]
    )
    return {"second_copy_bytes": round(share, 4)}


SECTIONS = {"large": large, "small": small, "second": second}
