"""CreateModelCopyJob and GetModelCopyJob through boto3, and the bytes that are copied."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.cloud import AWAY, HOME, THIRD, Account, Cloud, digests, sharing_policy, unique_name
from support.wire import escape

UNKNOWN = "arn:aws:bedrock:us-east-1:{}:custom-model/imported/abcdefghij12"
JOB_ARN = re.compile(r"arn:aws:bedrock:us-west-2:([0-9]{12}):model-copy-job/[a-z0-9]{12}")
MODEL_ARN = re.compile(r"arn:aws:bedrock:us-west-2:([0-9]{12}):custom-model/imported/[a-z0-9]{12}")


@pytest.fixture
def source(account: Account) -> str:
    return account.import_model()


def code(error: pytest.ExceptionInfo[ClientError]) -> tuple[int, str]:
    response = error.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def text(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Message"])


# -- a copy ----------------------------------------------------------------------------------------


def test_create_answers_201_with_an_arn_of_the_destination(account: Account, source: str) -> None:
    made = account.boto(AWAY).create_model_copy_job(sourceModelArn=source, targetModelName="copy")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    found = JOB_ARN.fullmatch(made["jobArn"])
    assert found and found.group(1) == account.id


def test_job_tells_source_and_target(account: Account, source: str) -> None:
    before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    job = account.copy(source, "the-copy")
    assert before < job["creationTime"] < dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
    assert job["sourceModelArn"] == source
    assert job["sourceAccountId"] == account.id
    assert job["sourceModelName"] == account.wait_model(source)["modelName"]
    assert job["targetModelName"] == "the-copy"
    found = MODEL_ARN.fullmatch(job["targetModelArn"])
    assert found and found.group(1) == account.id
    assert job["targetModelArn"][-12:] != source[-12:], "the copy has an id of its own"
    assert "failureMessage" not in job and "targetModelKmsKeyArn" not in job


def test_target_is_visible_at_once_and_becomes_active(account: Account) -> None:
    source = account.import_model(prefix="parts")
    job_arn = account.start_copy(source, "target")
    target = account.boto(AWAY).get_model_copy_job(jobArn=job_arn)["targetModelArn"]
    early = account.boto(AWAY).get_custom_model(modelIdentifier=target)
    assert early["modelStatus"] in ("Creating", "Active")
    listed = account.boto(AWAY).list_custom_models()["modelSummaries"]
    assert [model["modelArn"] for model in listed] == [target]
    job = account.wait_job(job_arn)
    assert job["targetModelArn"] == target, "fixed when the job was created"
    model = account.boto(AWAY).get_custom_model(modelIdentifier=target)
    assert (job["status"], model["modelStatus"]) == ("Completed", "Active")
    assert model["modelName"] == "target"
    origin = account.boto(HOME).get_custom_model(modelIdentifier=source)
    assert model["customizationType"] == origin["customizationType"]


def test_job_and_target_end_in_one_step(account: Account) -> None:
    """Whoever sees the job Completed sees the model Active: they change in one commit."""
    source = account.import_model(prefix="small")
    for _ in range(10):
        job = account.copy(source)
        model = account.boto(AWAY).get_custom_model(modelIdentifier=job["targetModelArn"])
        assert model["modelStatus"] == "Active"


@pytest.mark.parametrize("prefix", ["tiny", "small", "parts"])
def test_copy_is_byte_identical(
    account: Account, library: Path, tmp_path: Path, prefix: str
) -> None:
    job = account.copy(account.import_model(prefix=prefix))
    pulled = account.server.command(
        "pull", job["targetModelArn"], str(tmp_path / "out"), keys=account.keys, region=AWAY
    )
    assert pulled.returncode == 0, pulled.stderr
    assert digests(tmp_path / "out") == digests(library / prefix)


def test_copy_of_a_copy(account: Account, library: Path, tmp_path: Path) -> None:
    first = account.copy(account.import_model(prefix="small"))
    second = account.copy(first["targetModelArn"], region=THIRD)
    assert second["sourceModelArn"] == first["targetModelArn"]
    out = str(tmp_path / "out")
    pulled = account.server.command(
        "pull", second["targetModelArn"], out, keys=account.keys, region=THIRD
    )
    assert pulled.returncode == 0, pulled.stderr
    assert digests(tmp_path / "out") == digests(library / "small")


def test_copy_survives_deletion_of_its_source(
    account: Account, library: Path, tmp_path: Path
) -> None:
    source = account.import_model(prefix="small")
    job = account.copy(source)
    account.boto(HOME).delete_custom_model(modelIdentifier=source)
    pulled = account.server.command(
        "pull", job["targetModelArn"], str(tmp_path / "o"), keys=account.keys, region=AWAY
    )
    assert pulled.returncode == 0, pulled.stderr
    assert digests(tmp_path / "o") == digests(library / "small")
    assert account.wait_job(job["jobArn"])["sourceModelArn"] == source, "the job remembers"


# -- idempotency -----------------------------------------------------------------------------------


def test_same_token_and_parameters_start_nothing_new(account: Account, source: str) -> None:
    token = str(uuid.uuid4())
    tags = [{"key": "team", "value": "search"}]
    arns = {
        account.start_copy(source, "once", clientRequestToken=token, targetModelTags=tags)
        for _ in range(3)
    }
    account.wait_job(arns.copy().pop())
    arns.add(account.start_copy(source, "once", clientRequestToken=token, targetModelTags=tags))
    assert len(arns) == 1, "a repeat gives the first jobArn, after the job's end too"
    assert len(account.jobs()) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"targetModelName": "other"},
        {"targetModelTags": [{"key": "a", "value": "b"}]},
        {"sourceModelArn": UNKNOWN.format("000000000000")},
    ],
    ids=lambda value: next(iter(value)),
)
def test_same_token_with_other_parameters_conflicts(
    account: Account, source: str, other: dict[str, Any]
) -> None:
    token = str(uuid.uuid4())
    account.start_copy(source, "once", clientRequestToken=token)
    given = {"sourceModelArn": source, "targetModelName": "once", **other}
    with pytest.raises(ClientError) as error:
        account.boto(AWAY).create_model_copy_job(clientRequestToken=token, **given)
    assert code(error) == (400, "ConflictException")
    assert token in text(error), "the message names the token"
    assert len(account.jobs()) == 1


def test_token_counts_within_account_and_region(cloud: Cloud) -> None:
    token = str(uuid.uuid4())
    first, second = cloud.account(), cloud.account()
    jobs = set()
    for account in (first, second):
        source = account.import_model(clientRequestToken=token)
        for region in (AWAY, THIRD):
            jobs.add(account.start_copy(source, "copy", region, clientRequestToken=token))
    assert len(jobs) == 4


def test_refused_call_leaves_its_token_free(account: Account, source: str) -> None:
    token = str(uuid.uuid4())
    with pytest.raises(ClientError):
        account.start_copy(UNKNOWN.format(account.id), "copy", clientRequestToken=token)
    account.start_copy(source, "copy", clientRequestToken=token)


def test_concurrent_repeats_make_one_job(account: Account, source: str) -> None:
    token = str(uuid.uuid4())
    account.boto(AWAY)  # a client may be shared between threads, its making may not
    with ThreadPoolExecutor(8) as pool:
        calls = [
            pool.submit(account.start_copy, source, "once", clientRequestToken=token)
            for _ in range(24)
        ]
        assert len({call.result() for call in calls}) == 1
    assert len(account.jobs()) == 1


@pytest.mark.parametrize("token", ["-a", "a-", "a b", "a_b", "x" * 257])
def test_malformed_token_is_refused(account: Account, source: str, token: str) -> None:
    with pytest.raises(ClientError) as error:
        account.start_copy(source, clientRequestToken=token)
    assert code(error) == (400, "ValidationException")
    assert "'clientRequestToken'" in text(error)


# -- names -----------------------------------------------------------------------------------------


def test_name_of_a_creating_or_active_model_conflicts(account: Account, source: str) -> None:
    first = account.start_copy(source, "taken")
    for _ in range(2):  # first while Creating perhaps, then while Active
        with pytest.raises(ClientError) as error:
            account.start_copy(source, "taken")
        assert code(error) == (400, "ConflictException")
        assert "taken" in text(error)
        account.wait_job(first)
    assert len(account.jobs()) == 1


def test_name_is_free_in_another_region_and_account(cloud: Cloud) -> None:
    for account in (cloud.account(), cloud.account()):
        source = account.import_model("same")
        for region in (AWAY, THIRD):
            account.copy(source, "same", region)


def test_name_is_free_again_after_deletion(account: Account, source: str) -> None:
    job = account.copy(source, "again")
    account.boto(AWAY).delete_custom_model(modelIdentifier=job["targetModelArn"])
    assert account.copy(source, "again")["targetModelArn"] != job["targetModelArn"]


def test_concurrent_creates_with_one_name_make_one_job(account: Account, source: str) -> None:
    account.boto(AWAY)

    def attempt(_: int) -> str:
        try:
            return account.start_copy(source, "contested")
        except ClientError as error:
            return str(error.response["Error"]["Code"])

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(16)))
    assert outcomes.count("ConflictException") == 15
    assert len(account.jobs()) == 1


# -- tags ------------------------------------------------------------------------------------------


def test_tags_belong_to_the_target_and_stand_in_the_job(account: Account) -> None:
    source = account.import_model(modelTags=[{"key": "from", "value": "source"}])
    tags = [{"key": "team", "value": "search"}, {"key": "empty", "value": ""}]
    job = account.copy(source, targetModelTags=tags)
    assert job["targetModelTags"] == tags
    target = account.boto(AWAY).list_tags_for_resource(resourceARN=job["targetModelArn"])
    assert sorted(target["tags"], key=str) == sorted(tags, key=str), (
        "the source's do not carry over"
    )
    account.boto(AWAY).tag_resource(
        resourceARN=job["targetModelArn"], tags=[{"key": "later", "value": "1"}]
    )
    assert account.wait_job(job["jobArn"])["targetModelTags"] == tags, "as submitted"


def numbered_tags(count: int) -> list[dict[str, str]]:
    return [{"key": f"k{number}", "value": "v"} for number in range(count)]


def test_fifty_tags_are_taken_and_fifty_one_are_too_many(account: Account, source: str) -> None:
    account.start_copy(source, targetModelTags=numbered_tags(50))
    with pytest.raises(ClientError) as error:
        account.start_copy(source, targetModelTags=numbered_tags(51))
    assert code(error) == (400, "TooManyTagsException")
    assert error.value.response["resourceName"], "TooManyTagsException names the resource"
    assert len(account.jobs()) == 1


@pytest.mark.parametrize(
    "tags",
    [
        [{"key": "aws:team", "value": "x"}],
        [{"key": "team", "value": "a"}, {"key": "team", "value": "b"}],
        [{"key": "a*b", "value": "x"}],
        [{"key": "team", "value": "a*b"}],
        [{"key": "k" * 129, "value": "x"}],
        [{"key": "team", "value": "v" * 257}],
        numbered_tags(201),
    ],
    ids=["aws-prefix", "twice", "key-pattern", "value-pattern", "long-key", "long-value", "201"],
)
def test_bad_tags_are_refused(account: Account, source: str, tags: list[dict[str, str]]) -> None:
    with pytest.raises(ClientError) as error:
        account.start_copy(source, targetModelTags=tags)
    assert code(error) == (400, "ValidationException")
    assert account.jobs() == []


# -- keys ------------------------------------------------------------------------------------------


def test_kms_key_in_all_four_forms(account: Account, source: str, tmp_path: Path) -> None:
    key = account.create_kms_key(AWAY, alias="alias/models/main_1")
    alias_arn = f"arn:aws:kms:{AWAY}:{account.id}:alias/models/main_1"
    for form in (key["keyId"], key["keyArn"], "alias/models/main_1", alias_arn):
        job = account.copy(source, modelKmsKeyId=form)
        assert job["targetModelKmsKeyArn"] == key["keyArn"], "resolved to a key ARN"
        model = account.boto(AWAY).get_custom_model(modelIdentifier=job["targetModelArn"])
        assert model["modelKmsKeyArn"] == key["keyArn"]


def test_source_key_is_not_taken_over(account: Account) -> None:
    key = account.create_kms_key(HOME)
    job = account.copy(account.import_model(modelKmsKeyArn=key["keyArn"]))
    assert "targetModelKmsKeyArn" not in job


@pytest.mark.parametrize("kind", ["unknown", "alias", "other-region", "other-account", "disabled"])
def test_unusable_key_is_refused_by_name(
    account: Account, source: str, cloud: Cloud, kind: str
) -> None:
    match kind:
        case "unknown":
            named = str(uuid.uuid4())
        case "alias":
            named = "alias/nowhere"
        case "other-region":
            named = account.create_kms_key(HOME)["keyArn"]
        case "other-account":
            named = cloud.account().create_kms_key(AWAY)["keyArn"]
        case "disabled":
            named = account.create_kms_key(AWAY)["keyId"]
    if kind == "disabled":
        account.set_kms_key(named, False, AWAY)
    with pytest.raises(ClientError) as error:
        account.start_copy(source, modelKmsKeyId=named)
    assert code(error) == (400, "ValidationException")
    assert named in text(error), "the message names the key"
    assert account.jobs() == []


def test_enabled_again_key_is_taken(account: Account, source: str) -> None:
    key = account.create_kms_key(AWAY)["keyId"]
    account.set_kms_key(key, False, AWAY)
    account.set_kms_key(key, True, AWAY)
    account.copy(source, modelKmsKeyId=key)


# -- failing ---------------------------------------------------------------------------------------


def test_failed_job_says_why_and_frees_the_name(account: Account, source: str) -> None:
    bad = account.failing_source()
    job = account.wait_job(account.start_copy(bad, "name"))
    assert job["status"] == "Failed"
    assert "key" in job["failureMessage"].lower(), "the message says what is wrong"
    model = account.boto(AWAY).get_custom_model(modelIdentifier=job["targetModelArn"])
    assert model["modelStatus"] == "Failed"
    assert model["failureMessage"]
    account.copy(source, "name")


def test_failed_model_cannot_be_copied(account: Account) -> None:
    job = account.wait_job(account.start_copy(account.failing_source()))
    with pytest.raises(ClientError) as error:
        account.start_copy(job["targetModelArn"], region=THIRD)
    assert code(error) == (400, "ValidationException")


def test_model_being_made_cannot_be_copied(account: Account, library: Path) -> None:
    """A gigabyte of zeros: no disk, but a while to hash."""
    folder = library / "large"
    if not folder.exists():
        folder.mkdir()
        with (folder / "zeros.bin").open("wb") as file:
            file.truncate(1 << 30)
    arn = account.start_import(prefix="large")
    with pytest.raises(ClientError) as error:
        account.start_copy(arn)
    assert code(error) == (400, "ValidationException")
    assert account.wait_model(arn, timeout=60)["modelStatus"] == "Active"
    account.boto(HOME).delete_custom_model(modelIdentifier=arn)


def test_unknown_source_is_404_and_makes_nothing(account: Account) -> None:
    with pytest.raises(ClientError) as error:
        account.start_copy(UNKNOWN.format(account.id), "copy")
    assert code(error) == (404, "ResourceNotFoundException")
    assert account.jobs() == []
    assert account.boto(AWAY).list_custom_models()["modelSummaries"] == []


def test_source_in_another_region_must_be_named_with_that_region(
    account: Account, source: str
) -> None:
    with pytest.raises(ClientError) as error:
        account.start_copy(source.replace(HOME, THIRD))
    assert code(error) == (404, "ResourceNotFoundException")


def test_own_model_is_not_copied_within_its_region(account: Account, source: str) -> None:
    with pytest.raises(ClientError) as error:
        account.start_copy(source, region=HOME)
    assert code(error) == (400, "ValidationException")
    assert account.jobs(HOME) == []


def test_shared_model_may_be_copied_within_its_region(cloud: Cloud) -> None:
    owner, receiver = cloud.account(), cloud.account()
    source = owner.import_model()
    owner.boto(HOME).put_resource_policy(
        resourceArn=source, resourcePolicy=sharing_policy(source, receiver.id)
    )
    job = receiver.copy(source, "own-copy", HOME)
    assert job["sourceAccountId"] == owner.id


def test_foundation_model_is_refused(account: Account) -> None:
    with pytest.raises(ClientError) as error:
        account.start_copy("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0")
    assert code(error) == (400, "ValidationException")


def test_imported_model_service_arn_is_refused(account: Account) -> None:
    with pytest.raises(ClientError) as error:
        account.start_copy(f"arn:aws:bedrock:us-east-1:{account.id}:imported-model/abcdefghij12")
    assert code(error) == (400, "ValidationException")


# -- get -------------------------------------------------------------------------------------------


def test_get_in_another_region_or_account_is_404(
    account: Account, source: str, cloud: Cloud
) -> None:
    arn = account.start_copy(source)
    stranger = cloud.account()
    for who, region in ((account, HOME), (account, THIRD), (stranger, AWAY), (cloud.admin(), AWAY)):
        with pytest.raises(ClientError) as error:
            who.boto(region).get_model_copy_job(jobArn=arn)
        assert code(error) == (404, "ResourceNotFoundException")


def test_get_of_an_unknown_job_is_404(account: Account) -> None:
    with pytest.raises(ClientError) as error:
        account.boto(AWAY).get_model_copy_job(
            jobArn=f"arn:aws:bedrock:{AWAY}:{account.id}:model-copy-job/abcdefghij12"
        )
    assert code(error) == (404, "ResourceNotFoundException")


@pytest.mark.parametrize("arn", ["job-1", "arn:aws:s3:::bucket", "arn:aws:bedrock:us-west-2:1:x/y"])
def test_get_of_no_job_arn_is_refused(account: Account, arn: str) -> None:
    with pytest.raises(ClientError) as error:
        account.boto(AWAY).get_model_copy_job(jobArn=arn)
    assert code(error) == (400, "ValidationException")
    assert "'jobArn'" in text(error)


def test_get_of_an_empty_arn_is_refused(account: Account) -> None:
    """boto3 sends `GET /model-copy-jobs/`: the shape's least length is 0, its pattern is not."""
    with pytest.raises(ClientError) as error:
        account.boto(AWAY).get_model_copy_job(jobArn="")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 404)


def test_both_forms_of_an_arn_in_the_path(account: Account, source: str) -> None:
    arn = account.start_copy(source)
    account.wait_job(arn)
    with account.wire(AWAY) as wire:
        encoded = wire.call("GET", "/model-copy-jobs/" + escape(arn))
        raw = wire.call("GET", "/model-copy-jobs/" + arn)
        mixed = wire.call("GET", "/model-copy-jobs/" + arn.replace(":", "%3A"))
    assert encoded.status == raw.status == mixed.status == 200
    assert encoded.json == raw.json == mixed.json
    assert encoded.json["jobArn"] == arn


def test_a_name_may_be_63_characters(account: Account, source: str) -> None:
    longest = unique_name() + "_"
    longest += "x" * (63 - len(longest))
    assert account.copy(source, longest)["targetModelName"] == longest
