"""The scrubber: blob files are spoiled under a running server, which finds and mends them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.blobs import DAMAGES, Damage, blobs, digest, flip_a_bit, truncate
from support.cloud import AWAY, HOME, Account, Cloud, bucket_config, digests
from support.server import Server

EAGER = "[scrub]\nrate = 1G\ninterval = 1s\n"


def figures(server: Server) -> dict[str, float]:
    """The scrubber's figures by name, labels' values behind it."""
    with server.wire(server.admin_keys()) as wire:
        text = wire.call("GET", "/-/metrics").body.decode()
    return {
        "/".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def passes(server: Server, count: int = 1, timeout: float = 20) -> dict[str, float]:
    """Wait until as many whole passes have begun and ended; the figures then."""
    deadline = time.monotonic() + timeout
    target = figures(server)["outcrop_scrub_passes_total"] + count + 1
    while True:
        now = figures(server)
        if now["outcrop_scrub_passes_total"] >= target:
            return now
        assert time.monotonic() < deadline, now
        time.sleep(0.05)


def events(server: Server, name: str) -> list[dict[str, str]]:
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    return [line for line in lines if line["event"] == name]


@pytest.fixture
def eager(tmp_path: Path, library: Path) -> Iterator[Server]:
    with Server(tmp_path, bucket_config(library) + EAGER, regions=(HOME, AWAY)) as server:
        yield server


@pytest.fixture
def owner(eager: Server) -> Account:
    return Cloud(eager).account()


def test_every_damage_is_found_and_mended_from_the_other_region(
    eager: Server, owner: Account, library: Path, tmp_path: Path
) -> None:
    """Each way of spoiling a file, each on a blob of its own, manifests among them, in both
    Regions at once."""
    model = owner.import_model(prefix="parts")
    copied = owner.copy(model)["targetModelArn"]
    here, there = blobs(eager, HOME), blobs(eager, AWAY)
    assert len(here) == len(there) == len(DAMAGES)
    spoiled: list[Path] = []
    for i, damage in enumerate(DAMAGES):
        blob = here[i] if i % 2 else next(b for b in there if digest(b) == digest(here[i]))
        damage(blob)
        spoiled.append(blob)
    now = passes(eager)
    assert now["outcrop_findings"] == 0
    assert now["outcrop_rot_repaired_total"] >= len(DAMAGES)
    assert now["outcrop_rot_total/missing"] >= 1
    assert now["outcrop_rot_total/damaged"] >= len(DAMAGES) - 1
    mended = {line["part"] for line in events(eager, "scrub.mended")}
    assert mended == {digest(blob) for blob in spoiled}
    assert all("Region" in line["problem"] for line in events(eager, "scrub.mended"))
    checked = eager.command("check", "--data", str(eager.data), "--deep")
    assert checked.returncode == 0, checked.stdout
    admin = Cloud(eager).user(owner.id)
    for arn, region in ((model, HOME), (copied, AWAY)):
        target = tmp_path / region
        pulled = eager.command("pull", arn, str(target), keys=admin.keys, region=region)
        assert pulled.returncode == 0, pulled.stderr
        assert digests(target) == digests(library / "parts")


def test_what_has_no_copy_stays_found_until_it_is_brought_in_again(
    eager: Server, owner: Account
) -> None:
    model = owner.import_model(prefix="small")
    blob = blobs(eager, HOME)[0]
    truncate(blob)
    size = blob.stat().st_size
    now = passes(eager)
    assert now["outcrop_findings"] == 1
    assert now["outcrop_rot_repaired_total"] == 0
    assert blob.stat().st_size == size, "what cannot be mended is left as it is"
    checked = eager.command("check", "--data", str(eager.data))
    assert checked.returncode == 1
    assert f"needed by {model}" in checked.stdout
    # It is remembered over a restart, by a server that does not look by itself.
    eager.stop()
    eager.config.write_text(eager.config.read_text().replace("1G", "0"))
    eager.start()
    owner._clients.clear()
    assert figures(eager)["outcrop_findings"] == 1
    owner.import_model(prefix="small")
    assert blob.stat().st_size > size, "stored anew, not taken for there"
    eager.stop()
    eager.config.write_text(eager.config.read_text().replace("rate = 0", "rate = 1G"))
    eager.start()
    assert passes(eager)["outcrop_findings"] == 0
    assert eager.command("check", "--data", str(eager.data), "--deep").returncode == 0


def test_a_finding_goes_with_its_model(eager: Server, owner: Account) -> None:
    model = owner.import_model(prefix="tiny")
    flip_a_bit(blobs(eager, HOME)[0])
    assert passes(eager)["outcrop_findings"] == 1
    owner.boto().delete_custom_model(modelIdentifier=model)
    assert passes(eager, 2)["outcrop_findings"] == 0


def test_a_disabled_key_is_no_rot(eager: Server, owner: Account) -> None:
    key = owner.create_kms_key(HOME)
    owner.import_model(prefix="tiny", modelKmsKeyArn=key["keyArn"])
    owner.set_kms_key(key["keyId"], False)
    now = passes(eager)
    assert now["outcrop_findings"] == now["outcrop_rot_total/damaged"] == 0
    assert now["outcrop_verified_skipped_total"] >= 2


@pytest.mark.parametrize("damage", [flip_a_bit], ids=lambda d: d.__name__)
def test_copies_go_on_beside_it(eager: Server, owner: Account, damage: Damage) -> None:
    """Damage that is mended, models that come and go, and passes without a pause between them."""
    kept = owner.import_model(prefix="parts")
    owner.copy(kept)
    for _ in range(5):
        model = owner.import_model(prefix="small")
        job = owner.copy(model)
        damage(blobs(eager, HOME)[0])
        owner.boto(AWAY).delete_custom_model(modelIdentifier=job["targetModelArn"])
        owner.boto().delete_custom_model(modelIdentifier=model)
        passes(eager, 0)
    assert passes(eager, 2)["outcrop_findings"] == 0
    checked = eager.command("check", "--data", str(eager.data), "--deep")
    assert checked.returncode == 0, checked.stdout


def test_the_rate_holds_and_the_place_outlives_a_restart(tmp_path: Path, library: Path) -> None:
    """20 MiB at 4 MiB/s take five seconds; a server that is stopped in the middle reads the rest
    after its start, and no part twice."""
    with Server(tmp_path, bucket_config(library) + "[scrub]\nrate = 0\n", regions=(HOME,)) as server:
        Cloud(server).account().import_model(prefix="parts")
        server.stop()
        server.config.write_text(server.config.read_text().replace("rate = 0", "rate = 4M"))
        server.start()
        deadline = time.monotonic() + 30
        while figures(server)["outcrop_verified_bytes_total"] == 0:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        begun = time.monotonic()
        time.sleep(1)
        server.stop()
        assert len(blobs(server, HOME)) == 6
        server.start()
        while (now := figures(server))["outcrop_scrub_passes_total"] < 1:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        taken = time.monotonic() - begun
        assert taken > 1.5, "20 MiB went by too fast"
        assert now["outcrop_verified_blobs_total"] < 6, "the pass began anew after the restart"
