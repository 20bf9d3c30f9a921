"""The `outcrop` commands that people use: import, models, copy, jobs, job, pull, accounts, keys."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from support.cloud import AWAY, HOME, THIRD, Account, Cloud, digests, sharing_policy
from support.server import BINARY


class Outcrop:
    """`outcrop` as one account."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def run(self, *args: str, region: str = HOME) -> subprocess.CompletedProcess[str]:
        return self.account.server.command(*args, keys=self.account.keys, region=region)

    def start(self, *args: str, region: str = HOME) -> subprocess.Popen[str]:
        server = self.account.server
        return subprocess.Popen(
            [str(BINARY), *args],
            env=server.client_environment(self.account.keys, region),
            stdout=subprocess.PIPE,
            text=True,
        )

    def text(self, *args: str, region: str = HOME) -> str:
        ran = self.run(*args, region=region)
        assert ran.returncode == 0, f"outcrop {args}: {ran.returncode} {ran.stderr}"
        return ran.stdout

    def json(self, *args: str, region: str = HOME) -> Any:
        return json.loads(self.text(*args, "-o", "json", region=region))


@pytest.fixture
def outcrop(account: Account) -> Outcrop:
    return Outcrop(account)


@pytest.fixture
def model(outcrop: Outcrop, library: Path) -> str:
    outcrop.text("import", str(library / "small"), "--name", "my-model", "--tag", "team=search")
    arn: str = outcrop.account.boto(HOME).get_custom_model(modelIdentifier="my-model")["modelArn"]
    return arn


def test_import_makes_an_active_model(outcrop: Outcrop, model: str) -> None:
    shown = outcrop.account.boto(HOME).get_custom_model(modelIdentifier=model)
    assert shown["modelStatus"] == "Active" and shown["customizationType"] == "IMPORTED"
    assert "imported.llama" in shown["baseModelArn"]
    tags = outcrop.account.boto(HOME).list_tags_for_resource(resourceARN=model)["tags"]
    assert tags == [{"key": "team", "value": "search"}]


def test_import_answers_json_for_programs(outcrop: Outcrop, library: Path) -> None:
    made = outcrop.json("import", str(library / "tiny"), "--name", "for-programs")
    assert made["modelArn"].startswith(f"arn:aws:bedrock:{HOME}:{outcrop.account.id}:custom-model/")


def test_import_into_another_region(outcrop: Outcrop, library: Path) -> None:
    outcrop.text("import", str(library / "tiny"), "--name", "west", "--region", AWAY)
    assert outcrop.account.boto(AWAY).get_custom_model(modelIdentifier="west")


def test_import_and_pull_give_the_same_bytes(
    outcrop: Outcrop, library: Path, tmp_path: Path
) -> None:
    for prefix in ("tiny", "small", "parts"):
        outcrop.text("import", str(library / prefix), "--name", prefix)
        outcrop.text("pull", prefix, str(tmp_path / prefix))
        assert digests(tmp_path / prefix) == digests(library / prefix)


def test_import_of_nothing_is_refused(outcrop: Outcrop, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "missing"):
        ran = outcrop.run("import", str(folder), "--name", "nothing")
        assert ran.returncode == 1 and str(folder) in ran.stderr, ran
    assert outcrop.json("models") in ([], {"modelSummaries": []})


def test_models_table_and_json(outcrop: Outcrop, model: str) -> None:
    table = outcrop.text("models")
    assert "my-model" in table and "Active" in table
    assert model in json.dumps(outcrop.json("models"))


def test_copy_waits_and_jobs_lists(outcrop: Outcrop, model: str, tmp_path: Path) -> None:
    outcrop.text("copy", "my-model", "--to", AWAY, "--name", "my-copy", "--tag", "a=b", "--wait")
    table = outcrop.text("jobs", region=AWAY)
    assert "my-copy" in table and "Completed" in table
    job = outcrop.account.jobs()[0]
    assert job["targetModelTags"] == [{"key": "a", "value": "b"}]
    shown = outcrop.json("job", job["jobArn"], region=AWAY)
    assert (shown["jobArn"], shown["status"]) == (job["jobArn"], "Completed")
    assert "Completed" in outcrop.text("job", job["jobArn"], region=AWAY)
    for which in (job["jobArn"].rpartition("/")[2], "my-copy"):
        assert outcrop.json("job", which, region=AWAY)["jobArn"] == job["jobArn"]
    for other in ("my-cop", "no-such-copy"):
        ran = outcrop.run("job", other, region=AWAY)
        assert ran.returncode == 1 and f"'{other}'" in ran.stderr, ran


