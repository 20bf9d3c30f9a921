"""All that a power cut at any moment of a record may leave, without what makes no difference.

At each moment what is not synced may have been kept or not, each operation by itself, and of a
write the first half alone: 2 or 3 ways for each. They are all tried, as long as no moment has more
than EXHAUSTIVE such operations; of one that has, some are drawn. What is not tried anew:

- **Pages that nobody reads.** LMDB writes a commit to pages that no tree of the durable snapshot
  leads to, and makes them count by one synced write of a meta page. Whether a page is one of them
  is looked up in the file itself (lmdb_pages.py); if it is not, its write is one of those tried.
- **Files that every start writes anew**: LMDB's lock file, `endpoint`.
- **Content of files that are still `.tmp-`**: a start removes them. That they are there is tried.
- **Which of 256 empty folders** below a Region's parts are there: none, all, every other one.
- **The same folder** reached at two moments: it is held to what was promised at the later one.

`EveryCut.states` counts what was gone through, `found` is what remains.
"""

from __future__ import annotations

import hashlib
import itertools
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lmdb_pages import PAGE, reachable_pages
from power_cut import CREATE, MKDIR, TRUNCATE, WRITE, Disk, File, Image, Operation

EXHAUSTIVE = 8  # undecided operations that matter, at one moment: up to 3^8 states
DRAWN = 200  # states of a moment that has more
SHARD = re.compile(r"(regions/[^/]+/parts/[^/]+)/[0-9a-f]{2}")
TEMPORARY = ".tmp-"
WRITTEN_ANEW = re.compile(r"(.*/)?lock\.mdb(\0.*)?|endpoint(\..*)?")
STORE = re.compile(r".*/data\.mdb")
SHARD_WAYS = (lambda number: False, lambda number: True, lambda number: number % 2 == 0)


@dataclass
class Cut:
    """One folder that may be found, and the last moment at which it may."""

    moment: int
    image: Image
    kept: str


@dataclass
class EveryCut:
    found: dict[bytes, Cut] = field(default_factory=dict)
    states: int = 0
    most: int = 0  # operations to decide at one moment
    drawn_at: int = 0  # moments that were too many for all
    rng: random.Random = field(default_factory=lambda: random.Random(20261126))
    _made_by: dict[int, str] = field(default_factory=dict)  # file → its first name
    _contents: dict[tuple[object, ...], tuple[bytes, bytes]] = field(default_factory=dict)

    def go_through(self, operations: list[Operation]) -> None:
        disk = Disk()
        self.add(disk, 0)
        for moment, operation in enumerate(operations, 1):
            disk.apply(operation)
            if operation.kind == CREATE:
                self._made_by[id(disk.files[-1])] = operation.path
            self.add(disk, moment)

    def add(self, disk: Disk, moment: int) -> None:
        """Every state after this moment."""
        free = [op for file in disk.files for op in self.writes_to_decide(file)]
        shards: list[Operation] = []
        for op in (op for changes in disk.pending.values() for op in changes):
            if op.kind == MKDIR and SHARD.fullmatch(op.path):
                shards.append(op)
            elif not WRITTEN_ANEW.fullmatch(op.path):
                free.append(op)
        self.most = max(self.most, len(free))
        self.drawn_at += len(free) > EXHAUSTIVE
        for way in SHARD_WAYS if shards else SHARD_WAYS[:1]:
            kept: dict[int, bool | int] = {
                id(op): way(number) for number, op in enumerate(shards)
            }
            for choice in self.choices([ways_of(op) for op in free]):
                kept.update((id(op), chosen) for op, chosen in zip(free, choice, strict=True))
                self.keep(disk, moment, kept, f"{choice} of {[told(op) for op in free]}")

    def choices(self, ways: list[tuple[bool | int, ...]]) -> Iterable[tuple[bool | int, ...]]:
        if len(ways) <= EXHAUSTIVE:
            return itertools.product(*ways)
        drawn = [tuple(self.rng.choice(way) for way in ways) for _ in range(DRAWN)]
        return [tuple(way[0] for way in ways), tuple(way[-1] for way in ways), *drawn]

    def writes_to_decide(self, file: File) -> Iterator[Operation]:
        name = self._made_by.get(id(file), "")
        if not file.pending or WRITTEN_ANEW.fullmatch(name):
            return
        pages = reachable_pages(file.durable) if STORE.fullmatch(name) else None
        for op in file.pending:
            if pages is None or op.kind != WRITE or pages & set(pages_of(op)):
                yield op

    def keep(self, disk: Disk, moment: int, kept: dict[int, bool | int], how: str) -> None:
        self.states += 1
        image = disk.image(lambda op: kept.get(id(op), False), self.content)
        self.found[self.identity(image)] = Cut(moment, image, how)

    def content(self, file: File, kept: tuple[bool | int, ...]) -> bytes:
        """The same object for the same bytes: there are many states and few contents."""
        key = (id(file), id(file.durable), tuple(map(id, file.pending)), kept)
        if key not in self._contents:
            text = file.with_kept(kept)
            # The durable bytes are held, so that their address is not used for others.
            self._contents[key] = (text, file.durable)
        return self._contents[key][0]

    def identity(self, image: Image) -> bytes:
        """Equal for folders between which a start makes no difference."""
        text = hashlib.sha256()
        shards: dict[str, int] = {}
        for name in image.folders:
            if shard := SHARD.fullmatch(name):
                shards[shard[1]] = shards.get(shard[1], 0) + 1
            else:
                text.update(f"folder {name}\n".encode())
        for name, count in sorted(shards.items()):
            text.update(f"shards {name} {'all' if count == 256 else 'some'}\n".encode())
        for name, content in sorted(image.files.items()):
            if not WRITTEN_ANEW.fullmatch(name):
                text.update(f"file {name}\n".encode())
                text.update(b"" if TEMPORARY in name else self.digest(content))
        return text.digest()

    def digest(self, content: bytes) -> bytes:
        key = ("digest", id(content))
        if key not in self._contents:
            self._contents[key] = (hashlib.sha256(content).digest(), content)
        return self._contents[key][0]


def told(op: Operation) -> str:
    where = f"{len(op.data)} bytes" if op.kind in (WRITE, TRUNCATE) else op.path
    return f"{op.kind}: {where}"


def pages_of(op: Operation) -> range:
    return range(op.offset // PAGE, (op.offset + len(op.data) - 1) // PAGE + 1)


def ways_of(op: Operation) -> tuple[bool | int, ...]:
    if op.kind == WRITE and len(op.data) > 1:
        return (False, len(op.data) // 2, True)
    return (False, True)
