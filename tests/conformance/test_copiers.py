"""A model is mended from who copied it: its Region is on one machine, the copy on another."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.blobs import Damage, blobs, delete, flip_a_bit
from support.cloud import AWAY, HOME, Account, Cloud, allow, digests, sharing_policy, verify
from support.proxy import Hang, Passed, Proxy, Treatment
from support.server import Server
from support.sites import Sites
from support.wire import Answer, Keys, escape

NO_SCRUB = "[scrub]\nrate = 0\n"


@pytest.fixture
def sites(tmp_path: Path, library: Path) -> Iterator[Sites]:
    """Each is a peer of the other; nobody looks for rot unasked."""
    with Sites(tmp_path, library, mutual=True, settings=NO_SCRUB) as sites:
        yield sites


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory, library: Path) -> Iterator[Sites]:
    """For tests that leave what is stored as it was."""
    folder = tmp_path_factory.mktemp("calm")
    with Sites(folder, library, mutual=True, settings=NO_SCRUB) as sites:
        yield sites


def copied(sites: Sites, prefix: str = "parts") -> tuple[Account, Account, str, str]:
    """An account at both sites, its model at the source and the copy at the target."""
    here, there = sites.account()
    model = here.import_model(prefix=prefix)
    return here, there, model, there.copy(model)["targetModelArn"]


def spoil(server: Server, region: str, damage: Damage = flip_a_bit) -> None:
    for blob in blobs(server, region):
        damage(blob)


def whole(account: Account, model: str, region: str, library: Path, to: Path) -> None:
    """The model is the same bytes as before, and everything stored is sound."""
    server = account.server
    ran = server.command("pull", model, str(to), keys=account.keys, region=region)
    assert ran.returncode == 0, ran.stderr
    assert digests(to) == digests(library)
    assert not findings(server, "--deep")


def findings(server: Server, *options: str) -> str:
    """What `outcrop check` says that is wrong."""
    ran = server.command(
        "check", "--data", str(server.data), "--config", str(server.config),
        "--region", server.regions[0], *options,
    )  # fmt: skip
    assert ran.returncode in (0, 1), ran
    return ran.stdout if ran.returncode else ""


def logged(server: Server, event: str) -> list[dict[str, str]]:
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    return [line for line in lines if line["event"] == event]


def wait_until(what: Callable[[], Any], timeout: float = 20) -> None:
    deadline = time.monotonic() + timeout
    while not what():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)


# -- mending ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [flip_a_bit, delete], ids=lambda damage: damage.__name__)
def test_every_blob_of_the_source_is_mended_from_the_copy(
    sites: Sites, library: Path, tmp_path: Path, damage: Damage
) -> None:
    here, _, model, _ = copied(sites)
    spoil(sites.source, HOME, damage)
    result = verify(here, model)
    assert result["status"] == "Repaired", result
    assert len(result["findings"]) == 6  # five parts and the manifest
    whole(here, model, HOME, library / "parts", tmp_path / "out")
    assert verify(here, model)["status"] == "Sound"


def test_the_scrubber_mends_from_the_copy_too(tmp_path: Path, library: Path) -> None:
    eager = "[scrub]\nrate = 1G\ninterval = 1s\n"
    with Sites(tmp_path, library, mutual=True, settings=eager) as sites:
        here, _, model, _ = copied(sites, "small")
        sites.source.stop()
        spoil(sites.source, HOME)
        sites.source.start()
        here._clients.clear()
        count = len(blobs(sites.source, HOME))
        wait_until(lambda: len(logged(sites.source, "scrub.mended")) == count)
        whole(here, model, HOME, library / "small", tmp_path / "out")


def test_a_guests_copy_mends_the_owners_model(
    sites: Sites, library: Path, tmp_path: Path
) -> None:
    """Also when nothing is shared any more: the bytes are the owner's."""
    owner, _ = sites.account()
    _, guest = sites.account()
    model = owner.import_model(prefix="parts")
    owner.boto(HOME).put_resource_policy(
        resourceArn=model, resourcePolicy=sharing_policy(model, guest.id)
    )
    guest.copy(model)
    owner.boto(HOME).delete_resource_policy(resourceArn=model)
    spoil(sites.source, HOME)
    assert verify(owner, model)["status"] == "Repaired"
    whole(owner, model, HOME, library / "parts", tmp_path / "out")


