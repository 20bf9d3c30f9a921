"""Who is calling: SigV4 in the header, sessions, keys, identity policies; AWS's names and texts."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.api_table import OPERATIONS, Operation
from support.cloud import AWAY, HOME, THIRD, Account, Cloud, allow
from support.server import Server
from support.wire import Answer, Keys, Request, now, sha256

JOBS = "/model-copy-jobs"
UNKNOWN = Keys("AKIAUNKNOWNKEY000000", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS "
    "Secret Access Key and signing method. Consult the service documentation for details."
)
INVALID_TOKEN = "The security token included in the request is invalid."


@pytest.fixture(scope="module")
def caller(cloud: Cloud) -> Account:
    return cloud.account()


def send(account: Account, request: Request) -> Answer:
    with account.wire() as wire:
        return wire.send(request)


def listing(account: Account, **sign: Any) -> Request:
    host = account.server.endpoint.removeprefix("http://")
    given = {"keys": account.keys, "region": HOME, "host": host, **sign}
    return Request("GET", JOBS).sign(**given)


def refused(answer: Answer, status: int, name: str, message: str | None = None) -> None:
    assert (answer.status, answer.error) == (status, name), answer
    if message is not None:
        assert answer.message == message


# -- the whole operation table ---------------------------------------------------------------------


def ask_each(cloud: Cloud, operation: Operation) -> dict[str, Answer]:
    """The operation's well-formed request, sent under credentials that are all worthless."""
    admin = cloud.admin().keys
    host = cloud.server.endpoint.removeprefix("http://")
    day = dt.timedelta(days=1)
    wrong_secret = Keys(admin.access_key, admin.secret[:-1] + "x")

    def bent(request: Request) -> Request:
        last = request.headers["Authorization"][-1]
        request.headers["Authorization"] = request.headers["Authorization"][:-1] + (
            "0" if last != "0" else "1"
        )
        return request

    requests = {
        "unsigned": operation.request(),
        "wrong secret": operation.request().sign(wrong_secret, HOME, host),
        "wrong signature": bent(operation.request().sign(admin, HOME, host)),
        "unknown key": operation.request().sign(UNKNOWN, HOME, host),
        "expired": operation.request().sign(admin, HOME, host, now() - day),
        "in the future": operation.request().sign(admin, HOME, host, now() + day),
        "other region": operation.request().sign(admin, "ap-south-1", host),
        "other service": operation.request().sign(admin, HOME, host, service="s3"),
        "presigned, wrong secret": operation.request().presign(wrong_secret, HOME, host),
        "presigned, expired": operation.request().presign(admin, HOME, host, now() - day),
        "wrong bearer": operation.request(),
        "empty bearer": operation.request(),
        "basic": operation.request(),
    }
    requests["wrong bearer"].headers["Authorization"] = "Bearer " + "x" * 40
    requests["empty bearer"].headers["Authorization"] = "Bearer "
    requests["basic"].headers["Authorization"] = "Basic YWRtaW46YWRtaW4="
    answers = {}
    with cloud.server.wire(None) as wire:
        for name, request in requests.items():
            answers[name] = wire.send(request)
    return answers


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_no_operation_answers_without_a_good_signature(cloud: Cloud, operation: Operation) -> None:
    for name, answer in ask_each(cloud, operation).items():
        assert answer.status in (400, 403), f"{operation.name}, {name}: {answer}"
        assert answer.error in (
            "MissingAuthenticationTokenException",
            "IncompleteSignatureException",
            "InvalidSignatureException",
            "UnrecognizedClientException",
        ), f"{operation.name}, {name}: {answer}"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_no_operation_is_open_to_a_key_without_permission(
    cloud: Cloud, operation: Operation
) -> None:
    """Signed well, allowed nothing: refused, whatever it is about."""
    nobody = cloud.user("000000000000", allow("bedrock:NoSuchAction"))
    host = cloud.server.endpoint.removeprefix("http://")
    answer = send(nobody, operation.request().sign(nobody.keys, HOME, host))
    if operation.name == "GetCallerIdentity":
        assert answer.status == 200, "who I am needs no permission"
        return
    assert answer.status in (403, 404, 400), answer
    if "Peer" in operation.name:  # of the key itself: the other site's matter to mend
        assert (answer.status, answer.error) == (403, "UnrecognizedClientException")
        return
    assert answer.error in (
        "AccessDeniedException",
        "ResourceNotFoundException",
        "ValidationException",
    ), answer
    if not operation.members("path") and operation.method == "GET":
        assert answer.error == "AccessDeniedException"


SERVER_WIDE = ("CreateAccount", "CreateAccessKey", "ListAccounts", "GetMetrics")


