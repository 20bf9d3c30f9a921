"""The real AWS CLI over every operation, as people type it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.api_table import BEDROCK_OPERATIONS
from support.cloud import AWAY, HOME, Account, Cloud, sharing_policy

AWS = Path(sys.executable).with_name("aws")


class Cli:
    """`aws bedrock …` for one account."""

    used: set[str] = set()

    def __init__(self, account: Account) -> None:
        self.account = account
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | {
            "AWS_ACCESS_KEY_ID": account.keys.access_key,
            "AWS_SECRET_ACCESS_KEY": account.keys.secret,
            "AWS_ENDPOINT_URL_BEDROCK": account.server.endpoint,
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_PAGER": "",
        }

    def run(
        self, operation: str, *args: str, region: str = HOME
    ) -> subprocess.CompletedProcess[str]:
        command = [str(AWS), "bedrock", operation, *args, "--region", region, "--output", "json"]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=60
        )

    def __call__(self, operation: str, *args: str, region: str = HOME) -> Any:
        ran = self.run(operation, *args, region=region)
        assert ran.returncode == 0, f"aws bedrock {operation} {args}: {ran.stderr}"
        self.used.add(operation.replace("-", ""))
        return json.loads(ran.stdout) if ran.stdout.strip() else {}


@pytest.fixture(scope="module")
def cli(cloud: Cloud) -> Cli:
    return Cli(cloud.account())


@pytest.fixture(scope="module")
def model(cli: Cli) -> str:
    made = cli(
        "create-custom-model",
        *("--model-name", "from-cli"),
        *("--model-source-config", "s3DataSource={s3Uri=s3://models/tiny}"),
        *("--model-tags", "key=team,value=search"),
    )
    arn: str = made["modelArn"]
    cli.account.wait_model(arn)
    return arn


@pytest.fixture(scope="module")
def jobs(cli: Cli, model: str) -> list[str]:
    """Arns of three jobs, oldest first."""
    arns = []
    for name in ("copy-1", "copy-2", "other"):
        made = cli(
            "create-model-copy-job",
            *("--source-model-arn", model, "--target-model-name", name),
            *("--target-model-tags", "key=name,value=" + name),
            region=AWAY,
        )
        arns.append(made["jobArn"])
        cli.account.wait_job(made["jobArn"])
    return arns


def test_get_custom_model(cli: Cli, model: str) -> None:
    shown = cli("get-custom-model", "--model-identifier", model)
    assert shown["modelName"] == "from-cli" and shown["modelStatus"] == "Active"
    assert cli("get-custom-model", "--model-identifier", "from-cli") == shown


def test_list_custom_models(cli: Cli, model: str) -> None:
    listed = cli("list-custom-models", "--name-contains", "cli", "--is-owned")
    assert [summary["modelArn"] for summary in listed["modelSummaries"]] == [model]
    assert cli("list-custom-models", "--no-is-owned")["modelSummaries"] == []


def test_get_model_copy_job(cli: Cli, model: str, jobs: list[str]) -> None:
    shown = cli("get-model-copy-job", "--job-arn", jobs[0], region=AWAY)
    assert (shown["status"], shown["sourceModelArn"]) == ("Completed", model)
    assert shown["targetModelTags"] == [{"key": "name", "value": "copy-1"}]


def listed(cli: Cli, *args: str) -> list[str]:
    answer = cli("list-model-copy-jobs", *args, region=AWAY)
    return [job["jobArn"] for job in answer["modelCopyJobSummaries"]]


def test_list_model_copy_jobs(cli: Cli, model: str, jobs: list[str]) -> None:
    assert listed(cli) == jobs[::-1]
    assert listed(cli, "--sort-order", "Ascending", "--sort-by", "CreationTime") == jobs
    assert listed(cli, "--target-model-name-contains", "copy") == [jobs[1], jobs[0]]
    assert (
        listed(cli, "--status-equals", "Completed", "--source-model-arn-equals", model)
        == (jobs[::-1])
    )
    assert listed(cli, "--source-account-equals", "123456789012") == []


def test_list_takes_times_as_people_write_them(cli: Cli, jobs: list[str]) -> None:
    for old, new in (("2024-08-01", "2100-01-01"), ("1722513600", "4102444800")):
        assert listed(cli, "--creation-time-after", old) == jobs[::-1]
        assert listed(cli, "--creation-time-before", new) == jobs[::-1]
        assert listed(cli, "--creation-time-before", old) == []
    assert listed(cli, "--creation-time-after", "2024-08-01T12:00:00+02:00") == jobs[::-1]


def test_list_pages_by_max_items_and_starting_token(cli: Cli, jobs: list[str]) -> None:
    first = cli("list-model-copy-jobs", "--max-items", "2", "--page-size", "1", region=AWAY)
    assert len(first["modelCopyJobSummaries"]) == 2
    rest = listed(cli, "--starting-token", first["NextToken"])
    assert [job["jobArn"] for job in first["modelCopyJobSummaries"]] + rest == jobs[::-1]


def test_list_by_hand_with_max_results_and_next_token(cli: Cli, jobs: list[str]) -> None:
    page = cli("list-model-copy-jobs", "--max-results", "2", "--no-paginate", region=AWAY)
    assert len(page["modelCopyJobSummaries"]) == 2
    rest = listed(cli, "--max-results", "2", "--next-token", page["nextToken"], "--no-paginate")
    assert rest == [jobs[0]]


def test_table_output(cli: Cli, jobs: list[str]) -> None:
    ran = subprocess.run(
        [str(AWS), "bedrock", "list-model-copy-jobs", "--region", AWAY, "--output", "table"],
        env=cli.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0 and "copy-1" in ran.stdout


def test_tags(cli: Cli, model: str) -> None:
    cli("tag-resource", "--resource-arn", model, "--tags", "key=a,value=1", "key=b,value=2")
    cli("untag-resource", "--resource-arn", model, "--tag-keys", "a")
    tags = cli("list-tags-for-resource", "--resource-arn", model)["tags"]
    assert sorted(tag["key"] for tag in tags) == ["b", "team"]


def test_resource_policy(cli: Cli, model: str) -> None:
    policy = sharing_policy(model, "123456789012")
    put = cli("put-resource-policy", "--resource-arn", model, "--resource-policy", policy)
    assert put["resourceArn"] == model
    shown = cli("get-resource-policy", "--resource-arn", model)
    assert json.loads(shown["resourcePolicy"]) == json.loads(policy)
    cli("delete-resource-policy", "--resource-arn", model)
    ran = cli.run("get-resource-policy", "--resource-arn", model)
    assert ran.returncode == 255 and "ResourceNotFoundException" in ran.stderr


def test_error_reads_well(cli: Cli) -> None:
    ran = cli.run("list-model-copy-jobs", "--max-results", "5000", "--no-paginate", region=AWAY)
    assert ran.returncode == 255
    assert (
        "An error occurred (ValidationException) when calling the ListModelCopyJobs operation: "
        "1 validation error detected: Value '5000' at 'maxResults' failed to satisfy constraint: "
        "Member must have value less than or equal to 1000"
    ) in ran.stderr


def test_delete_custom_model(cli: Cli) -> None:
    arn = cli.account.import_model("short-lived")
    cli("delete-custom-model", "--model-identifier", arn)
    ran = cli.run("get-custom-model", "--model-identifier", arn)
    assert ran.returncode == 255 and "ResourceNotFoundException" in ran.stderr


def test_every_operation_was_run(cli: Cli, request: pytest.FixtureRequest) -> None:
    here = {item.name for item in request.session.items if item.path == request.path}
    if not here >= {name for name in globals() if name.startswith("test_")}:
        pytest.skip("judges all tests of this file, and only some ran")
    wanted = {operation.name.lower() for operation in BEDROCK_OPERATIONS}
    assert wanted <= Cli.used, wanted - Cli.used
