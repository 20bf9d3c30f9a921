"""One named test for each hole that other servers have had."""

# ruff: noqa: E501 (a bad request reads best on one line)

from __future__ import annotations

import datetime as dt
import json
import re
import statistics
import time

import pytest
from botocore.exceptions import ClientError
from support.cloud import AWAY, HOME, Account, Cloud, allow
from support.wire import Answer, Keys, Request, encode_query, exchange, now, sha256

JOBS = "/model-copy-jobs"
BODY = (
    b'{"resourceARN":"arn:aws:bedrock:us-east-1:123456789012:custom-model/imported/abcdefghij12"}'
)


@pytest.fixture(scope="module")
def caller(cloud: Cloud) -> Account:
    return cloud.account()


def host_of(account: Account) -> str:
    return account.server.endpoint.removeprefix("http://")


def send(account: Account, request: Request) -> Answer:
    with account.wire() as wire:
        return wire.send(request)


def tag_call(account: Account, headers: dict[str, str], payload_hash: str | None = None) -> Request:
    """A signed call with a body; without any bending it ends in 404: that model does not exist."""
    request = Request("POST", "/listTagsForResource", "", BODY, dict(headers))
    return request.sign(account.keys, HOME, host_of(account), payload_hash=payload_hash)


def test_the_unbent_call_passes_the_signature_check(caller: Account) -> None:
    assert send(caller, tag_call(caller, {})).error in (
        "ResourceNotFoundException",
        "AccessDeniedException",
    )


@pytest.mark.parametrize(
    "mode",
    [
        "UNSIGNED-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
    ],
)
def test_no_payload_mode_skips_verification(caller: Account, mode: str) -> None:
    """CVE-2025-31489: a special payload mode let requests pass unverified."""
    signed = tag_call(caller, {"X-Amz-Content-Sha256": mode}, mode)
    assert send(caller, signed).status in (400, 403)
    forged = tag_call(caller, {"X-Amz-Content-Sha256": mode}, mode)
    forged.headers["Authorization"] = re.sub(
        r"Signature=.*", "Signature=" + "0" * 64, forged.headers["Authorization"]
    )
    assert send(caller, forged).status in (400, 403)
    unsigned = Request("POST", "/listTagsForResource", "", BODY, {"X-Amz-Content-Sha256": mode})
    assert send(caller, unsigned).status in (400, 403)


def test_identity_and_check_read_the_same_place(caller: Account, cloud: Cloud) -> None:
    """CVE-2026-41145: identity came from the query while the check looked at the header."""
    admin = cloud.admin().keys
    host = host_of(caller)
    scope = f"{admin.access_key}/{sha256(b'')[:8]}/us-east-1/bedrock/aws4_request"
    for query in (
        encode_query([("X-Amz-Credential", scope)]),
        encode_query([("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Credential", scope)]),
        Request("GET", "/-/whoami").presign(admin, HOME, host).query,
        Request("GET", "/-/whoami").presign(Keys(admin.access_key, "x"), HOME, host).query,
    ):
        answer = send(caller, Request("GET", "/-/whoami", query).sign(caller.keys, HOME, host))
        if answer.status == 200:
            assert answer.json["accountId"] == caller.id, "the header signed, so the header names"
        else:
            assert answer.status in (400, 403)


def test_every_handler_is_behind_the_check(cloud: Cloud) -> None:
    """CVE-2026-40344: see test_auth.py, which walks the table; here: odd spellings of routes."""
    with cloud.server.wire(None) as wire:
        for path in (
            "/model-copy-jobs/",
            "/model-copy-jobs?",
            "/model-copy-jobs/x",
            "/./model-copy-jobs",
            "/-/../model-copy-jobs",
            "/-/health/../model-copy-jobs",
            "/-/health/",
            "/-/health%2F..%2Fmodel-copy-jobs",
            "/%6dodel-copy-jobs",
            "/-/whoami",
            "/-/accounts",
        ):
            answer = wire.send(Request("GET", path))
            assert answer.status >= 400, (path, answer)
        for method in ("HEAD", "OPTIONS", "POST", "PUT", "PATCH"):
            assert wire.send(Request(method, "/-/accounts")).status >= 400


