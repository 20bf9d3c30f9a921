"""CreateCustomModel, GetCustomModel, ListCustomModels and DeleteCustomModel through boto3."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.cloud import (
    AWAY,
    HOME,
    Account,
    Cloud,
    bucket_config,
    digests,
    sharing_policy,
    write_model,
)
from support.server import Server

MODEL_ARN = re.compile(r"arn:aws:bedrock:us-east-1:([0-9]{12}):custom-model/imported/[a-z0-9]{12}")


def code(error: pytest.ExceptionInfo[ClientError]) -> tuple[int, str]:
    response = error.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def models(account: Account, region: str = HOME, **filters: Any) -> list[str]:
    pages = account.boto(region).get_paginator("list_custom_models").paginate(**filters)
    return [model["modelName"] for page in pages for model in page["modelSummaries"]]


def s3(prefix: str, bucket: str = "models") -> dict[str, Any]:
    return {"s3DataSource": {"s3Uri": f"s3://{bucket}/{prefix}"}}


# -- create and get --------------------------------------------------------------------------------


def test_create_answers_202_with_an_arn_of_the_region(account: Account) -> None:
    made = account.boto(HOME).create_custom_model(
        modelName="first", modelSourceConfig=s3("tiny"), roleArn="arn:aws:iam::123456789012:role/x"
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 202
    found = MODEL_ARN.fullmatch(made["modelArn"])
    assert found and found.group(1) == account.id
    assert account.wait_model(made["modelArn"])["modelStatus"] == "Active"


def test_model_tells_where_it_comes_from(account: Account) -> None:
    before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    arn = account.import_model("named")
    model = account.boto(HOME).get_custom_model(modelIdentifier=arn)
    assert (model["modelArn"], model["modelName"]) == (arn, "named")
    assert before < model["creationTime"] < dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
    assert model["customizationType"] == "IMPORTED"
    assert "modelKmsKeyArn" not in model and "failureMessage" not in model


@pytest.mark.parametrize(
    ("prefix", "base"),
    [
        ("tiny", r"imported\.bert"),
        ("small", r"imported\.llama[a-z0-9-]*"),
        ("plain", r"imported\.unknown"),
    ],
)
def test_base_model_comes_from_the_models_config(account: Account, prefix: str, base: str) -> None:
    model = account.wait_model(account.import_model(prefix=prefix))
    assert re.fullmatch(rf"arn:aws:bedrock:{HOME}::foundation-model/{base}", model["baseModelArn"])
    summary = account.boto(HOME).list_custom_models()["modelSummaries"][0]
    assert summary["baseModelArn"] == model["baseModelArn"]
    assert re.fullmatch(base, summary["baseModelName"])


def test_model_is_found_by_name_too(account: Account) -> None:
    arn = account.import_model("by-name")
    assert account.boto(HOME).get_custom_model(modelIdentifier="by-name")["modelArn"] == arn
    with pytest.raises(ClientError) as error:
        account.boto(AWAY).get_custom_model(modelIdentifier="by-name")
    assert code(error) == (404, "ResourceNotFoundException")


def test_other_accounts_and_regions_do_not_find_it(account: Account, cloud: Cloud) -> None:
    arn = account.import_model("hidden")
    for who, region, name in (
        (account, AWAY, arn),
        (cloud.account(), HOME, arn),
        (cloud.account(), HOME, "hidden"),
        (cloud.admin(), HOME, "hidden"),
    ):
        with pytest.raises(ClientError) as error:
            who.boto(region).get_custom_model(modelIdentifier=name)
        assert code(error) in ((404, "ResourceNotFoundException"), (403, "AccessDeniedException"))


@pytest.mark.parametrize("prefix", ["tiny", "small", "parts"])
def test_import_is_byte_identical(
    account: Account, library: Path, tmp_path: Path, prefix: str
) -> None:
    arn = account.import_model(prefix=prefix)
    pulled = account.server.command("pull", arn, str(tmp_path / "out"), keys=account.keys)
    assert pulled.returncode == 0, pulled.stderr
    assert digests(tmp_path / "out") == digests(library / prefix)


def test_bytes_at_rest_are_encrypted(account: Account, library: Path) -> None:
    """No run of a model's bytes stands readable anywhere in the data folder."""
    folder = library / "marked"
    folder.mkdir()
    marks = [uuid.uuid4().hex.encode() * 4 for _ in range(2)]
    (folder / "weights.bin").write_bytes(b"\0" * 5000 + marks[0] + b"\0" * 5000)
    (folder / "config.json").write_bytes(b'{"model_type":"bert"}' + marks[1])
    account.copy(account.import_model(prefix="marked"))
    for file in account.server.data.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert marks[0] not in content and marks[1] not in content, file


