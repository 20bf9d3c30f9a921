"""`outcrop verify` and its operations: a model is read again; what is damaged is found, named and
mended where there is another copy."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.blobs import DAMAGES, Damage, blobs, delete, flip_a_bit
from support.cloud import HOME, Account, Cloud, bucket_config, verify
from support.server import Server
from support.wire import escape


@pytest.fixture
def still(tmp_path: Path, library: Path) -> Iterator[Server]:
    """A server of its own whose scrubber does not run, with few blobs."""
    with Server(tmp_path, bucket_config(library) + "[scrub]\nrate = 0\n") as server:
        yield server


@pytest.fixture
def owner(still: Server) -> Account:
    return Cloud(still).account()


def test_a_sound_model(account: Account) -> None:
    model = account.import_model(prefix="parts")
    result = verify(account, model)
    assert result["status"] == "Sound"
    assert (result["modelArn"], result["findings"], result["findingCount"]) == (model, [], 0)
    assert result["bytesDone"] == result["bytesTotal"] > 20 << 20
    assert result["partsDone"] == result["partsTotal"] == 5
    assert result["startTime"] <= result["endTime"]
    assert verify(account, model)["startTime"] >= result["endTime"]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda d: d.__name__)
def test_what_is_damaged_is_named_and_not_served(
    still: Server, owner: Account, damage: Damage
) -> None:
    model = owner.import_model(prefix="parts")
    part = blobs(still, HOME)[0]
    damage(part)
    result = verify(owner, model)
    assert result["status"] == "Damaged"
    assert result["findingCount"] == len(result["findings"]) == 1
    finding = result["findings"][0]
    assert finding["file"] == "model-00001.safetensors"
    assert 1 <= finding["part"] <= 5
    assert not finding["repaired"]
    assert HOME in finding["problem"]
    assert part.name[:16] in finding["problem"]
    assert str(part.parent) not in finding["problem"], "where the server keeps it is not for users"
    # The rest of the model was read all the same.
    assert result["partsDone"] == result["partsTotal"] == 5
    # A copy ends Failed and says the same.
    job = owner.wait_job(owner.start_copy(model))
    assert job["status"] == "Failed"
    assert part.name[:16] in job["failureMessage"]
    # The administrator sees it without reading everything again.
    checked = still.command("check", "--data", str(still.data))
    assert checked.returncode == 1
    assert "found by the scrubber" in checked.stdout
    assert model in checked.stdout


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda d: d.__name__)
def test_it_is_mended_from_another_region(still: Server, owner: Account, damage: Damage) -> None:
    model = owner.import_model(prefix="parts")
    owner.copy(model)
    part = blobs(still, HOME)[0]
    whole = part.stat().st_size
    damage(part)
    result = verify(owner, model)
    assert result["status"] == "Repaired"
    assert [finding["repaired"] for finding in result["findings"]] == [True]
    assert part.stat().st_size == whole
    assert verify(owner, model)["status"] == "Sound"
    assert still.command("check", "--data", str(still.data), "--deep").returncode == 0


def test_it_is_mended_from_a_copy_under_another_key(still: Server, owner: Account) -> None:
    key = owner.create_kms_key(HOME)
    model = owner.import_model(prefix="tiny")
    other = owner.import_model(prefix="tiny", modelKmsKeyArn=key["keyArn"])
    for blob in blobs(still, HOME):
        if key["keyId"] in str(blob):
            flip_a_bit(blob)
    result = verify(owner, other)
    assert result["status"] == "Repaired"
    assert {finding["file"] for finding in result["findings"]} >= {"(manifest)"}
    assert verify(owner, other)["status"] == verify(owner, model)["status"] == "Sound"
    # The other key is disabled: the copy under it is no help, and is not called damaged.
    owner.set_kms_key(key["keyId"], False)
    failed = verify(owner, other)
    assert failed["status"] == "Failed"
    assert "disabled" in failed["failureMessage"]


def test_a_lost_manifest_is_told(still: Server, owner: Account) -> None:
    model = owner.import_model(prefix="tiny")
    for blob in blobs(still, HOME):
        delete(blob)
    result = verify(owner, model)
    assert result["status"] == "Damaged"
    assert result["findings"][0]["file"] == "(manifest)"


def test_the_same_bytes_brought_in_again_mend_it(still: Server, owner: Account) -> None:
    """A damaged part is not taken for one that is there already."""
    model = owner.import_model(prefix="parts")
    flip_a_bit(blobs(still, HOME)[0])
    assert verify(owner, model)["status"] == "Damaged"
    again = owner.import_model(prefix="parts")
    assert verify(owner, again)["status"] == "Sound"
    assert verify(owner, model)["status"] == "Sound"
    checked = still.command("check", "--data", str(still.data), "--deep")
    assert checked.returncode == 0, checked.stdout


def test_it_survives_a_restart(still: Server, owner: Account) -> None:
    model = owner.import_model(prefix="parts")
    path = f"/-/models/{escape(model)}/verification"
    with owner.wire() as wire:
        for _ in range(3):
            assert wire.call("POST", path).status == 202
    still.kill()
    still.start()
    owner._clients.clear()
    deadline = time.monotonic() + 20
    with owner.wire() as wire:
        while (answer := wire.call("GET", path).json)["status"] == "InProgress":
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert answer["status"] == "Sound"


def test_only_the_owners_active_models(cloud: Cloud, account: Account) -> None:
    model = account.import_model()
    stranger = cloud.account()
    path = f"/-/models/{escape(model)}/verification"
    with account.wire() as wire:
        answer = wire.call("GET", path)
        assert (answer.status, answer.error) == (404, "ResourceNotFoundException")
        assert "StartModelVerification" in answer.message
    with stranger.wire() as wire:
        for method in ("GET", "POST"):
            answer = wire.call(method, path)
            assert (answer.status, answer.error) == (403, "AccessDeniedException"), answer
    with account.wire() as wire:
        assert wire.call("POST", "/-/models/no-such-model/verification").status == 404
        failed = account.wait_model(account.start_import(prefix="no-such-prefix"))["modelArn"]
        answer = wire.call("POST", f"/-/models/{escape(failed)}/verification")
        assert (answer.status, answer.error) == (400, "ConflictException")
    account.boto().delete_custom_model(modelIdentifier=model)
    with account.wire() as wire:
        assert wire.call("GET", path).status == 404


def test_the_command(still: Server) -> None:
    admin = Cloud(still).admin()
    model = admin.import_model("verified", prefix="parts")
    admin.import_model("another", prefix="tiny")

    def command(*args: str) -> tuple[int, str, str]:
        ran = still.command("verify", *args)
        return ran.returncode, ran.stdout, ran.stderr

    assert command("verified")[:2] == (0, "verified: sound, 20.0 MiB in 5 parts\n")
    assert command(model)[0] == 0
    code, out, err = command("--all")
    assert (code, out.count("sound"), err.count("verifying")) == (0, 2, err.count("verifying"))
    assert json.loads(command("verified", "-o", "json")[1])["status"] == "Sound"
    flip_a_bit(blobs(still, HOME)[0])
    code, out, err = command("verified")
    assert code == 1
    assert "verified: DAMAGED" in out
    assert "file 'model-00001.safetensors', part" in out
    assert "1 of 1 models are damaged" in err
    assert command("--all")[0] == 1
    for wrong in ((), ("verified", "--all"), ("",), ("a", "b")):
        assert command(*wrong)[0] == 2, wrong
    assert command("no-such-model")[0] == 1
    assert "is being verified" in command("verified", "--no-wait")[1]
