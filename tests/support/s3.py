"""A real S3 server as a child process, and a proxy before it that injects faults."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from support.server import ROOT
from support.tls import Certificate

BINARY = ROOT / ".cache" / "s3server" / "versitygw"
ACCESS, SECRET = "AKIDS3SERVER", "a-secret-of-the-s3-server"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class S3Server:
    """VersityGW over a folder: an object is the file BUCKET/KEY, so that a test can damage it."""

    def __init__(self, folder: Path, tls: Certificate | None = None, port: int = 0) -> None:
        self.root = folder / "objects"
        self.root.mkdir(parents=True, exist_ok=True)
        self.log = folder / "s3.log"
        self.tls = tls
        self.port = port or free_port()
        self.endpoint = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.credentials = folder / "s3-credentials"
        self.credentials.write_text(
            f"[default]\naws_access_key_id = {ACCESS}\naws_secret_access_key = {SECRET}\n"
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, timeout: float = 20, host_style: str = "") -> S3Server:
        """`host_style`: the domain below which buckets have names of their own."""
        command = [str(BINARY), "--port", f"127.0.0.1:{self.port}", "--keep-alive", "--quiet"]
        if host_style:
            command += ["--virtual-domain", host_style]
        if self.tls:
            command += ["--cert", str(self.tls.file), "--key", str(self.tls.key)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "posix", str(self.root)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={
                    **os.environ,
                    "ROOT_ACCESS_KEY_ID": ACCESS,
                    "ROOT_SECRET_ACCESS_KEY": SECRET,
                },
            )
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.01)
        raise AssertionError(f"the S3 server did not start: {self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCESS,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
            verify=str(self.tls.file) if self.tls else None,
            config=Config(
                s3={"addressing_style": "path"},
                retries={"total_max_attempts": 2},
                # This server does not take the chunks that boto3 else sends over HTTPS.
                request_checksum_calculation="when_required",
            ),
        )

    def make_bucket(self, name: str) -> None:
        self.client().create_bucket(Bucket=name)

    def upload(self, folder: Path, bucket: str, prefix: str = "") -> None:
        """All files below a folder, as objects below a prefix."""
        client = self.client()
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                client.put_object(
                    Bucket=bucket,
                    Key=prefix + str(file.relative_to(folder)),
                    Body=file.read_bytes(),
                )

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        pages = self.client().get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix
        )
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def settings(self, **more: str) -> str:
        """The lines of a section that lead to this server."""
        values = {"endpoint": self.endpoint, "credentials": str(self.credentials), **more}
        if self.tls:
            values["ca-bundle"] = str(self.tls.file)
        return "".join(f"{key} = {value}\n" for key, value in values.items())


# What a fault does: None lets the request pass; an int is the status of an error; "slow" waits;
# "cut" ends the connection in the middle of the answer; "flip" changes a byte of the answer's body;
# "hang" says nothing until the proxy closes.
Decide = Callable[[str, str, Mapping[str, str]], "int | str | None"]


class FaultProxy:
    """Passes requests on to a server over plain HTTP, but those that `decide` chooses."""

    def __init__(self, upstream: str, decide: Decide) -> None:
        target = urlsplit(upstream).netloc
        self.requests: list[tuple[str, str]] = []
        self.faults = 0
        self.closing = threading.Event()
        self.decide = decide
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                proxy.requests.append((self.command, self.path))
                fault = proxy.decide(self.command, self.path, dict(self.headers))
                proxy.faults += fault is not None
                if isinstance(fault, int):
                    self.answer(fault, [], b"<Error><Code>Injected</Code></Error>")
                    return
                if fault == "slow":
                    time.sleep(0.3)
                if fault == "hang":
                    proxy.closing.wait()
                    self.close_connection = True
                    return
                upstream = http.client.HTTPConnection(target, timeout=30)
                try:
                    upstream.putrequest(
                        self.command, self.path, skip_host=True, skip_accept_encoding=True
                    )
                    for name, value in self.headers.items():
                        upstream.putheader(name, value)
                    upstream.endheaders(body)
                    answer = upstream.getresponse()
                    content = answer.read()
                    self.pass_on(answer, content, fault)
                except OSError:
                    self.close_connection = True
                finally:
                    upstream.close()

            def pass_on(
                self, answer: http.client.HTTPResponse, content: bytes, fault: int | str | None
            ) -> None:
                if fault == "flip" and content:
                    middle = len(content) // 2
                    content = (
                        content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
                    )
                self.answer(answer.status, answer.getheaders(), content, fault == "cut")

            def answer(
                self, status: int, headers: list[tuple[str, str]], body: bytes, cut: bool = False
            ) -> None:
                self.send_response_only(status)
                names = {name.lower() for name, _ in headers}
                for name, value in headers:
                    if name.lower() not in ("connection", "transfer-encoding"):
                        self.send_header(name, value)
                if "content-length" not in names:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "HEAD":
                    return
                if cut:
                    self.wfile.write(body[: len(body) // 2])
                    self.close_connection = True
                else:
                    self.wfile.write(body)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = serve  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def __enter__(self) -> FaultProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
