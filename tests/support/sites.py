"""Two servers as two Regions: `source` serves HOME, `target` serves AWAY and copies from there."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from support.cloud import AWAY, HOME, Account, Cloud, bucket_config, unique_name
from support.proxy import Proxy
from support.server import Server
from support.tls import Certificate
from support.wire import Answer, Keys


class Sites:
    """Each server has its data, accounts and keys of its own."""

    def __init__(
        self,
        folder: Path,
        library: Path,
        tls: Certificate | None = None,
        patience: int = 600,
        stall: int = 15,
        workers: int = 4,
        jobs: int = 16,
        source_address: str = "127.0.0.1",
        mutual: bool = False,
        settings: str = "",
    ) -> None:
        """`mutual`: the source is a client of the target, too. `settings`: of both."""
        self.tls = tls
        self.patience, self.stall, self.workers, self.jobs = patience, stall, workers, jobs
        self.mutual, self.settings = mutual, settings
        self.bucket = bucket_config(library)
        self.source = Server(
            folder / "source",
            self.bucket + settings,
            regions=(HOME,),
            tls=tls,
            keep_port=True,
            address=source_address,
        )
        self.target = Server(folder / "target", "", regions=(AWAY,), keep_port=True)

    def __enter__(self) -> Sites:
        self.source.start()
        self.key = self.make_peer_key(AWAY)
        self.configure()
        self.target.start()
        if self.mutual:
            self.join_source()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType
    ) -> None:
        for server in (self.target, self.source):
            if server.running():
                server.__exit__(kind, error, trace)

    def join_source(self, url: str = "") -> None:
        """Let the source ask the target, too."""
        key = self.make_peer_key(HOME, self.target)
        secret = self.source.folder / "peer-secret"
        secret.write_text(key.secret + "\n")
        secret.chmod(0o600)
        self.source.config.write_text(
            self.bucket
            + self.settings
            + f"[peer {AWAY}]\nurl = {url or self.target.endpoint}\n"
            + f"access-key = {key.access_key}\nsecret-key-file = {secret}\n"
        )
        self.source.stop()
        self.source.start()

    def make_peer_key(self, region: str, at: Server | None = None) -> Keys:
        """As `outcrop key add --peer` does it."""
        made = (at or self.source).command("key", "add", "--peer", region, "-o", "json")
        assert made.returncode == 0, made.stderr
        answer = json.loads(made.stdout)
        return Keys(answer["accessKeyId"], answer["secretAccessKey"])

    def configure(
        self, url: str = "", keys: Keys | None = None, ca_bundle: Path | None = None
    ) -> None:
        """Write the target's settings; they count from its next start on."""
        keys = keys or self.key
        secret = self.target.folder / "peer-secret"
        secret.write_text(keys.secret + "\n")
        secret.chmod(0o600)
        trust = ca_bundle or (self.tls.file if self.tls else None)
        self.target.config.write_text(
            f"[copy]\nworkers = {self.workers}\njobs = {self.jobs}\n"
            f"peer-patience = {self.patience}\npeer-stall = {self.stall}\n"
            f"[peer {HOME}]\nurl = {url or self.source.endpoint}\n"
            f"access-key = {keys.access_key}\nsecret-key-file = {secret}\n"
            + (f"ca-bundle = {trust}\n" if trust else "")
            + self.settings
        )

    def reconfigure(self, **settings: Any) -> None:
        self.configure(**settings)
        self.target.stop()
        self.target.start()

    # -- accounts ----------------------------------------------------------------------------------

    def account(self, policy: dict[str, Any] | None = None) -> tuple[Account, Account]:
        """One account that both sites know, at the source and at the target."""
        number = f"{random.randrange(10**11, 10**12)}"
        self.source.add_account(number)
        self.target.add_account(number)
        return (
            Cloud(self.source).user(number),
            Cloud(self.target).user(number, policy),
        )

    def ask(self, keys: Keys, model: str, what: str = "", **who: Any) -> Answer:
        """What a peer asks of the source."""
        body = {"region": AWAY, **who}
        path = f"/-/peer/models/{model}{what}"
        with self.source.wire(keys, HOME) as wire:
            return wire.call("POST", path, body=body)


@contextmanager
def through_proxy(
    folder: Path, library: Path, patience: int = 600, stall: int = 15, jobs: int = 16
) -> Iterator[tuple[Sites, Proxy]]:
    """Two sites over plain HTTP, and what stands between them."""
    with Sites(folder, library, patience=patience, stall=stall, jobs=jobs) as sites:
        with Proxy(sites.source.endpoint) as proxy:
            sites.reconfigure(url=proxy.endpoint)
            yield sites, proxy


def failure(account: Account, source: str, timeout: float = 30, **more: Any) -> str:
    """Copy, and see the job fail: its message."""
    job = account.wait_job(account.start_copy(source, unique_name(), **more), timeout=timeout)
    assert job["status"] == "Failed", job
    return str(job["failureMessage"])


def progress(account: Account, job: str, region: str = AWAY) -> dict[str, Any]:
    with account.wire(region) as wire:
        answer = wire.call("GET", f"/-/model-copy-jobs/{job}/progress")
    assert answer.status == 200, answer
    shown: dict[str, Any] = answer.json
    return shown


def streams(server: Server) -> tuple[float, float]:
    """How many streams are in use to the source, and the ranges asked for so far."""
    with server.wire(server.admin_keys(), server.regions[0]) as wire:
        text = wire.call("GET", "/-/metrics").body.decode()
    values = {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.labels == {"kind": "peer", "name": HOME}
    }
    return values["outcrop_copy_streams"], values["outcrop_copy_range_requests_total"]
