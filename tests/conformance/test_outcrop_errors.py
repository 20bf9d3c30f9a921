"""What goes wrong at the command line: one sentence with cause and remedy, the right exit code."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from support.cloud import HOME, Account, digests, write_model
from support.server import BINARY, Server, ServerError

FAILED, USAGE, DENIED, UNREACHABLE = 1, 2, 3, 4


@dataclass
class Impostor:
    """An HTTP server that answers everything with one thing."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"

    def __enter__(self) -> str:
        impostor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response_only(impostor.status)
                for name, value in impostor.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(impostor.body)))
                self.end_headers()
                self.wfile.write(impostor.body)

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *args: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def refusal(status: int, name: str, message: str) -> Impostor:
    body = f'{{"message":"{message}"}}'.encode()
    return Impostor(status, {"X-Amzn-Errortype": name}, body)


@dataclass
class Case:
    """A command that goes wrong, and what must be said of it."""

    name: str
    words: list[str]
    status: int
    says: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    impostor: Impostor | None = None


NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"}

CASES = [
    Case("unknown command", ["jbs"], USAGE, ["'jbs'", "did you mean 'jobs'"]),
    Case("unknown option", ["jobs", "--statsu", "x"], USAGE, ["'--statsu'", "'--status'"]),
    Case("no argument", ["jobs", "--since"], USAGE, ["'--since' needs an argument", "--help"]),
    Case("unknown word", ["jobs", "--status", "Done"], USAGE, ["InProgress, Completed or Failed"]),
    Case("wrong time", ["jobs", "--since", "yesterday"], USAGE, ["30m, 2h, 7d", "'yesterday'"]),
    Case("wrong number", ["jobs", "--limit", "0"], USAGE, ["from 1 to", "'0'"]),
    Case("wrong tag", ["tag", "m", "--set", "x"], USAGE, ["key=value", "'x'"]),
    Case("no Region's name", ["jobs", "--region", "x y"], USAGE, ["'x y'", "want lower-case"]),
    Case("unknown Region", ["jobs", "--region", "ap-south-1"], DENIED,
         ["'ap-south-1'", "`outcrop health` lists them"]),
    Case("no Region", ["jobs"], USAGE, ["Region", "AWS_REGION", "--region"], {"AWS_REGION": ""}),
    Case("no credentials", ["jobs"], DENIED,
         ["no credentials found", "AWS_SHARED_CREDENTIALS_FILE", "--profile"], NO_KEYS),
    Case("half a credential", ["jobs"], DENIED, ["other half", "set both"],
         {"AWS_SECRET_ACCESS_KEY": ""}),
    Case("unknown key", ["jobs"], DENIED, ["invalid", "use an access key of this server"],
         {"AWS_ACCESS_KEY_ID": "AKIANOBODY"}),
    Case("wrong secret", ["jobs"], DENIED, ["does not match", "check the secret access key"],
         {"AWS_SECRET_ACCESS_KEY": "wrong"}),
    Case("unknown profile", ["jobs", "--profile", "nobody"], DENIED, ["'nobody'", "neither in"]),
    Case("expired token", ["jobs"], DENIED, ["expired", "get new session credentials"], {},
         refusal(403, "ExpiredTokenException", "The security token included is expired")),
    Case("wrong clock", ["jobs"], DENIED, ["Signature expired", "clock", "`outcrop doctor`"], {},
         refusal(403, "InvalidSignatureException", "Signature expired: 1 is now earlier than 2")),
    Case("refused connection", ["jobs", "--endpoint", "http://127.0.0.1:1"], UNREACHABLE,
         ["127.0.0.1:1", "Connection refused", "check the endpoint"]),
    Case("unknown host", ["jobs", "--endpoint", "http://no.such.host.invalid"], UNREACHABLE,
         ["no.such.host.invalid", "check the endpoint"]),
    Case("no URL", ["jobs", "--endpoint", "localhost:7430"], USAGE, ["http://host:port"]),
    Case("a proxy's page", ["jobs"], FAILED, ["not JSON"], {}, Impostor(200, {}, b"<html>")),
    Case("another service", ["jobs"], FAILED, ["HTTP 404", "check the endpoint"], {},
         Impostor(404, {}, b"<html>")),
    Case("overloaded server", ["jobs"], FAILED, ["Rate exceeded", "wait a moment"],
         {"AWS_MAX_ATTEMPTS": "1"}, refusal(429, "ThrottlingException", "Rate exceeded")),
    Case("no such model", ["model", "nothing"], FAILED, ["nothing", "does not exist"]),
    Case("no such folder", ["import", "/no/such", "--name", "x"], FAILED, ["/no/such"]),
    Case("no such policy", ["key", "add", "--user", "x", "--policy", "/no/such"], FAILED,
         ["/no/such", "No such file"]),
]  # fmt: skip


