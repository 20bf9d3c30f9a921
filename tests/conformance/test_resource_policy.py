"""Resource policies, and what they open: copies between accounts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.cloud import AWAY, HOME, THIRD, Account, Cloud, allow, digests, sharing_policy


@pytest.fixture
def owner(cloud: Cloud) -> Account:
    return cloud.account()


@pytest.fixture
def model(owner: Account) -> str:
    return owner.import_model()


def code(error: pytest.ExceptionInfo[ClientError]) -> tuple[int, str]:
    response = error.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def share(owner: Account, model: str, receiver: str) -> None:
    owner.boto(HOME).put_resource_policy(
        resourceArn=model, resourcePolicy=sharing_policy(model, receiver)
    )


def refused_copy(receiver: Account, model: str, region: str = AWAY) -> dict[str, Any]:
    with pytest.raises(ClientError) as error:
        receiver.start_copy(model, region=region)
    assert code(error) == (403, "AccessDeniedException"), error.value.response
    result: dict[str, Any] = error.value.response["Error"]
    return result


# -- put, get, delete ------------------------------------------------------------------------------


def test_policy_is_put_read_and_deleted(owner: Account, model: str) -> None:
    client = owner.boto(HOME)
    policy = sharing_policy(model, "123456789012")
    put = client.put_resource_policy(resourceArn=model, resourcePolicy=policy)
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert put["resourceArn"] == model
    found = client.get_resource_policy(resourceArn=model)["resourcePolicy"]
    assert json.loads(found) == json.loads(policy)
    client.delete_resource_policy(resourceArn=model)
    with pytest.raises(ClientError) as error:
        client.get_resource_policy(resourceArn=model)
    assert code(error) == (404, "ResourceNotFoundException")


def test_put_replaces(owner: Account, model: str) -> None:
    for account in ("111111111111", "222222222222"):
        share(owner, model, account)
    found = owner.boto(HOME).get_resource_policy(resourceArn=model)["resourcePolicy"]
    assert "222222222222" in found and "111111111111" not in found


def statement(**changes: Any) -> str:
    part = {
        "Effect": "Allow",
        "Principal": {"AWS": "123456789012"},
        "Action": "bedrock:CreateModelCopyJob",
        "Resource": "*",
        **changes,
    }
    kept = {name: value for name, value in part.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": kept})


@pytest.mark.parametrize(
    "policy",
    [
        "not json",
        "[]",
        "{}",
        statement(Effect="Maybe"),
        statement(Effect=None),
        statement(Action=None),
        statement(Principal=None),
        statement(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        statement(Condition={"StringEquals": {"aws:SomethingElse": "x"}}),
        statement(Surprise="x"),
        statement(Principal={"AWS": "not-an-account"}),
        json.dumps({"Version": "1999-01-01", "Statement": []}),
        statement()[:-1],
        statement().replace('"Resource"', '"Effect": "Deny", "Resource"'),
    ],
    ids=[
        "not-json",
        "list",
        "empty",
        "effect",
        "no-effect",
        "no-action",
        "no-principal",
        "unknown-operator",
        "unknown-key",
        "unknown-element",
        "principal",
        "version",
        "cut-off",
        "member-twice",
    ],
)
def test_policy_that_is_not_understood_is_refused_never_ignored(
    owner: Account, model: str, policy: str
) -> None:
    with pytest.raises(ClientError) as error:
        owner.boto(HOME).put_resource_policy(resourceArn=model, resourcePolicy=policy)
    assert code(error) == (400, "ValidationException")
    with pytest.raises(ClientError) as error:
        owner.boto(HOME).get_resource_policy(resourceArn=model)
    assert code(error) == (404, "ResourceNotFoundException")


def test_policy_of_more_than_20480_characters_is_refused(owner: Account, model: str) -> None:
    policy = sharing_policy(model, "123456789012")
    longest = policy + " " * (20480 - len(policy))
    owner.boto(HOME).put_resource_policy(resourceArn=model, resourcePolicy=longest)
    with pytest.raises(ClientError) as error:
        owner.boto(HOME).put_resource_policy(resourceArn=model, resourcePolicy=longest + " ")
    assert code(error) == (400, "ValidationException")


def test_policy_of_an_unknown_or_foreign_model(owner: Account, model: str, cloud: Cloud) -> None:
    stranger = cloud.account()
    share(owner, model, stranger.id)
    unknown = f"arn:aws:bedrock:{HOME}:{stranger.id}:custom-model/imported/abcdefghij12"
    for arn in (model, unknown):
        for call, more in (
            ("put_resource_policy", {"resourcePolicy": sharing_policy(arn, stranger.id)}),
            ("get_resource_policy", {}),
            ("delete_resource_policy", {}),
        ):
            with pytest.raises(ClientError) as error:
                getattr(stranger.boto(HOME), call)(resourceArn=arn, **more)
            assert code(error) in (
                (404, "ResourceNotFoundException"),
                (403, "AccessDeniedException"),
                (400, "ValidationException"),
            )
    found = owner.boto(HOME).get_resource_policy(resourceArn=model)["resourcePolicy"]
    assert stranger.id in found, "the owner's policy is as it was"


# -- copying between accounts ----------------------------------------------------------------------


def test_copy_between_accounts_is_byte_identical(
    owner: Account, cloud: Cloud, library: Path, tmp_path: Path
) -> None:
    receiver = cloud.account()
    model = owner.import_model("origin", "small")
    share(owner, model, receiver.id)
    job = receiver.copy(model, "received")
    assert job["sourceAccountId"] == owner.id
    assert job["sourceModelArn"] == model
    assert job["sourceModelName"] == "origin"
    assert job["targetModelArn"].split(":")[4] == receiver.id
    out = tmp_path / "out"
    pulled = cloud.server.command(
        "pull", job["targetModelArn"], str(out), keys=receiver.keys, region=AWAY
    )
    assert pulled.returncode == 0, pulled.stderr
    assert digests(out) == digests(library / "small")
    assert owner.jobs() == [], "the job belongs to the account that submitted it"


def test_without_a_resource_policy_nobody_else_copies(
    owner: Account, model: str, cloud: Cloud
) -> None:
    refused_copy(cloud.account(), model)
    refused_copy(cloud.admin(), model)


def test_policy_for_another_account_does_not_help(owner: Account, model: str, cloud: Cloud) -> None:
    share(owner, model, "123456789012")
    refused_copy(cloud.account(), model)


def test_policy_for_another_model_does_not_help(owner: Account, cloud: Cloud) -> None:
    receiver = cloud.account()
    open_model, closed_model = owner.import_model(), owner.import_model()
    share(owner, open_model, receiver.id)
    receiver.start_copy(open_model)
    refused_copy(receiver, closed_model)


def test_caller_needs_a_policy_of_its_own_too(owner: Account, model: str, cloud: Cloud) -> None:
    receiver = cloud.account()
    share(owner, model, receiver.id)
    reader = cloud.user(receiver.id, allow("bedrock:ListModelCopyJobs", "bedrock:GetModelCopyJob"))
    refused_copy(reader, model)
    writer = cloud.user(receiver.id, allow("bedrock:CreateModelCopyJob"))
    writer.start_copy(model)


def test_deny_in_the_resource_policy_wins(owner: Account, model: str, cloud: Cloud) -> None:
    receiver = cloud.account()
    policy = json.loads(sharing_policy(model, receiver.id))
    policy["Statement"].append({**policy["Statement"][0], "Effect": "Deny", "Sid": "No"})
    owner.boto(HOME).put_resource_policy(resourceArn=model, resourcePolicy=json.dumps(policy))
    refused_copy(receiver, model)


def test_condition_on_the_requested_region(owner: Account, model: str, cloud: Cloud) -> None:
    receiver = cloud.account()
    policy = json.loads(sharing_policy(model, receiver.id))
    policy["Statement"][0]["Condition"] = {"StringEquals": {"aws:RequestedRegion": THIRD}}
    owner.boto(HOME).put_resource_policy(resourceArn=model, resourcePolicy=json.dumps(policy))
    refused_copy(receiver, model, AWAY)
    receiver.start_copy(model, region=THIRD)


def test_refusal_tells_nothing_about_what_exists(owner: Account, model: str, cloud: Cloud) -> None:
    """A hidden model and one that does not exist: same status, name and text, save the ARN."""
    receiver = cloud.account()
    nothing = model[:-12] + "abcdefghij12"
    hidden, missing = refused_copy(receiver, model), refused_copy(receiver, nothing)
    assert hidden["Message"].replace(model, "ARN") == missing["Message"].replace(nothing, "ARN")


def test_refusal_takes_the_same_time_for_what_exists(
    owner: Account, model: str, cloud: Cloud
) -> None:
    receiver = cloud.account()
    nothing = model[:-12] + "abcdefghij12"
    spent = {model: [0.0], nothing: [0.0]}
    with receiver.wire(AWAY) as wire:
        for _ in range(200):
            for arn, times in spent.items():
                begin = time.perf_counter()
                answer = wire.call(
                    "POST",
                    "/model-copy-jobs",
                    body={"sourceModelArn": arn, "targetModelName": "copy"},
                )
                times.append(time.perf_counter() - begin)
                assert answer.status == 403
    medians = [sorted(times)[100] for times in spent.values()]
    assert max(medians) < 2 * min(medians) + 0.001, medians


def test_share_revoked_ends_new_copies_and_keeps_the_old(
    owner: Account, model: str, cloud: Cloud
) -> None:
    receiver = cloud.account()
    share(owner, model, receiver.id)
    job = receiver.copy(model)
    owner.boto(HOME).delete_resource_policy(resourceArn=model)
    refused_copy(receiver, model)
    kept = receiver.boto(AWAY).get_custom_model(modelIdentifier=job["targetModelArn"])
    assert kept["modelStatus"] == "Active"
    assert receiver.boto(HOME).list_custom_models()["modelSummaries"] == []


def test_deleting_a_model_deletes_its_policy(owner: Account, model: str, cloud: Cloud) -> None:
    receiver = cloud.account()
    share(owner, model, receiver.id)
    owner.boto(HOME).delete_custom_model(modelIdentifier=model)
    assert receiver.boto(HOME).list_custom_models()["modelSummaries"] == []
    refused_copy(receiver, model)


def test_shared_model_is_listed_in_its_region_only(
    owner: Account, model: str, cloud: Cloud
) -> None:
    receiver = cloud.account()
    share(owner, model, receiver.id)
    client = receiver.boto(HOME)
    assert [m["modelArn"] for m in client.list_custom_models(isOwned=False)["modelSummaries"]] == [
        model
    ]
    assert client.list_custom_models(isOwned=True)["modelSummaries"] == []
    assert receiver.boto(AWAY).list_custom_models()["modelSummaries"] == []


@pytest.mark.parametrize("call", ["delete_custom_model", "tag", "share"])
def test_share_gives_leave_to_copy_and_nothing_else(
    owner: Account, model: str, cloud: Cloud, call: str
) -> None:
    receiver = cloud.account()
    share(owner, model, receiver.id)
    client = receiver.boto(HOME)
    with pytest.raises(ClientError) as error:
        if call == "delete_custom_model":
            client.delete_custom_model(modelIdentifier=model)
        elif call == "tag":
            client.tag_resource(resourceARN=model, tags=[{"key": "a", "value": "b"}])
        else:
            client.put_resource_policy(
                resourceArn=model, resourcePolicy=sharing_policy(model, receiver.id)
            )
    assert code(error)[0] in (403, 404)
    assert owner.boto(HOME).get_custom_model(modelIdentifier=model)["modelStatus"] == "Active"


def put_policy(owner: Account, model: str, *statements: dict[str, Any]) -> None:
    base = json.loads(sharing_policy(model, owner.id))
    first = base["Statement"][0]
    base["Statement"] = [{**first, **changes} for changes in statements]
    owner.boto(HOME).put_resource_policy(resourceArn=model, resourcePolicy=json.dumps(base))


def test_share_with_one_user_holds_to_the_end_of_the_copy(
    owner: Account, model: str, cloud: Cloud
) -> None:
    receiver = cloud.account()
    user = f"arn:aws:iam::{receiver.id}:user/tester"
    put_policy(owner, model, {"Principal": {"AWS": user}})
    receiver.copy(model)


def test_share_under_a_condition_on_tags_holds_to_the_end_of_the_copy(
    owner: Account, cloud: Cloud
) -> None:
    receiver = cloud.account()
    model = owner.import_model(modelTags=[{"key": "stage", "value": "public"}])
    condition = {"aws:ResourceTag/stage": "public", "aws:RequestTag/use": "research"}
    put_policy(
        owner,
        model,
        {"Principal": {"AWS": receiver.id}, "Condition": {"StringEquals": condition}},
    )
    refused_copy(receiver, model)
    receiver.copy(model, targetModelTags=[{"key": "use", "value": "research"}])


def test_deny_of_anothers_model_reads_as_if_it_did_not_exist(
    owner: Account, model: str, cloud: Cloud
) -> None:
    receiver = cloud.account()
    put_policy(owner, model, {"Principal": {"AWS": receiver.id}, "Effect": "Deny"})
    nothing = model[:-12] + "abcdefghij12"
    hidden, missing = refused_copy(receiver, model), refused_copy(receiver, nothing)
    assert hidden["Message"].replace(model, "ARN") == missing["Message"].replace(nothing, "ARN")


def test_conditions_of_the_callers_own_tell_nothing_of_anothers_tags(
    owner: Account, cloud: Cloud
) -> None:
    model = owner.import_model(modelTags=[{"key": "kind", "value": "secret"}])
    nothing = model[:-12] + "abcdefghij12"
    for effect, value in (("Allow", "secret"), ("Deny", "secret"), ("Allow", "other")):
        condition = {"StringEquals": {"aws:ResourceTag/kind": value}}
        policy = allow("bedrock:*", Condition=condition)
        policy["Statement"][0]["Effect"] = effect
        receiver = cloud.user(cloud.account().id, policy)
        texts = []
        for arn in (model, nothing):
            refused = refused_copy(receiver, arn)["Message"]
            with pytest.raises(ClientError) as error:
                receiver.boto(HOME).get_custom_model(modelIdentifier=arn)
            texts.append((refused + error.value.response["Error"]["Message"]).replace(arn, "ARN"))
        assert texts[0] == texts[1], (effect, value)


def test_deny_by_the_tags_of_the_own_source_is_obeyed(owner: Account) -> None:
    model = owner.import_model(modelTags=[{"key": "kind", "value": "secret"}])
    policy = allow("bedrock:*")
    policy["Statement"].append(
        {
            **policy["Statement"][0],
            "Effect": "Deny",
            "Condition": {"StringEquals": {"aws:ResourceTag/kind": "secret"}},
        }
    )
    user = Account(owner.server, owner.server.add_key(owner.id, "held", policy), owner.recorder)
    refused_copy(user, model)
    user.start_copy(owner.import_model())


def test_policy_that_allows_everything_still_leaves_the_model_its_owners(
    owner: Account, model: str, cloud: Cloud
) -> None:
    receiver = cloud.account()
    put_policy(owner, model, {"Principal": {"AWS": receiver.id}, "Action": "*"})
    client = receiver.boto(HOME)
    assert client.get_custom_model(modelIdentifier=model)["modelArn"] == model
    calls: list[Callable[[], Any]] = [
        lambda: client.delete_custom_model(modelIdentifier=model),
        lambda: client.tag_resource(resourceARN=model, tags=[{"key": "a", "value": "b"}]),
        lambda: client.untag_resource(resourceARN=model, tagKeys=["a"]),
        lambda: client.delete_resource_policy(resourceArn=model),
    ]
    for call in calls:
        with pytest.raises(ClientError) as error:
            call()
        assert code(error) == (403, "AccessDeniedException")


def test_model_shared_twice_with_an_account_is_listed_once(owner: Account, cloud: Cloud) -> None:
    receiver = cloud.account()
    models = [owner.import_model() for _ in range(4)]
    for model in models:
        put_policy(owner, model, {"Principal": "*"}, {"Principal": {"AWS": receiver.id}})
    own = receiver.import_model()
    client = receiver.boto(HOME)
    try:
        for order, expected in (
            ("Ascending", [*models, own]),
            ("Descending", [own, *models[::-1]]),
        ):
            for size in (1, 2, 3, 5, 100):
                pages = client.get_paginator("list_custom_models").paginate(
                    sortOrder=order, PaginationConfig={"PageSize": size}
                )
                listed = [m["modelArn"] for page in pages for m in page["modelSummaries"]]
                assert [arn for arn in listed if arn in expected] == expected
    finally:
        for model in models:  # what everyone sees would be in the way of other tests
            owner.boto(HOME).delete_resource_policy(resourceArn=model)


SHARES_THAT_OPEN_NOTHING: dict[str, list[dict[str, Any]]] = {
    "deny": [{}, {"Effect": "Deny", "Principal": "*"}],
    "other-action": [{"Action": "bedrock:DeleteCustomModel"}],
    "other-model": [{"Resource": f"arn:aws:bedrock:{HOME}:111122223333:custom-model/*"}],
    "other-user": [{"Principal": {"AWS": "arn:aws:iam::RECEIVER:user/somebody"}}],
    "tag-of-the-model": [{"Condition": {"StringEquals": {"aws:ResourceTag/stage": "public"}}}],
}


@pytest.mark.parametrize("name", list(SHARES_THAT_OPEN_NOTHING))
def test_share_that_opens_nothing_is_not_listed(
    owner: Account, model: str, cloud: Cloud, name: str
) -> None:
    receiver = cloud.account()
    whole = {"Principal": {"AWS": f"arn:aws:iam::{receiver.id}:root"}}
    text = json.dumps([{**whole, **part} for part in SHARES_THAT_OPEN_NOTHING[name]])
    put_policy(owner, model, *json.loads(text.replace("RECEIVER", receiver.id)))
    refused_copy(receiver, model)
    assert receiver.boto(HOME).list_custom_models()["modelSummaries"] == []


@pytest.mark.parametrize(
    "condition",
    [{"aws:RequestedRegion": AWAY}, {"aws:RequestTag/use": "research"}],
    ids=["region", "request-tag"],
)
def test_share_under_a_condition_that_a_copy_can_meet_is_listed(
    owner: Account, model: str, cloud: Cloud, condition: dict[str, str]
) -> None:
    receiver = cloud.account()
    whole = {"AWS": f"arn:aws:iam::{receiver.id}:root"}
    put_policy(owner, model, {"Principal": whole, "Condition": {"StringEquals": condition}})
    listed = receiver.boto(HOME).list_custom_models()["modelSummaries"]
    assert [summary["modelArn"] for summary in listed] == [model]
    receiver.start_copy(model, targetModelTags=[{"key": "use", "value": "research"}])
