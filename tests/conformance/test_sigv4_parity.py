"""Our signatures against botocore's: random requests, signed by each and checked by the other.

The seed is printed and can be given as SIGV4_PARITY_SEED; SIGV4_PARITY_COUNT is how many requests.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import random
import subprocess
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("OUTCROP_SIGV4_STDIO", ROOT / "build/tests/conformance/sigv4_stdio"))
COUNT = int(os.environ.get("SIGV4_PARITY_COUNT", "100000"))
BATCH = 5000

# No white space beyond the blank and the tab: botocore folds all that Unicode calls white space.
TEXT = "abcXYZ019 \t-_.~%+/=&?#:;,@!$'()*[]{}|\\^`\"<>éßñΩ日本語🦀"
PATH = "abcXYZ019-_.~%+=&:;,@!$'()*éΩ日🦀"
SEGMENTS = ["", ".", "..", "...", "%2F", "%3A", "model-copy-jobs", "arn%3Aaws%3Abedrock", "%C3%A9"]
RAW_QUERY = "abcXYZ019-_.~%+/:;,@!$'()*"
NAMES = [
    "accept",
    "Content-Type",
    "X-Amz-User-Agent",
    "x-amz-meta-a",
    "X-Custom",
    "a",
    "Zz",
    "If-Match",
]
UNSIGNED = ["User-Agent", "Connection", "X-Amzn-Trace-Id", "Expect"]
ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="


class Clock:
    now = datetime.datetime(2015, 8, 30, 12, 36)


def text(rng: random.Random, alphabet: str, most: int) -> str:
    return "".join(rng.choices(alphabet, k=rng.randint(0, most)))


def make_path(rng: random.Random) -> str:
    parts = [
        rng.choice(SEGMENTS) if rng.random() < 0.5 else text(rng, PATH, 12)
        for _ in range(rng.randint(0, 5))
    ]
    return "/" + "/".join(parts)


def make_query(rng: random.Random) -> str:
    pairs = []
    for _ in range(rng.choice([0, 0, 1, 2, 3, 7])):
        key = (
            quote(text(rng, TEXT, 6), safe="-_.~")
            if rng.random() < 0.7
            else text(rng, RAW_QUERY, 5)
        )
        value = (
            quote(text(rng, TEXT, 9), safe="-_.~")
            if rng.random() < 0.7
            else text(rng, RAW_QUERY, 8)
        )
        form = rng.random()
        pairs.append(
            key if form < 0.1 else f"{key}={value}={value}" if form < 0.15 else f"{key}={value}"
        )
    if pairs and rng.random() < 0.3:
        pairs.append(rng.choice(pairs))
    return "&".join(pairs)


def make_headers(rng: random.Random) -> list[tuple[str, str]]:
    headers = []
    for name in rng.sample(NAMES, rng.randint(0, 4)):
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            value = text(rng, TEXT, 14)
            headers.append((name if rng.random() < 0.5 else name.upper(), value))
    if rng.random() < 0.2:
        headers.append((rng.choice(UNSIGNED), "anything"))
    rng.shuffle(headers)
    return headers


def make_request(rng: random.Random) -> tuple[dict[str, Any], dict[str, Any], str]:
    """A request signed by botocore: the line to verify, the line to sign, what that must give."""
    presigned = rng.random() < 0.25
    body = "" if presigned else text(rng, TEXT, 40)
    host = rng.choice(["bedrock.us-east-1.amazonaws.com", "localhost:7430", "127.0.0.1:81"])
    headers = make_headers(rng)
    if rng.random() < 0.2:
        digest = hashlib.sha256(body.encode()).hexdigest()
        headers.append(("x-amz-content-sha256", digest))
    dated = not presigned and rng.random() < 0.05
    if dated:
        headers.append(("Date", "replaced by botocore"))
    token = text(rng, BASE64, 60) or None if rng.random() < 0.4 else None
    key_id, secret = "AKIA" + text(rng, ALPHANUMERIC, 16), text(rng, BASE64, 40)
    region, service = rng.choice(["us-east-1", "eu-west-1"]), rng.choice(["bedrock", "s3x"])
    Clock.now = datetime.datetime(2000, 1, 1) + datetime.timedelta(seconds=rng.randrange(3 * 10**9))
    expires = rng.randint(1, 604800)

    path, query = make_path(rng), make_query(rng)
    url = f"https://{host}{path}" + (f"?{query}" if query else "")
    request = AWSRequest(
        method=rng.choice(["GET", "POST", "DELETE", "PUT"]), url=url, data=body.encode()
    )
    for name, value in headers:
        request.headers.add_header(name, value)
    credentials = Credentials(key_id, secret, token)
    if presigned:
        signer = botocore.auth.SigV4QueryAuth(credentials, service, region, expires=expires)
    else:
        signer = botocore.auth.SigV4Auth(credentials, service, region)
    signer.add_auth(request)

    parts = urlsplit(request.url)
    task = {
        "method": request.method,
        "path": parts.path,
        "query": parts.query,
        "body": body,
        "id": key_id,
        "secret": secret,
        "region": region,
        "service": service,
        "now": int(Clock.now.replace(tzinfo=datetime.UTC).timestamp()) * 1000,
        "expires": expires,
    }
    if token:
        task["token"] = token
    sent = [["Host", host], *([name, value] for name, value in request.headers.items())]
    verify = {**task, "mode": "verify", "headers": sent}
    if dated:  # botocore then signs the Date header in place of X-Amz-Date; we only verify that
        return verify, verify, "ok"
    sign = {**task, "headers": [["Host", host], *(list(header) for header in headers)]}
    if presigned:
        before = parts.query.partition("X-Amz-Algorithm=")[0].removesuffix("&")
        return verify, {**sign, "mode": "presign", "query": before}, parts.query
    return verify, {**sign, "mode": "sign"}, request.headers["Authorization"]


def spoil(rng: random.Random, task: dict[str, Any]) -> dict[str, Any]:
    """The same request with one signed part changed."""
    what = rng.choice(["method", "body", "path", "query", "secret"])
    spoilt = dict(task)
    if what == "query":
        spoilt["query"] += "&zz=1" if task["query"] else "zz=1"
    elif what == "path":
        spoilt["path"] = task["path"].rstrip("/") + "/zz"
    else:
        spoilt[what] += "X"
    return spoilt


def ask(tasks: list[dict[str, Any]]) -> list[str]:
    lines = "\n".join(json.dumps(task, ensure_ascii=False) for task in tasks) + "\n"
    done = subprocess.run([PROGRAM], input=lines.encode(), capture_output=True, check=True)
    answers = done.stdout.decode().split("\n")[:-1]
    assert len(answers) == len(tasks)
    return answers


def check_batch(seed: str, count: int) -> None:
    """One process's share. The clock of its botocore is ours."""
    botocore.auth.get_current_datetime = lambda: Clock.now
    rng = random.Random(seed)
    tasks, want = [], []
    for number in range(count):
        verify, sign, signature = make_request(rng)
        tasks += [verify, sign]
        want += ["ok", signature]
        if number % 20 == 0:
            tasks.append(spoil(rng, verify))
            want.append("error InvalidSignatureException: ")
    for task, expected, answer in zip(tasks, want, ask(tasks), strict=True):
        fits = answer.startswith(expected) if expected.startswith("error") else answer == expected
        assert fits, f"seed {seed}\n{json.dumps(task, ensure_ascii=False)}\n{expected}\n{answer}"


def test_botocore_and_we_make_and_accept_the_same_signatures() -> None:
    seed = int(os.environ.get("SIGV4_PARITY_SEED", "0")) or random.SystemRandom().randrange(
        1, 2**32
    )
    print(f"SIGV4_PARITY_SEED={seed}")
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        batches = [
            pool.submit(check_batch, f"{seed}/{start}", min(BATCH, COUNT - start))
            for start in range(0, COUNT, BATCH)
        ]
        for batch in batches:
            batch.result()