def run(
    account: Account, words: list[str], more: dict[str, str], home: Path
) -> subprocess.CompletedProcess[str]:
    environment = account.server.client_environment(account.keys, HOME)
    environment |= {"HOME": str(home), **more}
    return subprocess.run(
        [BINARY, *words], env=environment, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_sentence_with_cause_and_remedy(account: Account, case: Case, tmp_path: Path) -> None:
    environment = dict(case.environment)
    if case.impostor:
        with case.impostor as endpoint:
            environment["AWS_ENDPOINT_URL_BEDROCK"] = endpoint
            ran = run(account, case.words, environment, tmp_path)
    else:
        ran = run(account, case.words, environment, tmp_path)
    assert ran.returncode == case.status, ran
    assert ran.stderr.startswith("outcrop") and ran.stderr.count("\n") == 1, ran.stderr
    for words in case.says:
        assert words in ran.stderr, ran.stderr
    assert ran.stdout == ""


def test_an_untrusted_certificate_says_what_to_trust(tls_server: Server, tmp_path: Path) -> None:
    environment = tls_server.client_environment(None, HOME) | {"HOME": str(tmp_path)}
    del environment["AWS_CA_BUNDLE"]
    for words in (["jobs"], ["doctor"]):
        ran = subprocess.run(
            [BINARY, *words], env=environment, capture_output=True, text=True, timeout=60
        )
        assert ran.returncode == UNREACHABLE, ran
        assert "AWS_CA_BUNDLE" in ran.stderr + ran.stdout, ran


def test_only_what_calls_out_needs_libcurl(account: Account, tmp_path: Path) -> None:
    """It is loaded at its first use: here it cannot be."""
    folder = tmp_path / "lib"
    folder.mkdir()
    (folder / "libcurl.so.4").write_bytes(b"")
    broken = {"LD_LIBRARY_PATH": str(folder)}

    ran = run(account, ["jobs"], broken, tmp_path)
    assert ran.returncode == FAILED, ran
    assert "libcurl.so.4" in ran.stderr and "libcurl4" in ran.stderr, ran.stderr
    assert ran.stderr.count("\n") == 1 and ran.stdout == ""

    assert run(account, ["--version"], broken, tmp_path).returncode == 0
    with Server(tmp_path / "serves", environment=broken) as server:
        server.add_account("123456789012")

    keys = tmp_path / "peers"
    keys.write_text("[ap-south-1]\naws_access_key_id = AK\naws_secret_access_key = SK\n")
    keys.chmod(0o600)
    peer = ("--peer", "ap-south-1=https://127.0.0.1:1", "--peer-credentials", str(keys))
    with pytest.raises(ServerError, match="libcurl4"):
        Server(tmp_path / "calls-out", environment=broken, options=peer).start()


@pytest.mark.parametrize(("ahead_s", "result", "status"), [(90, "warning", 0), (-3600, "failed", 1)])
def test_doctor_compares_the_clocks(
    account: Account, tmp_path: Path, ahead_s: int, result: str, status: int
) -> None:
    date = formatdate(time.time() - ahead_s, usegmt=True)
    with Impostor(200, {"Date": date}) as endpoint:
        ran = run(account, ["doctor", "-o", "json", "--endpoint", endpoint], {}, tmp_path)
    found = {finding["check"]: finding for finding in json.loads(ran.stdout)}
    assert ran.returncode == status, ran
    assert found["clock"]["result"] == result and "timedatectl" in found["clock"]["mend"]
    assert ("ahead of" if ahead_s > 0 else "behind") in found["clock"]["detail"]
    assert "no Outcrop server" in found["endpoint"]["detail"]


def test_output_that_cannot_be_written_is_a_failure(account: Account) -> None:
    environment = account.server.client_environment(account.keys, HOME)
    for words in (["--help"], ["models", "-o", "json"], ["doctor"]):
        with open("/dev/full", "w") as full:
            ran = subprocess.run(
                [BINARY, *words], env=environment, stdout=full, stderr=subprocess.PIPE, text=True
            )
        assert ran.returncode == FAILED and "No space left" in ran.stderr, ran


# -- a full disk while a model is pulled -----------------------------------------------------------

PULL = """
mount -t tmpfs -o size=4m tmpfs "$1"
"$0" pull model "$1/out"; echo "status $?"
find "$1/out" -type f ! -path '*/.outcrop-partial/*' | sed 's/^/left: /'
mount -o remount,size=64m "$1"
"$0" pull model "$1/out" -o json; echo "status $?"
cp -r "$1/out" "$2"
"""


@pytest.fixture
def namespaced() -> Iterator[list[str]]:
    """How a small file system of one's own is made."""
    words = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-rm"]
    if subprocess.run([*words, "true"], capture_output=True).returncode != 0:
        pytest.skip("no mount namespaces here")
    yield words


def test_a_full_disk_leaves_nothing_half_written_and_the_pull_is_taken_up(
    account: Account, namespaced: list[str], tmp_path: Path
) -> None:
    model = write_model(tmp_path / "model", {"a.bin": os.urandom(12 << 20), "b.txt": b"b" * 99})
    environment = account.server.client_environment(account.keys, HOME)
    made = subprocess.run([BINARY, "import", model, "--name", "model"], env=environment, check=True,
                          capture_output=True)  # fmt: skip
    assert made.returncode == 0
    (tmp_path / "disk").mkdir()
    ran = subprocess.run(
        [*namespaced, "sh", "-c", PULL, str(BINARY), str(tmp_path / "disk"), str(tmp_path / "out")],
        env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    first, *rest = ran.stdout.splitlines()
    assert first == "status 1", ran
    failure = [line for line in ran.stderr.splitlines() if line.startswith("outcrop")]
    assert len(failure) == 1 and "no space left" in failure[0], ran.stderr
    assert "pull again: what has arrived is kept" in failure[0]
    assert not any(line.startswith("left: ") for line in rest), rest
    assert rest[-1] == "status 0", ran
    assert digests(tmp_path / "out") == digests(model)


def test_a_pull_that_was_killed_is_taken_up(account: Account, tmp_path: Path) -> None:
    """Killed when the first parts have arrived; the second run does not fetch those again."""
    model = write_model(tmp_path / "model", {"a.bin": os.urandom(40 << 20)})
    environment = account.server.client_environment(account.keys, HOME)
    subprocess.run([BINARY, "import", model, "--name", "m"], env=environment, check=True,
                   capture_output=True)  # fmt: skip
    pull = [str(BINARY), "pull", "m", str(tmp_path / "out"), "-o", "json"]
    for _ in range(10):
        with subprocess.Popen(pull, env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as first:  # fmt: skip
            assert first.stderr
            for line in first.stderr:
                if line.startswith("downloading") and not line.startswith("downloading 0%"):
                    first.kill()
                    break
        if first.returncode == -9:
            break
        subprocess.run(["rm", "-r", tmp_path / "out"], check=True)
    assert first.returncode == -9
    assert not (tmp_path / "out" / "a.bin").exists()
    ran = subprocess.run(pull, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout)["bytesSkipped"] > 0
    assert digests(tmp_path / "out") == digests(model)
