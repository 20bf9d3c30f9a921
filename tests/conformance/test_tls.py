"""HTTPS: which clients trust the server, what it speaks, and what it says of itself."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import boto3
import botocore.exceptions
import pytest
from support.server import Server, ServerError
from support.tls import Certificate, make_certificate
from support.wire import Wire

AWS = Path(sys.executable).with_name("aws")
SCRIPT = """
import boto3, sys
client = boto3.client("bedrock", region_name="us-east-1", endpoint_url=sys.argv[1])
client.create_custom_model(
    modelName="mine", modelSourceConfig={"s3DataSource": {"s3Uri": "s3://models/tiny"}}
)
print(len(client.list_model_copy_jobs()["modelCopyJobSummaries"]))
print(client.get_custom_model(modelIdentifier="mine")["modelName"])
"""


def certificate_of(server: Server) -> Certificate:
    assert server.tls
    return server.tls


def environment(server: Server, **more: str) -> dict[str, str]:
    """Nothing of AWS's but what is given and the administrator's keys."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    kept |= {
        "AWS_ENDPOINT_URL_BEDROCK": server.endpoint,
        "AWS_SHARED_CREDENTIALS_FILE": str(server.data / "credentials"),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_PAGER": "",
    }
    return kept | more


def run(command: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)


def list_by_boto3(server: Server, verify: str | bool | None) -> object:
    keys = server.admin_keys()
    client = boto3.client(
        "bedrock",
        region_name="us-east-1",
        endpoint_url=server.endpoint,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret,
        verify=verify,
    )
    return client.list_model_copy_jobs()["modelCopyJobSummaries"]


def shake_hands(server: Server, version: ssl.TLSVersion, *protocols: str) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=certificate_of(server).file)
    context.minimum_version = context.maximum_version = version
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # so that old versions are offered at all
    if protocols:
        context.set_alpn_protocols(list(protocols))
    raw = socket.create_connection(server.wire(None).address, timeout=10)
    return context.wrap_socket(raw, server_hostname="localhost")


def test_boto3_with_the_certificate(tls_server: Server) -> None:
    assert tls_server.endpoint.startswith("https://")
    assert (tls_server.data / "endpoint").read_text() == tls_server.endpoint
    assert list_by_boto3(tls_server, str(certificate_of(tls_server).file)) == []


def test_boto3_without_the_certificate_refuses_the_server(tls_server: Server) -> None:
    with pytest.raises(botocore.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        list_by_boto3(tls_server, None)


def test_boto3_with_a_bearer_token(tls_server: Server) -> None:
    """boto3 sends a bearer token over HTTPS only."""
    env = environment(
        tls_server,
        AWS_BEARER_TOKEN_BEDROCK=tls_server.admin_bearer(),
        AWS_CA_BUNDLE=str(certificate_of(tls_server).file),
    )
    del env["AWS_SHARED_CREDENTIALS_FILE"]
    ran = run([sys.executable, "-c", SCRIPT, tls_server.endpoint], env)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == ["0", "mine"]


def test_aws_cli(tls_server: Server) -> None:
    command = [str(AWS), "bedrock", "list-model-copy-jobs", "--output", "json"]
    trusted = environment(tls_server, AWS_CA_BUNDLE=str(certificate_of(tls_server).file))
    ran = run(command, trusted)
    assert ran.returncode == 0, ran.stderr
    ran = run(command, environment(tls_server))
    assert ran.returncode != 0
    assert "CERTIFICATE_VERIFY_FAILED" in ran.stderr


def test_outcrop_cli_by_variable_and_by_profile(tls_server: Server, tmp_path: Path) -> None:
    command = [str(tls_server.binary), "jobs"]
    certificate = certificate_of(tls_server).file
    ran = run(command, environment(tls_server, AWS_CA_BUNDLE=str(certificate)))
    assert ran.returncode == 0, ran.stderr
    ran = run(command, environment(tls_server))
    assert ran.returncode != 0
    assert "AWS_CA_BUNDLE" in ran.stderr, "says what to do"
    profile = tmp_path / "config"
    profile.write_text(f"[default]\nca_bundle = {certificate}\n")
    ran = run(command, environment(tls_server, AWS_CONFIG_FILE=str(profile)))
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_new_versions_are_spoken(tls_server: Server, version: ssl.TLSVersion) -> None:
    with shake_hands(tls_server, version, "h2", "http/1.1") as secure:
        assert secure.selected_alpn_protocol() == "http/1.1"
        secure.sendall(b"GET /-/health HTTP/1.1\r\nHost: h\r\n\r\n")
        assert secure.recv(15) == b"HTTP/1.1 200 OK"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_are_refused(tls_server: Server, version: ssl.TLSVersion) -> None:
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        shake_hands(tls_server, version).close()


def test_plain_http_is_told_to_use_https(tls_server: Server) -> None:
    with Wire(tls_server.endpoint.replace("https://", "http://")) as wire:
        answer = wire.call("GET", "/-/health")
    assert answer.status == 400
    assert "HTTPS" in answer.message
    assert "This port speaks HTTPS" in tls_server.tail()


def test_new_certificate_is_taken_over_on_sighup(tmp_path: Path) -> None:
    with Server(tmp_path, tls=make_certificate(tmp_path)) as server:
        assert list_by_boto3(server, str(certificate_of(server).file)) == []
        make_certificate(tmp_path)
        with pytest.raises(botocore.exceptions.SSLError):
            list_by_boto3(server, str(certificate_of(server).file))
        assert server.process
        server.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 10
        while "certificate_reloaded" not in server.tail() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert list_by_boto3(server, str(certificate_of(server).file)) == []


def test_foreign_key_ends_the_start_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    ours, other = make_certificate(tmp_path), make_certificate(tmp_path / "other")
    with pytest.raises(ServerError, match="other/tls.key': does not belong to the certificate"):
        Server(tmp_path, tls=Certificate(ours.file, other.key)).start()


def test_other_machines_without_tls_is_warned_of(tmp_path: Path) -> None:
    server = Server(tmp_path)
    log = tmp_path / "server.log"
    command = [str(server.binary), "serve", "--data", str(tmp_path / "data"), "--listen"]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*command, "0.0.0.0:0"], stdout=subprocess.PIPE, stderr=file, text=True
        )
        assert process.stdout and "listening on http://0.0.0.0" in process.stdout.readline()
        process.terminate()
        process.communicate(timeout=20)
    assert "http_not_encrypted" in log.read_text()
