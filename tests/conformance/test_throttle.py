"""The token bucket per account and operation, on a server of its own with a low rate."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cloud import Account, Cloud, bucket_config
from support.server import Server

JOBS = "/model-copy-jobs"
RATE, BURST = 5, 10


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory, library: Path) -> Iterator[Cloud]:
    config = bucket_config(library) + f"\n[throttle]\nrate = {RATE}\nburst = {BURST}\n"
    with Server(tmp_path_factory.mktemp("throttled"), config) as server:
        yield Cloud(server)


def burst(account: Account, count: int, path: str = JOBS) -> list[int]:
    with account.wire() as wire:
        return [wire.call("GET", path).status for _ in range(count)]


def test_a_burst_passes_and_the_rest_is_throttled(slow: Cloud) -> None:
    account = slow.account()
    statuses = burst(account, 40)
    assert statuses[:BURST] == [200] * BURST
    assert set(statuses) == {200, 429}
    assert statuses.count(200) <= BURST + RATE


def test_the_answer_is_a_throttling_exception(slow: Cloud) -> None:
    account = slow.account()
    burst(account, BURST)
    with account.wire() as wire:
        answer = wire.call("GET", JOBS)
        assert (answer.status, answer.error) == (429, "ThrottlingException")
        assert answer.message
        assert "x-amzn-requestid" in answer.headers


def test_other_accounts_and_operations_are_not_touched(slow: Cloud) -> None:
    account, other = slow.account(), slow.account()
    burst(account, BURST + 5)
    assert burst(other, 1) == [200]
    assert burst(account, 1, "/custom-models") == [200]


def test_the_bucket_fills_again(slow: Cloud) -> None:
    account = slow.account()
    burst(account, BURST + 10)
    time.sleep(1.2)
    statuses = burst(account, RATE - 1)
    assert statuses == [200] * (RATE - 1)


def test_boto3_gets_through_by_retrying(slow: Cloud) -> None:
    account = slow.account()
    burst(account, BURST + 5)
    account.boto(attempts=8).list_model_copy_jobs()


def test_an_unsigned_flood_costs_nobody_a_token(slow: Cloud) -> None:
    account = slow.account()
    with slow.server.wire(None) as wire:
        assert {wire.call("GET", JOBS).status for _ in range(50)} == {403}
    assert burst(account, 1) == [200]
