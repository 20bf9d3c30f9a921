"""What the benchmarks share: servers as child processes, their CPU time, medians, tables, JSON.

Figures are ratios against a rival in the same run: both are driven in turn, on the same cores, and
the medians are compared. The server runs on one core and the load on the other, so that server CPU
per request is the server's alone.
"""

from __future__ import annotations

import configparser
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("OUTCROP_BENCH_BUILD", ROOT / "build-release"))
TICK = os.sysconf("SC_CLK_TCK")
SERVER_CORE, LOAD_CORE = "0", "1"


def binary(name: str) -> str:
    for path in BUILD.rglob(name):
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    sys.exit(f"{name} is not built: run ./run build release")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all of its threads, from /proc (10 ms steps)."""
    total = 0.0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        fields = (task / "schedstat").read_text().split()
        total += int(fields[0]) / 1e9
    return total


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pinned(core: str, command: list[str]) -> list[str]:
    return ["taskset", "-c", core, *command]


class Outcrop:
    """A server on a data folder; stopped and, when the folder is its own, removed at the end."""

    def __init__(
        self,
        data: pathlib.Path | None = None,
        extra: list[str] = (),
        core: str | None = SERVER_CORE,
        port: int = 0,
        address: str = "127.0.0.1",
    ):
        self.own = data is None
        self.data = data or pathlib.Path(tempfile.mkdtemp(prefix="outcrop-bench-"))
        self.command = [
            binary("outcrop"),
            "serve",
            "--data",
            str(self.data),
            "--listen",
            f"{address}:{port}",
            "--log-level",
            "warn",
            *extra,
        ]
        if core is not None:
            self.command = pinned(core, self.command)
        self.start()

    def start(self) -> None:
        (self.data / "endpoint").unlink(missing_ok=True)
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not (self.data / "endpoint").exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit("the server did not start")
            time.sleep(0.001)
        self.url = (self.data / "endpoint").read_text().strip()
        self.port = int(self.url.rsplit(":", 1)[1])
        parser = configparser.ConfigParser()
        parser.read(self.data / "credentials")
        self.key = parser["default"]["aws_access_key_id"]
        self.secret = parser["default"]["aws_secret_access_key"]

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)

    def close(self) -> None:
        self.stop()
        if self.own:
            shutil.rmtree(self.data, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc) -> None:
        self.close()

    def environment(self, region: str) -> dict[str, str]:
        return {
            **os.environ,
            "AWS_ENDPOINT_URL_BEDROCK": self.url,
            "AWS_REGION": region,
            "AWS_SHARED_CREDENTIALS_FILE": str(self.data / "credentials"),
        }

    def cli(self, region: str, *args: str) -> dict:
        out = subprocess.run(
            [binary("outcrop"), *args, "-o", "json"],
            env=self.environment(region),
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return json.loads(out)

    def signed_headers(self, region: str, path_and_query: str) -> dict[str, str]:
        """Headers of one signed GET, good for 15 minutes."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        request = AWSRequest("GET", self.url + path_and_query)
        SigV4Auth(Credentials(self.key, self.secret), "bedrock", region).add_auth(request)
        return dict(request.headers)

    def get(self, region: str, path_and_query: str) -> bytes:
        request = urllib.request.Request(
            self.url + path_and_query, headers=self.signed_headers(region, path_and_query)
        )
        with urllib.request.urlopen(request) as answer:
            return answer.read()


class Nginx:
    """One worker serving files with sendfile and an open-file cache, as fast as nginx goes."""

    def __init__(self, files: dict[str, bytes]):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="outcrop-nginx-"))
        self.port = free_port()
        for name, content in files.items():
            (self.folder / name).write_bytes(content)
        config = f"""
worker_processes 1; daemon off; pid {self.folder}/pid; error_log {self.folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
  open_file_cache max=100 inactive=600s; open_file_cache_valid 600s; types {{ application/json json; }}
  server {{ listen 127.0.0.1:{self.port}; root {self.folder}; }}
}}"""
        (self.folder / "nginx.conf").write_text(config)
        os.chmod(self.folder, 0o755)
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen(
            pinned(SERVER_CORE, [nginx, "-c", str(self.folder / "nginx.conf")]),
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while True:
            children = subprocess.run(
                ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True
            )
            if children.stdout.split():
                self.pid = int(children.stdout.split()[0])
                return
            if time.monotonic() > deadline:
                sys.exit("nginx did not start")
            time.sleep(0.05)

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc) -> None:
        self.close()


def get_often(url: str, headers: dict[str, str], seconds: int = 2, connections: int = 16) -> int:
    """Ask for one URL from the load's core, by a client that never sleeps. @return answers"""
    parts = urllib.parse.urlsplit(url)
    lines = [f"GET {parts.path}{'?' + parts.query if parts.query else ''} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in {"Host": parts.netloc, **headers}.items()]
    with tempfile.NamedTemporaryFile() as request:
        request.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        request.flush()
        command = [
            binary("get_load"), "--port", str(parts.port), "--request", request.name,
            "--connections", str(connections), "--seconds", str(seconds),
        ]  # fmt: skip
        return int(subprocess.run(pinned(LOAD_CORE, command), check=True, capture_output=True).stdout)


def median(values: list[float]) -> float:
    return statistics.median(values)


def print_table(title: str, header: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    print(f"\n{title}")
    for row in [header, *rows]:
        print(
            "  "
            + "  ".join(
                cell.ljust(w) if i == 0 else cell.rjust(w)
                for i, (cell, w) in enumerate(zip(row, widths))
            ).rstrip()
        )


def write_figures(path: str | None, figures: dict[str, float]) -> None:
    if path:
        pathlib.Path(path).write_text(json.dumps(figures, indent=2) + "\n")
