"""The documents, followed word for word: every block of commands, settings and programs in them runs.

The operations guide is followed chapter by chapter, each on a fresh machine after "Install" and
"Run". A block that cannot run here says why (tests/support/guide.py); a new one runs by itself.
Commands that stand within the text are held against `--help`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from support.cloud import digests, write_model
from support.guide import Block, Machine, Reader, Shell, blocks_of
from support.network import NotPermitted
from support.s3 import ACCESS, SECRET, S3Server
from support.server import BINARY, ROOT
from support.tls import Certificate, make_certificate
from support.webhooks import Receiver

OPERATIONS = blocks_of(ROOT / "docs/operations.md")
DOCUMENTS = {
    file: blocks_of(ROOT / file)
    for file in ("README.md", "docs/operations.md", "docs/client-library.md", "docs/security.md",
                 "docs/compatibility.md")
}  # fmt: skip
HOSTS = {
    "copy.example.org": "127.0.0.1",
    "s3.example.org": "127.0.0.1",
    "ops.example.org": "127.0.0.1",
    "east.example.org": "127.0.0.2",
}
HOME, AWAY = "us-east-1", "us-west-2"


@dataclass
class Place:
    """A machine with a checkout in its home, and the reader who sits there."""

    machine: Machine
    reader: Reader
    certificate: Certificate  # of all hosts, by an authority that the machine trusts

    def follow(self, chapter: str) -> None:
        self.reader.follow([block for block in OPERATIONS if block.chapter == chapter])

    def do(self, command: str) -> str:
        return self.reader.do(command).out

    def jobs(self) -> list[dict[str, str]]:
        found = json.loads(self.do(f"aws bedrock list-model-copy-jobs --region {AWAY}"))
        jobs: list[dict[str, str]] = found["modelCopyJobSummaries"]
        return jobs


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    machine = Machine(tmp_path / "machine", HOSTS)
    certificate = make_certificate(tmp_path, "127.0.0.1", tuple(HOSTS))
    with (machine.path("/etc/ssl/certs/ca-certificates.crt")).open("a") as trusted:
        trusted.write(certificate.file.read_text())
    home = machine.home
    for name, target in {"packaging": ROOT / "packaging", "build-release": BINARY.parent}.items():
        (home / name).symlink_to(target)
    # Of two parts, and of a size at which every tool of the guide has something to do.
    write_model(home / "my-model", {"model.safetensors": os.urandom((8 << 20) + 12345)})
    try:
        with machine:
            reader = Reader(shell := Shell(machine))
            try:
                yield Place(machine, reader, certificate)
                reader.close()
            finally:
                shell.close()
    except NotPermitted as error:
        pytest.skip(f"network namespaces are not permitted here (needs root on Linux): {error}")


# -- what the reader has before a chapter, and what must be true after it ---------------------------

Stage = Callable[[Place], AbstractContextManager[None]]


def with_model(place: Place, copies: bool = False) -> None:
    place.do("outcrop import ./my-model --name my-model")
    if copies:
        place.do(f"outcrop copy my-model --to {AWAY} --name my-model-west --wait")


@contextmanager
def run_chapter(place: Place) -> Iterator[None]:
    yield
    if checker := shutil.which("systemd-analyze"):
        ran = subprocess.run(
            [checker, "verify", ROOT / "packaging/outcrop.service"],
            capture_output=True, text=True,
        )  # fmt: skip
        complaints = [line for line in ran.stderr.splitlines() if "outcrop.service" in line]
        # The program is not installed on this machine itself.
        assert all("/usr/local/bin/outcrop is not executable" in line for line in complaints), ran


@contextmanager
def tls(place: Place) -> Iterator[None]:
    yield
    assert "https://copy.example.org:7430" in place.do("outcrop doctor")


@contextmanager
def s3(place: Place) -> Iterator[None]:
    folder = place.machine.folder / "store"
    folder.mkdir()
    server = S3Server(folder, place.certificate, port=9000)
    with place.machine.network():
        server.start()
    try:
        with place.machine.network():
            server.make_bucket("models")
            server.make_bucket("outcrop-europe")
            server.upload(place.machine.home / "my-model", "models", "released/minilm/")
        place.reader.shell.must(f"KEY_ID={ACCESS} SECRET={SECRET}")
        yield
        assert place.machine.path("/etc/outcrop/s3-keys").stat().st_mode & 0o777 == 0o600
        look = "aws bedrock get-custom-model --model-identifier minilm"
        place.do(f"while {look} | grep -q Creating; do sleep 0.05; done")
        place.do("outcrop copy minilm --to eu-west-1 --name europe --wait")
        place.do("outcrop pull europe ./out --region eu-west-1")
        assert digests(place.machine.path("out")) == digests(place.machine.path("my-model"))
        with place.machine.network():
            assert server.keys("outcrop-europe", "production/eu-west-1/parts/")
        place.reader.close()
    finally:
        server.kill()


@contextmanager
def sites(place: Place) -> Iterator[None]:
    """The reader sits at the source first: another machine, with a model."""
    reader, tls = place.reader, place.certificate
    reader.systemctl(["stop", "outcrop"])
    shutil.rmtree(place.machine.path("/var/lib/outcrop"))
    etc = place.machine.path("/etc/outcrop")
    etc.mkdir()
    shutil.copy(tls.file, etc / "east.crt")
    reader.do(
        f"outcrop serve --data /var/lib/east --listen 127.0.0.2:7430 --region {HOME} "
        f"--tls-certificate {tls.file} --tls-key {tls.key}"
    )
    reader.servers[-1].port = "the port of another machine"
    reader.shell.must("export AWS_ENDPOINT_URL_BEDROCK=https://east.example.org:7430")
    with_model(place)
    yield
    source = reader.seen(rf"arn:aws:bedrock:{HOME}:\d+:custom-model/imported/\w+")
    place.do(f"outcrop copy {source} --to {AWAY} --name by-settings --wait")
    for name in ("west", "by-settings"):
        place.do(f"outcrop pull {name} ./{name} --region {AWAY}")
        assert digests(place.machine.path(name)) == digests(place.machine.path("my-model"))


@contextmanager
def sharing(place: Place) -> Iterator[None]:
    with_model(place)
    place.do("outcrop account add 111122223333 --name research")
    place.do("outcrop key add --account 111122223333 --user alice > alice.key")
    yield
    place.do(". ./alice.key")
    found = json.loads(place.do("aws bedrock list-custom-models --no-is-owned"))
    model = found["modelSummaries"][0]["modelArn"]
    place.do(f"outcrop copy {model} --to {AWAY} --name mine --wait")


@contextmanager
def keys_at_rest(place: Place) -> Iterator[None]:
    with_model(place)
    yield
    ran = place.reader.shell.run(f"outcrop pull my-model ./no --region {AWAY}")
    assert ran.code != 0 and "disabled" in ran.err, ran


@contextmanager
def kept_model(place: Place) -> Iterator[None]:
    """What is there before the chapter is there after it, and whole."""
    with_model(place, copies=True)
    before = place.jobs()
    yield
    assert place.jobs() == before
    place.do(f"outcrop pull my-model-west ./out --region {AWAY}")
    assert digests(place.machine.path("out")) == digests(place.machine.path("my-model"))


@contextmanager
def monitoring(place: Place) -> Iterator[None]:
    """Prometheus, as it is told to: over TLS, hence after that chapter."""
    place.follow("TLS")

    def scrape(block: Block) -> None:
        (job,) = yaml.safe_load(block.text)["scrape_configs"]
        token = place.machine.path(job["authorization"]["credentials_file"]).read_text().strip()
        (target,) = job["static_configs"][0]["targets"]
        trust = ssl.create_default_context(cafile=str(place.machine.path("tls.crt")))
        with place.machine.network():
            address = f"{HOSTS[target.split(':')[0]]}:{target.split(':')[1]}"
            trust.check_hostname = False
            request = urllib.request.Request(
                f"{job['scheme']}://{address}{job['metrics_path']}",
                headers={"Authorization": f"{job['authorization']['type']} {token}"},
            )
            with urllib.request.urlopen(request, context=trust) as answer:
                metrics = answer.read().decode()
        names = set(re.findall(r"^(\w+)", metrics, re.MULTILINE))
        guide = (ROOT / "docs/operations.md").read_text()
        # Those of webhooks are there when a webhook is.
        mentioned = set(re.findall(r"`(outcrop_(?!webhook_)\w+)", guide))
        assert len(mentioned) >= 5 and mentioned <= names, mentioned - names

    place.reader.special["yaml"] = scrape
    yield


@contextmanager
def following(place: Place) -> Iterator[None]:
    with_model(place, copies=True)
    job = place.jobs()[0]["jobArn"]
    place.reader.variables = {"endpoint": "http://127.0.0.1:7430", "job_arn": job}
    yield
    last = place.reader.ran[-1].out.splitlines()[-1]
    assert last.startswith('end {"') and '"Completed"' in last, last


@contextmanager
def events(place: Place) -> Iterator[None]:
    with_model(place, copies=True)
    tls = place.certificate
    receiver = Receiver(place.machine.folder, certificate=tls)
    receiver.port = 443
    received: list[tuple[dict[str, str], bytes]] = []

    def take(headers: dict[str, str], body: bytes) -> int:
        received.append((headers, body))
        return plain_take(headers, body)

    plain_take, receiver.take = receiver.take, take  # type: ignore[method-assign]

    def same_members(block: Block) -> None:
        shown = json.loads(block.text)
        real = json.loads(place.do("outcrop events -o jsonl").splitlines()[-1])
        assert list(shown) == list(real) and list(shown["detail"]) == list(real["detail"])
        assert shown["detail-type"] == real["detail-type"] and shown["source"] == real["source"]

    def copy_and_verify(block: Block) -> None:
        """The last block: by now the webhook is configured."""
        receiver.secret = place.machine.path("/etc/outcrop/ops.secret").read_text().strip()
        place.do("outcrop account add 111122223333 --name research")
        place.do("outcrop key add --account 111122223333 --user alice > alice.key")
        place.do(". ./alice.key")
        with place.machine.network():
            receiver.start()
        try:
            with_model(place, copies=True)
            receiver.wait(2)
        finally:
            receiver.stop()
        assert receiver.statuses()[-1][1] == "Completed"
        headers, body = received[-1]
        place.reader.variables = {"secret": receiver.secret, "body": body, "headers": headers}
        place.reader.do_python(block)

    place.reader.special = {"json": same_members, "python": copy_and_verify}
    yield
    assert place.reader.variables, "the webhook's program has not run"


@contextmanager
def drill(place: Place) -> Iterator[None]:
    with_model(place, copies=True)
    place.follow("Backup and restore")
    yield
    repaired = [ran.out for ran in place.reader.ran if ran.command.startswith("outcrop verify")]
    assert "is repaired" in repaired[-1], repaired


STAGES: dict[str, Stage] = {
    "Run": run_chapter,
    "TLS": tls,
    "S3-compatible storage": s3,
    "Sites": sites,
    "Sharing a model": sharing,
    "Keys at rest": keys_at_rest,
    "Backup and restore": kept_model,
    "Checking": kept_model,
    "Monitoring": monitoring,
    "Following one copy": following,
    "Events": events,
    "Scrubbing": kept_model,
    "Disaster drill": drill,
}
CHAPTERS = list(dict.fromkeys(block.chapter for block in OPERATIONS if block.chapter != "Install"))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_operations_guide(place: Place, chapter: str) -> None:
    place.follow("Install")
    if chapter != "Run":
        place.follow("Run")
    stage = STAGES[chapter](place) if chapter in STAGES else nullcontext()
    with stage:
        place.follow(chapter)


def test_readme(place: Place) -> None:
    """The session at a terminal is looked at by test_terminal.py as well."""
    place.reader.follow(DOCUMENTS["README.md"])
    assert digests(place.machine.path("copy")) == digests(place.machine.path("my-model"))
    last = place.reader.ran[-1].out
    assert last.strip().endswith("my-model-west Completed"), last


def test_client_library(place: Place) -> None:
    """Installed as it says, and a program built with it; the pieces of C compile."""
    shutil.copy(ROOT / "examples/list_all.c", place.machine.path("program.c"))

    def compiles(block: Block) -> None:
        """A piece of a function that has a client and an input; what is static stands before it."""
        outside = "".join(re.findall(r"^static .*;.*\n", block.text, re.MULTILINE))
        inside = block.text.replace(outside, "")
        outside = re.sub(r";.*", "\n{\n}", outside)
        given = "" if "_input input =" in inside else "struct oc_list_model_copy_jobs_input input;"
        given += "" if "_output output;" in inside else MINE
        (place.machine.path("piece.c")).write_text(PIECE % (outside, given, inside))
        flags = "-std=c99 -D_GNU_SOURCE -Wall -Werror -Wno-unused -Wno-misleading-indentation"
        place.do(f"cc {flags} -fsyntax-only piece.c $(pkg-config --cflags outcrop)")

    place.reader.special["c"] = compiles
    place.reader.follow(DOCUMENTS["docs/client-library.md"])
    assert os.access(place.machine.path("a.out"), os.X_OK)


PIECE = """#include <outcrop/outcrop.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