def test_copy_by_arn_without_waiting(outcrop: Outcrop, model: str) -> None:
    made = outcrop.json("copy", model, "--to", THIRD, "--name", "by-arn")
    assert outcrop.account.wait_job(made["jobArn"], THIRD)["status"] == "Completed"


def test_copy_that_fails_says_so(outcrop: Outcrop) -> None:
    source = outcrop.account.failing_source()
    ran = outcrop.run("copy", source, "--to", AWAY, "--name", "bad", "--wait")
    assert ran.returncode == 1
    assert "key" in ran.stderr.lower(), ran


def test_jobs_filters(outcrop: Outcrop, model: str) -> None:
    for name in ("one", "two"):
        outcrop.text("copy", model, "--to", AWAY, "--name", name, "--wait")

    def names(*filters: str) -> list[str]:
        text = json.dumps(outcrop.json("jobs", *filters, region=AWAY))
        return [name for name in ("two", "one") if f'"targetModelName": "{name}"' in text]

    assert names() == ["two", "one"]
    assert names("--name-contains", "o") == ["two", "one"]
    assert names("--name-contains", "tw") == ["two"]
    assert names("--status", "Failed") == []
    assert names("--status", "Completed", "--source-account", outcrop.account.id) == ["two", "one"]
    assert names("--since", "1h") == ["two", "one"]
    assert names("--until", "1h") == []


def test_pull_into_a_folder_that_differs_needs_force(
    outcrop: Outcrop, model: str, library: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "model.safetensors").write_bytes(b"something of mine")
    ran = outcrop.run("pull", "my-model", str(out))
    assert ran.returncode == 1 and "model.safetensors" in ran.stderr, ran
    assert (out / "model.safetensors").read_bytes() == b"something of mine"
    outcrop.text("pull", "my-model", str(out), "--force")
    assert digests(out) == digests(library / "small")


def test_pull_of_nothing_leaves_nothing(outcrop: Outcrop, tmp_path: Path) -> None:
    ran = outcrop.run("pull", "no-such-model", str(tmp_path / "out"))
    assert ran.returncode == 1 and "no-such-model" in ran.stderr
    assert not (tmp_path / "out").exists()


def test_accounts_and_keys(cloud: Cloud) -> None:
    admin = Outcrop(cloud.admin())
    number = str(uuid.uuid4().int)[:12]
    admin.text("account", "add", number, "--name", "research")
    assert number in admin.text("account", "list")
    made = admin.json("key", "add", "--account", number, "--user", "alice")
    assert made["accessKeyId"] and made["secretAccessKey"]
    listed = admin.text("key", "list", "--account", number)
    assert made["accessKeyId"] in listed and "alice" in listed
    assert made["secretAccessKey"] not in listed
    admin.text("key", "disable", made["accessKeyId"])
    assert "Disabled" in admin.text("key", "list", "--account", number)


def test_key_with_a_policy_file(cloud: Cloud, account: Account, tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
        '"Action":"bedrock:ListModelCopyJobs","Resource":"*"}]}'
    )
    admin = Outcrop(cloud.admin())
    args = ("key", "add", "--account", account.id, "--user", "bob", "--policy", str(policy))
    made = admin.json(*args)
    account.keys = type(account.keys)(
        made["accessKeyId"], made["secretAccessKey"], None, account.id
    )
    bob = Outcrop(account)
    bob.text("jobs", region=AWAY)
    ran = bob.run("models")
    assert ran.returncode == 3 and "not authorized" in ran.stderr


