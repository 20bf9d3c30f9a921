"""Input checks: every constraint, and the exact words of a refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.cloud import AWAY, HOME, Account, Cloud
from support.wire import Answer, Request, escape

JOBS = "/model-copy-jobs"
STATUSES = "[InProgress, Completed, Failed]"
NAME_PATTERN = "([0-9a-zA-Z][_-]?){1,63}"
MODEL = "arn:aws:bedrock:us-east-1:123456789012:custom-model/imported/abcdefghij12"


@pytest.fixture(scope="module")
def someone(cloud: Cloud) -> Account:
    return cloud.account()


def query(someone: Account, *parameters: tuple[str, str], path: str = JOBS) -> Answer:
    with someone.wire(AWAY) as wire:
        return wire.call("GET", path, parameters)


def post(someone: Account, body: Any, path: str = JOBS, region: str = AWAY) -> Answer:
    with someone.wire(region) as wire:
        return wire.call("POST", path, body=body)


def sentence(value: str, member: str, rule: str) -> str:
    return f"Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"


def one(value: str, member: str, rule: str) -> str:
    return "1 validation error detected: " + sentence(value, member, rule)


def refused(answer: Answer, message: str | None = None) -> None:
    assert (answer.status, answer.error) == (400, "ValidationException"), answer
    if message is not None:
        assert answer.message == message


# -- exact wording ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("maxResults", "5000", "have value less than or equal to 1000"),
        ("maxResults", "1001", "have value less than or equal to 1000"),
        ("maxResults", "0", "have value greater than or equal to 1"),
        ("maxResults", "-1", "have value greater than or equal to 1"),
        ("statusEquals", "Foo", f"satisfy enum value set: {STATUSES}"),
        ("statusEquals", "completed", f"satisfy enum value set: {STATUSES}"),
        ("sortBy", "Name", "satisfy enum value set: [CreationTime]"),
        ("sortOrder", "Up", "satisfy enum value set: [Ascending, Descending]"),
        ("sourceAccountEquals", "12", "satisfy regular expression pattern: [0-9]{12}"),
        ("nextToken", "a b", r"satisfy regular expression pattern: \S*"),
    ],
)
def test_wording_of_a_refused_parameter(someone: Account, name: str, value: str, rule: str) -> None:
    refused(query(someone, (name, value)), one(value, name, rule))


def test_long_value_is_cut_in_the_message(someone: Account) -> None:
    answer = query(someone, ("nextToken", "x" * 2049))
    refused(answer)
    rule = (
        "at 'nextToken' failed to satisfy constraint: Member must have length less than or equal to"
    )
    assert answer.message.startswith("1 validation error detected: Value 'xxx")
    assert answer.message.endswith(f"{rule} 2048")


def test_wording_names_the_member_as_the_model_calls_it(someone: Account) -> None:
    """The filter travels as outputModelNameContains; its rules are those of CustomModelName."""
    answer = query(someone, ("outputModelNameContains", "a b"))
    refused(answer)
    rule = f"satisfy regular expression pattern: {NAME_PATTERN}"
    assert answer.message in (
        one("a b", member, rule)
        for member in ("targetModelNameContains", "outputModelNameContains")
    )


def test_every_failed_member_has_a_sentence(someone: Account) -> None:
    answer = query(
        someone, ("maxResults", "0"), ("statusEquals", "Foo"), ("sourceAccountEquals", "x")
    )
    refused(answer)
    count, _, rest = answer.message.partition(": ")
    assert count == "3 validation errors detected"
    assert sorted(rest.split("; ")) == sorted(
        [
            sentence("0", "maxResults", "have value greater than or equal to 1"),
            sentence("Foo", "statusEquals", f"satisfy enum value set: {STATUSES}"),
            sentence("x", "sourceAccountEquals", "satisfy regular expression pattern: [0-9]{12}"),
        ]
    )


def test_wording_of_body_members(someone: Account) -> None:
    name = "-" + "x" * 5
    refused(
        post(someone, {"sourceModelArn": MODEL, "targetModelName": name}),
        one(name, "targetModelName", f"satisfy regular expression pattern: {NAME_PATTERN}"),
    )


@pytest.mark.parametrize("body", [{}, {"targetModelName": "x"}, {"sourceModelArn": MODEL}])
def test_missing_member_is_named(someone: Account, body: dict[str, str]) -> None:
    answer = post(someone, body)
    refused(answer)
    missing = {"sourceModelArn", "targetModelName"} - set(body)
    for member in missing:
        assert f"'{member}'" in answer.message
    assert answer.message.startswith(f"{len(missing)} validation error")


def test_null_counts_as_absent(someone: Account) -> None:
    answer = post(
        someone, {"sourceModelArn": MODEL, "targetModelName": None, "modelKmsKeyId": None}
    )
    refused(answer)
    assert "'targetModelName'" in answer.message and "'modelKmsKeyId'" not in answer.message


def test_nested_member_is_named_by_its_path(someone: Account) -> None:
    tags = [{"key": "fine", "value": "x"}, {"key": "b*d", "value": "x"}]
    answer = post(
        someone, {"sourceModelArn": MODEL, "targetModelName": "x", "targetModelTags": tags}
    )
    refused(answer)
    assert "Value 'b*d' at 'targetModelTags" in answer.message


# -- constraints at their edges --------------------------------------------------------------------


@pytest.mark.parametrize("size", ["1", "1000"])
def test_page_size_at_its_limits(someone: Account, size: str) -> None:
    assert query(someone, ("maxResults", size)).status == 200


@pytest.mark.parametrize(
    "value", ["", "ten", "1.5", "1e2", " 1", "+1", "0x10", "99999999999999999999", "1\x00"]
)
def test_page_size_must_be_a_number(someone: Account, value: str) -> None:
    answer = query(someone, ("maxResults", value))
    assert answer.status == 400
    assert answer.error in ("ValidationException", "SerializationException")


@pytest.mark.parametrize(
    "name",
    ["", "x" * 64, "a b", "-a", "_a", "a--b", "a__b", "a/b", "ä", "a.b", "a\n"],
)
def test_name_pattern(someone: Account, name: str) -> None:
    answer = post(someone, {"sourceModelArn": MODEL, "targetModelName": name})
    refused(answer)
    assert "'targetModelName'" in answer.message


@pytest.mark.parametrize("name", ["a", "0", "a-b_c-d", "a-", "a_", "x" * 63])
def test_good_names_reach_the_next_check(someone: Account, name: str) -> None:
    answer = post(
        someone,
        {"sourceModelArn": MODEL.replace("123456789012", someone.id), "targetModelName": name},
    )
    assert (answer.status, answer.error) == (404, "ResourceNotFoundException")


@pytest.mark.parametrize(
    "arn",
    [
        "x" * 19,
        "arn:aws:bedrock:us-east-1:123456789012:custom-model/imported/ABCDEFGHIJ12",
        "arn:aws:bedrock:us-east-1:123456789012:custom-model/imported/abc",
        "arn:aws:bedrock:us-east-1:12345678901:custom-model/imported/abcdefghij12",
        "arn:aws:s3:us-east-1:123456789012:custom-model/imported/abcdefghij12",
        "arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.titan-text-lite-v1:0:4k/MyModel",
        " " + MODEL,
        MODEL + "\n",
        MODEL.replace("us-east-1", "x" * 21),
    ],
)
def test_source_arn_pattern(someone: Account, arn: str) -> None:
    answer = post(someone, {"sourceModelArn": arn, "targetModelName": "x"})
    refused(answer)
    assert "'sourceModelArn'" in answer.message


@pytest.mark.parametrize(
    "key", ["alias", "alias/", "1234", "arn:aws:kms:us-west-2:1:key/x", "x" * 2049]
)
def test_kms_key_pattern(someone: Account, key: str) -> None:
    answer = post(someone, {"sourceModelArn": MODEL, "targetModelName": "x", "modelKmsKeyId": key})
    refused(answer)
    assert "'modelKmsKeyId'" in answer.message


def test_job_arn_of_1012_characters_is_too_long(someone: Account) -> None:
    answer = query(someone, path=f"{JOBS}/{escape('a' * 1012)}")
    refused(answer)
    assert "Member must have length less than or equal to 1011" in answer.message


# -- bodies that cannot be read --------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"{'sourceModelArn': 1}",
        b'{"sourceModelArn": 1, "targetModelName": "x"}',
        b'{"sourceModelArn": ["x"], "targetModelName": "x"}',
        b'{"sourceModelArn": "x", "targetModelTags": {}}',
        b'{"sourceModelArn": "x", "targetModelTags": ["x"]}',
        b'{"targetModelName": "x", "targetModelName": "y"}',
        b'{"targetModelName": "\xff"}',
        b'{"targetModelName": "\\ud800"}',
        b'{"targetModelName": "x"} trailing',
        b'\xef\xbb\xbf{"targetModelName": "x"}',
        b"[" * 5000,
        b'{"a":' * 5000,
    ],
    ids=lambda body: repr(body[:40]),
)
def test_unreadable_body_is_a_serialization_exception(someone: Account, body: bytes) -> None:
    answer = post(someone, body)
    assert (answer.status, answer.error) == (400, "SerializationException"), answer
    assert answer.message


def test_unknown_member_is_ignored(someone: Account) -> None:
    body = {"sourceModelArn": MODEL.replace("123456789012", someone.id), "targetModelName": "x"}
    answer = post(someone, {**body, "colour": {"any": ["thing"]}})
    assert answer.error == "ResourceNotFoundException", "read and found well-formed"


@pytest.mark.parametrize("raw", ["maxResults=%zz", "maxResults=%", "outputModelNameContains=%ff"])
def test_bad_escape_in_the_query_is_refused(someone: Account, raw: str) -> None:
    with someone.wire(AWAY) as wire:
        answer = wire.send(Request("GET", JOBS, raw).sign(someone.keys, AWAY, wire.host))
    assert answer.status == 400
    assert answer.error in ("SerializationException", "MalformedQueryString", "ValidationException")


# -- what other operations check -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "member"),
    [
        ("/tagResource", {"resourceARN": MODEL}, "tags"),
        ("/tagResource", {"tags": []}, "resourceARN"),
        ("/untagResource", {"resourceARN": MODEL}, "tagKeys"),
        ("/listTagsForResource", {}, "resourceARN"),
        ("/listTagsForResource", {"resourceARN": "too-short"}, "resourceARN"),
        ("/resource-policy", {"resourceArn": MODEL}, "resourcePolicy"),
        ("/resource-policy", {"resourceArn": "x" * 256, "resourcePolicy": "{}"}, "resourceArn"),
        ("/custom-models/create-custom-model", {}, "modelName"),
        ("/custom-models/create-custom-model", {"modelName": "a b"}, "modelName"),
    ],
)
def test_other_operations_check_their_members(
    someone: Account, path: str, body: dict[str, Any], member: str
) -> None:
    answer = post(someone, body, path, HOME)
    refused(answer)
    assert f"'{member}'" in answer.message


def test_message_does_not_grow_without_limit(someone: Account) -> None:
    tags = [{"key": "*" * 100, "value": "*" * 200} for _ in range(200)]
    answer = post(
        someone, {"sourceModelArn": MODEL, "targetModelName": "x", "targetModelTags": tags}
    )
    refused(answer)
    assert len(json.dumps(answer.message)) < 200_000
