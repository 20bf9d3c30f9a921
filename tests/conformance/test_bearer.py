"""Bearer keys: what AWS_BEARER_TOKEN_BEDROCK sends. boto3 with one: test_tls.py."""

from __future__ import annotations

import pytest
from support.cloud import AWAY, HOME, Account, Cloud, allow
from support.server import Server
from support.wire import Keys, Request

JOBS = "/model-copy-jobs"


@pytest.fixture(scope="module")
def bearer(cloud: Cloud) -> Account:
    account = cloud.account()
    account.import_model("mine")
    return cloud.user(account.id, bearer=True)


def test_region_comes_from_the_host_name_else_the_default(bearer: Account) -> None:
    with bearer.wire() as wire:
        for host, region in (
            (wire.host, HOME),
            (f"bedrock.{AWAY}.amazonaws.com", AWAY),
            (f"bedrock.{AWAY}.example.org:7430", AWAY),
            (f"BEDROCK.{AWAY.upper()}.example.org", AWAY),
        ):
            headers = {"Host": host}
            assert wire.call("GET", "/-/whoami", headers=headers).json["region"] == region, host


def test_bearer_of_a_region_that_is_not_served_is_refused(bearer: Account) -> None:
    with bearer.wire() as wire:
        headers = {"Host": "bedrock.ap-south-1.amazonaws.com"}
        answer = wire.call("GET", "/-/whoami", headers=headers)
    assert answer.status in (400, 403), "never served as another Region"


@pytest.mark.parametrize("change", ["longer", "shorter", "bent", "case"])
def test_altered_bearer_token_is_refused(bearer: Account, change: str) -> None:
    token = bearer.keys.bearer or ""
    bent = {
        "longer": token + "A",
        "shorter": token[:-1],
        "bent": token[:-1] + ("A" if token[-1] != "A" else "B"),
        "case": token.swapcase(),
    }[change]
    with bearer.server.wire(None) as wire:
        answer = wire.send(Request("GET", JOBS, headers={"Authorization": "Bearer " + bent}))
    assert (answer.status, answer.error) == (403, "UnrecognizedClientException")


def test_bearer_key_is_held_to_its_policy(cloud: Cloud) -> None:
    account = cloud.account()
    user = cloud.user(account.id, allow("bedrock:ListModelCopyJobs"), bearer=True)
    with user.wire() as wire:
        assert wire.call("GET", JOBS).status == 200
        answer = wire.call("GET", "/custom-models")
    assert (answer.status, answer.error) == (403, "AccessDeniedException")


def test_disabled_bearer_key_is_refused(cloud: Cloud, server: Server) -> None:
    account = cloud.account()
    user = cloud.user(account.id, bearer=True)
    server.admin("POST", f"/-/access-keys/{user.keys.access_key}/disable")
    with user.wire() as wire:
        answer = wire.call("GET", JOBS)
    assert (answer.status, answer.error) == (403, "UnrecognizedClientException")


def test_bearer_key_does_not_sign(bearer: Account) -> None:
    """A bearer key is one kind of credential, not two: it has no secret to sign with."""
    assert bearer.keys.secret == ""
    for secret in ("", bearer.keys.bearer or ""):
        request = Request("GET", "/-/whoami")
        with bearer.server.wire(None) as wire:
            keys = Keys(bearer.keys.access_key, secret)
            assert wire.send(request.sign(keys, HOME, wire.host)).status == 403


def test_admins_bearer_token_of_the_first_start(server: Server) -> None:
    headers = {"Authorization": "Bearer " + server.admin_bearer()}
    with server.wire(None) as wire:
        answer = wire.send(Request("GET", "/-/whoami", headers=headers))
    assert answer.status == 200 and answer.json["accountId"] == "000000000000"


def test_credentials_are_readable_by_their_owner_only(server: Server) -> None:
    for name in ("credentials", "bearer-token"):
        assert (server.data / name).stat().st_mode & 0o777 == 0o600, name
