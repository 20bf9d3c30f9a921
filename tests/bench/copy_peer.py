"""Copies from another server over TLS on loopback, against what else fetches files over HTTPS."""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import resource
import subprocess
import sys
from collections.abc import Iterator

from copy_site import AWAY, GIB, HOME, Site, need_space, random_file, scratch, settle, timed
from harness import ROOT, binary, cpu_seconds, free_port, median, print_table

sys.path.insert(0, str(ROOT / "tests"))
from support.tls import Certificate, make_certificate  # noqa: E402

NGINX = """
user root;
worker_processes 2;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ }}
http {{
    access_log off;
    sendfile on;
    server {{
        listen {address}:{port} ssl;
        ssl_certificate {crt};
        ssl_certificate_key {key};
        ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;
        ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
        root {root};
        autoindex on;
    }}
}}
"""


class Far(Site):
    """The source: a server of its own that serves HOME over TLS."""

    def __init__(
        self, folder: pathlib.Path, tls: Certificate, address: str = "127.0.0.1"
    ) -> None:
        folder.mkdir()
        self.tls = tls
        super().__init__(
            folder,
            f"[server]\nregions = {HOME}\ntls-certificate = {tls.file}\ntls-key = {tls.key}\n",
            address,
        )

    def peer_settings(self, folder: pathlib.Path) -> str:
        """What the target needs to copy from here."""
        environment = {**self.server.environment(HOME), "AWS_CA_BUNDLE": str(self.tls.file)}
        made = subprocess.run(
            [binary("outcrop"), "key", "add", "--peer", AWAY],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        profile = dict(line.split(" = ") for line in made.splitlines() if " = " in line)
        secret = folder / "peer-secret"
        secret.touch(0o600)
        secret.write_text(profile["aws_secret_access_key"])
        return (
            f"[server]\nregions = {AWAY}\n[peer {HOME}]\nurl = {self.server.url}\n"
            f"ca-bundle = {self.tls.file}\naccess-key = {profile['aws_access_key_id']}\n"
            f"secret-key-file = {secret}\n"
        )


@contextlib.contextmanager
def https_server(
    folder: pathlib.Path, root: pathlib.Path, tls: Certificate, address: str = "127.0.0.1"
) -> Iterator[tuple[str, int]]:
    """nginx with the same certificate and cipher. @return its URL and process"""
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(
        NGINX.format(
            folder=folder, address=address, port=port, crt=tls.file, key=tls.key, root=root
        )
    )
    nginx = subprocess.Popen(["nginx", "-c", str(config), "-e", str(folder / "nginx.log")])
    try:
        subprocess.run(
            ["curl", "-sf", "--retry", "50", "--retry-connrefused", "--retry-delay", "1"]
            + ["--cacert", str(tls.file), f"https://{address}:{port}/", "-o", os.devnull],
            check=True,
        )
        yield f"https://{address}:{port}", nginx.pid
    finally:
        nginx.terminate()
        nginx.wait()


def rivals(
    url: str, names: list[str], tls: Certificate, to: pathlib.Path
) -> dict[str, list[list[str]]]:
    """Commands one after another. rclone finds no digests over HTTP: it is checked afterwards."""
    curl = [
        "curl",
        "-sf",
        "--no-progress-meter",
        "--cacert",
        str(tls.file),
        "--parallel",
        "--parallel-max",
        "4",
    ]
    for name in names:
        curl += ["-o", str(to / name), f"{url}/large/{name}"]
    rclone = ["env", "-u", "AWS_CA_BUNDLE", "rclone", "copy", "--ca-cert", str(tls.file)]
    rclone += [f":http,url='{url}/large/':", str(to)]
    check = ["sha256sum", *(str(to / name) for name in names)]
    sync = ["sync"]
    return {"peer_vs_rclone_http": [rclone, check, sync], "peer_vs_curl": [curl, sync]}


def row(name: str, seconds: float, size: int, cpu: float, ratio: str) -> list[str]:
    return [name, f"{seconds:.2f}", f"{size / seconds / 1e6:.0f}", f"{cpu / size * 1e9:.2f}", ratio]


def family_cpu(pid: int) -> float:
    """CPU seconds of a process and its children, which are there still."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return cpu_seconds(pid) + sum(cpu_seconds(int(child)) for child in children)


def ended_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def from_peer(args: argparse.Namespace) -> dict[str, float]:
    """4 files; both servers and both clients have the same two processors and one disk."""
    size = int(args.peer_gib * GIB)
    ours, cpu, far_cpu = [], [], []
    with scratch() as folder:
        need_space(folder, 4 * size)
        tls = make_certificate(folder)
        os.environ["AWS_CA_BUNDLE"] = str(tls.file)
        with Far(folder / "far", tls) as far:
            source = far.bucket / "large"
            for i in range(4):
                random_file(source / f"model-{i}.safetensors", size // 4)
            names = [file.name for file in source.iterdir()]
            arn = far.import_model("large")
            near = folder / "near"
            near.mkdir()
            to = folder / "rival"
            with (
                Site(near, far.peer_settings(near)) as site,
                https_server(folder, far.bucket, tls) as (url, nginx),
            ):
                commands = rivals(url, names, tls, to)
                theirs: dict[str, list[float]] = {name: [] for name in commands}
                their_cpu: dict[str, list[float]] = {name: [] for name in commands}
                for number in range(args.rounds + 1):
                    for name, command in commands.items():
                        to.mkdir()
                        settle()
                        begin = ended_cpu() + family_cpu(nginx)
                        seconds = timed(*command)
                        spent = ended_cpu() + family_cpu(nginx) - begin
                        subprocess.run(["rm", "-r", str(to)], check=True)
                        if number:  # the first round warms the page cache for all
                            theirs[name].append(seconds)
                            their_cpu[name].append(spent)
                    settle()
                    before = cpu_seconds(site.server.pid), cpu_seconds(far.server.pid)
                    seconds = site.timed_copy(arn, f"copy-{number}")
                    if number:
                        ours.append(seconds)
                        cpu.append(cpu_seconds(site.server.pid) - before[0])
                        far_cpu.append(cpu_seconds(far.server.pid) - before[1])
                peak = site.peak_mib()
    ratios = {
        name: round(median([t / o for t, o in zip(seconds, ours, strict=True)]), 3)
        for name, seconds in theirs.items()
    }
    both = [a + b for a, b in zip(cpu, far_cpu, strict=True)]
    rows = [row("outcrop", median(ours), size, median(both), "")]
    for name, seconds in theirs.items():
        rows.append(
            row(name, median(seconds), size, median(their_cpu[name]), f"{ratios[name]:.2f}")
        )
    print_table(
        f"{args.peer_gib:g} GiB in 4 files from another server over TLS, median of {args.rounds} "
        "interleaved rounds; rivals fetch from nginx and then sync, rclone also sha256sum; neither encrypts",
        ["", "s", "MB/s", "CPU s a GB, both ends", "ratio"],
        rows,
    )
    print(
        f"  CPU of the target: {median(cpu) / size * 1e9:.2f} s a GB, of the source meanwhile "
        f"{median(far_cpu) / size * 1e9:.2f} s a GB; the target's peak {peak:.0f} MiB"
    )
    return {**ratios, "peer_mb_s": round(size / median(ours) / 1e6), "peer_rss_mib": round(peak, 1)}


SECTIONS = {"peer": from_peer}
