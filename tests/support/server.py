"""An Outcrop server as a child process, on a free loopback port and a data folder of its own."""

from __future__ import annotations

import configparser
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.tls import Certificate
from support.wire import Keys, Wire

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("OUTCROP", ROOT / "build" / "outcrop"))
REGIONS = ("us-east-1", "us-west-2", "eu-west-1")
ADMIN_ACCOUNT = "000000000000"


class ServerError(Exception):
    """The server did not do what the test needs; the text carries its log."""


class Server:
    """Starts, stops and kills one server. The data folder outlives restarts."""

    def __init__(
        self,
        folder: Path,
        config: str = "",
        binary: Path = BINARY,
        environment: Mapping[str, str] | None = None,
        regions: tuple[str, ...] = REGIONS,
        tls: Certificate | None = None,
        options: tuple[str, ...] = (),
        keep_port: bool = False,
        address: str = "127.0.0.1",
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.binary = binary
        self.environment = dict(environment or {})
        self.regions = regions
        self.tls = tls
        self.options = options
        self.address = address
        self.keep_port = keep_port  # a restart listens where the server listened before
        self.endpoint = ""
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.config = folder / "outcrop.conf"
        self.config.write_text(config)

    def start(self, timeout: float = 15) -> Server:
        port = self.endpoint.rpartition(":")[2] if self.keep_port and self.endpoint else "0"
        command = [str(self.binary), "serve", "--data", str(self.data)]
        command += ["--listen", f"{self.address}:{port}"]
        for region in self.regions:
            command += ["--region", region]
        if self.tls:
            command += ["--tls-certificate", str(self.tls.file), "--tls-key", str(self.tls.key)]
        command += ["--config", str(self.config), "-o", "json", *self.options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **self.environment},
            )
        self.endpoint = self._read_endpoint(time.monotonic() + timeout)
        return self

    def _read_endpoint(self, deadline: float) -> str:
        """Wait for the line with the address; the rest of stdout is short and stays in the pipe."""
        assert self.process and self.process.stdout
        text = b""
        descriptor = self.process.stdout.fileno()
        os.set_blocking(descriptor, False)
        while time.monotonic() < deadline:
            chunk = self.process.stdout.read()
            text += chunk or b""
            found = re.search(rb"(https?://%s:\d+)" % re.escape(self.address.encode()), text)
            if found:
                return found.group(1).decode()
            if self.process.poll() is not None:
                break
            time.sleep(0.002)
        self.kill()
        raise ServerError(f"the server did not start; it printed {text!r}\n{self.tail()}")

    def tail(self, lines: int = 12) -> str:
        if not self.log.exists():
            return "(no log)"
        kept = self.log.read_text(errors="replace").splitlines()[-lines:]
        return "server log, last lines:\n" + "\n".join(line[:400] for line in kept)

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def status(self) -> int | None:
        """The exit status; negative: the signal that ended it."""
        return self.process.poll() if self.process else None

    def stop(self, timeout: float = 20) -> int:
        """SIGTERM; the exit status. A server that does not end is killed and reported."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerError(f"the server did not end on SIGTERM\n{self.tail()}") from None
        self._forget()
        return status

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self._forget()

    def _forget(self) -> None:
        if self.process and self.process.stdout:
            self.process.stdout.close()
        self.process = None

    def __enter__(self) -> Server:
        return self if self.running() else self.start()

    def __exit__(self, kind: object, *_: object) -> None:
        if not self.running():
            if kind is None and self.process:
                raise ServerError(f"the server died during the test\n{self.tail()}")
            self._forget()
        elif kind is None:
            status = self.stop()
            if status != 0:
                raise ServerError(f"the server ended with {status}\n{self.tail()}")
        else:
            self.kill()

    # -- who may talk to it --------------------------------------------------------------------

    def admin_keys(self) -> Keys:
        """The administrator's key, as the first start wrote it."""
        parser = configparser.ConfigParser()
        parser.read(self.data / "credentials")
        profile = parser["default"]
        return Keys(profile["aws_access_key_id"], profile["aws_secret_access_key"])

    def admin_bearer(self) -> str:
        return (self.data / "bearer-token").read_text().strip()

    def wire(self, keys: Keys | None, region: str = "us-east-1") -> Wire:
        return Wire(self.endpoint, keys, region, str(self.tls.file) if self.tls else None)

    def admin(self, method: str, path: str, body: Any = None, region: str = "") -> Any:
        """A call as administrator that must succeed; its JSON answer."""
        with self.wire(self.admin_keys(), region or self.regions[0]) as wire:
            answer = wire.call(method, path, body=body)
        if answer.status // 100 != 2:
            raise ServerError(f"{method} {path}: {answer.status} {answer.body!r}\n{self.tail()}")
        return answer.json if answer.body else {}

    def add_account(self, account: str, name: str = "test") -> None:
        self.admin("POST", "/-/accounts", {"accountId": account, "name": name})

    def add_key(
        self,
        account: str,
        user: str = "tester",
        policy: Mapping[str, Any] | None = None,
        session_seconds: int | None = None,
        bearer: bool = False,
    ) -> Keys:
        body: dict[str, Any] = {"accountId": account, "userName": user}
        if policy is not None:
            body["policy"] = json.dumps(policy)
        if session_seconds is not None:
            body["sessionDurationSeconds"] = session_seconds
        if bearer:
            body["bearer"] = True
        made = self.admin("POST", "/-/access-keys", body)
        return Keys(
            made["accessKeyId"],
            made.get("secretAccessKey", ""),
            made.get("sessionToken"),
            account,
            made.get("bearerToken"),
        )

    # -- the command line ----------------------------------------------------------------------

    def client_environment(self, keys: Keys | None, region: str | None = None) -> dict[str, str]:
        """What a client of this server has in its environment; without keys: the administrator.

        Without a Region: the server's default one; "": none.
        """
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("AWS_")
        }
        region = self.regions[0] if region is None else region
        # Nothing of whoever runs the tests: their profile may have a Region or an endpoint.
        environment |= {"AWS_CONFIG_FILE": os.devnull}
        environment |= {"AWS_ENDPOINT_URL_BEDROCK": self.endpoint, "AWS_REGION": region}
        if self.tls:
            environment["AWS_CA_BUNDLE"] = str(self.tls.file)
        if keys:
            environment |= {
                "AWS_ACCESS_KEY_ID": keys.access_key,
                "AWS_SECRET_ACCESS_KEY": keys.secret,
            }
        else:
            environment["AWS_SHARED_CREDENTIALS_FILE"] = str(self.data / "credentials")
        return environment

    def command(
        self, *args: str, keys: Keys | None = None, region: str | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run `outcrop ARGS…` against this server, as administrator unless `keys` are given."""
        return subprocess.run(
            [str(self.binary), *args],
            env=self.client_environment(keys, region),
            capture_output=True,
            text=True,
            timeout=timeout,
        )
