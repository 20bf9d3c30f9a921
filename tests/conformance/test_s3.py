"""Models in a real S3 server: as sources of imports and as the content of Regions."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from support.cloud import AWAY, HOME, THIRD, Account, Cloud, bucket_config, digests, write_model
from support.s3 import ACCESS, S3Server
from support.server import BINARY, Server
from support.tls import make_certificate


@pytest.fixture(scope="module", params=["http", "https"])
def s3(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, library: Path
) -> Iterator[S3Server]:
    folder = tmp_path_factory.mktemp("s3")
    started = S3Server(folder, make_certificate(folder) if request.param == "https" else None)
    started.start()
    started.make_bucket("models")
    started.upload(library, "models", "library/")
    yield started
    started.kill()


# For tests in which the connection plays no part.
over_http = pytest.mark.parametrize("s3", ["http"], indirect=True)


@pytest.fixture(scope="module")
def mixed(
    s3: S3Server, tmp_path_factory: pytest.TempPathFactory, library: Path
) -> Iterator[Server]:
    """Two Regions in buckets and one on files; one source a folder and one a bucket."""
    folder = tmp_path_factory.mktemp("mixed")
    s3.make_bucket("away")
    s3.make_bucket("third")
    config = (
        bucket_config(library)
        + "[bucket shelf]\n"
        + s3.settings(bucket="models", prefix="library")
        + f"[blob {AWAY}]\n"
        + s3.settings(bucket="away", prefix="outcrop/data")
        + f"[blob {THIRD}]\n"
        + s3.settings(bucket="third", type="s3", region="us-east-1", style="path")
    )
    with Server(folder, config) as server:
        yield server


@pytest.fixture
def owner(mixed: Server) -> Account:
    return Cloud(mixed).account()


def import_from(account: Account, uri: str, region: str = HOME) -> str:
    made = account.boto(region).create_custom_model(
        modelName="from-s3", modelSourceConfig={"s3DataSource": {"s3Uri": uri}}
    )
    return str(made["modelArn"])


def pulled(account: Account, arn: str, region: str, to: Path) -> dict[str, str]:
    run = account.server.command("pull", arn, str(to), keys=account.keys, region=region)
    assert run.returncode == 0, run.stderr
    return digests(to)


def deep_check(server: Server) -> subprocess.CompletedProcess[str]:
    command = [str(BINARY), "check", "--deep", "--data", str(server.data)]
    return subprocess.run(
        [*command, "--config", str(server.config)], capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("prefix", ["tiny", "small", "parts", "plain"])
def test_import_from_a_bucket(
    owner: Account, library: Path, tmp_path: Path, prefix: str
) -> None:
    arn = import_from(owner, f"s3://shelf/{prefix}/")
    model = owner.wait_model(arn)
    assert model["modelStatus"] == "Active", model
    assert pulled(owner, arn, HOME, tmp_path / "out") == digests(library / prefix)


@over_http
def test_import_of_many_small_objects_and_odd_names(
    owner: Account, s3: S3Server, tmp_path: Path
) -> None:
    """More than a page of the list, and keys that need encoding."""
    files = {f"shard/{number:05d}.bin": bytes([number % 251]) * 10 for number in range(1005)}
    files |= {"a b+c&d=é%41 '\"<>;?#.txt": b"odd", "unter/größe~!$*(),@:.bin": b"names"}
    folder = write_model(tmp_path / "many", files)
    s3.upload(folder, "models", "library/many/")
    s3.client().put_object(Bucket="models", Key="library/many/empty-folder/")
    arn = import_from(owner, "s3://shelf/many")
    model = owner.wait_model(arn)
    assert model["modelStatus"] == "Active", model
    assert pulled(owner, arn, HOME, tmp_path / "out") == digests(folder)


@over_http
@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("s3://shelf/nothing-here", "no objects below that prefix"),
        ("s3://unknown/x", "not known to this server"),
    ],
)
def test_import_that_cannot_be(owner: Account, uri: str, says: str) -> None:
    model = owner.wait_model(import_from(owner, uri))
    assert model["modelStatus"] == "Failed"
    assert says in model["failureMessage"]


def test_copies_between_all_kinds_of_regions(
    owner: Account, s3: S3Server, library: Path, tmp_path: Path
) -> None:
    source = owner.import_model(prefix="parts")
    to_s3 = owner.copy(source, region=AWAY)["targetModelArn"]
    s3_to_s3 = owner.copy(to_s3, region=THIRD)["targetModelArn"]
    back = owner.copy(s3_to_s3, region=HOME)["targetModelArn"]
    want = digests(library / "parts")
    for number, (arn, region) in enumerate([(to_s3, AWAY), (s3_to_s3, THIRD), (back, HOME)]):
        assert pulled(owner, arn, region, tmp_path / str(number)) == want
    assert deep_check(owner.server).returncode == 0
    stored = s3.keys("away", f"outcrop/data/{AWAY}/parts/service/")
    assert stored, "parts are where the settings say"
    weights = (library / "parts" / "model-00001.safetensors").read_bytes()
    sample = s3.client().get_object(Bucket="away", Key=stored[0])["Body"].read()
    assert sample.startswith(b"outcropb")
    assert weights[:64] not in sample, "what the server holds is encrypted"


@over_http
def test_objects_are_those_of_the_format(owner: Account, s3: S3Server) -> None:
    """Docs/formats.md: the same names and bytes as files."""
    source = owner.import_model(prefix="small", region=AWAY)
    assert owner.wait_model(source, AWAY)["modelStatus"] == "Active"
    client = s3.client()
    version = client.get_object(Bucket="away", Key=f"outcrop/data/{AWAY}/version")
    assert version["Body"].read() == b"outcrop blobs 1\n"
    for key in s3.keys("away", f"outcrop/data/{AWAY}/parts/"):
        name = key.split("/parts/")[1].split("/")
        assert [len(part) for part in name[1:]] == [2, 62]
        head = client.head_object(Bucket="away", Key=key, ChecksumMode="ENABLED")
        assert head["ChecksumCRC32C"], "the server has checked what it was sent"


@over_http
def test_models_under_an_accounts_own_key(owner: Account, library: Path, tmp_path: Path) -> None:
    key = owner.create_kms_key(AWAY)
    arn = owner.import_model(prefix="small", region=AWAY, modelKmsKeyArn=key["keyArn"])
    assert pulled(owner, arn, AWAY, tmp_path / "out") == digests(library / "small")
    owner.set_kms_key(key["keyId"], False, AWAY)
    refused = owner.server.command(
        "pull", arn, str(tmp_path / "no"), keys=owner.keys, region=AWAY
    )
    assert refused.returncode != 0


def test_upload_into_a_bucket(owner: Account, library: Path, tmp_path: Path) -> None:
    """The client sends parts; the server keeps them in the bucket and verifies them there."""
    run = owner.server.command(
        "import", str(library / "parts"), "--name", "sent", keys=owner.keys, region=THIRD
    )
    assert run.returncode == 0, run.stderr
    assert pulled(owner, "sent", THIRD, tmp_path / "out") == digests(library / "parts")


@over_http
def test_second_copy_moves_nothing_and_delete_removes_objects(
    s3: S3Server, library: Path, tmp_path: Path
) -> None:
    s3.make_bucket("swept")
    config = bucket_config(library) + f"[blob {AWAY}]\n" + s3.settings(bucket="swept")
    with Server(tmp_path / "server", config) as server:
        account = Cloud(server).account()
        source = account.import_model(prefix="parts")
        first = account.copy(source)["targetModelArn"]
        parts = set(s3.keys("swept", f"{AWAY}/parts/"))
        times = {
            entry["Key"]: entry["LastModified"]
            for entry in s3.client().list_objects_v2(Bucket="swept")["Contents"]
        }
        second = account.copy(source)["targetModelArn"]
        for entry in s3.client().list_objects_v2(Bucket="swept")["Contents"]:
            assert times.get(entry["Key"]) == entry["LastModified"], "nothing is stored again"
        account.boto(AWAY).delete_custom_model(modelIdentifier=first)
        assert account.boto(AWAY).get_custom_model(modelIdentifier=second)
        assert set(s3.keys("swept", f"{AWAY}/parts/")) == parts
        account.boto(AWAY).delete_custom_model(modelIdentifier=second)
        for _ in range(1000):
            if not s3.keys("swept", f"{AWAY}/parts/"):
                break
        assert s3.keys("swept", f"{AWAY}/parts/") == []
        assert s3.keys("swept") == [f"{AWAY}/owner", f"{AWAY}/version"], "what is no blob stays"


@over_http
def test_bit_rot_is_detected_and_never_served(
    s3: S3Server, library: Path, tmp_path: Path
) -> None:
    s3.make_bucket("rotten")
    config = bucket_config(library) + f"[blob {AWAY}]\n" + s3.settings(bucket="rotten")
    with Server(tmp_path / "server", config) as server:
        account = Cloud(server).account()
        target = account.copy(account.import_model(prefix="parts"))["targetModelArn"]
        largest = max(
            (s3.root / "rotten").rglob("*"), key=lambda f: f.stat().st_size if f.is_file() else 0
        )
        content = bytearray(largest.read_bytes())
        content[len(content) // 2] ^= 1
        with largest.open("r+b") as file:  # in place: the server's notes on the object stay
            file.write(content)
        sha256 = "".join(largest.parts[-2:])
        with account.wire(AWAY) as wire:
            answer = wire.call("GET", f"/-/models/{quote(target, safe='')}/parts/{sha256}")
        assert answer.status == 500
        job = account.wait_job(account.start_copy(target, region=THIRD), THIRD)
        assert job["status"] == "Failed"
        assert "does not open" in job["failureMessage"]
        checked = deep_check(server)
        assert checked.returncode == 1
        assert "bucket 'rotten'" in checked.stdout + checked.stderr
        largest.unlink()
        checked = deep_check(server)
        assert checked.returncode == 1, "a lost object is found, too"


def test_what_a_crash_left_in_a_folder_is_removed_at_the_start(
    library: Path, tmp_path: Path
) -> None:
    with Server(tmp_path / "server", bucket_config(library)) as server:
        Cloud(server).account().import_model()
        shard = next((server.data / "regions" / HOME / "parts" / "service").iterdir())
        (shard / ".tmp-0123456789abcdef").write_bytes(b"half")
        assert server.stop() == 0
        server.start()
        assert not list((server.data / "regions").rglob(".tmp-*"))


@over_http
def test_unfinished_uploads_are_aborted_at_the_start(
    s3: S3Server, library: Path, tmp_path: Path
) -> None:
    s3.make_bucket("aborted")
    client = s3.client()
    for key in (f"{AWAY}/parts/service/00/1", "others/object"):
        client.create_multipart_upload(Bucket="aborted", Key=key)
    config = bucket_config(library) + f"[blob {AWAY}]\n" + s3.settings(bucket="aborted")
    with Server(tmp_path / "server", config) as server:
        Cloud(server).account().import_model(region=AWAY)
        left = client.list_multipart_uploads(Bucket="aborted").get("Uploads", [])
        assert [upload["Key"] for upload in left] == ["others/object"]


@over_http
@pytest.mark.timeout(300)
def test_large_manifest_goes_in_pieces(s3: S3Server, tmp_path: Path) -> None:
    """Names so long, and so many, that the manifest is larger than what is sent at once."""
    below = Path(*["a" * 250] * 3)
    folder = tmp_path / "models" / "long" / below
    folder.mkdir(parents=True)
    for number in range(64_000):
        (folder / f"{number:05d}{'b' * 240}").write_bytes(b"")
    (tmp_path / "models" / "long" / "weights").write_bytes(b"weights")
    s3.make_bucket("pieces")
    config = bucket_config(tmp_path / "models") + f"[blob {AWAY}]\n" + s3.settings(bucket="pieces")
    with Server(tmp_path / "server", config) as server:
        account = Cloud(server).account()
        arn = account.start_import(prefix="long", region=AWAY)
        model = account.wait_model(arn, AWAY, timeout=120)
        assert model["modelStatus"] == "Active", model
        objects = s3.client().list_objects_v2(Bucket="pieces")["Contents"]
        largest = max(objects, key=lambda entry: entry["Size"])
        assert largest["Size"] > 64 << 20
        assert largest["ETag"].endswith('-5"'), "five pieces"
        job = account.wait_job(account.start_copy(arn, region=HOME), HOME, timeout=120)
        assert job["status"] == "Completed", "and it is read again"
        assert not s3.client().list_multipart_uploads(Bucket="pieces").get("Uploads")


def start_error(folder: Path, config: str) -> str:
    """What a server that does not start says."""
    server = Server(folder, config)
    run = subprocess.run(
        [str(BINARY), "serve", "--data", str(server.data), "--listen", "127.0.0.1:0"]
        + ["--config", str(server.config)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode != 0
    return run.stderr


def test_settings_that_do_not_lead_to_a_bucket(s3: S3Server, tmp_path: Path) -> None:
    missing = start_error(tmp_path / "a", "[blob]\n" + s3.settings(bucket="no-such-bucket"))
    assert "NoSuchBucket" in missing and "make it" in missing
    wrong = tmp_path / "wrong"
    wrong.write_text(f"[default]\naws_access_key_id = {ACCESS}\naws_secret_access_key = wrong\n")
    refused = start_error(
        tmp_path / "b", "[blob]\n" + s3.settings(bucket="models", credentials=str(wrong))
    )
    assert "SignatureDoesNotMatch" in refused and "check the keys" in refused
    unknown = start_error(
        tmp_path / "c", "[blob]\n" + s3.settings(bucket="models", profile="other")
    )
    assert "no such profile" in unknown


@over_http
def test_a_bucket_named_wrong_at_first_can_be_corrected(s3: S3Server, tmp_path: Path) -> None:
    s3.make_bucket("corrected")
    wrong = start_error(tmp_path, "[blob]\n" + s3.settings(bucket="no-such-bucket"))
    assert "NoSuchBucket" in wrong
    with Server(tmp_path, "[blob]\n" + s3.settings(bucket="corrected")) as server:
        assert server.running()
    other = start_error(tmp_path, "[blob]\n" + s3.settings(bucket="models"))
    assert "s3://corrected, not in s3://models" in other


def test_certificate_that_is_not_trusted(tmp_path: Path) -> None:
    s3 = S3Server(tmp_path / "s3", make_certificate(tmp_path)).start()
    try:
        settings = f"endpoint = {s3.endpoint}\nbucket = models\ncredentials = {s3.credentials}\n"
        refused = start_error(tmp_path / "a", "[blob]\n" + settings)
        assert "no trusted TLS connection" in refused and "`ca-bundle`" in refused, refused
        assert "AWS_CA_BUNDLE" not in refused  # which a server does not look at
    finally:
        s3.kill()


@over_http
def test_a_second_server_in_the_same_place_is_refused(
    s3: S3Server, library: Path, tmp_path: Path
) -> None:
    """It would sweep away what it does not know."""
    s3.make_bucket("owned")
    config = bucket_config(library) + f"[blob {AWAY}]\n" + s3.settings(bucket="owned")
    with Server(tmp_path / "first", config) as server:
        Cloud(server).account().import_model(region=AWAY)
        before = s3.keys("owned")
        refused = start_error(tmp_path / "second", config)
        assert "belongs to a server with another master key" in refused
        assert s3.keys("owned") == before


@over_http
def test_content_does_not_move_by_a_setting(s3: S3Server, library: Path, tmp_path: Path) -> None:
    s3.make_bucket("stays")
    config = bucket_config(library) + f"[blob {AWAY}]\n" + s3.settings(bucket="stays")
    with Server(tmp_path / "server", config) as server:
        Cloud(server).account().import_model()
    assert "s3://stays, not in files" in start_error(tmp_path / "server", bucket_config(library))
    moved = config + f"[blob {HOME}]\n" + s3.settings(bucket="stays")
    assert "in files, not in a bucket" in start_error(tmp_path / "server", moved)
    with Server(tmp_path / "server", config) as server:
        assert server.running()


def test_buckets_with_host_names(library: Path, tmp_path: Path) -> None:
    s3 = S3Server(tmp_path / "s3")
    s3.start(host_style=f"localhost:{s3.port}")
    try:
        s3.make_bucket("named")
        settings = s3.settings(
            bucket="named", style="host", endpoint=f"http://localhost:{s3.port}"
        )
        config = bucket_config(library) + f"[blob {AWAY}]\n" + settings
        with Server(tmp_path / "server", config) as server:
            account = Cloud(server).account()
            copied = account.copy(account.import_model(prefix="parts"))["targetModelArn"]
            assert pulled(account, copied, AWAY, tmp_path / "out") == digests(library / "parts")
        assert list((s3.root / "named" / AWAY / "parts").rglob("*"))
    finally:
        s3.kill()
