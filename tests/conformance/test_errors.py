"""Errors as they travel: names, statuses, request ids, unknown routes, health."""

from __future__ import annotations

import http.client
import re
import uuid

import pytest
from support import api_table
from support.cloud import AWAY, Account
from support.server import Server
from support.wire import Request, escape


def test_error_carries_its_name_in_the_header_and_a_message(account: Account) -> None:
    with account.wire() as wire:
        answer = wire.call("GET", "/custom-models/nothing")
    assert answer.status == 404
    assert answer.headers["x-amzn-errortype"] == "ResourceNotFoundException"
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["message"]
    uuid.UUID(answer.headers["x-amzn-requestid"])
    assert answer.headers["date"].endswith(" GMT")


def test_boto3_raises_the_modelled_class(account: Account) -> None:
    client = account.boto()
    with pytest.raises(client.exceptions.ResourceNotFoundException) as error:
        client.get_custom_model(modelIdentifier="nothing")
    assert error.value.response["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/nothing"),
        ("GET", "/model-copy-job"),
        ("GET", "/model-copy-jobs/x/y/z"),
        ("PATCH", "/model-copy-jobs"),
        ("DELETE", "/model-copy-jobs"),
        ("PUT", "/tagResource"),
        ("GET", "/guardrails"),
        ("GET", "/MODEL-COPY-JOBS"),
        ("GET", "/model-copy-jobs//"),
        ("GET", "//model-copy-jobs"),
    ],
)
def test_unknown_route_is_404_or_refused(account: Account, method: str, path: str) -> None:
    with account.wire() as wire:
        answer = wire.call(method, path)
    assert answer.status in (400, 403, 404, 405), answer
    assert "x-amzn-requestid" in answer.headers
    if answer.status == 404:
        assert answer.error in ("UnknownOperationException", "ResourceNotFoundException")


def test_raw_arn_in_the_path_with_plain_http_client(account: Account) -> None:
    """What a curl user writes: colons and a slash as they are."""
    arn = account.start_copy(account.import_model())
    wire = account.wire(AWAY)
    for path in ("/model-copy-jobs/" + escape(arn), "/model-copy-jobs/" + arn):
        request = Request("GET", path).sign(account.keys, AWAY, wire.host)
        connection = http.client.HTTPConnection(*wire.address, timeout=10)
        connection.request("GET", path, headers=request.headers)
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200, body
        assert arn.encode() in body
        connection.close()
    wire.close()


def test_arns_of_models_in_the_path_in_both_forms(account: Account) -> None:
    arn = account.import_model()
    with account.wire() as wire:
        for form in (arn, escape(arn)):
            assert wire.call("GET", "/custom-models/" + form).json["modelArn"] == arn
            answer = wire.call("GET", "/resource-policy/" + form)
            assert (answer.status, answer.error) == (404, "ResourceNotFoundException")
        assert wire.call("DELETE", "/custom-models/" + arn).status == 200


def test_escaped_slash_does_not_make_a_route(account: Account) -> None:
    with account.wire() as wire:
        answer = wire.call("GET", "/custom-models%2Fnothing")
    assert answer.status == 404 and answer.error != "ResourceNotFoundException"


def test_health_answers_without_credentials(server: Server) -> None:
    with server.wire(None) as wire:
        answer = wire.call("GET", "/-/health")
    assert answer.status == 200
    assert "date" in answer.headers


def test_answers_on_one_connection_follow_the_requests(account: Account) -> None:
    with account.wire() as wire:
        for number in range(50):
            answer = wire.call("GET", f"/custom-models/model-{number}")
            assert f"model-{number}" in answer.message


def test_error_message_carries_no_inner_detail(account: Account, server: Server) -> None:
    with account.wire() as wire:
        for path in ("/custom-models/nothing", "/nothing", "/custom-models/%00"):
            body = wire.call("GET", path).body.decode()
            assert str(server.data) not in body and ".c:" not in body


def test_wrong_method_of_our_own_resources_is_405(account: Account) -> None:
    """With the methods that they take; whoever asks, since nothing is told that is not documented."""
    own: dict[str, set[str]] = {}
    for operation in api_table.load():
        if operation.uri.startswith("/-/"):
            path = re.sub(r"{[^}]+}", "x", operation.uri)
            own.setdefault(path, set()).add(operation.method)
    own["/-/health"] = {"GET", "HEAD"}
    with account.wire() as wire:
        for path, methods in own.items():
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                if method in methods:
                    continue
                answer = wire.call(method, path)
                assert (answer.status, answer.error) == (405, "MethodNotAllowedException"), answer
                assert set(answer.headers["allow"].split(", ")) == methods, (path, answer)
        assert wire.call("HEAD", "/-/health").status == 200
