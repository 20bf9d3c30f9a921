"""A certificate for servers that speak HTTPS in tests."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """A certificate that signs itself, so that it is also what clients are told to trust."""

    file: Path
    key: Path


def make_certificate(
    folder: Path, address: str = "127.0.0.1", names: tuple[str, ...] = ("localhost",)
) -> Certificate:
    """For names and an address, as docs/operations.md shows it."""
    made = Certificate(folder / "tls.crt", folder / "tls.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        + ["-nodes", "-days", "365", "-subj", f"/CN={names[0]}", "-addext"]
        + ["subjectAltName=" + "".join(f"DNS:{name}," for name in names) + f"IP:{address}"]
        + ["-keyout", str(made.key), "-out", str(made.file)],
        check=True,
        capture_output=True,
    )
    return made
