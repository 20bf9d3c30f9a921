"""SigV4 in the query."""

from __future__ import annotations

import datetime as dt
import urllib.request

import boto3
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from support.cloud import AWAY, HOME, Account, Cloud
from support.wire import Answer, Keys, Request, now

JOBS = "/model-copy-jobs"


@pytest.fixture(scope="module")
def caller(cloud: Cloud) -> Account:
    return cloud.account()


def presigned(caller: Account, query: str = "", region: str = AWAY, **more: object) -> Request:
    host = caller.server.endpoint.removeprefix("http://")
    keys = more.pop("keys", caller.keys)
    return Request("GET", JOBS, query).presign(keys, region, host, **more)  # type: ignore[arg-type]


def send(caller: Account, request: Request) -> Answer:
    with caller.server.wire(None) as wire:
        return wire.send(request)


def test_presigned_call_works(caller: Account) -> None:
    assert send(caller, presigned(caller, "maxResults=5&sortOrder=Ascending")).status == 200


def test_botocores_presigned_url_works_with_any_http_client(caller: Account) -> None:
    url = caller.server.endpoint + JOBS + "?statusEquals=Completed"
    request = AWSRequest("GET", url)
    credentials = Credentials(caller.keys.access_key, caller.keys.secret)
    SigV4QueryAuth(credentials, "bedrock", AWAY, expires=60).add_auth(request)
    with urllib.request.urlopen(request.url, timeout=10) as response:
        assert response.status == 200


def test_boto3s_presigned_url_works(caller: Account) -> None:
    client = boto3.client(
        "bedrock",
        region_name=AWAY,
        endpoint_url=caller.server.endpoint,
        aws_access_key_id=caller.keys.access_key,
        aws_secret_access_key=caller.keys.secret,
    )
    url = client.generate_presigned_url("list_model_copy_jobs", {"maxResults": 3}, ExpiresIn=60)
    with urllib.request.urlopen(url, timeout=10) as response:
        assert response.status == 200


def test_session_token_travels_in_the_query(cloud: Cloud, caller: Account) -> None:
    session = cloud.user(caller.id, session_seconds=900)
    assert send(caller, presigned(caller, keys=session.keys)).status == 200
    bare = Keys(session.keys.access_key, session.keys.secret)
    assert send(caller, presigned(caller, keys=bare)).status == 403


def test_expired_and_future_urls_are_refused(caller: Account) -> None:
    for when, expires in (
        (now() - dt.timedelta(seconds=90), 60),
        (now() + dt.timedelta(hours=1), 60),
    ):
        answer = send(caller, presigned(caller, when=when, expires=expires))
        assert answer.status in (400, 403), answer


def test_url_lives_as_long_as_it_says(caller: Account) -> None:
    when = now() - dt.timedelta(hours=1)
    assert send(caller, presigned(caller, when=when, expires=3700)).status == 200


@pytest.mark.parametrize("expires", [0, -1, 604801])
def test_lifetime_has_limits(caller: Account, expires: int) -> None:
    assert send(caller, presigned(caller, expires=expires)).status in (400, 403)


def test_added_changed_or_removed_parameter_breaks_the_signature(caller: Account) -> None:
    request = presigned(caller, "maxResults=5")
    for query in (
        request.query + "&statusEquals=Completed",
        request.query.replace("maxResults=5", "maxResults=6"),
        request.query.replace("maxResults=5&", ""),
        request.query.replace("X-Amz-Expires=300", "X-Amz-Expires=604800"),
    ):
        answer = send(caller, Request("GET", JOBS, query, headers=dict(request.headers)))
        assert (answer.status, answer.error) == (403, "InvalidSignatureException")


@pytest.mark.parametrize(
    "name", ["X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature"]
)
def test_missing_part_is_refused(caller: Account, name: str) -> None:
    request = presigned(caller)
    request.query = "&".join(p for p in request.query.split("&") if not p.startswith(name))
    answer = send(caller, request)
    assert answer.status in (400, 403)


def test_signature_in_header_and_query_at_once_is_refused(caller: Account) -> None:
    request = presigned(caller)
    signed = Request("GET", JOBS, request.query).sign(caller.keys, AWAY, request.headers["Host"])
    assert send(caller, signed).status in (400, 403)


def test_method_and_path_are_bound(caller: Account) -> None:
    request = presigned(caller, region=HOME)
    for method, path in (("POST", JOBS), ("GET", "/custom-models")):
        answer = send(caller, Request(method, path, request.query, headers=dict(request.headers)))
        assert answer.status == 403
