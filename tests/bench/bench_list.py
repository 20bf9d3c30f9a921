"""./run bench list: server CPU per signed list request, against nginx sending a file of the same bytes."""

from __future__ import annotations

import argparse

from harness import Nginx, Outcrop, cpu_seconds, get_often, median, print_table, write_figures
from jobs import load_jobs

REGION = "us-east-1"
PAGES = (1, 10, 100, 1000)
FLOORS = {1: 0.8, 10: 0.8, 100: 0.7, 1000: 0.6}
AIMS = {1: 1.5, 10: 1.2, 100: 1.0, 1000: 0.9}


def cpu_per_request(pid: int, url: str, headers: dict[str, str], seconds: int) -> float:
    before, answers = cpu_seconds(pid), 0
    while answers == 0:  # on a crowded machine the first second may pass without any
        answers = get_often(url, headers, seconds)
    return (cpu_seconds(pid) - before) / answers * 1e6


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    parser.add_argument("--jobs", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    args = parser.parse_args()
    figures: dict[str, float] = {}
    rows = []

    with load_jobs(args.jobs, REGION) as data, Outcrop(data) as server:
        path = {n: f"/model-copy-jobs?maxResults={n}" for n in PAGES}
        bodies = {n: server.get(REGION, path[n]) for n in PAGES}
        with Nginx({f"{n}.json": bodies[n] for n in PAGES}) as nginx:
            for n in PAGES:
                ours, theirs = [], []
                get_often(f"http://127.0.0.1:{nginx.port}/{n}.json", {}, 1)  # both warm
                get_often(server.url + path[n], server.signed_headers(REGION, path[n]), 1)
                for _ in range(args.rounds):
                    theirs.append(
                        cpu_per_request(
                            nginx.pid, f"http://127.0.0.1:{nginx.port}/{n}.json", {}, args.seconds
                        )
                    )
                    ours.append(
                        cpu_per_request(
                            server.pid,
                            server.url + path[n],
                            server.signed_headers(REGION, path[n]),
                            args.seconds,
                        )
                    )
                ratio = median([t / o for t, o in zip(theirs, ours)])
                figures[f"list_page{n}_vs_nginx"] = round(ratio, 3)
                figures[f"list_page{n}_us"] = round(median(ours), 2)
                figures[f"nginx_page{n}_us"] = round(median(theirs), 2)
                rows.append(
                    [
                        f"page of {n} ({len(bodies[n]):,} bytes)",
                        f"{median(ours):.1f}",
                        f"{median(theirs):.1f}",
                        f"{ratio:.2f}",
                        f"{FLOORS[n]}",
                        f"{AIMS[n]}",
                    ]
                )
    print_table(
        f"Server CPU a request, {args.jobs:,} jobs, median of {args.rounds} interleaved rounds",
        ["", "outcrop µs", "nginx µs", "ratio", "floor", "aim"],
        rows,
    )
    write_figures(args.json, figures)


if __name__ == "__main__":
    main()
