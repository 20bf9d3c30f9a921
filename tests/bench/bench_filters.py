"""./run bench filters: every combination of filters, against PostgreSQL and SQLite.

The engine and its rivals answer the same seeded queries over the same jobs, one page of 100 each,
and must find the same number of jobs. A rival is asked in several ways and the fastest counts; one
that takes more than 30 times as long as the engine (and more than 2 ms) is cut off and counted
with the time it was given, a lower bound.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

from harness import Outcrop, binary, free_port, median, print_table, write_figures
from jobs import ACCOUNT, bench_folder, fill

REGION = "us-east-1"
SMALL = 10_000
RIVALS = {"postgres": "PostgreSQL 15", "sqlite": "SQLite"}
POSTGRES_SETTINGS = """
listen_addresses = ''
shared_buffers = 3GB
effective_cache_size = 12GB
work_mem = 64MB
jit = off
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 16GB
random_page_cost = 1.1
max_parallel_workers_per_gather = 0
autovacuum = off
"""


class Query:
    """One line of bench_filters --queries."""

    def __init__(self, line: str):
        fields = line.rstrip("\n").split("\t")
        (self.number, self.status, self.account, self.model, self.name, self.after, self.before,
         self.order, self.position, _, us, found) = fields  # fmt: skip
        self.us = float(us)
        self.found = int(found)

    def __str__(self) -> str:
        asked = [
            self.status and f"status {self.status}",
            self.account and f"account {self.account}",
            self.model and f"model …{self.model[-12:]}",
            self.name and f'name "{self.name}"',
            self.after and f"{(int(self.before) - int(self.after)) / 3.6e6:.3g} hours",
            self.position and f"from {self.position}",
            self.order,
        ]
        return ", ".join(part for part in asked if part)


class Data:
    """A data folder full of jobs, the engine's times over it, and what the rivals need."""

    def __init__(self, jobs: int, rounds: int, seed: int, with_tsv: bool):
        self.jobs = jobs
        self.folder = bench_folder()
        self.tsv = self.folder / "jobs.tsv"
        self.queries = self.folder / "queries.tsv"
        extra = ["--seed", str(seed)]
        print(f"loading {jobs:,} jobs", file=sys.stderr)
        begun = time.monotonic()
        fill(self.folder, jobs, REGION, *extra, *(["--tsv", str(self.tsv)] if with_tsv else []))
        self.load_s = time.monotonic() - begun
        self.command = [
            binary("bench_filters"), "--dir", str(self.folder / "store"), "--jobs", str(jobs),
            "--account", ACCOUNT, "--region", REGION, "--queries", str(self.queries),
            "--rounds", str(rounds), "--slow", "0", *extra,
        ]  # fmt: skip
        self.asked = self.ask()

    def ask(self, every: int = 1) -> list[Query]:
        """The engine's answers to one query in so many, drawn by the seed; also in a file."""
        command = [*self.command, "--every", str(every)]
        if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
            sys.exit("the engine's run failed")
        with self.queries.open() as lines:
            return [Query(line) for line in lines]

    def times(self) -> list[float]:
        return sorted(query.us for query in self.asked)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Data:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


@contextlib.contextmanager
def postgres(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """A private cluster, on a unix socket in `folder` only. As root it runs as user postgres."""
    tools = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parts[-2]))
    as_user: list[str] = []
    folder.mkdir()
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        os.chmod(folder.parent, 0o711)
        as_user = ["runuser", "-u", "postgres", "--"]

    def run(tool: str, *args: str) -> None:
        command = [*as_user, str(tools / tool), "-D", str(folder / "cluster"), *args]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{tool} failed:\n{done.stdout}{done.stderr}")

    run("initdb", "-A", "trust", "-U", "bench", "-E", "UTF8", "--locale=C", "--no-sync")
    with (folder / "cluster" / "postgresql.conf").open("a") as conf:
        conf.write(POSTGRES_SETTINGS + f"unix_socket_directories = '{folder}'\n")
    run("pg_ctl", "-w", "-t", "60", "-l", str(folder / "log"), "start")
    try:
        yield folder
    finally:
        run("pg_ctl", "-w", "-m", "immediate", "stop")


def ask_rival(rival: str, data: Data) -> dict[str, tuple[float, bool]]:
    """Microseconds of each query, by number, and whether it was cut off."""
    folder, out = data.folder / rival, data.folder / f"{rival}.tsv"
    with contextlib.ExitStack() as stack:
        if rival == "postgres":
            stack.enter_context(postgres(folder))
        else:
            folder.mkdir()
        command = [
            binary("rival_filters"), "--rival", rival, "--folder", str(folder),
            "--queries", str(data.queries), "--tsv", str(data.tsv), "--out", str(out),
        ]  # fmt: skip
        if subprocess.run(command).returncode != 0:
            sys.exit(f"{RIVALS[rival]} failed, or does not find what the engine finds")
    shutil.rmtree(folder, ignore_errors=True)
    rows = [line.split("\t") for line in out.read_text().splitlines()]
    return {row[0]: (float(row[1]), row[2] == "1") for row in rows}


def first_answer(command: list[str], port: int, request: bytes) -> float:
    """Milliseconds from starting the server to its answer to one signed request."""
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while True:
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) == 0:
                connection.sendall(request)
                answer = connection.recv(65536)
                break
    took = (time.monotonic() - begun) * 1e3
    process.terminate()
    process.wait(60)
    if not answer.startswith(b"HTTP/1.1 200 "):
        sys.exit(f"the first answer is not a list: {answer[:200]!r}")
    return took


