"""What a disk may hold after a power cut, from a record of what was done to it (record_io.c).

Only what was synced is sure to be there. Of the rest a disk may have kept anything: any of the
writes to a file since its last fsync, in part too; any of the changes of names in a folder since
that folder's last fsync. A rename is whole or did not happen. This is weaker than what ext4 or XFS
promise, so what survives here survives there.

    disk = Disk()                       # empty, as the folder was when the recording began
    for operation in read_log(log): disk.apply(operation)
    disk.image(choice).write(folder)
"""

from __future__ import annotations

import os
import random
import shutil
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

CREATE, MKDIR, RENAME, UNLINK, WRITE, WRITE_SYNC, TRUNCATE, SYNC, SYNC_DIR, LINK = range(1, 11)
HEAD = struct.Struct("=IBQQI")
SECTOR = 512


@dataclass(frozen=True)
class Operation:
    kind: int
    inode: int
    offset: int
    data: bytes
    end: int  # of the record, so far

    @property
    def path(self) -> str:
        return self.data.decode()

    @property
    def pair(self) -> list[str]:
        return self.data.decode().split("\0")


def read_log(log: Path) -> list[Operation]:
    """The record's operations; one that a kill cut short is left out: it was never answered."""
    text = log.read_bytes()
    found, at = [], 0
    while at + HEAD.size <= len(text):
        length, kind, inode, offset, n = HEAD.unpack_from(text, at)
        assert length == HEAD.size - 4 + n, "the record is damaged"
        if at + HEAD.size + n > len(text):
            break
        data = text[at + HEAD.size : at + HEAD.size + n]
        at += HEAD.size + n
        found.append(Operation(kind, inode, offset, data, at))
    return found


def parent(path: str) -> str:
    return path.rpartition("/")[0]


@dataclass
class File:
    """One inode: what is sure to be on the disk, and the writes that may be."""

    durable: bytes
    pending: list[Operation] = field(default_factory=list)

    def with_kept(self, kept: tuple[bool | int, ...]) -> bytes:
        """Its content when this much of each pending operation is there."""
        if not self.pending:
            return self.durable
        content = bytearray(self.durable)
        for op, much in zip(self.pending, kept, strict=True):
            if much is False:
                continue
            if op.kind == TRUNCATE:
                resized(content, op.offset)
            else:
                written(content, op.offset, op.data if much is True else op.data[:much])
        return bytes(content)


def written(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset + len(data):
        content.extend(bytes(offset + len(data) - len(content)))
    content[offset : offset + len(data)] = data


def resized(content: bytearray, size: int) -> None:
    if size < len(content):
        del content[size:]
    else:
        content.extend(bytes(size - len(content)))


# Whether the disk kept a pending operation; a number: so many bytes of a write.
Keep = Callable[[Operation], bool | int]
# A file's content with so much of its pending operations.
Content = Callable[[File, "tuple[bool | int, ...]"], bytes]


class Disk:
    """One folder of a disk, empty at first."""

    def __init__(self) -> None:
        self.files: list[File] = []
        self.at: dict[int, int] = {}  # inode → its file: numbers are used again
        self.names: dict[str, int | None] = {"": None}  # path → file, None for a folder
        self.pending: dict[str, list[Operation]] = {}  # folder → changes of names in it
        self.made: dict[str, int] = {}  # every name that a file has had → the file

    def apply(self, op: Operation) -> None:
        if op.kind == CREATE:
            self.at[op.inode] = self.made[op.path] = len(self.files)
            self.files.append(File(b""))
            self.pending.setdefault(parent(op.path), []).append(op)
        elif op.kind in (MKDIR, UNLINK):
            self.pending.setdefault(parent(op.path), []).append(op)
        elif op.kind in (RENAME, LINK):
            source, target = op.pair
            if source in self.made:
                self.made[target] = self.made[source]
            # Of a rename between folders the new name counts: the old one may stay or go with it.
            self.pending.setdefault(parent(target), []).append(op)
        elif op.kind in (WRITE, TRUNCATE):
            self.files[self.at[op.inode]].pending.append(op)
        elif op.kind == WRITE_SYNC:
            file = self.files[self.at[op.inode]]
            content = bytearray(file.durable)
            written(content, op.offset, op.data)
            file.durable = bytes(content)
        elif op.kind == SYNC:
            file = self.files[self.at[op.inode]]
            file.durable = file.with_kept((True,) * len(file.pending))
            file.pending.clear()
        elif op.kind == SYNC_DIR:
            for change in self.pending.pop(op.path, []):
                self._change(self.names, change)
        else:
            raise AssertionError(f"unknown operation {op.kind}")

    def undecided(self) -> list[Operation]:
        """What a power cut now may keep or lose."""
        found = [op for file in self.files for op in file.pending]
        return found + [op for changes in self.pending.values() for op in changes]

    def _change(self, names: dict[str, int | None], op: Operation) -> None:
        if op.kind == CREATE:
            names[op.path] = self.made[op.path]
        elif op.kind == MKDIR:
            names[op.path] = None
        elif op.kind == UNLINK:
            names.pop(op.path, None)
        else:
            source, target = op.pair
            # It takes the file along even where the disk has lost the file's first name.
            names[target] = names.get(source, self.made.get(source))
            if op.kind == RENAME:
                names.pop(source, None)

    def image(self, keep: Keep, content: Content = File.with_kept) -> Image:
        """The disk after a cut that kept of what is undecided just what `keep` says."""
        names = dict(self.names)
        for changes in self.pending.values():
            for op in changes:
                if keep(op) is not False:
                    self._change(names, op)
        reachable: dict[str, int | None] = {}
        for path in sorted(names):  # a folder before what is in it
            if path == "" or reachable.get(parent(path), 0) is None:
                reachable[path] = names[path]
        contents = {
            path: content(file, tuple(keep(op) for op in file.pending))
            for path, number in reachable.items()
            if number is not None and (file := self.files[number])
        }
        folders = [path for path, file in reachable.items() if file is None and path]
        return Image(sorted(folders), contents)


@dataclass
class Image:
    folders: list[str]
    files: dict[str, bytes]

    def write(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        for name in self.folders:
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in self.files.items():
            file = folder / name
            if file.parent.is_dir():
                descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
                with os.fdopen(descriptor, "wb") as opened:
                    opened.write(content)


def keep_nothing(op: Operation) -> bool:
    return False


def keep_everything(op: Operation) -> bool:
    return True


def lose_one(lost: Operation) -> Keep:
    return lambda op: op is not lost


def keep_one(kept: Operation) -> Keep:
    return lambda op: op is kept


def tear_one(torn: Operation, at: int) -> Keep:
    return lambda op: at if op is torn else True


def by_chance(undecided: list[Operation], rng: random.Random) -> Keep:
    drawn = {id(op): rng.random() < 0.5 for op in undecided}
    return lambda op: drawn[id(op)]


def choices(undecided: list[Operation], rng: random.Random) -> Iterator[tuple[str, Keep]]:
    """Ways in which a cut may decide: the extremes, one lost, one kept, torn writes, and chance."""
    yield "nothing", keep_nothing
    if not undecided:
        return
    yield "everything", keep_everything
    for op in undecided:
        yield "all but one", lose_one(op)
        yield "only one", keep_one(op)
        if op.kind == WRITE and len(op.data) > SECTOR:
            yield "torn", tear_one(op, rng.randrange(len(op.data) // SECTOR) * SECTOR)
    while True:
        yield "by chance", by_chance(undecided, rng)