def test_a_chain_mends_from_either_side(sites: Sites, library: Path, tmp_path: Path) -> None:
    """A third site copies the copy: the one in the middle has both, the first has the second."""
    here, there, model, copy = copied(sites)
    key = sites.make_peer_key("eu-west-1", sites.target)
    back = tmp_path / "back.secret"
    keys = tmp_path / "keys"
    keys.write_text(
        f"[{AWAY}]\naws_access_key_id = {key.access_key}\naws_secret_access_key = {key.secret}\n"
    )
    options = ("--peer", f"{AWAY}={sites.target.endpoint}", "--peer-credentials", str(keys))
    with Server(
        tmp_path / "third", NO_SCRUB, regions=("eu-west-1",), options=options, keep_port=True
    ) as third:
        third.add_account(here.id)
        last = Cloud(third).user(here.id)
        last.copy(copy, region="eu-west-1")
        made = sites.make_peer_key(AWAY, third)
        back.write_text(made.secret)
        sites.target.stop()
        with sites.target.config.open("a") as config:
            config.write(
                f"[peer eu-west-1]\nurl = {third.endpoint}\n"
                f"access-key = {made.access_key}\nsecret-key-file = {back}\n"
            )
        sites.target.start()
        sites.source.stop()
        spoil(sites.target, AWAY)
        assert verify(there, copy, AWAY)["status"] == "Repaired"
        sites.source.start()
        spoil(sites.source, HOME)
        assert verify(here, model)["status"] == "Repaired"
    whole(here, model, HOME, library / "parts", tmp_path / "out")


# -- when it cannot be mended -----------------------------------------------------------------------


def test_rot_in_both_is_reported_at_both(sites: Sites) -> None:
    here, there, model, copy = copied(sites, "tiny")
    spoil(sites.source, HOME)
    spoil(sites.target, AWAY)
    assert verify(here, model)["status"] == "Damaged"
    assert verify(there, copy, AWAY)["status"] == "Damaged"
    assert "damaged" in logged(sites.source, "scrub.not_there")[0]["reason"]


def test_a_copy_that_was_deleted_is_no_help_and_another_is(
    sites: Sites, library: Path, tmp_path: Path
) -> None:
    here, there, model, copy = copied(sites)
    kept = there.copy(model)["targetModelArn"]
    latest = there.copy(model)["targetModelArn"]
    for gone in (copy, latest):
        there.boto(AWAY).delete_custom_model(modelIdentifier=gone)
    flip_a_bit(blobs(sites.source, HOME)[0])
    assert verify(here, model)["status"] == "Repaired"
    whole(here, model, HOME, library / "parts", tmp_path / "out")
    there.boto(AWAY).delete_custom_model(modelIdentifier=kept)
    flip_a_bit(blobs(sites.source, HOME)[0])
    result = verify(here, model)
    assert result["status"] == "Damaged"
    assert "no copy" in logged(sites.source, "scrub.not_there")[-1]["reason"]


def test_a_copy_whose_key_is_disabled_is_no_help(sites: Sites) -> None:
    here, there = sites.account()
    model = here.import_model(prefix="tiny")
    key = there.create_kms_key(AWAY)
    there.copy(model, modelKmsKeyId=key["keyArn"])
    there.set_kms_key(key["keyId"], False, AWAY)
    spoil(sites.source, HOME)
    assert verify(here, model)["status"] == "Damaged"
    assert "disabled" in findings(sites.source)
    there.set_kms_key(key["keyId"], True, AWAY)
    assert verify(here, model)["status"] == "Repaired"


def test_a_copier_that_is_away_is_named_and_asked_again(
    sites: Sites, library: Path, tmp_path: Path
) -> None:
    here, _, model, copy = copied(sites)
    sites.target.kill()
    spoil(sites.source, HOME)
    assert verify(here, model)["status"] == "Damaged"
    said = findings(sites.source)
    assert copy in said and "could not be asked for it" in said and "refused" in said, said
    sites.target.start()
    wait_until(lambda: verify(here, model)["status"] == "Repaired")  # it is let alone for a second
    whole(here, model, HOME, library / "parts", tmp_path / "out")


def test_a_copier_that_is_no_peer_is_named(tmp_path: Path, library: Path) -> None:
    """And asked by itself as soon as it is one, long before the scrubber's next pass."""
    with Sites(tmp_path, library) as sites:
        here, _, model, _ = copied(sites)
        wait_until(lambda: logged(sites.source, "scrub.passed"))
        flip_a_bit(blobs(sites.source, HOME)[0])
        assert verify(here, model)["status"] == "Damaged"
        said = findings(sites.source)
        assert f"there is a copy in {AWAY}: make that Region a peer" in said, said
        sites.join_source()
        wait_until(lambda: logged(sites.source, "scrub.mended"))
        assert not findings(sites.source, "--deep")