def start_ms(data: Data) -> float:
    """From exec to the first signed answer, median of nine warm starts."""
    path, port = "/model-copy-jobs?maxResults=10", free_port()
    server = Outcrop(data.folder, core=None, port=port)
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    lines += [f"{name}: {value}" for name, value in server.signed_headers(REGION, path).items()]
    server.stop()
    request = "\r\n".join([*lines, "", ""]).encode()
    return median([first_answer(server.command, port, request) for _ in range(10)][1:])


def percentile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))]


def compare(rival: str, data: Data, every: int, figures: dict[str, float]) -> list[list[str]]:
    """
    Ask one rival, keep its figures. Of a sample the engine is asked again, alone: both then have
    the same queries in their caches.
    @return its five smallest ratios, by name
    """
    asked = data.asked if every == 1 else data.ask(every)
    theirs = ask_rival(rival, data)
    ratios = sorted(
        ((theirs[q.number][0] / q.us, theirs[q.number][1], q) for q in asked),
        key=lambda item: item[0],
    )
    figures["filters_rival_queries"] = len(asked)
    cut = sum(was_cut for _, was_cut, _ in ratios)
    figures[f"filters_vs_{rival}_min"] = round(ratios[0][0], 2)
    figures[f"filters_vs_{rival}_p1"] = round(ratios[len(ratios) // 100][0], 2)
    figures[f"filters_vs_{rival}_median"] = round(ratios[len(ratios) // 2][0], 1)
    figures[f"filters_vs_{rival}_below_3"] = sum(ratio < 3 for ratio, _, _ in ratios)
    figures[f"filters_vs_{rival}_cut"] = cut
    return [
        [f"{RIVALS[rival]}: {q}", f"{q.us:.1f}", f"{theirs[q.number][0]:.0f}", f"{ratio:.1f}"]
        for ratio, _, q in ratios[:5]
    ]


def report(data: Data, rival_jobs: int, rivals: list[str], figures: dict[str, float],
           close: list[list[str]]) -> None:  # fmt: skip
    rows = [
        ["engine p50, µs", f"{figures['filters_p50_us']:.1f}", "40", "12"],
        ["engine p99, µs", f"{figures['filters_p99_us']:.1f}", "250", "60"],
        ["engine worst, µs", f"{figures['filters_worst_us']:.1f}", "2000", "250"],
        [f"growth from {SMALL:,} jobs", f"{figures['growth']:.2f}", "3", "1.5"],
        ["bytes a job", f"{figures['bytes_per_job']:.0f}", "1200", "600"],
        ["start to the first signed answer, ms", f"{figures['start_ms']:.1f}", "50", "5"],
    ]
    for rival in rivals:
        name, key = RIVALS[rival], f"filters_vs_{rival}"
        rows.append([f"{name}: smallest ratio", f"{figures[key + '_min']:.2f}", "3", "20"])
        rows.append([f"{name}: 1 % are below", f"{figures[key + '_p1']:.1f}", "", ""])
        rows.append([f"{name}: median ratio (at least)", f"{figures[key + '_median']:.0f}", "", ""])
    print_table(
        f"{len(data.asked):,} combinations over {data.jobs:,} jobs, a page of 100",
        ["", "value", "floor", "aim"],
        rows,
    )
    worst = sorted(data.asked, key=lambda q: -q.us)[:5]
    print_table("The engine's slowest", ["", "µs"], [[str(q), f"{q.us:.1f}"] for q in worst])
    if rivals:
        where = f"{rival_jobs:,} jobs" + ("" if rival_jobs == data.jobs else
                                          f", NOT the {data.jobs:,} of the engine's figures")  # fmt: skip
        cut = ", ".join(f"{RIVALS[r]} {figures[f'filters_vs_{r}_cut']:,.0f}" for r in rivals)
        print_table(
            f"The rivals' best, over {where}", ["", "engine µs", "rival µs", "ratio"], close
        )
        if figures["filters_rival_queries"] < len(data.asked):
            print(
                f"  NOT all: {figures['filters_rival_queries']:,} combinations, drawn by the seed"
            )
        print(f"  cut off at 30 times the engine's time and counted with that: {cut}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--rival-jobs", type=int, help="fewer jobs for the rivals' comparison")
    parser.add_argument("--rivals", default="postgres,sqlite", help="or one of them, or none")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--every", type=int, default=1, help="ask the rivals one query in so many")
    parser.add_argument("--seed", type=int, default=42)
    args = parser.parse_args()
    rivals = [name for name in args.rivals.split(",") if name in RIVALS]
    rival_jobs = min(args.rival_jobs or args.jobs, args.jobs)
    figures: dict[str, float] = {"filters_jobs": args.jobs, "filters_rival_jobs": rival_jobs}
    close: list[list[str]] = []

    with Data(SMALL, args.rounds, args.seed, False) as small:
        small_us = median(small.times())
    with Data(args.jobs, args.rounds, args.seed, rival_jobs == args.jobs) as data:
        times = data.times()
        size = sum(p.stat().st_size for p in (data.folder / "store").rglob("*") if p.is_file())
        figures |= {
            "filters_p50_us": round(median(times), 2),
            "filters_p99_us": round(percentile(times, 0.99), 2),
            "filters_worst_us": round(times[-1], 1),
            "growth": round(median(times) / small_us, 3),
            "bytes_per_job": round(size / args.jobs, 1),
            "load_per_s": round(args.jobs / data.load_s),
            "start_ms": round(start_ms(data), 2),
        }
        with contextlib.ExitStack() as stack:
            shared = data
            if rivals and rival_jobs != args.jobs:
                shared = stack.enter_context(Data(rival_jobs, args.rounds, args.seed, True))
            for rival in rivals:
                close += compare(rival, shared, args.every, figures)
    report(data, rival_jobs, rivals, figures, close)
    write_figures(args.json, figures)


if __name__ == "__main__":
    main()
