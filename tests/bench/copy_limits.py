"""Memory, interruptions, and the kernels that bytes pass through."""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import time

from copy_site import AWAY, GIB, PART, Site, distinct_parts_file, need_space, scratch
from harness import binary, print_table

LIFE = 0.25  # seconds that a server lives between two kills, on average


def crypto(args: argparse.Namespace) -> dict[str, float]:
    """One core, parts of 8 MiB."""
    out = subprocess.run([binary("crypto_speed")], check=True, capture_output=True, text=True)
    gcm, gcm_openssl, sha, sha_openssl = (float(line) for line in out.stdout.split())
    rows = [
        [name, f"{ours / 1e9:.2f}", f"{theirs / 1e9:.2f}", f"{ours / theirs:.2f}"]
        for name, ours, theirs in (
            ("AES-256-GCM", gcm, gcm_openssl),
            ("SHA-256, two at a time", sha, sha_openssl),
        )
    ]
    print_table("GB a second of one core", ["", "outcrop", "OpenSSL", "ratio"], rows)
    return {
        "crypto_gcm_vs_openssl": round(gcm / gcm_openssl, 3),
        "crypto_sha_vs_openssl": round(sha / sha_openssl, 3),
    }


def memory(args: argparse.Namespace) -> dict[str, float]:
    """The most that the server ever held: import and copy of a sparse model."""
    size = int(args.sparse_gib * GIB)
    with scratch() as folder, Site(folder) as site:
        source = site.bucket / "sparse"
        source.mkdir()
        for i in range(4):
            with (source / f"model-{i}.safetensors").open("wb") as file:
                file.truncate(size // 4)
                for at in range(0, size // 4, GIB // 8):  # and some parts that are not all zero
                    file.seek(at)
                    file.write(os.urandom(100))
        arn = site.import_model("sparse")
        imported = site.peak_mib()
        site.copy(arn, "sparse")
        peak = site.peak_mib()
    rows = [["import", f"{imported:.1f}"], ["import and copy", f"{peak:.1f}"]]
    print_table(f"Peak memory, sparse model of {args.sparse_gib:g} GiB", ["", "MiB"], rows)
    return {"copy_rss_mib": round(peak, 1)}


def resume(args: argparse.Namespace) -> dict[str, float]:
    """
    Bytes written to the disk by all lives of the server, over the size of the model. What a kill
    costs is what is being written at that instant, at most a part for each worker. The copy is held
    back, so that it lasts as long as the kills take; but each life moves a few parts before the cap
    bites, so a kill needs some three parts of the model.
    """
    chance = random.Random(4)
    size = max(128, 3 * args.kills) * PART
    with scratch() as folder, Site(folder) as site:
        need_space(folder, 2 * size)
        distinct_parts_file(site.bucket / "model" / "model.safetensors", size)
        arn = site.import_model("model")
        site.server.stop()
        unlimited = site.config.read_text()
        site.config.write_text(f"[copy]\nbandwidth = {PART // 4}\n{unlimited}")
        site.restart()
        job = site.start_copy(arn, "copy")
        written = 0
        for kill in range(args.kills):
            time.sleep(chance.uniform(0, 2 * LIFE))
            site.server.process.send_signal(signal.SIGSTOP)  # the count is of the instant of death
            written += site.written()
            site.kill()
            if kill + 1 == args.kills:
                site.config.write_text(unlimited)
            site.restart()
            status = site.clients[AWAY].get_model_copy_job(jobArn=job)["status"]
            if status != "InProgress":
                sys.exit(f"the copy was {status} after {kill + 1} of {args.kills} kills")
        site.wait_copy(job)
        written += site.written()
        stored = sum(path.stat().st_size for path in site.stored(AWAY))
    rows = [[f"{args.kills} kill -9, {size / GIB:.1f} GiB", f"{written / size:.4f}"]]
    print_table("Bytes written over the size", ["", "ratio"], rows)
    assert stored >= size
    return {"resume_overhead": round(written / size, 4), "resume_kills": args.kills}


SECTIONS = {"crypto": crypto, "memory": memory, "resume": resume}
