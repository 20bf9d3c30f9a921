"""Copies over a link with delay and loss: as many streams as adapt, against one for each part, and
against curl and rclone. The link is that of the tests, two network namespaces and a thread between
them, which carries some 120 MB/s: it needs root. Packets have up to 9,000 bytes.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

from copy_peer import Far, https_server
from copy_site import MIB, Site, need_space, random_file, scratch, settle, timed
from harness import ROOT, median, print_table

sys.path.insert(0, str(ROOT / "tests"))
from support.network import Network, NotPermitted, inside  # noqa: E402
from support.tls import Certificate, make_certificate  # noqa: E402

WARM_UP = 3  # copies
# Name, delay one way in seconds, packets lost each way.
LINKS = [("50 ms, 0.1 %", 0.025, 0.001), ("100 ms, 0.1 %", 0.05, 0.001), ("100 ms, 1 %", 0.05, 0.01)]


def rivals(url: str, names: list[str], tls: Certificate, to: pathlib.Path) -> dict[str, list[str]]:
    """A connection for each of the four files, and four for each."""
    curl = ["curl", "-sf", "--no-progress-meter", "--cacert", str(tls.file), "--parallel"]
    for name in names:
        curl += ["-o", str(to / name), f"{url}/large/{name}"]
    rclone = ["env", "-u", "AWS_CA_BUNDLE", "rclone", "copy", "--ca-cert", str(tls.file)]
    rclone += ["--multi-thread-streams", "4", "--multi-thread-cutoff", "1M"]
    rclone += [f":http,url='{url}/large/':", str(to)]
    return {"curl": curl, "rclone": rclone}


def streams(site: Site) -> int:
    """How many streams a part are in use."""
    request = urllib.request.Request(f"{site.server.url}/-/metrics")
    token = (site.data / "bearer-token").read_text().strip()
    request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith("outcrop_copy_streams{"):
                return int(line.rsplit(" ", 1)[1])
    sys.exit("the server does not say how many streams are in use")


@contextlib.contextmanager
def near_sites(folder: pathlib.Path, far: Far, network: Network) -> Iterator[dict[str, Site]]:
    """Two targets that differ in one setting."""
    with inside(network.far):
        settings = far.peer_settings(folder)
    with contextlib.ExitStack() as stack:
        sites = {}
        for name, most in (("one stream", 1), ("adapting", 8)):
            place = folder / name.replace(" ", "-")
            place.mkdir()
            with inside(network.near):
                site = Site(place, f"[copy]\nstreams = {most}\n{settings}")
            sites[name] = stack.enter_context(site)
        yield sites


def measure(
    args: argparse.Namespace, network: Network, folder: pathlib.Path
) -> tuple[dict[str, list[float]], int]:
    """Seconds of each, in turns; before that it adapts, during copies that are not counted."""
    tls = make_certificate(folder, network.far_address)
    os.environ["AWS_CA_BUNDLE"] = str(tls.file)
    with inside(network.far):
        far = Far(folder / "far", tls, network.far_address)
    with contextlib.ExitStack() as stack:
        stack.enter_context(far)
        for i in range(4):
            random_file(far.bucket / "large" / f"model-{i}", int(args.link_mib * MIB) // 4)
        with inside(network.far):
            arn = far.import_model("large")
            url, _ = stack.enter_context(
                https_server(folder, far.bucket, tls, network.far_address)
            )
        sites = stack.enter_context(near_sites(folder, far, network))
        to = folder / "rival"
        names = [f"model-{i}" for i in range(4)]
        seconds: dict[str, list[float]] = {}
        with inside(network.near):
            for number in range(WARM_UP):
                sites["adapting"].timed_copy(arn, f"first-{number}")
            for number in range(args.rounds):
                for name, site in sites.items():
                    settle()
                    seconds.setdefault(name, []).append(site.timed_copy(arn, f"copy-{number}"))
                for name, command in rivals(url, names, tls, to).items():
                    to.mkdir()
                    settle()
                    seconds.setdefault(name, []).append(timed(command))
                    subprocess.run(["rm", "-r", str(to)], check=True)
            return seconds, streams(sites["adapting"])


def over_a_link(args: argparse.Namespace) -> dict[str, float]:
    size = int(args.link_mib * MIB)
    figures: dict[str, float] = {}
    rows = []
    for name, delay, loss in LINKS:
        with scratch() as folder:
            need_space(folder, 5 * size)
            try:
                with Network(delay=delay, loss=loss) as network:
                    seconds, used = measure(args, network, folder)
            except NotPermitted as error:
                sys.exit(f"network namespaces are not permitted here: {error}")
        rates = {way: size / median(values) / 1e6 for way, values in seconds.items()}
        ratio = median(
            [o / a for o, a in zip(seconds["one stream"], seconds["adapting"], strict=True)]
        )
        figures[f"link_{int(delay * 2000)}ms_{loss:g}_adaptive_vs_one"] = round(ratio, 2)
        rows.append(
            [name]
            + [f"{rates[way]:.1f}" for way in ("one stream", "adapting", "curl", "rclone")]
            + [str(used), f"{ratio:.2f}"]
        )
    print_table(
        f"{args.link_mib:g} MiB in 4 files over a link, MB/s, median of {args.rounds} interleaved "
        "rounds; curl has 4 connections, rclone 4 for each file; neither verifies or encrypts",
        ["there and back, lost", "streams = 1", "adapting", "curl", "rclone", "streams", "ratio"],
        rows,
    )
    return figures


SECTIONS = {"link": over_a_link}
