"""`outcrop list-model-copy-jobs …` beside `aws bedrock list-model-copy-jobs …`: the same answers."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest
from support.api_table import BEDROCK_OPERATIONS
from support.cloud import AWAY, HOME, Account, Cloud, sharing_policy
from support.server import BINARY
from test_awscli import AWS

TAGS = ("key=team,value=search", "key=stage,value=test run")


class Pair:
    """The same command line for the AWS CLI and for outcrop, as one account."""

    used: set[str] = set()

    def __init__(self, account: Account) -> None:
        self.account = account

    def run(
        self, tool: str, operation: str, *args: str, region: str = HOME, zone: str = "UTC"
    ) -> subprocess.CompletedProcess[str]:
        words = [str(AWS), "bedrock"] if tool == "aws" else [str(BINARY)]
        keys = self.account.keys
        environment = {
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret,
            "AWS_ENDPOINT_URL_BEDROCK": self.account.server.endpoint,
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_PAGER": "",
            "PATH": "/usr/bin:/bin",
            "TZ": zone,
        }
        command = [*words, operation, *args, "--region", region, "--output", "json"]
        self.used.add(operation.replace("-", ""))
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    def outcrop(self, operation: str, *args: str, region: str = HOME) -> Any:
        """For changes: outcrop makes them, tests look at the result through the AWS CLI."""
        ran = self.run("outcrop", operation, *args, region=region)
        assert ran.returncode == 0, f"outcrop {operation} {args}: {ran.stderr}"
        return json.loads(ran.stdout) if ran.stdout else None

    def same(self, operation: str, *args: str, region: str = HOME, zone: str = "UTC") -> Any:
        """Both succeed and print the same text; the answer.

        A page asked for by hand has its members in the order of the answer here and of the service
        model there: its values are compared.
        """
        aws = self.run("aws", operation, *args, region=region, zone=zone)
        ours = self.run("outcrop", operation, *args, region=region, zone=zone)
        assert (aws.returncode, ours.returncode) == (0, 0), (aws.stderr, ours.stderr)
        if "--max-results" in args:
            assert json.loads(ours.stdout) == json.loads(aws.stdout)
        else:
            assert ours.stdout == aws.stdout
        return json.loads(ours.stdout) if ours.stdout else None

    def same_error(self, operation: str, *args: str, region: str = HOME) -> str:
        """Both fail with the same sentence and print nothing; the sentence."""
        aws = self.run("aws", operation, *args, region=region)
        ours = self.run("outcrop", operation, *args, region=region)
        assert aws.returncode != 0 and ours.returncode == 1
        assert (aws.stdout, ours.stdout) == ("", "")
        # The AWS CLI may tell of its own updates first.
        assert aws.stderr.strip().removeprefix("aws: [ERROR]: ") == ours.stderr.strip()
        return ours.stderr.strip()

    def both_refuse(self, operation: str, *args: str) -> str:
        """A wrong command line: both send nothing; outcrop's sentence."""
        aws = self.run("aws", operation, *args)
        ours = self.run("outcrop", operation, *args)
        assert aws.returncode != 0 and ours.returncode == 2, (aws, ours)
        assert (aws.stdout, ours.stdout) == ("", "")
        return ours.stderr


@pytest.fixture(scope="module")
def pair(cloud: Cloud) -> Pair:
    return Pair(cloud.account())


@pytest.fixture(scope="module")
def model(pair: Pair) -> str:
    made = pair.outcrop(
        "create-custom-model",
        *("--model-name", "from-outcrop"),
        *("--model-source-config", "s3DataSource={s3Uri=s3://models/tiny}"),
        *("--model-tags", *TAGS),
    )
    arn: str = made["modelArn"]
    pair.account.wait_model(arn)
    return arn


@pytest.fixture(scope="module")
def jobs(pair: Pair, model: str) -> list[str]:
    arns = []
    for name in ("copy-1", "copy-2", "copy-3", "copy-4", "other"):
        made = pair.outcrop(
            "create-model-copy-job",
            *("--source-model-arn", model, "--target-model-name", name),
            *("--target-model-tags", json.dumps([{"key": "name", "value": name}])),
            region=AWAY,
        )
        arns.append(made["jobArn"])
        pair.account.wait_job(made["jobArn"])
    return arns


def test_get_custom_model(pair: Pair, model: str) -> None:
    for name in (model, "from-outcrop"):
        shown = pair.same("get-custom-model", "--model-identifier", name)
        assert shown["modelArn"] == model


