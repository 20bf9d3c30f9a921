"""Ranges of parts: what the API answers to the header (RFC 9110, section 14), and how a copy from
another Region uses them. Each connection through the proxy has a rate, as over a link with a long
way, so that several are worth while."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cloud import AWAY, HOME, Account, digests, distinct_bytes, write_model
from support.proxy import Passed, at_rate
from support.sites import Sites, streams, through_proxy
from support.wire import Answer, escape, sha256

MIB = 1 << 20
PARTS = 15  # of the model "big"
RATE = 8 * MIB  # bytes a second of a connection, of which there are three at first


# -- the API ----------------------------------------------------------------------------------------


def get(account: Account, path: str, **headers: str) -> Answer:
    with account.wire(HOME) as wire:
        return wire.call("GET", path, headers={n.replace("_", "-"): v for n, v in headers.items()})


@pytest.fixture
def part(account: Account) -> tuple[str, bytes]:
    """The path of a part and its bytes, which lie in several segments."""
    model = f"/-/models/{escape(account.import_model(prefix='parts'))}"
    manifest = get(account, f"{model}/manifest").json
    paths = [f"{model}/parts/{digest}" for digest in manifest["parts"]]
    path = max(paths, key=lambda path: len(get(account, path).body))
    whole = get(account, path)
    assert (whole.status, sha256(whole.body)) == (200, path[-64:])
    assert "content-range" not in whole.headers
    assert len(whole.body) > MIB
    return path, whole.body


def test_a_range_is_answered_with_its_bytes(account: Account, part: tuple[str, bytes]) -> None:
    path, whole = part
    size = len(whole)
    for asked, first, last in [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=262000-262500", 262000, 262500),  # out of two segments
        ("bytes=1000-", 1000, size - 1),
        ("bytes=-7", size - 7, size - 1),
        (f"bytes=-{size + 1}", 0, size - 1),
        (f"bytes={size - 1}-{size + 100}", size - 1, size - 1),
        ("Bytes=5-6", 5, 6),
    ]:
        answer = get(account, path, Range=asked)
        assert answer.status == 206, (asked, answer)
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert answer.body == whole[first : last + 1], asked


def test_what_is_no_range_is_ignored(account: Account, part: tuple[str, bytes]) -> None:
    for asked in (
        ["bytes=5-3", "bytes=0-1,4-5", "bytes=", "bytes=-", "bytes=x-3", "bytes=+1-3", "lines=0-3"]
        + ["bytes", "bytes=1-3x", "bytes 0-3", "bytes=--3", "bytes=0x1-3"]
        + [f"bytes=0-{2**70}"]
    ):
        answer = get(account, part[0], Range=asked)
        assert (answer.status, answer.body) == (200, part[1]), asked
        assert "content-range" not in answer.headers


def test_a_range_with_a_condition_is_the_whole(account: Account, part: tuple[str, bytes]) -> None:
    """No part has an ETag, so none is the one that is meant."""
    answer = get(account, part[0], Range="bytes=0-3", If_Range='"tag"')
    assert (answer.status, answer.body) == (200, part[1]), answer


def test_a_range_behind_the_end_is_refused(account: Account, part: tuple[str, bytes]) -> None:
    path, whole = part
    for asked in (f"bytes={len(whole)}-", f"bytes={len(whole)}-{len(whole) + 9}", "bytes=-0"):
        answer = get(account, path, Range=asked)
        assert (answer.status, answer.error) == (416, "RequestedRangeNotSatisfiableException")
        assert answer.headers["content-range"] == f"bytes */{len(whole)}"
        assert str(len(whole)) in answer.json["message"]


def test_a_range_needs_the_same_rights(account: Account, part: tuple[str, bytes]) -> None:
    missing = part[0][:-64] + "0" * 64
    assert get(account, missing, Range="bytes=0-3").error == "ResourceNotFoundException"
    with account.server.wire(None) as wire:
        assert wire.call("GET", part[0], headers={"Range": "bytes=0-3"}).status == 403


# -- a copy -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def big_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ranges")
    write_model(folder / "big", {"model.safetensors": distinct_bytes(8 * (PARTS - 1))})
    return folder


def copy_and_check(sites: Sites, library: Path, to: Path) -> None:
    here, there = sites.account()
    there.copy(here.import_model(prefix="big"), "copy")
    ran = there.server.command("pull", "copy", str(to), keys=there.keys, region=AWAY)
    assert ran.returncode == 0, ran.stderr
    assert digests(to) == digests(library / "big")


def test_what_goes_wrong_with_a_range_is_overcome(tmp_path: Path, big_library: Path) -> None:
    """Of the first three parts that come in ranges: wrong bytes in one, an end before its time in
    another, a connection that closes in the third."""
    slow = at_rate(RATE)
    faults = ["wrong", "short", "closed"]
    met: dict[str, tuple[str, Passed]] = {}
    resumed: list[str] = []

    def treat(passed: Passed) -> bytes | None:
        body = slow(passed)
        if passed.status != 206:
            return body
        if passed.path in met:
            fault, was = met[passed.path]
            if fault == "short" and passed.range.split("-")[1] == was.range.split("-")[1]:
                resumed.append(passed.range)
            return body
        if not faults:
            return body
        met[passed.path] = faults.pop(0), passed
        return {
            "wrong": bytes([passed.body[0] ^ 1]) + passed.body[1:],
            "short": passed.body[: len(passed.body) // 2],
            "closed": None,
        }[met[passed.path][0]]

    with through_proxy(tmp_path, big_library) as (sites, proxy):
        proxy.treat = treat
        copy_and_check(sites, big_library, tmp_path / "out")
        count, requests = streams(sites.target)
    assert requests >= 6
    assert count == 1  # two, and then trouble
    assert not faults, f"not met: {faults}"
    short = next(was for fault, was in met.values() if fault == "short")
    begin = int(short.range.split("=")[1].split("-")[0])
    assert f"bytes={begin + len(short.body) // 2}-" in resumed[0], (resumed, short.range)


def test_a_source_that_ignores_ranges_is_copied_from(tmp_path: Path, big_library: Path) -> None:
    """As versions of before did."""
    with through_proxy(tmp_path, big_library) as (sites, proxy):
        proxy.treat = at_rate(RATE)
        proxy.ignores_ranges = True
        copy_and_check(sites, big_library, tmp_path / "out")
        count, requests = streams(sites.target)
        assert count == 1 and requests >= 2