@contextmanager
def through_proxy(folder: Path, library: Path, treat: Treatment) -> Iterator[tuple[Sites, Proxy]]:
    """What the source asks of the target goes through a proxy."""
    with Sites(folder, library, mutual=True, settings=NO_SCRUB) as sites:
        with Proxy(sites.target.endpoint, treat) as proxy:
            sites.join_source(proxy.endpoint)
            yield sites, proxy


def test_wrong_bytes_are_not_taken(tmp_path: Path, library: Path) -> None:
    def lie(passed: Passed) -> bytes:
        if passed.status != 200:
            return passed.body
        return passed.body[:-1] + bytes([passed.body[-1] ^ 1])

    with through_proxy(tmp_path, library, lie) as (sites, proxy):
        here, _, model, _ = copied(sites)
        part = blobs(sites.source, HOME)[0]
        flip_a_bit(part)
        rotten = part.read_bytes()
        assert verify(here, model)["status"] == "Damaged"
        assert part.read_bytes() == rotten
        assert len(proxy.requests) == 3, "asked again before it is given up"
        assert "do not have the digest" in logged(sites.source, "scrub.not_there")[0]["reason"]


def hang(passed: Passed) -> bytes:
    raise Hang(passed.head + passed.body[:100])


def test_a_silent_copier_is_not_asked_for_each_part(tmp_path: Path, library: Path) -> None:
    with Sites(tmp_path, library, settings=NO_SCRUB) as sites:
        with Proxy(sites.target.endpoint, hang) as proxy:
            here, _, model, _ = copied(sites)
            sites.settings += "[copy]\npeer-stall = 1\n"
            sites.join_source(proxy.endpoint)
            here._clients.clear()
            for part in blobs(sites.source, HOME)[:3]:  # the manifest is smaller
                flip_a_bit(part)
            result = verify(here, model)
            assert (result["status"], result["findingCount"]) == ("Damaged", 3)
            assert len(proxy.requests) < 3, "each would be one, and a second"


def test_a_silent_copier_does_not_hold_up_a_stop(tmp_path: Path, library: Path) -> None:
    """Nor is damage reported that there was no time to mend."""
    with through_proxy(tmp_path, library, hang) as (sites, proxy):
        here, _, model, _ = copied(sites)
        spoil(sites.source, HOME)
        with here.wire(HOME) as wire:
            assert wire.call("POST", f"/-/models/{escape(model)}/verification").status == 202
        wait_until(lambda: proxy.requests)
        sites.source.stop(timeout=10)
        assert not logged(sites.source, "scrub.damaged")
        assert "found by the scrubber" not in findings(sites.source)
        proxy.treat = lambda passed: passed.body
        sites.source.start()
        here._clients.clear()
        assert verify(here, model)["status"] == "Repaired"


# -- what is remembered -----------------------------------------------------------------------------


def test_records_go_with_their_model(calm: Sites) -> None:
    here, _, model, _ = copied(calm, "tiny")
    here.boto(HOME).delete_custom_model(modelIdentifier=model)
    assert not findings(calm.source)


# -- who may ask for what ---------------------------------------------------------------------------


def ask_back(sites: Sites, keys: Keys, copy: str, what: str, **who: Any) -> Answer:
    """As the source asks the target."""
    with sites.target.wire(keys, AWAY) as wire:
        return wire.call("POST", f"/-/peer/models/{copy}{what}", body={"region": HOME, **who})


def test_only_the_original_is_handed_back(calm: Sites) -> None:
    here, there, model, copy = copied(calm, "small")
    other = here.import_model(prefix="tiny")
    imported = Cloud(calm.target)
    key = calm.make_peer_key(HOME, calm.target)
    manifest = calm.ask(calm.key, model, accountId=here.id).json["manifestSha256"]
    what = f"/manifests/{manifest}"
    who = {"accountId": here.id, "sourceModelArn": model}
    assert ask_back(calm, key, copy, what, **who).status == 200
    # Another model, or one that is no copy; and nothing but what belongs to it.
    missing = copy[:-12] + "aaaaaaaaaaaa"
    for of, asked in ((other, copy), (model, missing), (model, model)):
        answer = ask_back(calm, key, asked, what, accountId=here.id, sourceModelArn=of)
        assert (answer.status, answer.error) == (404, "ResourceNotFoundException"), answer
        assert answer.message == f"There is no copy {asked} of the model {of}."
    for wrong in ("/manifests/" + "0" * 64, "/parts/" + "0" * 64, f"/parts/{manifest}"):
        assert ask_back(calm, key, copy, wrong, **who).status == 404
    # A model of another account or Region than the one that is spoken for.
    for text in (model.replace(here.id, "888888888888"), model.replace(HOME, "eu-west-1"), copy):
        answer = ask_back(calm, key, copy, what, accountId=here.id, sourceModelArn=text)
        assert (answer.status, answer.error) == (400, "ValidationException"), answer
        assert "sourceModelArn" in answer.message
    # Without it, it is a copy like any other, for which the account must be allowed.
    assert ask_back(calm, key, copy, what, accountId=here.id).status == 200
    assert ask_back(calm, key, copy, what, accountId="888888888888").status == 403
    assert imported.server is calm.target and there.id == here.id


