"""Copies between servers: two Regions, each with data, accounts and keys of its own."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest
from support.blobs import Damage, blobs, delete, flip_a_bit
from support.cloud import AWAY, HOME, Account, Cloud, allow, digests, sharing_policy
from support.server import BINARY, Server
from support.sites import Sites, failure, progress
from support.tls import make_certificate
from support.wire import Keys


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory, library: Path) -> Iterator[Sites]:
    """Over TLS, as between machines; for tests that leave both servers as they were."""
    folder = tmp_path_factory.mktemp("sites")
    with Sites(folder, library, tls=make_certificate(folder)) as sites:
        yield sites


@pytest.fixture
def rotting(tmp_path: Path, library: Path) -> Iterator[Sites]:
    """For tests that spoil what is stored."""
    with Sites(tmp_path, library, tls=make_certificate(tmp_path)) as sites:
        yield sites


def refusal(account: Account, source: str, **more: Any) -> tuple[int, str, str]:
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        account.start_copy(source, **more)
    answer = raised.value.response
    return (
        answer["ResponseMetadata"]["HTTPStatusCode"],
        answer["Error"]["Code"],
        answer["Error"]["Message"],
    )


def pulled(account: Account, model: str, to: Path) -> dict[str, str]:
    ran = account.server.command("pull", model, str(to), keys=account.keys, region=AWAY)
    assert ran.returncode == 0, ran.stderr
    return digests(to)


def check_deep(server: Server) -> None:
    ran = server.command(
        "check", "--data", str(server.data), "--config", str(server.config),
        "--region", server.regions[0], "--deep",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr


# -- what a caller sees -----------------------------------------------------------------------------


def test_copy_from_another_server_is_byte_identical(
    sites: Sites, library: Path, tmp_path: Path
) -> None:
    here, there = sites.account()
    source = here.import_model("original", "parts")
    job = there.copy(source, "the-copy", targetModelTags=[{"key": "a", "value": "b"}])
    assert job["sourceModelArn"] == source
    assert job["sourceModelName"] == "original"
    assert job["sourceAccountId"] == here.id
    model = there.boto(AWAY).get_custom_model(modelIdentifier="the-copy")
    assert model["modelStatus"] == "Active"
    assert model["baseModelArn"] == f"arn:aws:bedrock:{AWAY}::foundation-model/imported.bert"
    assert pulled(there, "the-copy", tmp_path / "out") == digests(library / "parts")
    shown = progress(there, job["jobArn"])
    assert shown["phase"] == "done" and shown["bytesDone"] == shown["bytesTotal"] > 20 << 20
    check_deep(sites.target)


def test_small_files_cross_too(sites: Sites, library: Path, tmp_path: Path) -> None:
    here, there = sites.account()
    there.copy(here.import_model(prefix="small"), "small")
    assert pulled(there, "small", tmp_path / "out") == digests(library / "small")


@pytest.mark.parametrize("damage", [flip_a_bit, delete], ids=lambda damage: damage.__name__)
def test_rot_is_mended_from_the_machine_that_a_model_came_from(
    rotting: Sites, library: Path, tmp_path: Path, damage: Damage
) -> None:
    """Every blob of the copy, the manifest too, is spoiled; no other copy is on this machine."""
    here, there = rotting.account()
    there.copy(here.import_model(prefix="parts"), "rotten")
    for blob in blobs(rotting.target, AWAY):
        damage(blob)
    ran = rotting.target.command("verify", "rotten", keys=there.keys, region=AWAY)
    assert "repaired" in (ran.stdout + ran.stderr).lower(), ran
    assert pulled(there, "rotten", tmp_path / "out") == digests(library / "parts")
    check_deep(rotting.target)


def test_rot_stays_when_the_origin_is_gone(rotting: Sites) -> None:
    here, there = rotting.account()
    source = here.import_model(prefix="parts")
    there.copy(source, "rotten")
    here.boto(HOME).delete_custom_model(modelIdentifier=source)
    flip_a_bit(blobs(rotting.target, AWAY)[0])
    ran = rotting.target.command("verify", "rotten", keys=there.keys, region=AWAY)
    assert ran.returncode == 1, ran


def test_shared_model_is_copied_by_another_account(
    sites: Sites, library: Path, tmp_path: Path
) -> None:
    owner, _ = sites.account()
    _, guest = sites.account()
    source = owner.import_model()
    status, code, text = refusal(guest, source)
    assert (status, code) == (403, "AccessDeniedException")
    missing = source[:-12] + "aaaaaaaaaaaa"
    assert refusal(guest, missing) == (status, code, text.replace(source, missing))
    owner.boto(HOME).put_resource_policy(
        resourceArn=source, resourcePolicy=sharing_policy(source, guest.id)
    )
    job = guest.copy(source, "shared")
    assert job["sourceAccountId"] == owner.id
    assert pulled(guest, "shared", tmp_path / "out") == digests(library / "tiny")


def test_refusals_read_as_within_one_server(sites: Sites, cloud: Cloud) -> None:
    """Status, name and text, but for the names in them."""

    def blank(refused: tuple[int, str, str], account: str) -> tuple[int, str, str]:
        text = re.sub(r"custom-model/imported/[a-z0-9]{12}", "MODEL", refused[2])
        return (
            refused[0],
            refused[1],
            text.replace(account, "ACCOUNT").replace("888888888888", "OTHER"),
        )

    here, there = sites.account()
    local = cloud.account()
    for account, importer in ((local, local), (there, here)):
        mine = f"arn:aws:bedrock:{HOME}:{account.id}:custom-model/imported/aaaaaaaaaaaa"
        theirs = mine.replace(account.id, "888888888888")
        failed = importer.start_import(prefix="no-such-prefix")
        importer.wait_model(failed)
        seen = [blank(refusal(account, arn), account.id) for arn in (mine, theirs, failed)]
        assert [status for status, _, _ in seen] == [404, 403, 400], seen
        if account is local:
            expected = seen
    assert seen == expected


def test_policies_of_both_sides_count(sites: Sites) -> None:
    """The model's policy is judged at the source, the caller's at the target."""
    owner, _ = sites.account()
    _, guest = sites.account(allow("bedrock:CreateModelCopyJob", "bedrock:GetModelCopyJob"))
    source = owner.import_model()
    statement = json.loads(sharing_policy(source, guest.id))["Statement"][0]

    def share(condition: dict[str, object]) -> None:
        policy = {"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]}
        owner.boto(HOME).put_resource_policy(resourceArn=source, resourcePolicy=json.dumps(policy))

    share({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})
    assert refusal(guest, source)[0] == 403
    share({"StringEquals": {"aws:RequestedRegion": AWAY, "aws:RequestTag/team": "search"}})
    assert refusal(guest, source)[0] == 403
    assert guest.copy(source, targetModelTags=[{"key": "team", "value": "search"}])
    barred = Cloud(sites.target).user(guest.id, allow("bedrock:GetModelCopyJob"))
    assert refusal(barred, source)[:2] == (403, "AccessDeniedException")


def test_region_that_is_nowhere_is_404(sites: Sites) -> None:
    _, there = sites.account()
    arn = f"arn:aws:bedrock:eu-west-1:{there.id}:custom-model/imported/aaaaaaaaaaaa"
    assert refusal(there, arn)[:2] == (404, "ResourceNotFoundException")


# -- who may ask as a peer --------------------------------------------------------------------------


def test_only_a_peer_key_speaks_for_others(sites: Sites) -> None:
    here, _ = sites.account()
    model = here.import_model()
    who = {"accountId": here.id}
    assert sites.ask(sites.key, model, **who).status == 200
    tenant = sites.source.add_key(here.id)  # may do everything in its account
    narrow = sites.source.add_key("000000000000", policy=allow("outcrop:ListAccounts"))
    bearer = sites.source.add_key("000000000000", bearer=True)
    elsewhere = sites.make_peer_key("eu-west-1")
    for keys in (tenant, narrow, bearer, elsewhere):
        answer = sites.ask(keys, model, **who)
        assert (answer.status, answer.error) == (403, "UnrecognizedClientException"), answer
    assert sites.ask(elsewhere, model, **who, region="eu-west-1").status == 200


def test_peer_key_does_nothing_else(sites: Sites) -> None:
    here, _ = sites.account()
    model = here.import_model()
    with sites.source.wire(sites.key, HOME) as wire:
        for path in ("/custom-models", f"/custom-models/{model}", "/-/accounts"):
            answer = wire.call("GET", path)
            assert answer.status in (403, 404), answer
            assert answer.error == "AccessDeniedException", answer


def test_peer_key_can_be_bound_to_accounts(sites: Sites) -> None:
    here, _ = sites.account()
    other, _ = sites.account()
    policy = allow("outcrop:ReadAsPeer")
    policy["Statement"][0]["Resource"] = f"arn:aws:outcrop:{AWAY}:{here.id}:caller"
    bound = sites.source.add_key("000000000000", policy=policy)
    assert sites.ask(bound, here.import_model(), accountId=here.id).status == 200
    assert sites.ask(bound, other.import_model(), accountId=other.id).status == 403


def test_peer_gets_only_what_belongs_to_the_model(sites: Sites) -> None:
    here, _ = sites.account()
    model, other = here.import_model(prefix="tiny"), here.import_model(prefix="small")
    who = {"accountId": here.id}
    manifest = sites.ask(sites.key, other, **who).json["manifestSha256"]
    assert sites.ask(sites.key, other, f"/manifests/{manifest}", **who).status == 200
    for what in (f"/manifests/{manifest}", f"/parts/{manifest}", "/parts/" + "0" * 64):
        assert sites.ask(sites.key, model, what, **who).status == 404
    principal = "arn:aws:iam::888888888888:user/eve"
    assert sites.ask(sites.key, model, **who, principalArn=principal).status == 400
    away = model.replace(HOME, AWAY)
    assert sites.ask(sites.key, away, **who).status == 404


# -- settings ---------------------------------------------------------------------------------------


def serve(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(BINARY), "serve", "--data", str(folder), "--listen", "127.0.0.1:0"]
    return subprocess.run([*command, *options], capture_output=True, text=True, timeout=20)


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("us-east-1=http://copy.example.org:7430", "in the clear"),
        ("us-east-1=http://192.0.2.7:7430", "in the clear"),
        ("us-east-1=ftp://localhost", "want https://HOST"),
        ("us-east-1=https://a/b", "want https://HOST"),
        ("us-east-1=https://user@host", "want https://HOST"),
        ("us-east-1", "REGION=https://HOST"),
        ("us-west-2=https://localhost:1", "serves that Region itself"),
        ("us-east-1=https://localhost:1", "outcrop key add"),
    ],
)
def test_settings_that_cannot_be_right_are_refused(
    tmp_path: Path, peer: str, expected: str
) -> None:
    keys = tmp_path / "keys"
    profile = "eu-west-1" if "outcrop key add" in expected else "us-east-1"
    keys.write_text(
        f"[{profile}]\naws_access_key_id = AKIA00000000\naws_secret_access_key = secret\n"
    )
    ran = serve(
        tmp_path / "data", "--region", AWAY, "--peer", peer, "--peer-credentials", str(keys)
    )
    assert ran.returncode == 2, ran
    assert expected in ran.stderr, ran.stderr
    assert not (tmp_path / "data").exists()


def test_key_for_a_peer_is_a_profile_that_serve_reads(sites: Sites, tmp_path: Path) -> None:
    made = sites.source.command("key", "add", "--peer", AWAY)
    assert made.returncode == 0, made.stderr
    assert sites.tls
    keys = tmp_path / "keys"
    keys.write_text(f"{made.stdout}ca_bundle = {sites.tls.file}\n")
    options = ("--peer", f"{HOME}={sites.source.endpoint}", "--peer-credentials", str(keys))
    with Server(tmp_path / "third", regions=(AWAY,), options=options) as third:
        here, _ = sites.account()
        third.add_account(here.id)
        account = Cloud(third).user(here.id)
        assert account.copy(here.import_model())["status"] == "Completed"
    ran = sites.source.command("key", "add", "--peer", AWAY, "--user", "x")
    assert ran.returncode == 2 and "of its own kind" in ran.stderr
    ran = sites.source.command("key", "add")
    assert ran.returncode == 2 and "--peer REGION" in ran.stderr


def start_without_source(sites: Sites, **settings: Any) -> tuple[Account, str]:
    """A copy whose source cannot be asked from the start on."""
    here, there = sites.account()
    source = here.import_model()
    sites.reconfigure(**settings)
    return there, source


@pytest.mark.parametrize("case", ["certificate", "key", "disabled", "port"])
def test_peer_that_cannot_be_asked_fails_the_job_after_a_while(
    tmp_path: Path, library: Path, case: str
) -> None:
    expected = {
        "certificate": "no trusted TLS connection",
        "key": "refuses our peer key",
        "disabled": "refuses our peer key",
        "port": "Connection refused",
    }[case]
    with Sites(tmp_path, library, tls=make_certificate(tmp_path), patience=1) as sites:
        other = tmp_path / "other"
        other.mkdir()
        settings: dict[str, dict[str, Any]] = {
            "certificate": {"ca_bundle": make_certificate(other).file},
            "key": {"keys": Keys(sites.key.access_key, "A" * 40)},
            "port": {"url": "https://127.0.0.1:1"},
            "disabled": {},
        }
        there, source = start_without_source(sites, **settings[case])
        if case == "disabled":
            sites.source.command("key", "disable", sites.key.access_key)
        begin = time.monotonic()
        text = failure(there, source)
        assert time.monotonic() - begin < 10
        assert f"Region {HOME} (https://127.0.0.1:" in text, text
        assert expected in text and "waited for 1 seconds" in text, text
        assert "AWS_CA_BUNDLE" not in text, text