@pytest.mark.parametrize(
    "extra",
    [
        {"X-Amz-Security-Token": "anything"},
        {"X-Amz-Content-Sha256": sha256(b"other")},
        {"X-Amz-Date": "20150830T123600Z"},
        {"X-Amz-Target": "AnotherOperation"},
        {"X-Amz-User-Name": "admin"},
    ],
    ids=lambda extra: next(iter(extra)),
)
def test_unsigned_amz_headers_are_not_honoured(caller: Account, extra: dict[str, str]) -> None:
    """What was not signed may be anybody's: refused, or as if it were not there."""
    request = Request("POST", "/listTagsForResource", "", BODY)
    request.sign(caller.keys, HOME, host_of(caller))
    unbent = send(caller, request)
    request.headers |= extra
    answer = send(caller, request)
    if answer.error != unbent.error:
        assert answer.status in (400, 403), answer
        assert answer.error in (
            "InvalidSignatureException",
            "UnrecognizedClientException",
            "IncompleteSignatureException",
        ), answer
    else:
        assert not next(iter(extra)).endswith(("Token", "Sha256", "Date")), "read but not signed"


def test_unsigned_session_token_is_refused(caller: Account, cloud: Cloud) -> None:
    session = cloud.user(caller.id, session_seconds=900).keys
    bare = Keys(session.access_key, session.secret)
    request = Request("GET", JOBS).sign(bare, HOME, host_of(caller))
    request.headers["X-Amz-Security-Token"] = session.token or ""
    assert send(caller, request).status in (400, 403)


def test_signature_comparison_takes_constant_time(caller: Account) -> None:
    """A right first half must not take longer to refuse than a wrong one."""
    times: dict[bool, list[float]] = {True: [], False: []}
    with caller.wire() as wire:
        for number in range(2000):
            half_right = number % 2 == 0
            request = Request("GET", JOBS).sign(caller.keys, HOME, wire.host)
            head, _, signature = request.headers["Authorization"].rpartition("=")
            flipped = signature.translate(str.maketrans("0123456789abcdef", "fedcba9876543210"))
            bent = signature[:32] + flipped[32:] if half_right else flipped
            request.headers["Authorization"] = f"{head}={bent}"
            begin = time.perf_counter()
            assert wire.send(request).status == 403
            times[half_right].append(time.perf_counter() - begin)
    medians = [statistics.median(values) for values in times.values()]
    assert max(medians) < 1.25 * min(medians), medians


@pytest.mark.parametrize(
    "form", ["", "0" * 63, "0" * 65, "0" * 128, "\u0000", "ABCDEF" * 10 + "ABCD"]
)
def test_signature_of_any_other_form_is_refused(caller: Account, form: str) -> None:
    request = Request("GET", JOBS).sign(caller.keys, HOME, host_of(caller))
    request.headers["Authorization"] = re.sub(
        "Signature=.*", "Signature=" + form.replace("\0", "%00"), request.headers["Authorization"]
    )
    assert send(caller, request).status in (400, 403)


def test_upper_case_signature_is_not_the_signature(caller: Account) -> None:
    request = Request("GET", JOBS).sign(caller.keys, HOME, host_of(caller))
    head, _, signature = request.headers["Authorization"].rpartition("=")
    request.headers["Authorization"] = f"{head}={signature.upper()}"
    assert send(caller, request).status in (400, 403)


def test_clock_skew_is_checked(caller: Account) -> None:
    """A captured request is worthless after a quarter of an hour: see test_auth.py for the texts."""
    for minutes in (-16, 16, -60 * 24 * 365):
        when = now() + dt.timedelta(minutes=minutes)
        request = Request("GET", JOBS).sign(caller.keys, HOME, host_of(caller), when)
        assert send(caller, request).status == 403


def test_date_header_cannot_stand_in_for_an_old_amz_date(caller: Account) -> None:
    request = Request("GET", JOBS).sign(caller.keys, HOME, host_of(caller))
    request.headers["Date"] = "Sun, 30 Aug 2015 12:36:00 GMT"
    assert send(caller, request).status == 200, "X-Amz-Date is the one that counts"


@pytest.mark.parametrize(
    "query",
    [
        "maxResults=1&maxResults=1000",
        "maxResults=1&max%52esults=1000",
        "statusEquals=Completed&statusEquals=Failed",
        "nextToken=a&nextToken=b",
        "maxResults=1&maxResults",
    ],
)
def test_parameter_twice_is_refused(caller: Account, query: str) -> None:
    """CVE-2022-2385: the checker and the reader saw different values."""
    request = Request("GET", JOBS, query).sign(caller.keys, AWAY, host_of(caller))
    answer = send(caller, request)
    assert (answer.status, answer.error) == (400, "ValidationException")


