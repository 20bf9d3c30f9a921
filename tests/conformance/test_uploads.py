"""Uploads: their parts, their end, and what a stranger can do with a digest."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.cloud import AWAY, HOME, Account, Cloud, unique_name
from support.server import Server
from support.wire import Answer, Request, escape, exchange, sha256


def manifest(content: bytes, part: str | None = None) -> bytes:
    """The one text of a model of a single small file."""
    digest = sha256(content)
    file = {"path": "weights.bin", "size": len(content), "sha256": digest}
    model = {
        "version": 1,
        "partSize": 8 << 20,
        "modelType": "unknown",
        "size": len(content),
        "files": [file],
        "parts": [part or digest],
    }
    return json.dumps(model, separators=(",", ":")).encode()


def call(account: Account, method: str, path: str, body: Any = None, region: str = HOME) -> Answer:
    with account.wire(region) as wire:
        return wire.call(method, path, body=body)


def begin(account: Account, **more: Any) -> str:
    answer = call(account, "POST", "/-/uploads", {"modelName": unique_name("upload"), **more})
    assert answer.status == 201, answer
    return str(answer.json["uploadId"])


def put(account: Account, upload: str, content: bytes) -> Answer:
    return call(account, "PUT", f"/-/uploads/{upload}/parts/{sha256(content)}", content)


def complete(account: Account, upload: str, body: bytes) -> Answer:
    return call(account, "POST", f"/-/uploads/{upload}/complete", body)


def listed(account: Account, upload: str) -> Answer:
    return call(account, "GET", f"/-/uploads/{upload}/parts")


def test_upload_becomes_a_model_with_the_same_bytes(account: Account) -> None:
    content = b"weights of the whole way"
    upload = begin(account)
    assert put(account, upload, content).status == 200
    assert listed(account, upload).json["parts"] == [
        {"sha256": sha256(content), "sizeBytes": len(content)}
    ]
    done = complete(account, upload, manifest(content))
    assert done.status == 202, done
    arn = done.json["modelArn"]
    assert account.wait_model(arn)["modelStatus"] == "Active"
    part = call(account, "GET", f"/-/models/{escape(arn)}/parts/{sha256(content)}")
    assert (part.status, part.body) == (200, content)
    assert listed(account, upload).error == "ResourceNotFoundException"


def test_digest_of_anothers_part_gives_nobody_its_bytes(cloud: Cloud) -> None:
    """The content store shares parts between accounts: having one there must not count."""
    owner, thief = cloud.account(), cloud.account()
    secret = b"config that only its owner has " + owner.id.encode()
    upload = begin(owner)
    assert put(owner, upload, secret).status == 200
    assert complete(owner, upload, manifest(secret)).status == 202
    refused = complete(thief, begin(thief), manifest(secret))
    absent = complete(thief, begin(thief), manifest(b"nobody has this"))
    for answer in (refused, absent):
        assert (answer.status, answer.error) == (400, "ValidationException"), answer
    digests = sha256(secret), sha256(b"nobody has this")
    assert refused.message.replace(digests[0], "X") == absent.message.replace(digests[1], "X")


def test_parts_of_another_upload_do_not_count(account: Account) -> None:
    content = b"uploaded elsewhere"
    assert put(account, begin(account), content).status == 200
    answer = complete(account, begin(account), manifest(content))
    assert (answer.status, answer.error) == (400, "ValidationException")


def test_completing_twice_at_once_makes_one_model(account: Account) -> None:
    content = b"raced"
    for _ in range(10):
        upload = begin(account)
        assert put(account, upload, content).status == 200
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(complete, *zip(*[(account, upload, manifest(content))] * 4)))
        assert {answer.status for answer in answers} == {202}, answers
        assert len({answer.json["modelArn"] for answer in answers}) == 1


def test_more_parts_than_one_change_removes(account: Account) -> None:
    """An upload of more parts than the server forgets in one commit still ends, and wholly."""
    upload = begin(account)
    contents = [f"part {number}".encode() for number in range(300)]
    with account.wire() as wire:
        for content in contents:
            path = f"/-/uploads/{upload}/parts/{sha256(content)}"
            assert wire.call("PUT", path, body=content).status == 200
    assert call(account, "DELETE", f"/-/uploads/{upload}").status == 200
    assert listed(account, upload).error == "ResourceNotFoundException"
    assert put(account, upload, b"late").error == "ResourceNotFoundException"


def test_key_disabled_during_an_upload_is_named(account: Account) -> None:
    key = account.create_kms_key()
    upload = begin(account, modelKmsKeyId=key["keyId"])
    account.set_kms_key(key["keyId"], False)
    answer = put(account, upload, b"no key for this")
    assert (answer.status, answer.error) == (400, "ValidationException"), answer
    assert key["keyId"] in answer.message


def test_bytes_under_a_disabled_key_are_refused_by_name(account: Account) -> None:
    key = account.create_kms_key()
    arn = account.import_model(modelKmsKeyArn=key["keyArn"])
    account.set_kms_key(key["keyArn"], False)
    answer = call(account, "GET", f"/-/models/{escape(arn)}/manifest")
    assert (answer.status, answer.error) == (400, "ValidationException"), answer
    assert key["keyId"] in answer.message
    account.set_kms_key(key["keyArn"], True)
    assert call(account, "GET", f"/-/models/{escape(arn)}/manifest").status == 200


@pytest.mark.parametrize("operation", ["parts", "complete", "abort", "put"])
def test_upload_of_another_account_does_not_exist(cloud: Cloud, operation: str) -> None:
    owner, stranger = cloud.account(), cloud.account()
    content = b"mine"
    upload = begin(owner)
    assert put(owner, upload, content).status == 200
    answer = {
        "parts": lambda: listed(stranger, upload),
        "complete": lambda: complete(stranger, upload, manifest(content)),
        "abort": lambda: call(stranger, "DELETE", f"/-/uploads/{upload}"),
        "put": lambda: put(stranger, upload, content),
    }[operation]()
    assert (answer.status, answer.error) == (404, "ResourceNotFoundException"), answer
    assert complete(owner, upload, manifest(content)).status == 202


# -- large bodies: judged by the head ----------------------------------------------------------------


def part_request(account: Account, upload: str, content: bytes, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    path = f"/-/uploads/{upload}/parts/{sha256(content)}"
    return Request("PUT", path, body=content, headers=named)


def answer_to_head(account: Account, request: Request, length: int) -> Answer:
    """What the server says to a head alone, its body not sent."""
    lines = [f"{request.method} {request.target} HTTP/1.1", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    raw = exchange(account.wire().address, ("\r\n".join(lines) + "\r\n\r\n").encode())
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *fields = head.decode().split("\r\n")
    pairs = [field.split(": ", 1) for field in fields]
    headers = {name.lower(): value for name, value in pairs}
    return Answer(int(status.split()[1]), headers, body)


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        ("secret", "InvalidSignatureException"),
        ("key", "UnrecognizedClientException"),
        ("digest", "IncompleteSignatureException"),
        ("credentials", "MissingAuthenticationTokenException"),
    ],
)
def test_large_body_of_who_is_not_let_in_is_not_read(
    account: Account, spoil: str, error: str
) -> None:
    content = bytes(2 << 20)
    upload, host, keys = begin(account), account.wire().host, account.keys
    if spoil == "secret":
        keys = replace(keys, secret="x" * 40)
    if spoil == "key":
        keys = replace(keys, access_key="AKIAAAAAAAAAAAAAAAAA")
    digest = {} if spoil == "digest" else {"X_Amz_Content_Sha256": sha256(content)}
    request = part_request(account, upload, content, **digest)
    if spoil == "credentials":
        request.headers["Host"] = host
    else:
        request.sign(keys, HOME, host)
    answer = answer_to_head(account, request, len(content))
    assert answer.error == error, answer
    assert answer.status in (400, 403)
    assert answer.headers["connection"] == "close"


def test_large_body_with_another_digest_than_announced_is_refused(account: Account) -> None:
    content = bytes(2 << 20)
    upload = begin(account)
    with account.wire() as wire:
        request = part_request(account, upload, content, X_Amz_Content_Sha256=sha256(content))
        request.sign(account.keys, HOME, wire.host)
        request.body = b"\1" + content[1:]
        assert wire.send(request).error == "InvalidSignatureException"
    assert listed(account, upload).json["parts"] == []


def test_large_body_that_keeps_its_word_is_stored(account: Account) -> None:
    content = bytes(2 << 20)
    upload = begin(account)
    with account.wire() as wire:
        for _ in range(2):  # the connection goes on
            request = part_request(account, upload, content, X_Amz_Content_Sha256=sha256(content))
            assert wire.send(request.sign(account.keys, HOME, wire.host)).status == 200


def test_many_uploads_at_a_time_share_a_fixed_memory(tmp_path: Path) -> None:
    """Sixteen clients, each with 8 MiB: their parts are in memory four at a time, and once."""
    parts = [bytes([number]) * (8 << 20) for number in range(16)]
    with Server(tmp_path / "server", "") as server:
        account = Cloud(server).account()
        upload = begin(account)

        def send(content: bytes) -> int:
            with account.wire() as wire:
                digest = {"X_Amz_Content_Sha256": sha256(content)}
                request = part_request(account, upload, content, **digest)
                return wire.send(request.sign(account.keys, HOME, wire.host)).status

        with ThreadPoolExecutor(16) as pool:
            assert set(pool.map(send, parts)) == {200}
        assert len(listed(account, upload).json["parts"]) == 16
        assert server.process
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        peak = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert peak and int(peak[1]) < 64 << 10, peak


def test_a_token_ends_with_its_upload(account: Account) -> None:
    content, name = b"begun again", unique_name("upload")
    first = begin(account, modelName=name, clientRequestToken="again")
    assert begin(account, modelName=name, clientRequestToken="again") == first
    assert call(account, "DELETE", f"/-/uploads/{first}").status == 200
    second = begin(account, modelName=name, clientRequestToken="again")
    assert second != first
    assert put(account, second, content).status == 200
    arn = complete(account, second, manifest(content)).json["modelArn"]
    assert account.wait_model(arn)["modelStatus"] == "Active"
    assert begin(account, modelName=name, clientRequestToken="again") == second  # it is there
    account.boto().delete_custom_model(modelIdentifier=arn)
    assert begin(account, modelName=name, clientRequestToken="again") != second


def test_open_uploads_have_a_quota(account: Account) -> None:
    with account.wire() as wire:
        for number in range(1000):
            made = wire.call("POST", "/-/uploads", body={"modelName": f"open-{number}"})
            assert made.status == 201, made
        refused = wire.call("POST", "/-/uploads", body={"modelName": "one-more"})
        assert (refused.status, refused.error) == (400, "ServiceQuotaExceededException"), refused
        assert "complete or abort" in refused.message
        elsewhere = call(account, "POST", "/-/uploads", {"modelName": "elsewhere"}, AWAY)
        assert elsewhere.status == 201, "a quota is for a Region"
        upload = made.json["uploadId"]
        assert wire.call("DELETE", f"/-/uploads/{upload}").status == 200
        assert wire.call("POST", "/-/uploads", body={"modelName": "one-more"}).status == 201
