"""TagResource, UntagResource and ListTagsForResource through boto3."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.cloud import AWAY, HOME, Account, Cloud, allow, sharing_policy


@pytest.fixture
def model(account: Account) -> str:
    return account.import_model(modelTags=[{"key": "first", "value": "1"}])


def tags(account: Account, arn: str, region: str = HOME) -> dict[str, str]:
    found = account.boto(region).list_tags_for_resource(resourceARN=arn)["tags"]
    assert len({tag["key"] for tag in found}) == len(found)
    return {tag["key"]: tag["value"] for tag in found}


def code(error: pytest.ExceptionInfo[ClientError]) -> tuple[int, str]:
    response = error.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def numbered(first: int, last: int) -> list[dict[str, str]]:
    return [{"key": f"k{number}", "value": "v"} for number in range(first, last)]


def test_tags_are_added_replaced_and_removed(account: Account, model: str) -> None:
    client = account.boto(HOME)
    assert tags(account, model) == {"first": "1"}
    client.tag_resource(
        resourceARN=model,
        tags=[{"key": "first", "value": "one"}, {"key": "a b._:/=+@-", "value": ""}],
    )
    assert tags(account, model) == {"first": "one", "a b._:/=+@-": ""}
    client.untag_resource(resourceARN=model, tagKeys=["first", "was-never-there"])
    assert tags(account, model) == {"a b._:/=+@-": ""}
    client.untag_resource(resourceARN=model, tagKeys=[])
    client.tag_resource(resourceARN=model, tags=[])
    assert tags(account, model) == {"a b._:/=+@-": ""}


def test_keys_are_case_sensitive(account: Account, model: str) -> None:
    account.boto(HOME).tag_resource(resourceARN=model, tags=[{"key": "First", "value": "2"}])
    assert tags(account, model) == {"first": "1", "First": "2"}


def test_untagged_model_has_an_empty_list(account: Account) -> None:
    assert tags(account, account.import_model()) == {}


def test_more_than_fifty_in_all_are_too_many(account: Account, model: str) -> None:
    client = account.boto(HOME)
    client.tag_resource(resourceARN=model, tags=numbered(0, 49))
    assert len(tags(account, model)) == 50
    client.tag_resource(resourceARN=model, tags=numbered(0, 49))
    with pytest.raises(ClientError) as error:
        client.tag_resource(resourceARN=model, tags=[{"key": "one-more", "value": ""}])
    assert code(error) == (400, "TooManyTagsException")
    assert error.value.response["resourceName"] == model
    assert len(tags(account, model)) == 50, "nothing of a refused call is kept"


@pytest.mark.parametrize(
    "bad",
    [
        [{"key": "aws:x", "value": "1"}],
        [{"key": "x", "value": "1"}, {"key": "x", "value": "2"}],
        [{"key": "x;y", "value": "1"}],
        [{"key": "x", "value": "1"}] + [{"key": "aws:y", "value": ""}],
        numbered(0, 201),
    ],
    ids=["aws-prefix", "twice", "pattern", "one-of-two", "201"],
)
def test_bad_tags_are_refused_as_a_whole(
    account: Account, model: str, bad: list[dict[str, str]]
) -> None:
    with pytest.raises(ClientError) as error:
        account.boto(HOME).tag_resource(resourceARN=model, tags=bad)
    assert code(error) == (400, "ValidationException")
    assert tags(account, model) == {"first": "1"}


def test_target_of_a_copy_is_tagged_in_its_region(account: Account, model: str) -> None:
    target = account.copy(model)["targetModelArn"]
    account.boto(AWAY).tag_resource(resourceARN=target, tags=[{"key": "where", "value": AWAY}])
    assert tags(account, target, AWAY) == {"where": AWAY}
    assert tags(account, model) == {"first": "1"}


def test_copy_job_cannot_carry_tags(account: Account, model: str) -> None:
    job = account.start_copy(model)
    client = account.boto(AWAY)
    calls: list[tuple[Any, dict[str, Any]]] = [
        (client.list_tags_for_resource, {}),
        (client.tag_resource, {"tags": [{"key": "a", "value": "b"}]}),
        (client.untag_resource, {"tagKeys": ["a"]}),
    ]
    for call, more in calls:
        with pytest.raises(ClientError) as error:
            call(resourceARN=job, **more)
        assert code(error) == (400, "ValidationException")


@pytest.mark.parametrize("operation", ["list_tags_for_resource", "tag_resource", "untag_resource"])
def test_unknown_model_is_404(account: Account, operation: str) -> None:
    arn = f"arn:aws:bedrock:{HOME}:{account.id}:custom-model/imported/abcdefghij12"
    members: dict[str, dict[str, Any]] = {
        "list_tags_for_resource": {},
        "tag_resource": {"tags": [{"key": "a", "value": "b"}]},
        "untag_resource": {"tagKeys": ["a"]},
    }
    with pytest.raises(ClientError) as error:
        getattr(account.boto(HOME), operation)(resourceARN=arn, **members[operation])
    assert code(error) == (404, "ResourceNotFoundException")


def test_other_accounts_tags_are_out_of_reach(account: Account, model: str, cloud: Cloud) -> None:
    stranger = cloud.account()
    account.boto(HOME).put_resource_policy(
        resourceArn=model, resourcePolicy=sharing_policy(model, stranger.id)
    )
    calls: list[tuple[str, dict[str, Any]]] = [
        ("list_tags_for_resource", {}),
        ("tag_resource", {"tags": [{"key": "a", "value": "b"}]}),
        ("untag_resource", {"tagKeys": ["first"]}),
    ]
    for call, more in calls:
        with pytest.raises(ClientError) as error:
            getattr(stranger.boto(HOME), call)(resourceARN=model, **more)
        assert code(error) in ((404, "ResourceNotFoundException"), (403, "AccessDeniedException"))
    assert tags(account, model) == {"first": "1"}


def test_deny_by_the_tags_of_the_request_is_obeyed(
    account: Account, cloud: Cloud, model: str
) -> None:
    policy = allow("bedrock:*")
    policy["Statement"].append(
        {
            **policy["Statement"][0],
            "Effect": "Deny",
            "Condition": {"StringEquals": {"aws:RequestTag/stage": "production"}},
        }
    )
    user = cloud.user(account.id, policy)
    user.boto(HOME).tag_resource(resourceARN=model, tags=[{"key": "stage", "value": "test"}])
    with pytest.raises(ClientError) as error:
        user.boto(HOME).tag_resource(
            resourceARN=model, tags=[{"key": "stage", "value": "production"}]
        )
    assert code(error) == (403, "AccessDeniedException")
    assert tags(account, model)["stage"] == "test"