@pytest.mark.parametrize(
    "operation", [op for op in OPERATIONS if op.name in SERVER_WIDE], ids=lambda o: o.name
)
def test_administrator_of_another_account_does_not_manage_the_server(
    cloud: Cloud, operation: Operation
) -> None:
    stranger = cloud.account()
    host = cloud.server.endpoint.removeprefix("http://")
    answer = send(stranger, operation.request().sign(stranger.keys, HOME, host))
    refused(answer, 403, "AccessDeniedException")


# -- names and texts -------------------------------------------------------------------------------


def test_no_credentials_at_all(caller: Account) -> None:
    refused(send(caller, Request("GET", JOBS)), 403, "MissingAuthenticationTokenException")


def test_unknown_key(caller: Account) -> None:
    refused(
        send(caller, listing(caller, keys=UNKNOWN)),
        403,
        "UnrecognizedClientException",
        INVALID_TOKEN,
    )


def test_wrong_secret(caller: Account) -> None:
    wrong = Keys(caller.keys.access_key, "x" * 40)
    refused(send(caller, listing(caller, keys=wrong)), 403, "InvalidSignatureException", MISMATCH)


@pytest.mark.parametrize("minutes", [-14, 14])
def test_clock_within_fifteen_minutes(caller: Account, minutes: int) -> None:
    when = now() + dt.timedelta(minutes=minutes)
    assert send(caller, listing(caller, when=when)).status == 200


def test_signature_expired(caller: Account) -> None:
    answer = send(caller, listing(caller, when=now() - dt.timedelta(minutes=16)))
    refused(answer, 403, "InvalidSignatureException")
    assert re.fullmatch(
        r"Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z "
        r"\(\d{8}T\d{6}Z - 15 min\.\)",
        answer.message,
    )


def test_signature_not_yet_current(caller: Account) -> None:
    answer = send(caller, listing(caller, when=now() + dt.timedelta(minutes=16)))
    refused(answer, 403, "InvalidSignatureException")
    assert re.fullmatch(
        r"Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z "
        r"\(\d{8}T\d{6}Z \+ 15 min\.\)",
        answer.message,
    )


def test_region_that_is_not_served(caller: Account) -> None:
    answer = send(caller, listing(caller, region="ap-south-1"))
    refused(answer, 403, "InvalidSignatureException")
    assert answer.message.startswith("Credential should be scoped to a valid region")
    assert "ap-south-1" in answer.message


def test_wrong_service(caller: Account) -> None:
    answer = send(caller, listing(caller, service="s3"))
    refused(answer, 403, "InvalidSignatureException")
    assert answer.message.startswith("Credential should be scoped to correct service")


def rescope(request: Request, part: int, text: str) -> Request:
    """Replace one of the five parts of Credential."""
    found = re.search(r"Credential=([^,]+)", request.headers["Authorization"])
    assert found
    parts = found.group(1).split("/")
    parts[part] = text
    request.headers["Authorization"] = request.headers["Authorization"].replace(
        found.group(1), "/".join(parts)
    )
    return request


def test_wrong_terminator(caller: Account) -> None:
    answer = send(caller, rescope(listing(caller), 4, "aws5_request"))
    refused(answer, 403, "InvalidSignatureException")
    assert "valid terminator" in answer.message


def test_scope_of_another_day(caller: Account) -> None:
    answer = send(caller, rescope(listing(caller), 1, "20200101"))
    refused(answer, 403, "InvalidSignatureException")


def test_clock_and_scope_are_judged_before_the_key(caller: Account) -> None:
    """So the answer to a guess of a key's name does not tell whether the key exists."""
    for more in (
        {"when": now() - dt.timedelta(hours=1)},
        {"region": "ap-south-1"},
        {"service": "s3"},
    ):
        unknown = send(caller, listing(caller, keys=UNKNOWN, **more))
        refused(unknown, 403, "InvalidSignatureException")


AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential={key}/{day}/us-east-1/bedrock/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature={signature}"
)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("Credential=", "Creds="), "Authorization header requires 'Credential' parameter."),
        (("Signature=", "Sig="), "Authorization header requires 'Signature' parameter."),
        (
            ("SignedHeaders=", "Headers="),
            "Authorization header requires 'SignedHeaders' parameter.",
        ),
        (("SignedHeaders=", "SignedHeaders "), "not a valid key=value pair"),
        (("/aws4_request", ""), "must have exactly 5"),
        (("/aws4_request", "/aws4_request/more"), "must have exactly 5"),
    ],
)
def test_malformed_authorization(caller: Account, change: tuple[str, str], words: str) -> None:
    request = listing(caller)
    request.headers["Authorization"] = request.headers["Authorization"].replace(*change)
    answer = send(caller, request)
    assert (answer.status, answer.error) in (
        (400, "IncompleteSignatureException"),
        (403, "IncompleteSignatureException"),
    ), answer
    assert words in answer.message