def test_list_custom_models(pair: Pair, model: str, jobs: list[str]) -> None:
    listed = pair.same("list-custom-models", "--name-contains", "outcrop", "--is-owned")
    assert [summary["modelArn"] for summary in listed["modelSummaries"]] == [model]
    assert pair.same("list-custom-models", "--no-is-owned") == {"modelSummaries": []}


def test_list_tags_for_resource(pair: Pair, model: str) -> None:
    listed = pair.same("list-tags-for-resource", "--resource-arn", model)
    assert {tag["key"]: tag["value"] for tag in listed["tags"]}["stage"] == "test run"


def test_get_model_copy_job(pair: Pair, jobs: list[str]) -> None:
    shown = pair.same("get-model-copy-job", "--job-arn", jobs[0], region=AWAY)
    assert shown["targetModelTags"] == [{"key": "name", "value": "copy-1"}]


@pytest.mark.parametrize(
    "filters",
    [
        (),
        ("--target-model-name-contains", "copy"),
        ("--status-equals", "Completed", "--sort-by", "CreationTime"),
        ("--status-equals=Failed",),
        ("--sort-order", "Ascending"),
        ("--creation-time-after", "2024-08-01", "--creation-time-before", "4102444800"),
        ("--creation-time-after", "2024-08-01T12:00:00.5+02:00"),
        ("--creation-time-before", "2024-08-01T12:00:00"),
        ("--page-size", "2"),
        ("--page-size", "5"),
        ("--max-results", "2"),
        ("--max-results", "2", "--no-paginate"),
        ("--cli-input-json", '{"statusEquals": "Completed", "sortOrder": "Ascending"}'),
        ("--cli-input-json", '{"targetModelNameContains": "x"}', "--target-model-name-contains=o"),
    ],
    ids=" ".join,
)
def test_list_model_copy_jobs(pair: Pair, jobs: list[str], filters: tuple[str, ...]) -> None:
    pair.same("list-model-copy-jobs", *filters, region=AWAY)


def test_source_filters(pair: Pair, model: str, jobs: list[str]) -> None:
    for filters in (
        ("--source-model-arn-equals", model),
        ("--source-account-equals", pair.account.id),
    ):
        listed = pair.same("list-model-copy-jobs", *filters, region=AWAY)
        assert len(listed["modelCopyJobSummaries"]) == len(jobs)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_times_without_zone_are_utc_everywhere(pair: Pair, jobs: list[str], zone: str) -> None:
    """The zone of the terminal does not matter: so the AWS CLI has it."""
    job = pair.same("get-model-copy-job", "--job-arn", jobs[2], region=AWAY)
    shown = job["creationTime"].rstrip("Z")
    arguments = ("list-model-copy-jobs", "--creation-time-after", shown)
    listed = pair.same(*arguments, region=AWAY, zone=zone)["modelCopyJobSummaries"]
    assert {job["jobArn"] for job in listed} == set(jobs[3:])


@pytest.mark.parametrize("most", [1, 3, 6])
@pytest.mark.parametrize("page", [2, 100])
def test_max_items_and_starting_token(pair: Pair, jobs: list[str], most: int, page: int) -> None:
    """Walks by our tokens and by the AWS CLI's; each understands the other's."""
    seen: list[str] = []
    token: tuple[str, ...] = ()
    for turn in range(len(jobs)):
        arguments = ("--max-items", str(most), "--page-size", str(page), *token)
        ran = {
            tool: self_json(pair.run(tool, "list-model-copy-jobs", *arguments, region=AWAY))
            for tool in ("aws", "outcrop")
        }
        items = [answer["modelCopyJobSummaries"] for answer in ran.values()]
        assert items[0] == items[1]
        seen += [job["jobArn"] for job in items[0]]
        tokens = [answer.get("NextToken") for answer in ran.values()]
        assert (tokens[0] is None) == (tokens[1] is None)
        if tokens[0] is None:
            break
        token = ("--starting-token", str(tokens[turn % 2]))
    assert seen == jobs[::-1]


def self_json(ran: subprocess.CompletedProcess[str]) -> Any:
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_tags(pair: Pair, model: str) -> None:
    assert pair.outcrop("tag-resource", "--resource-arn", model, "--tags", "key=a,value=1") is None
    more = ("--tags", "key=b,value='x y'", "key=c,value=")
    pair.outcrop("tag-resource", "--resource-arn", model, *more)
    listed = pair.same("list-tags-for-resource", "--resource-arn", model)
    assert {"key": "b", "value": "x y"} in listed["tags"]
    pair.outcrop("untag-resource", "--resource-arn", model, "--tag-keys", "a", "b", "c")
    listed = pair.same("list-tags-for-resource", "--resource-arn", model)
    assert sorted(tag["key"] for tag in listed["tags"]) == ["stage", "team"]


