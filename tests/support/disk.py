"""A disk of a size that a test can fill: a tmpfs, which needs root."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest


class Disk:
    """Mounted at `folder`, which it makes, while it is entered; skips the test where it may not."""

    def __init__(self, folder: Path, mib: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._mib = mib

    def __enter__(self) -> Disk:
        options = f"size={self._mib}m,mode=700"
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)], capture_output=True
        )
        if mounted.returncode != 0:
            pytest.skip("may not mount a small disk here")
        return self

    def resize(self, mib: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={mib}m", str(self.folder)], check=True)

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", str(self.folder)], check=True)