@pytest.mark.parametrize(
    "name", ["X-Amz-Signature", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders"]
)
def test_authentication_parameter_twice_is_refused(caller: Account, name: str) -> None:
    request = Request("GET", JOBS).presign(caller.keys, AWAY, host_of(caller))
    value = re.search(f"{name}=([^&]*)", request.query)
    assert value
    for again in (f"{name}={value.group(1)}", f"{name}=x", f"{name.replace('A', '%41', 1)}=x"):
        bent = Request("GET", JOBS, f"{request.query}&{again}", headers=dict(request.headers))
        assert send(caller, bent).status in (400, 403)


@pytest.mark.parametrize("name", ["x-amz-signature", "X-AMZ-CREDENTIAL", "x-amz-date"])
def test_differently_cased_authentication_parameter_is_no_credential(
    caller: Account, name: str
) -> None:
    request = Request("GET", JOBS).presign(caller.keys, AWAY, host_of(caller))
    bent = re.sub(
        name, name.swapcase() if name.islower() else name.lower(), request.query, flags=re.I
    )
    bent = bent.replace("X-Amz-Algorithm", "x-amz-algorithm")
    assert send(caller, Request("GET", JOBS, bent)).status in (400, 403)


@pytest.mark.parametrize("name", ["Authorization", "X-Amz-Date", "Host", "X-Amz-Content-Sha256"])
def test_header_twice_is_not_read_two_ways(caller: Account, name: str) -> None:
    """Two values of a header that identity or framing depends on: refused, never one of them."""
    headers = {"X-Amz-Content-Sha256": sha256(b"")}
    request = Request("GET", JOBS, headers=headers).sign(caller.keys, HOME, host_of(caller))
    value = request.headers[name]
    for other in (value, value[:-1] + ("0" if value[-1] != "0" else "1")):
        lines = [f"GET {JOBS} HTTP/1.1", *(f"{k}: {v}" for k, v in request.headers.items())]
        lines += [f"{name}: {other}", "Connection: close", "", ""]
        raw = exchange(caller.wire().address, "\r\n".join(lines).encode())
        status = int(raw.split()[1])
        assert status in (400, 403), (name, raw[:200])


def test_user_comes_from_the_verified_credential_only(caller: Account, cloud: Cloud) -> None:
    """No header or parameter names the caller."""
    admin = cloud.admin()
    pretended = {
        "X-Forwarded-User": "admin",
        "X-Remote-User": "admin",
        "X-Outcrop-Account": admin.id,
        "X-Forwarded-For": "127.0.0.1",
        "From": "admin",
    }
    request = Request("GET", "/-/whoami", headers=dict(pretended))
    answer = send(caller, request.sign(caller.keys, HOME, host_of(caller)))
    assert answer.json["accountId"] == caller.id
    query = encode_query([("accountId", admin.id), ("user", "admin")])
    answer = send(
        caller, Request("GET", "/-/whoami", query).sign(caller.keys, HOME, host_of(caller))
    )
    assert answer.json["accountId"] == caller.id
    assert send(caller, Request("GET", "/-/whoami", headers=pretended)).status == 403


def test_body_must_match_the_given_digest(caller: Account) -> None:
    """The header is signed, the body is another: refused."""
    other = sha256(b'{"resourceARN":"something else"}')
    signed_other = tag_call(caller, {"X-Amz-Content-Sha256": other}, other)
    answer = send(caller, signed_other)
    assert answer.status in (400, 403), answer
    unsent = tag_call(caller, {})
    unsent.body = BODY.replace(b"abcdefghij12", b"abcdefghij13")
    assert send(caller, unsent).error == "InvalidSignatureException"


# -- request smuggling -----------------------------------------------------------------------------


def shapes(host: str) -> dict[str, str]:
    post = "POST /listTagsForResource HTTP/1.1"
    get = "GET /-/health HTTP/1.1"
    at = f"Host: {host}"
    return {
        "two-content-lengths": f"{post}\r\n{at}\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}",
        "same-content-length-twice": f"{post}\r\n{at}\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{{}}",
        "content-length-list": f"{post}\r\n{at}\r\nContent-Length: 2, 2\r\n\r\n{{}}",
        "length-and-chunked": f"{post}\r\n{at}\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "chunked-and-length": f"{post}\r\n{at}\r\nTransfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n0\r\n\r\n",
        "encoding-unknown": f"{post}\r\n{at}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "encoding-twice": f"{post}\r\n{at}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "encoding-space-before-colon": f"{post}\r\n{at}\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "encoding-vertical-tab": f"{post}\r\n{at}\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        "negative-length": f"{post}\r\n{at}\r\nContent-Length: -1\r\n\r\n",
        "plus-length": f"{post}\r\n{at}\r\nContent-Length: +2\r\n\r\n{{}}",
        "hex-length": f"{post}\r\n{at}\r\nContent-Length: 0x2\r\n\r\n{{}}",
        "huge-length": f"{post}\r\n{at}\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "bare-lf-line": f"{get}\n{at}\r\n\r\n",
        "bare-lf-header": f"{get}\r\n{at}\nX-A: b\r\n\r\n",
        "bare-lf-end": f"{get}\r\n{at}\r\n\n",
        "bare-cr": f"{get}\r\n{at}\r\nX-A: b\rX-C: d\r\n\r\n",
        "obs-fold": f"{get}\r\n{at}\r\nX-A: b\r\n c\r\n\r\n",
        "obs-fold-tab": f"{get}\r\n{at}\r\nX-A: b\r\n\tc\r\n\r\n",
        "fold-first": f"{get}\r\n X-A: b\r\n{at}\r\n\r\n",
        "nul-in-value": f"{get}\r\n{at}\r\nX-A: b\0c\r\n\r\n",
        "nul-in-name": f"{get}\r\n{at}\r\nX\0A: b\r\n\r\n",
        "nul-in-target": f"GET /-/health\0 HTTP/1.1\r\n{at}\r\n\r\n",
        "control-in-name": f"{get}\r\n{at}\r\nX\x01A: b\r\n\r\n",
        "space-in-name": f"{get}\r\n{at}\r\nX A: b\r\n\r\n",
        "space-before-colon": f"{get}\r\n{at}\r\nX-A : b\r\n\r\n",
        "no-colon": f"{get}\r\n{at}\r\nnonsense\r\n\r\n",
        "empty-name": f"{get}\r\n{at}\r\n: b\r\n\r\n",
        "high-byte-in-name": f"{get}\r\n{at}\r\nX\xe4: b\r\n\r\n",
        "no-host": f"{get}\r\n\r\n",
        "two-hosts": f"{get}\r\n{at}\r\n{at}\r\n\r\n",
        "bad-host": f"{get}\r\nHost: a b\r\n\r\n",
        "two-spaces": f"GET  /-/health HTTP/1.1\r\n{at}\r\n\r\n",
        "no-version": f"GET /-/health\r\n{at}\r\n\r\n",
        "bad-version": f"GET /-/health HTTP/1.x\r\n{at}\r\n\r\n",
        "tab-separator": f"GET\t/-/health\tHTTP/1.1\r\n{at}\r\n\r\n",
        "space-in-target": f"GET /-/health HTTP/1.1 HTTP/1.1\r\n{at}\r\n\r\n",
        "control-in-target": f"GET /-/he\x02alth HTTP/1.1\r\n{at}\r\n\r\n",
        "bad-method": f"G(T /-/health HTTP/1.1\r\n{at}\r\n\r\n",
    }  # fmt: skip


SHAPES = {name: text.encode("latin-1") for name, text in shapes("{host}").items()}


@pytest.mark.parametrize("name", list(SHAPES))
def test_smuggling_shape_is_refused_and_the_connection_closed(caller: Account, name: str) -> None:
    wire = caller.wire()
    follow = f"GET /-/health HTTP/1.1\r\nHost: {wire.host}\r\nConnection: close\r\n\r\n".encode()
    bad = SHAPES[name].replace(b"{host}", wire.host.encode())
    raw = exchange(wire.address, bad + follow)
    status = int(raw.split()[1])
    others = {"bad-version": 505, "no-version": 505, "huge-length": 413}
    others |= {"encoding-unknown": 411, "encoding-twice": 411}
    assert status in (400, others.get(name)), raw[:200]
    assert raw.count(b"HTTP/1.1 ") == 1, "what follows a bad request is never answered"


def test_pipelined_good_requests_are_answered_in_order(caller: Account) -> None:
    wire = caller.wire()
    good = f"GET /-/health HTTP/1.1\r\nHost: {wire.host}\r\n\r\n".encode()
    last = good.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    raw = exchange(wire.address, good * 3 + last)
    assert raw.count(b"HTTP/1.1 200 ") == 4


def barred_from(cloud: Cloud, account: Account, resource: str) -> Account:
    """A user who may do everything, but nothing with this resource."""
    policy = allow("*")
    policy["Statement"].append({"Effect": "Deny", "Action": "*", "Resource": resource})
    return cloud.user(account.id, policy)


def test_deny_holds_however_the_arn_of_a_job_is_spelt(caller: Account, cloud: Cloud) -> None:
    """Any partition fits an ARN's pattern: a Deny that names the job must not be got around by it."""
    job = caller.start_copy(caller.import_model())
    barred = barred_from(cloud, caller, job)
    for spelling in (job, job.replace("arn:aws:", "arn:aws-cn:")):
        with pytest.raises(ClientError) as error:
            barred.boto(AWAY).get_model_copy_job(jobArn=spelling)
        assert error.value.response["Error"]["Code"] == "AccessDeniedException", spelling
        with barred.wire(AWAY) as wire:
            progress = wire.call("GET", f"/-/model-copy-jobs/{spelling}/progress")
        assert progress.error == "AccessDeniedException", spelling
    with pytest.raises(ClientError) as error:
        caller.boto(AWAY).get_model_copy_job(jobArn=job.replace("arn:aws:", "arn:aws-cn:"))
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_names_that_exist_are_not_told_to_who_may_not_ask(caller: Account, cloud: Cloud) -> None:
    caller.import_model("there-it-is")
    stranger = cloud.user(caller.id, allow("bedrock:ListModelCopyJobs"))
    answers = []
    for name in ("there-it-is", "nothing-here"):
        with pytest.raises(ClientError) as error:
            stranger.boto(HOME).get_custom_model(modelIdentifier=name)
        answers.append(error.value.response["Error"]["Code"])
    assert answers == ["AccessDeniedException"] * 2


def make_key(maker: Account, **more: str) -> Answer:
    body = {"accountId": maker.id, "userName": "made", **more}
    with maker.wire() as wire:
        return wire.call("POST", "/-/access-keys", body=body)


def test_a_key_never_has_more_rights_than_its_maker(cloud: Cloud) -> None:
    owner = cloud.account()
    policy = allow("outcrop:CreateAccessKey", "bedrock:ListModelCopyJobs")
    maker = cloud.user(owner.id, policy)
    for asked in (allow("*"), allow("bedrock:GetModelCopyJob"), allow("outcrop:CreateAccessKey")):
        refused = make_key(maker, policy=json.dumps(asked))
        assert (refused.status, refused.error) == (403, "AccessDeniedException"), refused
        assert "more rights than its maker" in refused.message
    for more in ({}, {"policy": json.dumps(policy)}):
        made = make_key(maker, **more).json
        keys = Keys(made["accessKeyId"], made["secretAccessKey"], None, owner.id)
        child = Account(owner.server, keys)
        assert child.jobs(HOME) == []
        with pytest.raises(ClientError, match="AccessDenied"):
            child.boto(HOME).list_custom_models()
        assert make_key(child, policy=json.dumps(allow("*"))).status == 403  # nor has a grandchild
    assert make_key(owner, policy=json.dumps(allow("bedrock:*"))).status == 201
    almost = allow("*")
    almost["Statement"].append({"Effect": "Deny", "Action": "bedrock:Delete*", "Resource": "*"})
    denied = cloud.user(owner.id, almost)
    assert make_key(denied, policy=json.dumps(allow("*"))).status == 403


def test_who_may_not_do_everything_makes_no_keys_for_other_accounts(cloud: Cloud) -> None:
    """The same policy would give more there: what it allows on "*" is another account's."""
    maker = cloud.user(cloud.server.admin_keys().account, allow("outcrop:*", "bedrock:*"))
    body = {"accountId": cloud.account().id, "userName": "made"}
    with maker.wire() as wire:
        refused = wire.call("POST", "/-/access-keys", body=body)
    assert (refused.status, refused.error) == (403, "AccessDeniedException"), refused
    assert "for its own account alone" in refused.message


def test_access_keys_have_a_quota_and_useless_ones_make_way(cloud: Cloud) -> None:
    owner = cloud.account()
    made = [make_key(owner).json["accessKeyId"] for _ in range(999)]
    refused = make_key(owner)
    assert (refused.status, refused.error) == (400, "ServiceQuotaExceededException"), refused
    assert "disable some" in refused.message
    with owner.wire() as wire:
        for key in made[:3]:
            assert wire.call("POST", f"/-/access-keys/{key}/disable").status == 200
        assert make_key(owner).status == 201
        answer = wire.call("GET", "/-/access-keys", query=[("maxResults", "1000")]).json
        listed = [entry["accessKeyId"] for entry in answer["accessKeys"]]
    assert len(listed) == 998 and not set(made[:3]) & set(listed)