int report(const char *name, const char *message, const char *request_id);
%s
int piece(struct oc_client *client)
{
    %s
    %s
    return 0;
}
"""
MINE = """struct oc_error error;
    struct { struct oc_list_model_copy_jobs_output output; struct oc_call *call; } mine;
"""


@pytest.mark.parametrize("file", DOCUMENTS)
def test_blocks_and_commands_of(file: str) -> None:
    """A block that is not run says why, or names the test that does; commands in the text exist."""
    for block in DOCUMENTS[file]:
        assert block.kind in ("sh", "ini", "python", "json", "yaml", "c", "text"), block.where
        assert block.kind != "text" or not re.search(r"^ *(\./run|outcrop|aws) ", block.text, re.M)
        if "::" in block.mark:
            path, _, test = block.mark.partition("::")
            assert f"def {test}(" in (ROOT / path).read_text(), block.where
        else:
            assert not block.mark or len(block.mark.split()) >= 5, f"{block.where}: say why"
    text = (ROOT / file).read_text()
    for command in re.findall(r"`outcrop ([a-z][^`]*)`", text):
        check_command(command)
    for command in re.findall(r"`\./run ([a-z]+)[^`]*`", text):
        assert re.search(rf"^(\./run .*)?\./run {command}\b", RUN_HELP, re.MULTILINE), command


RUN_HELP = (ROOT / "run").read_text()


def check_command(text: str) -> None:
    """`verb [noun]` is a command, and it has these options."""
    words = text.split()
    shown = subprocess.run([BINARY, *words[:2], "--help"], capture_output=True, text=True)
    if shown.returncode != 0:
        shown = subprocess.run([BINARY, words[0], "--help"], capture_output=True, text=True)
    assert shown.returncode == 0, text
    for option in re.findall(r" (--?[a-z][a-z-]*)", text):
        assert re.search(rf"(^|[ ,]){option}\b", shown.stdout, re.MULTILINE), (text, option)