def test_create_is_idempotent(account: Account) -> None:
    token = str(uuid.uuid4())
    arns = {
        account.start_import(
            "once", clientRequestToken=token, modelTags=[{"key": "a", "value": "b"}]
        )
        for _ in range(3)
    }
    assert len(arns) == 1
    with pytest.raises(ClientError) as error:
        account.start_import("other", clientRequestToken=token)
    assert code(error) == (400, "ConflictException")
    assert token in error.value.response["Error"]["Message"]


def test_a_token_ends_with_the_model_that_it_made(account: Account) -> None:
    token = str(uuid.uuid4())
    first = account.import_model("once", clientRequestToken=token)
    assert account.start_import("once", clientRequestToken=token) == first
    account.boto().delete_custom_model(modelIdentifier=first)
    second = account.import_model("once", clientRequestToken=token)
    assert second != first
    account.boto().delete_custom_model(modelIdentifier=second)
    third = account.import_model("other", prefix="small", clientRequestToken=token)
    assert account.start_import("other", prefix="small", clientRequestToken=token) == third


def test_name_in_use_conflicts(account: Account) -> None:
    account.import_model("taken")
    with pytest.raises(ClientError) as error:
        account.start_import("taken")
    assert code(error) == (400, "ConflictException")


def test_model_under_a_named_key(account: Account) -> None:
    key = account.create_kms_key(HOME)
    arn = account.import_model(modelKmsKeyArn=key["keyArn"])
    model = account.boto(HOME).get_custom_model(modelIdentifier=arn)
    assert model["modelKmsKeyArn"] == key["keyArn"]


def test_unknown_key_is_refused(account: Account) -> None:
    arn = f"arn:aws:kms:{HOME}:{account.id}:key/{uuid.uuid4()}"
    with pytest.raises(ClientError) as error:
        account.start_import(modelKmsKeyArn=arn)
    assert code(error) == (400, "ValidationException")
    assert arn in error.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    "source",
    [
        {},
        {
            "customModelDataSource": {
                "modelPackageArnDataSource": {
                    "modelPackageArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/x"
                }
            }
        },
        {"modelSourceConfig": {"s3DataSource": {"s3Uri": "https://example.com/model"}}},
        {"modelSourceConfig": {"s3DataSource": {"s3Uri": "s3://Models/tiny"}}},
    ],
    ids=["none", "model-package", "not-s3", "bucket-pattern"],
)
def test_source_must_be_one_s3_folder(account: Account, source: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as error:
        account.boto(HOME).create_custom_model(modelName="x", **source)
    assert code(error) == (400, "ValidationException")


def test_union_takes_exactly_one_member(account: Account) -> None:
    with account.wire() as wire:
        for config in ({}, {"other": {"s3Uri": "s3://models/tiny"}}):
            answer = wire.call(
                "POST",
                "/custom-models/create-custom-model",
                body={"modelName": "x", "modelSourceConfig": config},
            )
            assert (answer.status, answer.error) == (400, "SerializationException"), config


@pytest.mark.parametrize("uri", ["s3://nowhere/tiny", "s3://models/missing", "s3://models/../etc"])
def test_unreadable_source_is_refused_or_fails_with_its_name(account: Account, uri: str) -> None:
    try:
        made = account.boto(HOME).create_custom_model(
            modelName="x", modelSourceConfig={"s3DataSource": {"s3Uri": uri}}
        )
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403, 404)
        message = error.response["Error"]["Message"]
    else:
        model = account.wait_model(made["modelArn"])
        assert model["modelStatus"] == "Failed"
        message = model["failureMessage"]
    assert uri.split("/")[2] in message or uri.split("/")[3] in message, message


