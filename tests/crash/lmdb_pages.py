"""Which pages of an LMDB file its readers can reach, from the file's bytes alone.

Format of LMDB 0.9 with 64-bit sizes: pages 0 and 1 are metas, the valid one with the higher
transaction counts; from it lead two trees, of free pages and of named databases. What no tree
leads to is never read, so a write there that a disk keeps, loses or tears changes nothing.
"""

from __future__ import annotations

import struct

PAGE = 4096
HEADER = 16  # of a page: number, pad, flags, lower and upper bound of the free space
MAGIC = 0xBEEFC0DE
BRANCH, LEAF, OVERFLOW, LEAF2 = 0x01, 0x02, 0x04, 0x20
BIG_DATA, SUB_DATA = 0x01, 0x02
NO_PAGE = (1 << 64) - 1
META_DATABASES, META_TXN = (40, 88), 144  # in a meta page
DATABASE_ROOT = 40  # in a database's description


def newest_meta(file: bytes) -> int | None:
    """Where the meta that counts begins; None: the file has none and is not opened."""
    found: list[tuple[int, int]] = []
    for at in (0, PAGE):
        if len(file) >= at + PAGE and struct.unpack_from("=I", file, at + HEADER)[0] == MAGIC:
            found.append((struct.unpack_from("=Q", file, at + META_TXN)[0], at))
    return max(found)[1] if found else None


def reachable_pages(file: bytes) -> set[int] | None:
    """The numbers of all pages that a reader of the newest snapshot may look at."""
    meta = newest_meta(file)
    if meta is None:
        return None
    pages = {0, 1}
    roots = [root_at(file, meta + at) for at in META_DATABASES]
    while roots:
        page = roots.pop()
        if page != NO_PAGE and page not in pages:
            pages.add(page)
            roots += children(file, page, pages)
    return pages


def root_at(file: bytes, database: int) -> int:
    return int(struct.unpack_from("=Q", file, database + DATABASE_ROOT)[0])


def children(file: bytes, page: int, pages: set[int]) -> list[int]:
    """The pages that this one leads to; those of a large value are added at once."""
    at = page * PAGE
    flags, lower = struct.unpack_from("=HH", file, at + 10)
    assert flags & (BRANCH | LEAF), f"page {page} is in a tree and is not of one"
    found: list[int] = []
    if flags & LEAF2:
        return found
    for pointer in struct.unpack_from(f"={(lower - HEADER) // 2}H", file, at + HEADER):
        node = at + pointer
        low, high, node_flags, key_size = struct.unpack_from("=4H", file, node)
        data = node + 8 + key_size
        if flags & BRANCH:
            found.append(low | high << 16 | node_flags << 32)
        elif node_flags & BIG_DATA:
            first = struct.unpack_from("=Q", file, data)[0]
            count = struct.unpack_from("=I", file, first * PAGE + 12)[0]
            pages.update(range(first, first + count))
        elif node_flags & SUB_DATA:
            found.append(root_at(file, data))
    return found
