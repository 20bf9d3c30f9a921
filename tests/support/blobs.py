"""The blobs of a server's data folder, and ways in which disks spoil them."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

from support.server import Server

Damage = Callable[[Path], None]


def blobs(server: Server, region: str, largest_first: bool = True) -> list[Path]:
    """Files of a Region's content store: parts before manifests, as a rule."""
    found = []
    for path in (server.data / "regions" / region / "parts").rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # a sweep removes it meanwhile
            if path.is_file():
                found.append((path.stat().st_size, path.name, path))
    return [path for _, _, path in sorted(found, reverse=largest_first)]


def digest(blob: Path) -> str:
    """SHA-256 of the plaintext, as the path says it."""
    return blob.parent.name + blob.name


def flip_a_bit(blob: Path) -> None:
    content = bytearray(blob.read_bytes())
    content[len(content) // 2] ^= 0x10
    blob.write_bytes(content)


def flip_a_bit_of_the_header(blob: Path) -> None:
    content = bytearray(blob.read_bytes())
    content[20] ^= 1
    blob.write_bytes(content)


def truncate(blob: Path) -> None:
    with blob.open("r+b") as file:
        file.truncate(blob.stat().st_size // 3)


def empty(blob: Path) -> None:
    blob.write_bytes(b"")


def delete(blob: Path) -> None:
    blob.unlink()


def lose_to_a_folder(blob: Path) -> None:
    """What cannot be read although it is there: a folder in the file's place."""
    blob.unlink()
    blob.mkdir()


def swap_with_another(blob: Path) -> None:
    """Another whole blob of the same store stands under this one's name."""
    others = [p for p in blob.parents[1].rglob("*") if p.is_file() and p != blob]
    shutil.copyfile(max(others, key=lambda p: p.stat().st_size), blob)


DAMAGES: tuple[Damage, ...] = (
    flip_a_bit,
    flip_a_bit_of_the_header,
    truncate,
    empty,
    delete,
    swap_with_another,
)
