"""The unit in packaging/, and the credentials that systemd hands a service, without systemd."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.cloud import Cloud, write_model
from support.s3 import S3Server
from support.server import BINARY, ROOT, Server, ServerError
from support.tls import make_certificate
from support.webhooks import Receiver

NOBODY = 65534
UNIT = ROOT / "packaging/outcrop.service"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user may enter; pytest's own are not."""
    if os.geteuid() != 0:
        pytest.skip("only root can start a server as another user")
    folder = Path(tempfile.mkdtemp(prefix="outcrop-service-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def unit() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT)
    return parser["Service"]


def run_as_nobody(place: Path) -> Path:
    """A command that is outcrop for a user who owns nothing, as DynamicUser=yes is one."""
    program = Path(shutil.copy(BINARY.resolve(), place / "outcrop"))
    program.chmod(0o755)
    wrapper = place / "as-nobody"
    who = f"--reuid {NOBODY} --regid {NOBODY} --clear-groups --no-new-privs"
    wrapper.write_text(f'#!/bin/sh\nexec setpriv {who} {shlex.quote(str(program))} "$@"\n')
    wrapper.chmod(0o755)
    return wrapper


# -- what systemd does with a credential: systemd.exec(5), LoadCredential= ---------------------------


def give_to_owner(path: Path) -> None:
    """Where the file system has no access lists: the service's user owns the copy."""
    os.chown(path, NOBODY, NOBODY)


def give_by_access_list(path: Path) -> None:
    """Else it stays root's, with one entry more; the mask then shows as the group's permission."""
    allowed = 5 if path.is_dir() else 4
    entries = [(0x01, allowed, -1), (0x02, allowed, NOBODY), (0x04, 0, -1), (0x10, allowed, -1)]
    packed = b"".join(
        struct.pack("<HHI", tag, perm, who & 0xFFFFFFFF)
        for tag, perm, who in [*entries, (0x20, 0, -1)]
    )
    os.setxattr(path, "system.posix_acl_access", struct.pack("<I", 2) + packed)


def load_credentials(place: Path, secrets: dict[str, Path], give: Callable[[Path], None]) -> Path:
    folder = place / "credentials"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, source in secrets.items():
        shutil.copy(source, folder / name)
        (folder / name).chmod(0o400)
        give(folder / name)
    folder.chmod(0o500)
    give(folder)
    return folder


@pytest.mark.parametrize("give", [give_to_owner, give_by_access_list])
def test_secrets_from_the_credentials_directory(
    place: Path, tmp_path: Path, give: Callable[[Path], None]
) -> None:
    """A TLS key, the keys of a bucket, a webhook's secret and a peer's, which only root can read
    where they come from: served over TLS, imported from the bucket, and told, signed."""
    certificate = make_certificate(tmp_path)
    (public := place / "tls.crt").write_bytes(certificate.file.read_bytes())
    (peer_secret := tmp_path / "peer").write_text("x" * 40 + "\n")
    s3 = S3Server(tmp_path / "s3").start()
    with Receiver(tmp_path) as hook:
        secrets = {
            "tls.key": certificate.key,
            "s3-keys": s3.credentials,
            "hook": hook.secret_file,
            "peer": peer_secret,
        }
        credentials = load_credentials(place, secrets, give)
        config = (
            f"[server]\ntls-certificate = {public}\ntls-key = {credentials}/tls.key\n"
            f"[bucket shelf]\nendpoint = {s3.endpoint}\ncredentials = {credentials}/s3-keys\n"
            f"[peer ap-south-1]\nurl = https://127.0.0.1:1\naccess-key = AKIDPEER\n"
            f"secret-key-file = {credentials}/peer\n"
            + hook.config().replace(str(hook.secret_file), f"{credentials}/hook")
        )
        s3.make_bucket("shelf")
        s3.upload(write_model(tmp_path / "model", {"weights": b"w" * 1000}), "shelf", "m/")
        folder = place / "server"
        folder.mkdir()
        os.chown(folder, NOBODY, NOBODY)
        environment = {"CREDENTIALS_DIRECTORY": str(credentials)}
        server = Server(folder, config, run_as_nobody(place), environment)
        server.start()
        server.tls = certificate
        try:
            with server:
                account = Cloud(server).account()
                arn = account.boto().create_custom_model(
                    modelName="m", modelSourceConfig={"s3DataSource": {"s3Uri": "s3://shelf/m"}}
                )["modelArn"]
                assert account.wait_model(arn)["modelStatus"] == "Active"
                account.copy(arn)
                hook.wait(2)
            # As root alone could read it: named, and no server.
            os.chown(credentials / "hook", 0, 0)
            os.removexattr(credentials / "hook", "system.posix_acl_access")
            (credentials / "hook").chmod(0o400)
            server.tls = None
            with pytest.raises(ServerError, match=f"{credentials}/hook"):
                server.start()
        finally:
            server.kill()
            s3.kill()


def test_the_guide_names_the_place_where_the_unit_has_them() -> None:
    assert unit()["DynamicUser"] == "yes", "else the test above is of another user"
    guide = (ROOT / "docs/operations.md").read_text()
    name = re.search(r"`LoadCredential=([\w.]+):", guide)
    assert name and f"`/run/credentials/{UNIT.name}/{name[1]}`" in guide
