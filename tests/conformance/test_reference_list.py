"""The server against the plain reference (reference.py): random stores, random queries.

Several processes ask over keep-alive connections with the tests' own signer. The jobs are real
ones: real copies between Regions, some of them Failed.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from reference import Job, Query, listing, microseconds, page
from support.cloud import AWAY, Account, Cloud, bucket_config, sharing_policy
from support.server import Server
from support.wire import Keys, Wire

PATH = "/model-copy-jobs"
QUERIES = 40_000
PROCESSES = 2
STORES = (0, 1, 7, 60, 400)  # jobs in a store
ALPHABET = "abAB01"
FILTERS = tuple(Query.__dataclass_fields__)


@dataclass(frozen=True)
class Store:
    """One account's jobs, in order of commit."""

    endpoint: str
    keys: Keys
    jobs: list[Job]

    def wire(self) -> Wire:
        return Wire(self.endpoint, self.keys, AWAY)


def random_name(rng: random.Random) -> str:
    length = rng.choice([1, 2, 3, 4, 8, 20, 40])
    text = "".join(rng.choice(ALPHABET) for _ in range(length))
    return "".join(c + (rng.choice("-_") if rng.random() < 0.2 else "") for c in text)[:63]


def fill(account: Account, sources: list[str], count: int, rng: random.Random) -> list[Job]:
    """Create jobs over a raw connection; those of one name before are refused and not counted."""
    made: list[str] = []
    names: set[str] = set()
    with account.wire(AWAY) as wire:
        while len(made) < count:
            name = random_name(rng)
            if name in names:
                continue
            names.add(name)
            body: dict[str, Any] = {"sourceModelArn": rng.choice(sources), "targetModelName": name}
            if rng.random() < 0.3:
                body["targetModelTags"] = [{"key": "n", "value": str(len(made))}]
            answer = wire.call("POST", PATH, body=body)
            assert answer.status == 201, answer
            made.append(answer.json["jobArn"])
            if rng.random() < 0.1:
                time.sleep(0.002)
        jobs = settled(wire)
    assert [job["jobArn"] for job in jobs] == made, "Ascending is the order of creation"
    times = [job["creationTime"] for job in jobs]
    assert times == sorted(times)
    return jobs