def test_missing_and_malformed_date(caller: Account) -> None:
    request = listing(caller)
    del request.headers["X-Amz-Date"]
    answer = send(caller, request)
    refused(answer, 400, "IncompleteSignatureException")
    assert "Date" in answer.message
    request = listing(caller)
    request.headers["X-Amz-Date"] = "2026-01-01T00:00:00Z"
    answer = send(caller, request)
    refused(answer, 400, "IncompleteSignatureException")
    assert "2026-01-01T00:00:00Z" in answer.message


def test_host_must_be_signed(caller: Account) -> None:
    host = caller.server.endpoint.removeprefix("http://")
    request = Request("GET", JOBS, headers={"X-Amz-Date": ""})
    request.sign(caller.keys, HOME, host)
    request.headers["Authorization"] = request.headers["Authorization"].replace("host;", "")
    answer = send(caller, request)
    assert answer.status in (400, 403)
    assert answer.error in ("InvalidSignatureException", "IncompleteSignatureException")


# -- what real clients send ------------------------------------------------------------------------


def test_content_sha256_is_taken_when_it_is_right(caller: Account) -> None:
    host = caller.server.endpoint.removeprefix("http://")
    request = Request(
        "GET",
        JOBS,
        headers={
            "X-Amz-Content-Sha256": sha256(b""),
            "amz-sdk-request": "attempt=1; max=3",
            "X-Amz-User-Agent": "aws-sdk-js/3.0.0   ua/2.1",
        },
    )
    assert send(caller, request.sign(caller.keys, HOME, host)).status == 200


def test_region_comes_from_the_scope(caller: Account) -> None:
    for region in (HOME, AWAY, THIRD):
        with caller.wire(region) as wire:
            assert wire.call("GET", "/-/whoami").json["region"] == region


def test_who_am_i(caller: Account) -> None:
    with caller.wire() as wire:
        answer = wire.call("GET", "/-/whoami").json
    assert answer["accountId"] == caller.id
    assert answer["accessKeyId"] == caller.keys.access_key
    assert answer["arn"].startswith(f"arn:aws:iam::{caller.id}:")


# -- sessions and keys -----------------------------------------------------------------------------


@pytest.fixture
def session(cloud: Cloud, caller: Account) -> Account:
    return cloud.user(caller.id, session_seconds=900)


def test_session_works_with_its_token(session: Account) -> None:
    assert session.keys.token
    session.boto().list_model_copy_jobs()


@pytest.mark.parametrize("token", [None, "wrong", ""])
def test_session_without_its_token_is_refused(session: Account, token: str | None) -> None:
    keys = Keys(session.keys.access_key, session.keys.secret, token)
    refused(
        send(session, listing(session, keys=keys)),
        403,
        "UnrecognizedClientException",
        INVALID_TOKEN,
    )


def test_unwanted_session_token_is_refused(caller: Account, session: Account) -> None:
    keys = Keys(caller.keys.access_key, caller.keys.secret, session.keys.token)
    refused(send(caller, listing(caller, keys=keys)), 403, "UnrecognizedClientException")


def test_disabled_key_is_refused_at_once(cloud: Cloud, caller: Account) -> None:
    user = cloud.user(caller.id)
    assert send(user, listing(user)).status == 200
    cloud.server.admin("POST", f"/-/access-keys/{user.keys.access_key}/disable")
    refused(send(user, listing(user)), 403, "UnrecognizedClientException", INVALID_TOKEN)


def test_listed_keys_show_no_secret(cloud: Cloud, caller: Account) -> None:
    with caller.wire() as wire:
        answer = wire.call("GET", "/-/access-keys")
    assert caller.keys.access_key in answer.body.decode()
    assert caller.keys.secret not in answer.body.decode()


# -- identity policies -----------------------------------------------------------------------------


def denied(error: pytest.ExceptionInfo[ClientError], action: str) -> None:
    response = error.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert response["Error"]["Code"] == "AccessDeniedException"
    assert re.match(
        rf"User: arn:aws:iam::\d{{12}}:user/\S+ is not authorized to perform: {action} ",
        response["Error"]["Message"],
    ), response["Error"]["Message"]


def test_allowed_action_only(cloud: Cloud, caller: Account) -> None:
    reader = cloud.user(caller.id, allow("bedrock:ListModelCopyJobs"))
    reader.boto().list_model_copy_jobs()
    with pytest.raises(ClientError) as error:
        reader.boto().list_custom_models()
    denied(error, "bedrock:ListCustomModels")


@pytest.mark.parametrize(
    "pattern", ["bedrock:List*", "bedrock:*", "*", "bedrock:ListModel????Jobs"]
)
def test_action_wildcards(cloud: Cloud, caller: Account, pattern: str) -> None:
    cloud.user(caller.id, allow(pattern)).boto().list_model_copy_jobs()