def test_import_never_leaves_its_folder(account: Account, library: Path, tmp_path: Path) -> None:
    """A link in the model's folder that leads out of the bucket brings nothing in."""
    secret = tmp_path / "secret.txt"
    secret.write_text("not for models")
    folder = library / f"linked-{uuid.uuid4().hex}"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(b"weights")
    (folder / "leak.txt").symlink_to(secret)
    arn = account.start_import(prefix=folder.name)
    if account.wait_model(arn)["modelStatus"] == "Active":
        out = tmp_path / "out"
        account.server.command("pull", arn, str(out), keys=account.keys)
        assert (out / "weights.bin").read_bytes() == b"weights"
        assert not (out / "leak.txt").exists()


# -- list ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shelf(cloud: Cloud) -> Account:
    """Seven own models, one of them Failed, and one shared by another account."""
    account, owner = cloud.account(), cloud.account()
    for name in ("one", "two", "three"):
        account.import_model(name)
    account.import_model("four", "small")
    account.import_model("five", "plain")
    account.import_model("One-more")
    failed = account.start_import("broken", "missing-prefix")
    assert account.wait_model(failed)["modelStatus"] == "Failed"
    shared = owner.import_model("shared-one")
    owner.boto(HOME).put_resource_policy(
        resourceArn=shared, resourcePolicy=sharing_policy(shared, account.id)
    )
    return account


OWN = ["broken", "One-more", "five", "four", "three", "two", "one"]


def test_list_shows_own_and_shared(shelf: Account) -> None:
    assert models(shelf, isOwned=True) == OWN, "newest first"
    assert models(shelf, isOwned=False) == ["shared-one"]
    assert sorted(models(shelf)) == sorted([*OWN, "shared-one"])


def test_list_names_the_owner(shelf: Account) -> None:
    for model in shelf.boto(HOME).list_custom_models()["modelSummaries"]:
        own = model["modelName"] != "shared-one"
        assert (model["ownerAccountId"] == shelf.id) == own
        assert model["modelStatus"] == ("Failed" if model["modelName"] == "broken" else "Active")
        assert model["customizationType"] == "IMPORTED"


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"nameContains": "one"}, ["one"]),
        ({"nameContains": "e"}, ["broken", "One-more", "five", "three", "one"]),
        ({"nameContains": "nothing"}, []),
        ({"modelStatus": "Failed"}, ["broken"]),
        ({"modelStatus": "Creating"}, []),
        ({"modelStatus": "Active", "nameContains": "o"}, ["One-more", "four", "two", "one"]),
        ({"sortOrder": "Ascending"}, OWN[::-1]),
        ({"sortBy": "CreationTime", "sortOrder": "Descending"}, OWN),
        ({"maxResults": 2}, OWN),
        (
            {"maxResults": 3, "sortOrder": "Ascending", "nameContains": "e"},
            ["one", "three", "five", "One-more", "broken"],
        ),
    ],
    ids=str,
)
def test_list_filters(shelf: Account, filters: dict[str, Any], names: list[str]) -> None:
    if "maxResults" in filters:
        filters = dict(filters)
        filters["PaginationConfig"] = {"PageSize": filters.pop("maxResults")}
    assert models(shelf, isOwned=True, **filters) == names


def test_list_by_base_model(shelf: Account) -> None:
    four = shelf.boto(HOME).get_custom_model(modelIdentifier="four")["baseModelArn"]
    for member in ("baseModelArnEquals", "foundationModelArnEquals"):
        assert models(shelf, isOwned=True, **{member: four}) == ["four"]
    bert = f"arn:aws:bedrock:{HOME}::foundation-model/imported.bert"
    assert set(models(shelf, isOwned=True, baseModelArnEquals=bert)) >= {"one", "two", "three"}