def settled(wire: Wire) -> list[Job]:
    """All jobs, oldest first, once none is InProgress."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        running = wire.call("GET", PATH, [("statusEquals", "InProgress"), ("maxResults", "1")])
        if running.json["modelCopyJobSummaries"] == []:
            answer = wire.call("GET", PATH, [("sortOrder", "Ascending"), ("maxResults", "1000")])
            assert "nextToken" not in answer.json
            jobs: list[Job] = answer.json["modelCopyJobSummaries"]
            return jobs
        time.sleep(0.05)
    raise AssertionError("copies did not come to an end")


def random_time(rng: random.Random, jobs: list[Job]) -> str:
    if not jobs or rng.random() < 0.05:
        return rng.choice(["2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"])
    at = microseconds(rng.choice(jobs)["creationTime"]) + rng.choice(
        [0, 0, 1, -1, 1000, -1000, 500]
    )
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=at)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def random_part(rng: random.Random, jobs: list[Job]) -> str:
    if jobs and rng.random() < 0.8:
        name = rng.choice(jobs)["targetModelName"]
        length = rng.choice([1, 2, 3, 4, len(name)])
        start = rng.randrange(max(1, len(name) - length + 1))
        part = name[start : start + length]
        if part[0] in "-_" or "--" in part:  # the filter must itself be a name by its pattern
            part = part.strip("-_")
        return part or "a"
    return "".join(rng.choice(ALPHABET) for _ in range(rng.randint(1, 4)))


def random_query(rng: random.Random, jobs: list[Job]) -> Query:
    def known(member: str, other: str) -> str:
        return rng.choice(jobs)[member] if jobs and rng.random() < 0.9 else other

    stranger = "arn:aws:bedrock:us-east-1:123456789012:custom-model/imported/zzzzzzzzzzzz"
    makers: dict[str, Callable[[], str]] = {
        "creationTimeAfter": lambda: random_time(rng, jobs),
        "creationTimeBefore": lambda: random_time(rng, jobs),
        "statusEquals": lambda: rng.choice(["Completed", "Completed", "Failed", "InProgress"]),
        "sourceAccountEquals": lambda: known("sourceAccountId", "999999999999"),
        "sourceModelArnEquals": lambda: known("sourceModelArn", stranger),
        "outputModelNameContains": lambda: random_part(rng, jobs),
        "sortBy": lambda: "CreationTime",
        "sortOrder": lambda: rng.choice(["Ascending", "Descending"]),
    }
    chance = rng.choice([0.1, 0.3, 0.5, 0.5])
    return Query(**{name: make() for name, make in makers.items() if rng.random() < chance})


def ask(wire: Wire, query: Query, size: int | None, token: str | None) -> dict[str, Any]:
    parameters = query.parameters()
    if size is not None:
        parameters.append(("maxResults", str(size)))
    if token is not None:
        parameters.append(("nextToken", token))
    answer = wire.call("GET", PATH, parameters)
    assert answer.status == 200, (query, size, answer)
    result: dict[str, Any] = answer.json
    return result


def check_walk(wire: Wire, store: Store, query: Query, rng: random.Random) -> int:
    """Up to a few pages of one query, sizes changing; the number of requests made."""
    start, token, asked = 0, None, 0
    while True:
        size = rng.choice([None, 1, 2, 3, 7, 10, 50, 100, 1000])
        got = ask(wire, query, size, token)
        wanted, more = page(store.jobs, query, start, size)
        asked += 1
        assert got["modelCopyJobSummaries"] == wanted, (query, start, size)
        assert ("nextToken" in got) == more, (query, start, size)
        if not more or asked == 6:
            return asked
        token = got["nextToken"]
        start += len(wanted)


def check_metamorphic(wire: Wire, store: Store, query: Query, rng: random.Random) -> int:
    """Adding a filter never adds a job; one order is the reverse of the other."""

    def arns(asked: Query) -> list[str]:
        return [job["jobArn"] for job in ask(wire, asked, 1000, None)["modelCopyJobSummaries"]]

    up = arns(Query(**{**vars(query), "sortOrder": "Ascending"}))
    down = arns(Query(**{**vars(query), "sortOrder": "Descending"}))
    assert up == down[::-1], query
    narrower = {k: v for k, v in vars(random_query(rng, store.jobs)).items() if v is not None}
    both = arns(Query(**{**narrower, **{k: v for k, v in vars(query).items() if v is not None}}))
    assert set(both) <= set(up), (query, narrower)
    return 3


def work(stores: list[Store], seed: int, requests: int, seconds: float) -> Counter[str]:
    """One process: random queries until enough requests are made or, if given, time is up."""
    rng = random.Random(seed)
    wires = [store.wire() for store in stores]
    done: Counter[str] = Counter()
    end = time.monotonic() + seconds if seconds else None
    while (time.monotonic() < end) if end else done["requests"] < requests:
        number = rng.randrange(len(stores))
        query = random_query(rng, stores[number].jobs)
        done["combination " + "+".join(name for name, _ in query.parameters())] += 1
        done["found"] += bool(listing(stores[number].jobs, query))
        check = check_metamorphic if rng.random() < 0.1 else check_walk
        done["requests"] += check(wires[number], stores[number], query, rng)
    for wire in wires:
        wire.close()
    return done


def make_stores(cloud: Cloud, rng: random.Random) -> list[Store]:
    owner = cloud.account()
    shared = [owner.import_model(), owner.import_model()]
    stores = []
    for count in STORES:
        account = cloud.account()
        sources = [account.import_model() for _ in range(3)] + [account.failing_source()]
        for model in shared:
            policy = sharing_policy(model, account.id).replace(
                f'"AWS": "arn:aws:iam::{account.id}:root"', '"AWS": "*"'
            )
            owner.boto().put_resource_policy(resourceArn=model, resourcePolicy=policy)
        jobs = fill(account, sources + shared, count, rng)
        stores.append(Store(cloud.server.endpoint, account.keys, jobs))
    return stores


def run_processes(
    stores: list[Store], seed: int, requests: int, seconds: float = 0
) -> Counter[str]:
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES) as pool:
        parts = [
            (stores, seed + number, requests // PROCESSES, seconds) for number in range(PROCESSES)
        ]
        total: Counter[str] = Counter()
        for part in pool.starmap(work, parts):
            total += part
    return total


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, library: Path) -> Iterator[Cloud]:
    with Server(tmp_path_factory.mktemp("reference"), bucket_config(library)) as server:
        yield Cloud(server)


@pytest.mark.timeout(400)
def test_random_queries_equal_the_reference(own: Cloud) -> None:
    stores = make_stores(own, random.Random(42))
    statuses = Counter(job["status"] for store in stores for job in store.jobs)
    assert statuses["Completed"] > 100 and statuses["Failed"] > 30, statuses
    done = run_processes(stores, 7, QUERIES)
    combinations = [name for name in done if name.startswith("combination ")]
    print(f"{done['requests']} requests, {len(combinations)} of 256 combinations")
    assert done["requests"] >= 20_000
    assert len(combinations) == 256, "every combination of the eight filters and orders"
    assert done["found"] > 2_000


@pytest.mark.timeout(300)
def test_walks_during_creates_see_each_job_exactly_once(own: Cloud) -> None:
    """Jobs that match during the whole walk appear once, in order, whatever is created."""
    account = own.account()
    source = account.import_model()
    rng = random.Random(3)
    jobs = fill(account, [source], 200, rng)
    store = Store(own.server.endpoint, account.keys, jobs)
    stop = threading.Event()

    def create() -> None:
        number = 0
        with store.wire() as wire:
            while not stop.is_set() and number < 3000:
                number += 1
                body = {"sourceModelArn": source, "targetModelName": f"during-{number}"}
                assert wire.call("POST", PATH, body=body).status == 201

    creator = threading.Thread(target=create)
    creator.start()
    walks = 0
    begin = time.monotonic()
    try:
        with store.wire() as wire:
            while walks < 400 and time.monotonic() - begin < 120:
                query = random_query(rng, jobs)
                seen: list[Job] = []
                token = None
                while True:
                    got = ask(wire, query, rng.choice([1, 5, 20, 100]), token)
                    seen += got["modelCopyJobSummaries"]
                    token = got.get("nextToken")
                    if token is None:
                        break
                arns = [job["jobArn"] for job in seen]
                assert len(arns) == len(set(arns)), query
                old = {job["jobArn"] for job in jobs}
                wanted = [job["jobArn"] for job in listing(jobs, query)]
                assert [arn for arn in arns if arn in old] == wanted, query
                times = [job["creationTime"] for job in seen]
                assert times == sorted(times, reverse=query.sortOrder != "Ascending"), query
                walks += 1
    finally:
        stop.set()
        creator.join()
    assert walks == 400
    with store.wire() as wire:
        everything = {job["jobArn"] for job in settled_walk(wire)}
    assert {job["jobArn"] for job in jobs} <= everything


def settled_walk(wire: Wire) -> list[Job]:
    found: list[Job] = []
    token = None
    while True:
        got = ask(wire, Query(), 1000, token)
        found += got["modelCopyJobSummaries"]
        token = got.get("nextToken")
        if token is None:
            return found


@pytest.mark.skipif("OUTCROP_SOAK_SECONDS" not in os.environ, reason="./run soak")
def test_soak(own: Cloud) -> None:
    seconds = float(os.environ["OUTCROP_SOAK_SECONDS"])
    begin, total, rounds = time.monotonic(), Counter[str](), 0
    while time.monotonic() - begin < seconds:
        rounds += 1
        seed = random.randrange(1 << 32)
        print(f"round {rounds}, seed {seed}", flush=True)
        stores = make_stores(own, random.Random(seed))
        left = max(1.0, seconds - (time.monotonic() - begin))
        total += run_processes(stores, seed, 0, min(300.0, left))
    print(f"{rounds} random stores, {total['requests']} requests, all as the reference says")