def test_explicit_deny_wins(cloud: Cloud, caller: Account) -> None:
    policy = allow("bedrock:*")
    policy["Statement"].append({"Effect": "Deny", "Action": "bedrock:List*", "Resource": "*"})
    user = cloud.user(caller.id, policy)
    with pytest.raises(ClientError) as error:
        user.boto().list_model_copy_jobs()
    denied(error, "bedrock:ListModelCopyJobs")


def test_policy_without_a_statement_for_it_allows_nothing(cloud: Cloud, caller: Account) -> None:
    user = cloud.user(caller.id, allow("bedrock:GetModelCopyJob"))
    with pytest.raises(ClientError) as error:
        user.boto().list_model_copy_jobs()
    denied(error, "bedrock:ListModelCopyJobs")


@pytest.mark.parametrize("operator", ["StringEquals", "StringLike"])
def test_requested_region_restricts_the_destination(
    cloud: Cloud, caller: Account, operator: str
) -> None:
    wanted = AWAY if operator == "StringEquals" else "us-west-*"
    user = cloud.user(
        caller.id, allow("bedrock:*", Condition={operator: {"aws:RequestedRegion": wanted}})
    )
    user.boto(AWAY).list_model_copy_jobs()
    with pytest.raises(ClientError) as error:
        user.boto(THIRD).list_model_copy_jobs()
    denied(error, "bedrock:ListModelCopyJobs")


def test_resource_restricts_the_source(cloud: Cloud) -> None:
    account = cloud.account()
    one, two = account.import_model(), account.import_model()
    user = cloud.user(account.id, allow("bedrock:CreateModelCopyJob", Resource=one))
    user.start_copy(one)
    with pytest.raises(ClientError) as error:
        user.start_copy(two)
    denied(error, "bedrock:CreateModelCopyJob")


def test_condition_on_the_models_tags(cloud: Cloud) -> None:
    account = cloud.account()
    blue = account.import_model(modelTags=[{"key": "team", "value": "blue"}])
    red = account.import_model(modelTags=[{"key": "team", "value": "red"}])
    bare = account.import_model()
    user = cloud.user(
        account.id,
        allow(
            "bedrock:GetCustomModel", Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}}
        ),
    )
    assert user.boto().get_custom_model(modelIdentifier=blue)["modelArn"] == blue
    for arn in (red, bare):
        with pytest.raises(ClientError) as error:
            user.boto().get_custom_model(modelIdentifier=arn)
        denied(error, "bedrock:GetCustomModel")


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Perhaps"},
        {"Principal": "*"},
        {"NotAction": "bedrock:*"},
        {"Condition": {"NumericLessThan": {"aws:RequestedRegion": "1"}}},
        {"Condition": {"StringEquals": {"aws:SourceIp": "10.0.0.1"}}},
        {"Surprise": True},
        {"Action": 7},
    ],
    ids=lambda change: next(iter(change)) + str(next(iter(change.values())))[:18],
)
def test_policy_that_is_not_understood_is_refused_when_stored(
    cloud: Cloud, caller: Account, change: dict[str, Any]
) -> None:
    policy = allow("bedrock:*")
    policy["Statement"][0].update(change)
    admin = cloud.admin()
    body = {"accountId": caller.id, "userName": "x", "policy": json.dumps(policy)}
    with admin.wire() as wire:
        refused(wire.call("POST", "/-/access-keys", body=body), 400, "ValidationException")


def test_key_for_an_unknown_account_is_not_made(server: Server) -> None:
    with server.wire(server.admin_keys()) as wire:
        answer = wire.call(
            "POST", "/-/access-keys", body={"accountId": "987654321098", "userName": "x"}
        )
    refused(answer, 404, "ResourceNotFoundException")


def test_account_is_made_once(server: Server, caller: Account) -> None:
    with server.wire(server.admin_keys()) as wire:
        answer = wire.call("POST", "/-/accounts", body={"accountId": caller.id})
    refused(answer, 400, "ConflictException")


def test_stranger_is_not_told_of_a_key(cloud: Cloud, caller: Account) -> None:
    """Another account's key and one that does not exist are refused alike; the key goes on."""
    stranger, absent = cloud.account(), "AKIA" + "A" * 16
    texts = []
    for key in (caller.keys.access_key, absent):
        with stranger.wire() as wire:
            answer = wire.call("POST", f"/-/access-keys/{key}/disable")
        assert (answer.status, answer.error) == (404, "ResourceNotFoundException"), answer
        texts.append(answer.message.replace(key, "KEY"))
    assert texts[0] == texts[1]
    assert caller.jobs() == []