def test_resource_policy(pair: Pair, model: str, tmp_path: Any) -> None:
    policy = sharing_policy(model, "123456789012")
    (tmp_path / "policy.json").write_text(policy)
    for value in (policy, f"file://{tmp_path}/policy.json"):
        put = pair.outcrop(
            "put-resource-policy", "--resource-arn", model, "--resource-policy", value
        )
        assert put["resourceArn"] == model
    pair.same("get-resource-policy", "--resource-arn", model)
    pair.outcrop("delete-resource-policy", "--resource-arn", model)
    pair.same_error("get-resource-policy", "--resource-arn", model)


def test_delete_custom_model(pair: Pair) -> None:
    arn = pair.account.import_model("short-lived")
    assert pair.outcrop("delete-custom-model", "--model-identifier", arn) is None
    text = pair.same_error("get-custom-model", "--model-identifier", arn)
    assert text.startswith("An error occurred (ResourceNotFoundException) when calling the Get")


def test_service_errors_read_alike(pair: Pair, model: str) -> None:
    pair.same_error("list-model-copy-jobs", "--max-results", "5000", "--no-paginate")
    pair.same_error("get-model-copy-job", "--job-arn", "no-arn")
    pair.same_error("list-model-copy-jobs", "--next-token", "damaged")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("get-custom-model",), "--model-identifier"),
        (("list-model-copy-jobs", "--statusEquals", "Failed"), "--status-equals"),
        (("list-model-copy-jobs", "--max-items", "many"), "--max-items"),
        (("list-model-copy-jobs", "--creation-time-after", "yesterday"), "creationTimeAfter"),
        (("list-model-copy-jobs", "--starting-token", "%%"), "--starting-token"),
        (("list-model-copy-jobs", "--no-paginate", "--max-items", "1"), "--max-items"),
        (("list-model-copy-jobs", "--cli-input-json", "{"), "--cli-input-json"),
        (("list-model-copy-jobs", "--cli-input-json", '{"color": 1}'), "color"),
        (("tag-resource", "--resource-arn", "a", "--tags", "key"), "key=value"),
        (("tag-resource", "--resource-arn", "a", "--tags", "key=a,key=b"), "twice"),
        (("tag-resource", "--resource-arn", "a", "--tags", '[{"key": '), "JSON"),
        (("put-resource-policy", "--resource-arn", "a", "--resource-policy", "file:///no"), "/no"),
    ],
)
def test_wrong_command_lines(pair: Pair, arguments: tuple[str, ...], part: str) -> None:
    assert part in pair.both_refuse(*arguments)


def test_help_lists_every_operation_and_option(pair: Pair) -> None:
    def text(*words: str) -> str:
        return subprocess.run(
            [str(BINARY), *words, "--help"], capture_output=True, text=True, check=True
        ).stdout

    listing = text()
    for operation in BEDROCK_OPERATIONS:
        name = re.sub(r"(?<!^)(?=[A-Z])", "-", operation.name).lower()
        assert f"  {name}\n" in listing
        aws = subprocess.run(
            [str(AWS), "bedrock", name, "help"],
            env={"PATH": "/usr/bin:/bin", "AWS_PAGER": "cat", "PAGER": "cat", "TERM": "dumb"},
            capture_output=True,
            text=True,
        )
        assert aws.returncode == 0, aws.stderr
        page = re.sub(".\x08", "", aws.stdout)  # bold by overstriking
        synopsis = page.split("SYNOPSIS", 1)[1].split("\nOPTIONS", 1)[0]
        wanted = set(re.findall(r"--[a-z-]+", synopsis)) - FOREIGN_OPTIONS
        missing = wanted - set(re.findall(r"--[a-z-]+", text(name)))
        assert not missing, f"{name} lacks {missing}"


# Options of the AWS CLI itself, which are not an operation's.
FOREIGN_OPTIONS = {
    *("--generate-cli-skeleton", "--debug", "--no-verify-ssl", "--query", "--version", "--color"),
    *("--no-sign-request", "--ca-bundle", "--cli-read-timeout", "--cli-connect-timeout"),
    *("--v", "--cli-error-format", "--no-paginate"),
}


def test_every_operation_was_run(pair: Pair, request: pytest.FixtureRequest) -> None:
    here = [i for i in request.session.items if i.path == request.path]
    if len(here) < 40:
        pytest.skip("judges all tests of this file, and only some ran")
    wanted = {operation.name.lower() for operation in BEDROCK_OPERATIONS}
    assert wanted <= Pair.used, wanted - Pair.used