def test_kms_keys(outcrop: Outcrop) -> None:
    key = outcrop.json("kms", "create-key", "--description", "models of search")
    outcrop.text("kms", "alias", "alias/search", key["keyId"])
    listed = outcrop.text("kms", "list")
    assert key["keyId"] in listed and "alias/search" in listed
    outcrop.text("kms", "disable", key["keyId"])
    assert "Disabled" in outcrop.text("kms", "list")


@pytest.mark.parametrize(
    ("args", "status"),
    [
        (("nonsense",), 2),
        (("jobs", "--nonsense"), 2),
        (("copy", "x"), 2),
        (("job",), 2),
        (("job", "not-an-arn"), 1),
        (("jobs", "--since", "yesterday-ish"), 2),
        (("jobs", "--status", "Done"), 2),
        (("jobs", "--watch", "-o", "json"), 2),
        (("jobs", "--watch", "--all"), 2),
        (("models", "--region", "ap-south-1"), 3),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_command_line_gets_one_clear_sentence(
    outcrop: Outcrop, args: tuple[str, ...], status: int
) -> None:
    ran = outcrop.run(*args)
    assert ran.returncode == status and ran.stderr.startswith("outcrop"), ran


def test_no_command_shows_the_usage(outcrop: Outcrop) -> None:
    ran = outcrop.run()
    assert ran.returncode == 2 and ran.stderr.startswith("Usage: outcrop COMMAND")


def test_unreachable_server_is_named(tmp_path: Path) -> None:
    ran = subprocess.run(
        [str(BINARY), "jobs", "--endpoint", "http://127.0.0.1:1", "--region", AWAY],
        env={"AWS_ACCESS_KEY_ID": "AKIAX", "AWS_SECRET_ACCESS_KEY": "x", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ran.returncode == 4 and "127.0.0.1:1" in ran.stderr, ran


def test_help_names_every_command(outcrop: Outcrop) -> None:
    text = outcrop.text("--help")
    for command in (
        "serve",
        "import",
        "models",
        "copy",
        "jobs",
        "job",
        "pull",
        "account add",
        "account list",
        "key add",
        "key list",
        "key disable",
        "check",
    ):
        assert command in text, command
        assert "Usage: outcrop " + command in outcrop.text(*command.split(), "--help")


def test_help_fits_80_columns(outcrop: Outcrop) -> None:
    tables = json.loads(outcrop.text("--describe"))
    names = [command["name"] for command in tables["commands"]]
    pages = [outcrop.text("--help")] + [outcrop.text(*n.split(), "--help") for n in names]
    assert len(pages) > 40
    assert [line for page in pages for line in page.splitlines() if len(line) > 80] == []


def test_tags_are_shown_and_changed(outcrop: Outcrop, model: str) -> None:
    assert outcrop.text("tag", "my-model") == "team=search\n"
    changed = outcrop.text("tag", model, "--set", "a=1", "--set", "b=x y", "--remove", "team")
    assert sorted(changed.splitlines()) == ["a=1", "b=x y"]
    assert {"key": "a", "value": "1"} in outcrop.json("tag", "my-model")["tags"]
    assert outcrop.run("tag", "my-model", "--set", "novalue").returncode == 2


def test_lists_as_csv_and_tsv(outcrop: Outcrop, model: str) -> None:
    for form, delimiter in (("csv", ","), ("tsv", "\t")):
        lines = outcrop.text("models", "-o", form).splitlines()
        rows = list(csv.DictReader(lines, delimiter=delimiter))
        assert [(row["modelName"], row["modelArn"]) for row in rows] == [("my-model", model)]
        empty = outcrop.text("jobs", "-o", form, region=AWAY)
        assert empty.startswith("status" + delimiter) and empty.count("\n") == 1
    ran = outcrop.run("model", "my-model", "-o", "csv")
    assert ran.returncode == 2 and "csv" in ran.stderr and not ran.stdout


def test_share_adds_and_unshare_takes_away(outcrop: Outcrop, model: str, cloud: Cloud) -> None:
    def statements() -> list[dict[str, Any]]:
        with outcrop.account.wire(HOME) as wire:
            answer = wire.call("GET", f"/resource-policy/{quote(model, safe='')}")
        if answer.status == 404:
            return []
        found: list[dict[str, Any]] = json.loads(answer.json["resourcePolicy"])["Statement"]
        return found

    friend = Outcrop(cloud.account())
    copy = ("copy", model, "--to", AWAY, "--name", "shared", "--wait")
    assert friend.run(*copy).returncode == 3
    foreign = json.loads(sharing_policy(model, "123456789012"))["Statement"]
    policy = sharing_policy(model, "123456789012")
    outcrop.account.boto(HOME).put_resource_policy(resourceArn=model, resourcePolicy=policy)
    for _ in range(2):
        outcrop.text("share", "my-model", "--with", friend.account.id)
        assert len(statements()) == 2 and foreign[0] in statements()
    friend.text(*copy)
    outcrop.text("unshare", model, "--with", friend.account.id)
    assert statements() == foreign
    assert outcrop.run("unshare", model, "--with", friend.account.id).returncode == 1
    assert outcrop.run("share", model, "--with", "friend").returncode == 2
    own = outcrop.run("share", model, "--with", outcrop.account.id)
    assert own.returncode == 2 and "owns the model" in own.stderr


def test_unshare_of_the_last_removes_the_policy(outcrop: Outcrop, model: str) -> None:
    outcrop.text("share", model, "--with", "123456789012")
    outcrop.text("unshare", model, "--with", "123456789012")
    with pytest.raises(outcrop.account.boto(HOME).exceptions.ResourceNotFoundException):
        outcrop.account.boto(HOME).get_resource_policy(resourceArn=model)


def test_a_dry_run_changes_nothing(cloud: Cloud, library: Path) -> None:
    account = cloud.account()
    outcrop, admin = Outcrop(account), Outcrop(cloud.admin())
    outcrop.text("import", str(library / "small"), "--name", "my-model", "--tag", "a=b")
    key = outcrop.json("kms", "create-key")["keyId"]
    number = str(uuid.uuid4().int)[:12]

    def everything() -> list[Any]:
        lists = [
            outcrop.json(*words) for words in (("models",), ("kms", "list"), ("tag", "my-model"))
        ]
        keys = admin.json("key", "list", "--account", account.id)
        return [*lists, keys, admin.json("account", "list"), outcrop.json("jobs", region=AWAY)]

    before = everything()
    mine = account.keys.access_key
    for words, method, path in (
        (("copy", "my-model", "--to", AWAY, "--name", "c", "--wait"), "POST", "/model-copy-jobs"),
        (("rm", "my-model"), "DELETE", "/custom-models/"),
        (("tag", "my-model", "--set", "c=d"), "POST", "/tagResource"),
        (("tag", "my-model", "--remove", "a"), "POST", "/untagResource"),
        (("share", "my-model", "--with", "123456789012"), "POST", "/resource-policy"),
        (("kms", "create-key"), "POST", "/-/kms/keys"),
        (("kms", "alias", "alias/x", key), "POST", "/-/kms/aliases"),
        (("kms", "disable", key), "POST", "/-/kms/keys/"),
        (("key", "disable", mine), "POST", "/-/access-keys/"),
        (("key", "add", "--user", "x"), "POST", "/-/access-keys"),
        (("account", "add", number), "POST", "/-/accounts"),
    ):
        shown = (admin if words[0] == "account" else outcrop).json(*words, "--dry-run")
        assert shown["dryRun"] and (shown["method"], shown["path"][: len(path)]) == (method, path)
        assert "Would send " + method in outcrop.text(*words, "--dry-run")
    plan = outcrop.json("import", str(library / "small"), "--name", "other", "--dry-run")
    assert plan["dryRun"] and plan["files"] > 0
    taken = outcrop.run("import", str(library / "small"), "--name", "my-model", "--dry-run")
    assert taken.returncode == 1 and "my-model" in taken.stderr
    assert outcrop.run("rm", "no-such-model", "--dry-run").returncode == 1
    assert everything() == before


def test_tags_as_csv(outcrop: Outcrop, model: str) -> None:
    assert outcrop.text("tag", "my-model", "-o", "csv") == "key,value\nteam,search\n"


def test_watch_in_a_pipe_prints_a_line_for_each_change(outcrop: Outcrop, model: str) -> None:
    for form in ((), ("-o", "jsonl")):
        name = "watched" + "-json" * len(form[:1])
        watch = outcrop.start("jobs", "--watch", "--name-contains", name, *form, region=AWAY)
        try:
            outcrop.text("copy", model, "--to", AWAY, "--name", name, "--wait")
            assert watch.stdout
            seen = watch.stdout.readline()
            while "Completed" not in seen[-400:]:
                assert "InProgress" in seen and name in seen
                seen = watch.stdout.readline()
            assert name in seen
            assert not form or json.loads(seen)["status"] == "Completed"
        finally:
            watch.terminate()
            assert watch.wait(10) == -15


def test_doctor_finds_nothing_wrong(outcrop: Outcrop) -> None:
    assert outcrop.text("doctor").endswith("All is well.\n")
    found = outcrop.json("doctor")
    assert {finding["check"] for finding in found} == {
        "endpoint",
        "tls",
        "clock",
        "region",
        "credentials",
        "permission",
    }
    assert all(finding["result"] == "ok" for finding in found)
    assert outcrop.text("doctor", "-o", "csv").startswith("check,result,detail,mend\n")


def doctor(outcrop: Outcrop, *args: str, region: str = HOME) -> tuple[int, dict[str, str]]:
    """The exit code, and what is wrong."""
    ran = outcrop.run("doctor", "-o", "json", *args, region=region)
    wrong = [finding for finding in json.loads(ran.stdout) if finding["result"] == "failed"]
    assert len(wrong) == 1, ran
    return ran.returncode, wrong[0]


def test_doctor_says_what_is_wrong(outcrop: Outcrop, cloud: Cloud) -> None:
    status, wrong = doctor(outcrop, "--endpoint", "http://127.0.0.1:1")
    assert (status, wrong["check"]) == (4, "endpoint") and "127.0.0.1:1" in wrong["detail"]
    status, wrong = doctor(outcrop, "--endpoint", "http://bedrock.invalid.amazonaws.com:1")
    assert status == 4 and "AWS_ENDPOINT_URL_BEDROCK" in wrong["mend"]
    status, wrong = doctor(outcrop, "--endpoint", "ftp://x")
    assert (status, wrong["check"]) == (2, "settings")
    status, wrong = doctor(outcrop, region="ap-south-1")
    assert (status, wrong["check"]) == (1, "region") and HOME in wrong["mend"]
    status, wrong = doctor(outcrop, region="")
    assert (status, wrong["check"]) == (2, "region") and "AWS_REGION" in wrong["mend"]
    stranger = Outcrop(cloud.account())
    stranger.account.keys = type(stranger.account.keys)("AKIAUNKNOWN", "x", None, "1")
    status, wrong = doctor(stranger)
    assert (status, wrong["check"]) == (3, "credentials") and wrong["mend"]


def test_doctor_names_the_permission_that_is_missing(
    cloud: Cloud, account: Account, tmp_path: Path
) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["outcrop:GetCallerIdentity", "bedrock:ListCustomModels"],
                "Resource": "*",
            }
        ],
    }
    account.keys = account.server.add_key(account.id, "bob", policy)
    status, wrong = doctor(Outcrop(account))
    assert (status, wrong["check"]) == (3, "permission")
    assert "ListModelCopyJobs" in wrong["detail"]


@pytest.mark.parametrize("words", [("--version",), ("--help",), ("jobs", "--help")])
def test_the_first_output_comes_at_once(words: tuple[str, ...]) -> None:
    """20 ms is the promise; processor time does not depend on what else runs."""
    before = os.times()
    for _ in range(10):
        subprocess.run([str(BINARY), *words], capture_output=True, check=True)
    after = os.times()
    spent = after.children_user + after.children_system
    spent -= before.children_user + before.children_system
    assert spent / 10 < 0.020
