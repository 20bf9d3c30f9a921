"""./run bench copy: the copy engine against cp, sha256sum and rclone; its memory; interruptions.

Rates that are the disk's depend on the disk: compare ratios, which are of runs in turn. The work
folder is /var/tmp or OUTCROP_BENCH_DIR; it needs four times --gib of free space.
"""

from __future__ import annotations

import argparse
import importlib
import sys

from harness import write_figures

# Each has SECTIONS: a name and a function from the options to figures.
MODULES = ("copy_disk", "copy_limits", "copy_link", "copy_peer", "copy_s3")

GOALS = {  # floor, aim; below 1: less is better
    "copy_vs_cp_sync": (0.7, 1.1),
    "copy_vs_cp_sha256sum": (4, 8),
    "copy_vs_rclone": (2, 3),
    "copy_small_files_vs_cp": (0.5, 1),
    "peer_vs_rclone_http": (1, 2),
    "peer_vs_curl": (0.7, 1),
    "s3_vs_rclone": (1, 2),
    "s3_vs_awscli": (1, 1.2),
    "copy_rss_mib": (96, 64),
    "resume_overhead": (1.05, 1.02),
    "second_copy_bytes": (0.06, 0.051),
}
LESS_IS_BETTER = ("copy_rss_mib", "resume_overhead", "second_copy_bytes")


def verdict(name: str, value: float) -> str:
    floor, aim = GOALS[name]
    sign = -1 if name in LESS_IS_BETTER else 1
    if sign * value >= sign * aim:
        return "aim met"
    return "floor met" if sign * value >= sign * floor else "below the floor"


def main() -> None:
    sections = {}
    for name in MODULES:
        sections |= importlib.import_module(name).SECTIONS
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", help="write the figures there")
    parser.add_argument("--only", help=f"sections, with commas: {', '.join(sections)}")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--gib", type=float, default=4, help="size of the large model")
    parser.add_argument("--s3-gib", type=float, default=1, help="size of the one into a bucket")
    parser.add_argument("--peer-gib", type=float, default=1, help="size of the one from a peer")
    parser.add_argument("--link-mib", type=float, default=128, help="size of the one over a link")
    parser.add_argument("--sparse-gib", type=float, default=32)
    parser.add_argument("--files", type=int, default=20_000, help="how many small files")
    parser.add_argument("--kills", type=int, default=50, help="kill -9 during one copy")
    args = parser.parse_args()
    chosen = args.only.split(",") if args.only else list(sections)
    if unknown := [name for name in chosen if name not in sections]:
        sys.exit(f"no such section: {', '.join(unknown)}; there are {', '.join(sections)}")
    figures: dict[str, float] = {}
    for name in chosen:
        figures |= sections[name](args)
        write_figures(args.json, figures)
    print()
    for name, value in figures.items():
        print(f"  {name} {value:g}" + (f"  ({verdict(name, value)})" if name in GOALS else ""))


if __name__ == "__main__":
    main()