def test_only_a_peer_key_of_that_region_and_account_is_heard(calm: Sites) -> None:
    here, _, model, copy = copied(calm, "tiny")
    what = "/parts/" + "0" * 64
    who = {"accountId": here.id, "sourceModelArn": model}
    bound = allow("outcrop:ReadAsPeer")
    bound["Statement"][0]["Resource"] = f"arn:aws:outcrop:{HOME}:888888888888:caller"
    for keys in (
        calm.make_peer_key("eu-west-1", calm.target),
        calm.target.add_key("000000000000", policy=bound),
        calm.target.add_key("000000000000", policy=allow("outcrop:ListAccounts")),
        calm.target.add_key(here.id),
    ):
        answer = ask_back(calm, keys, copy, what, **who)
        assert (answer.status, answer.error) == (403, "UnrecognizedClientException"), answer


def test_copies_are_told_only_by_who_may_copy(calm: Sites) -> None:
    here, _, model, copy = copied(calm, "tiny")
    stranger, _ = calm.account()

    def tell(keys: Keys, of: str, account: str, name: str) -> tuple[int, str]:
        answer = calm.ask(keys, of, "/copies", accountId=account, copyModelArn=name)
        return answer.status, answer.error

    assert tell(calm.key, model, here.id, copy) == (200, "")
    assert tell(calm.key, model, stranger.id, copy.replace(here.id, stranger.id)) == (
        403,
        "AccessDeniedException",
    )
    for name in (copy.replace(here.id, stranger.id), copy.replace(AWAY, "eu-west-1"), model):
        assert tell(calm.key, model, here.id, name) == (400, "ValidationException")
    missing = model[:-12] + "aaaaaaaaaaaa"
    assert tell(calm.key, missing, here.id, copy) == (404, "ResourceNotFoundException")
    failed = here.wait_model(here.start_import(prefix="no-such-prefix"))["modelArn"]
    assert tell(calm.key, failed, here.id, copy) == (400, "ConflictException")
    elsewhere = calm.make_peer_key("eu-west-1")
    assert tell(elsewhere, model, here.id, copy) == (403, "UnrecognizedClientException")
    assert not findings(calm.source)


def test_a_crash_between_word_and_commit_leaves_a_copy_that_is_known(
    tmp_path: Path, library: Path
) -> None:
    """The target dies when the source has written down its copy, and before it knows that."""

    def kill(passed: Passed) -> bytes | None:
        if not passed.path.endswith("/copies") or not sites.target.running():
            return passed.body
        sites.target.kill()
        killed.set()
        return None

    killed = threading.Event()
    with Sites(tmp_path, library, settings=NO_SCRUB) as sites:
        with Proxy(sites.source.endpoint, kill) as proxy:
            sites.reconfigure(url=proxy.endpoint)
            here, there = sites.account()
            model = here.import_model(prefix="tiny")
            job = there.start_copy(model)
            assert killed.wait(20)
            proxy.treat = lambda passed: passed.body
            sites.target.start()
            assert there.wait_job(job)["status"] == "Completed"
            assert sum(path.endswith("/copies") for path in proxy.requests) == 2
        sites.join_source()
        here._clients.clear()
        spoil(sites.source, HOME)
        assert verify(here, model)["status"] == "Repaired"


def test_a_copy_is_made_though_its_source_cannot_note_it(tmp_path: Path, library: Path) -> None:
    def fail(passed: Passed) -> bytes:
        if passed.path.endswith("/copies"):
            passed.head = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\n"
            return b"{}"
        return passed.body

    with Sites(tmp_path, library, settings=NO_SCRUB) as sites:
        with Proxy(sites.source.endpoint, fail) as proxy:
            sites.reconfigure(url=proxy.endpoint)
            copied(sites, "tiny")
            assert logged(sites.target, "copy.not_announced")
