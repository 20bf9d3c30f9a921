"""./run bench create: durable signed creates of 32 clients, against one commit a request.

Also jobs that end, and lists while creates run. The server and the load share both cores: a create
keeps several threads of the server busy. The load costs little, since it signs its requests before
it begins.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import tempfile

from harness import Outcrop, binary, median, pinned, print_table, write_figures

TARGET, SOURCE = "us-west-2", "us-east-1"
CORES = "0,1"


def config(batch: int) -> str:
    """One copy at a time, so that mostly creations are measured; `batch` writes at most in a commit."""
    file = tempfile.NamedTemporaryFile("w", suffix=".ini", delete=False)
    file.write(f"[copy]\njobs = 1\nworkers = 1\n[store]\nbatch = {batch}\n")
    file.close()
    return file.name


def start_load(
    server: Outcrop,
    mode: str,
    seconds: float,
    connections: int,
    rate: float = 0,
    source: str = "-",
    query: str = "",
) -> subprocess.Popen:
    return subprocess.Popen(
        pinned(
            CORES,
            [
                binary("http_load"),
                "--port",
                str(server.port),
                "--region",
                TARGET,
                "--key",
                server.key,
                "--secret",
                server.secret,
                "--mode",
                mode,
                "--source",
                source,
                "--query",
                query,
                "--connections",
                str(connections),
                "--seconds",
                str(seconds),
                "--rate",
                str(rate),
            ],
        ),
        stdout=subprocess.PIPE,
        text=True,
    )


def result(process: subprocess.Popen) -> dict:
    out, _ = process.communicate()
    answer = json.loads(out)
    if answer["failures"]:
        raise SystemExit(f"{answer['failures']} of {answer['answers']} requests failed")
    return answer


def import_source(server: Outcrop) -> str:
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "config.json").write_text('{"model_type": "bench"}')
        return server.cli(SOURCE, "import", folder, "--name", "source", "--region", SOURCE)[
            "modelArn"
        ]


def measure(batch: int, seconds: float) -> dict:
    path = config(batch)
    with Outcrop(
        extra=["--config", path, "--region", SOURCE, "--region", TARGET], core=CORES
    ) as server:
        figures = result(start_load(server, "create", seconds, 32, source=import_source(server)))
    os.unlink(path)
    return figures


def measure_ends(jobs: int) -> dict:
    """Jobs that end, 32 under way at one time, as the copy engine ends them; in the store alone."""
    with tempfile.TemporaryDirectory(prefix="outcrop-bench-") as folder:
        out = subprocess.run(
            [binary("bench_ends"), "--dir", folder, "--jobs", str(jobs), "--together", "32"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    return json.loads(out)


def measure_lists(seconds: float) -> tuple[float, float]:
    """p99 of lists: quiet, and while 5,000 creates a second run."""
    path = config(0)
    with Outcrop(
        extra=["--config", path, "--region", SOURCE, "--region", TARGET], core=CORES
    ) as server:
        source = import_source(server)
        result(start_load(server, "create", 2, 32, source=source))
        quiet = result(start_load(server, "list", seconds, 4, rate=2000, query="maxResults=100"))
        creates = start_load(server, "create", seconds + 1, 32, rate=5000, source=source)
        busy = result(start_load(server, "list", seconds, 4, rate=2000, query="maxResults=100"))
        result(creates)
    os.unlink(path)
    return quiet["p99_us"], busy["p99_us"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    args = parser.parse_args()

    grouped, single = [], []
    for _ in range(args.rounds):
        single.append(measure(1, args.seconds)["per_s"])
        grouped.append(measure(0, args.seconds)["per_s"])
    ends = [measure_ends(50_000) for _ in range(args.rounds)]
    lists = [measure_lists(args.seconds) for _ in range(args.rounds)]
    ratio = median([g / s for g, s in zip(grouped, single)])
    under = median([busy / quiet for quiet, busy in lists])
    figures = {
        "create_per_s": median(grouped),
        "create_single_commit_per_s": median(single),
        "create_vs_single_commit": round(ratio, 2),
        "ends_per_s": median([end["ends_per_s"] for end in ends]),
        "bytes_per_end": median([end["bytes_per_end"] for end in ends]),
        "list_p99_quiet_us": median([quiet for quiet, _ in lists]),
        "list_p99_busy_us": median([busy for _, busy in lists]),
        "list_p99_under_creates": round(under, 2),
    }
    print_table(
        f"Durable signed creates, 32 clients, median of {args.rounds}",
        ["", "value", "floor", "aim"],
        [
            [
                "creates a second, grouped commits",
                f"{figures['create_per_s']:,.0f}",
                "10,000",
                "30,000",
            ],
            [
                "creates a second, one commit each",
                f"{figures['create_single_commit_per_s']:,.0f}",
                "",
                "",
            ],
            ["ratio", f"{ratio:.1f}", "4", "12"],
            ["jobs ended a second", f"{figures['ends_per_s']:,.0f}", "10,000", ""],
            ["bytes written for each", f"{figures['bytes_per_end']:,.0f}", "", ""],
            ["list p99 under 5,000 creates/s ÷ quiet", f"{under:.2f}", "3 (at most)", "2"],
        ],
    )
    write_figures(args.json, figures)


if __name__ == "__main__":
    main()