def test_list_time_limits_are_strict(shelf: Account) -> None:
    at = {
        model["modelName"]: model["creationTime"]
        for model in shelf.boto(HOME).list_custom_models()["modelSummaries"]
    }
    after = models(shelf, isOwned=True, creationTimeAfter=at["three"])
    assert "three" not in after and "broken" in after and "one" not in after
    before = models(shelf, isOwned=True, creationTimeBefore=at["three"])
    assert "three" not in before and "one" in before and "broken" not in before
    assert models(shelf, creationTimeAfter=at["three"], creationTimeBefore=at["one"]) == []


def test_list_token_is_bound_to_its_query(shelf: Account, cloud: Cloud) -> None:
    client = shelf.boto(HOME)
    token = client.list_custom_models(maxResults=1)["nextToken"]
    stranger = cloud.account()
    for who, region, more in (
        (shelf, HOME, {"isOwned": True}),
        (shelf, HOME, {"sortOrder": "Ascending"}),
        (shelf, AWAY, {}),
        (stranger, HOME, {}),
    ):
        with pytest.raises(ClientError) as error:
            who.boto(region).list_custom_models(nextToken=token, **more)
        assert code(error) == (400, "ValidationException")
    with pytest.raises(ClientError) as error:
        client.list_custom_models(nextToken=token[:-2] + "zz")
    assert code(error) == (400, "ValidationException")


# -- delete ----------------------------------------------------------------------------------------


def test_deleted_model_is_gone(account: Account) -> None:
    arn = account.import_model("gone")
    assert (
        account.boto(HOME).delete_custom_model(modelIdentifier=arn)["ResponseMetadata"][
            "HTTPStatusCode"
        ]
        == 200
    )
    for identifier in (arn, "gone"):
        with pytest.raises(ClientError) as error:
            account.boto(HOME).get_custom_model(modelIdentifier=identifier)
        assert code(error) == (404, "ResourceNotFoundException")
    assert models(account) == []
    with pytest.raises(ClientError) as error:
        account.start_copy(arn)
    assert code(error) == (404, "ResourceNotFoundException")
    assert account.import_model("gone") != arn, "the name is free"


def test_delete_by_name(account: Account) -> None:
    account.import_model("by-name")
    account.boto(HOME).delete_custom_model(modelIdentifier="by-name")
    assert models(account) == []


def test_delete_of_nothing_is_404(account: Account, cloud: Cloud) -> None:
    stranger = cloud.account()
    theirs = stranger.import_model("theirs")
    for identifier in ("nothing", theirs):
        with pytest.raises(ClientError) as error:
            account.boto(HOME).delete_custom_model(modelIdentifier=identifier)
        assert code(error) in ((404, "ResourceNotFoundException"), (403, "AccessDeniedException"))
    assert models(stranger) == ["theirs"]


def test_deleting_a_model_leaves_another_with_the_same_bytes(
    account: Account, library: Path, tmp_path: Path
) -> None:
    """Parts are found by digest: two models may share them."""
    first, second = account.import_model(prefix="small"), account.import_model(prefix="small")
    account.boto(HOME).delete_custom_model(modelIdentifier=first)
    out = tmp_path / "out"
    pulled = account.server.command("pull", second, str(out), keys=account.keys)
    assert pulled.returncode == 0, pulled.stderr
    assert digests(out) == digests(library / "small")


def test_failed_import_shows_nothing_of_the_servers_folders(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "shelf", {"weights.bin": b"x"})
    with Server(tmp_path / "server", bucket_config(folder)) as server:
        account = Cloud(server).account()
        folder.rename(tmp_path / "elsewhere")
        model = account.wait_model(account.start_import(prefix=""))
        assert model["modelStatus"] == "Failed", model
        assert "the folder of that bucket cannot be opened" in model["failureMessage"], model
        assert str(tmp_path) not in model["failureMessage"], model
        assert str(folder) in server.log.read_text()
