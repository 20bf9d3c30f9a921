"""A receiver of webhooks, which checks every signature with the reference library of the Standard
Webhooks specification and can misbehave in the ways receivers do."""

from __future__ import annotations

import base64
import json
import os
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

Event = dict[str, Any]


def new_secret() -> str:
    return "whsec_" + base64.b64encode(os.urandom(32)).decode()


@dataclass
class Receiver:
    """Takes events on a loopback port of its own while it runs."""

    folder: Path
    name: str = "hook"
    certificate: Any = None
    events: list[Event] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    attempts: int = 0
    problems: list[str] = field(default_factory=list)
    answer: Callable[[int], int] = lambda attempt: 204  # attempt → status
    delay: float = 0

    def __post_init__(self) -> None:
        self.secret = new_secret()
        self.secret_file = self.folder / f"{self.name}.secret"
        self.secret_file.write_text(self.secret + "\n")
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> Receiver:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(dict(self.headers.items()), body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate.file, self.certificate.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Receiver:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def take(self, headers: dict[str, str], body: bytes) -> int:
        time.sleep(self.delay)
        self.attempts += 1
        status = self.answer(self.attempts)
        try:
            lower = {name.lower(): value for name, value in headers.items()}
            Webhook(self.secret).verify(body, lower)
        except Exception as error:  # noqa: BLE001  whatever the library raises is the finding
            self.problems.append(f"{type(error).__name__}: {error}")
            return 401
        if status // 100 == 2:
            self.events.append(json.loads(body))
            self.ids.append(lower["webhook-id"])
        return status

    def config(self, more: str = "") -> str:
        scheme = "https" if self.certificate else "http"
        trust = f"ca-bundle = {self.certificate.file}\n" if self.certificate else ""
        return (
            f"[webhook {self.name}]\nurl = {scheme}://127.0.0.1:{self.port}/events?a=b\n"
            f"secret-file = {self.secret_file}\n{trust}{more}"
        )

    def wait(self, count: int, timeout: float = 20) -> list[Event]:
        deadline = time.monotonic() + timeout
        while len(self.events) < count:
            assert time.monotonic() < deadline, (count, self.statuses(), self.problems)
            time.sleep(0.01)
        assert not self.problems, self.problems
        return self.events

    def statuses(self) -> list[tuple[str, str]]:
        """(job's last part, status) of what came, in order."""
        return [
            (event["resources"][0].split("/")[-1], event["detail"]["status"])
            for event in self.events
        ]
