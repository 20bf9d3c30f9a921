"""The README's session on a real pseudo-terminal: what a person sees, on wide and narrow ones."""

from __future__ import annotations

import http.server
import json
import os
import re
import shlex
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cloud import AWAY, HOME, Account, Cloud, digests, write_model
from support.server import BINARY, ROOT
from support.terminal import Screen, Terminal

STEPS = "preparing|uploading|verifying|downloading|queued|copying|sealing"
JOB = f"arn:aws:bedrock:{AWAY}:123456789012:model-copy-job/abcdefghij12"
COPYING = {"queued", "copying", "sealing"}
BAR = re.compile(rf"({STEPS}) +(\[[#.]+\] )? *\d+%")


def readme_session() -> dict[str, list[str]]:
    """The commands of the README: their second word → all words."""
    text = (ROOT / "README.md").read_text().partition("## Your own server")[2]
    lines = re.findall(r"^    outcrop (.*)$", text.partition("```")[0], re.MULTILINE)
    commands = [shlex.split(line, comments=True) for line in lines]
    return {words[0] + " --watch" * ("--watch" in words): words for words in commands}


class Person:
    """Somebody at a terminal, in a folder that holds ./my-model."""

    def __init__(self, account: Account, folder: Path) -> None:
        self.account = account
        self.folder = folder
        self.environment = {
            **account.server.client_environment(account.keys, HOME),
            "TERM": "xterm-256color",
        }

    def start(self, words: list[str], columns: int = 80, rows: int = 24) -> Terminal:
        here = ["env", "-C", str(self.folder), str(BINARY), *words]
        return Terminal(here, self.environment, columns, rows)

    def run(self, words: list[str], columns: int = 80) -> Terminal:
        terminal = self.start(words, columns)
        assert terminal.wait() == 0, terminal.screen
        return terminal


@pytest.fixture(scope="module")
def person(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    folder = tmp_path_factory.mktemp("person")
    model = write_model(folder / "my-model", {"model.safetensors": os.urandom(96 << 20)})
    yield Person(cloud.account(), folder)
    for file in model.iterdir():
        file.unlink()


def check_bars(frames: list[Screen], columns: int) -> set[str]:
    """The bar is one line that redraws itself, and gone in the end. The steps that were seen."""
    seen = set()
    for frame in frames:
        bars = [line for line in frame if BAR.match(line)]
        assert len(bars) <= 1, frame
        for line in frame:
            assert len(line) <= columns
            # No piece of a bar stands on a line of its own.
            assert BAR.match(line) or not re.search(r"\d%|\d left", line), frame
        seen |= {match[1] for line in bars if (match := BAR.match(line))}
        if bars and columns >= 80:
            assert "[" in bars[0] and " of " in bars[0], bars
    assert not any(BAR.match(line) for line in frames[-1]), frames[-1]
    return seen


def test_the_session_of_the_readme(person: Person) -> None:
    session = readme_session()
    assert list(session) == ["import", "copy", "jobs", "jobs --watch", "pull", "doctor"]
    done = person.run(session["import"])
    assert "uploading" in check_bars(done.frames, 80)
    assert "".join(done.screen[:2]).startswith(f"arn:aws:bedrock:{HOME}:")
    assert done.screen[-1].startswith("Active: 2 files, 96.0 MiB in ")

    done = person.run(session["copy"])
    assert check_bars(done.frames, 80) <= COPYING
    assert "Status:          Completed" in done.screen
    assert "Target name:     my-model-west" in done.screen

    done = person.run(session["jobs"])
    assert re.fullmatch(r"STATUS +CREATED +NAME +SOURCE +JOB", done.screen[0])
    assert re.fullmatch(
        r"Completed  [\d-]+ [\d:]+Z  my-model-west  my-model  \w{12}", done.screen[1]
    )
    assert len(done.screen) == 2 and done.has_colour()

    with person.start(session["jobs --watch"]) as watch:
        watch.wait_for(lambda screen: len(screen) == 3 and "my-model-west" in screen[2])
        watch.type("\x03")
        assert watch.wait() == -signal.SIGINT

    done = person.run(session["pull"])
    assert "downloading" in check_bars(done.frames, 80)
    assert re.fullmatch(
        r"./copy: 2 files, 96.0 MiB in \d+.\d s, [\d.]+ [KM]iB/s, every digest verified",
        done.screen[-1],
    )
    assert digests(person.folder / "copy") == digests(person.folder / "my-model")
    assert person.run(session["doctor"]).screen[-1] == "All is well."


class SlowCopy(http.server.BaseHTTPRequestHandler):
    """A server whose one job takes four looks, a quarter of 1 GiB each."""

    looks = 0

    def do_GET(self) -> None:
        answer: dict[str, object] = {"jobArn": JOB, "status": "InProgress"}
        if self.path.endswith("/progress"):
            done = type(self).looks << 28
            answer = {"phase": "copying", "bytesDone": done, "bytesTotal": 1 << 30,
                      "bytesPerSecond": 100 << 20, "secondsLeft": 75}  # fmt: skip
        else:
            type(self).looks += 1
            answer["status"] = "InProgress" if type(self).looks < 4 else "Completed"
        body = json.dumps(answer).encode()
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.mark.parametrize(
    ("columns", "bars"),
    [
        (80, [f"copying     [{done * 14 // 4 * '#':.<14}]  {done * 25}%  {done * 256} MiB of 1.00 GiB"
              "  100 MiB/s  1:15 left" for done in (1, 2, 3)]),
        (60, [f"copying      {done * 25}%  {done * 256} MiB of 1.00 GiB  100 MiB/s  1:15 left"
              for done in (1, 2, 3)]),
        (40, [f"copying      {done * 25}%  {done * 256} MiB of 1.00 GiB" for done in (1, 2, 3)]),
    ],
)  # fmt: skip
def test_the_bar_of_a_copy_redraws_itself(person: Person, columns: int, bars: list[str]) -> None:
    SlowCopy.looks = 0
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), SlowCopy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        done = person.run(["job", JOB, "--wait", "--endpoint", endpoint], columns)
        server.shutdown()
    assert check_bars(done.frames, columns) == {"copying"}
    assert [line for frame in done.frames for line in frame if BAR.match(line)] == bars
    assert done.screen[-1] == "Status:  Completed"


def test_a_narrow_terminal_gets_whole_lines(person: Person) -> None:
    done = person.run(["import", "my-model", "--name", "narrow", "--tag", "a=b"], 40)
    assert "uploading" in check_bars(done.frames, 40)
    copy = ["copy", "narrow", "--to", AWAY, "--name", "a-name-longer-than-the-terminal-is-wide"]
    assert check_bars(person.run([*copy, "--wait"], 40).frames, 40) <= COPYING
    table = person.run(["jobs", "--region", AWAY, "--name-contains", "longer"], 40).screen
    assert table[0].split() == ["STATUS", "NAME", "JOB"]
    assert re.fullmatch(r"Completed  a-name-longer-…  \w{12}", table[1]) and len(table) == 2
    assert all(len(line) <= 40 for line in person.run(["models"], 40).screen)
    checked = person.run(["doctor"], 40).screen
    assert "ok       tls          none, and none is" in checked
    assert "         needed: nothing leaves this" in checked


def test_watch_redraws_in_place_also_when_the_terminal_changes(person: Person) -> None:
    person.run(["import", "my-model", "--name", "watched", "--tag", "c=d"])
    options = ["--name-contains", "seen-", "--region", AWAY]
    with person.start(["jobs", "--watch", *options]) as watch:
        watch.wait_for(lambda screen: screen[-1:] == ["No copy jobs."])
        for name in ("seen-1", "seen-2"):
            person.run(["copy", "watched", "--to", AWAY, "--name", name])
        screen = watch.wait_for(lambda lines: sum("Completed" in line for line in lines) == 2)
        assert f"Copy jobs to {AWAY}" in screen[0] and screen[1].startswith("STATUS ")
        assert [line.split()[3] for line in screen[2:]] == ["seen-2", "seen-1"]
        watch.resize(40, 24)
        screen = watch.wait_for(lambda lines: lines[1].split() == ["STATUS", "DONE", "NAME", "JOB"])
        assert len(screen) == 4
        watch.type("\x03")
        assert watch.wait() == -signal.SIGINT
        assert watch.raw.endswith(b"\r\n") and b"\x1b[?1049l" in watch.raw
    for frame in watch.frames:
        assert sum(line.startswith("STATUS") for line in frame) <= 1 or frame == watch.frames[-1]


def test_more_jobs_than_lines_leave_the_screen_whole(person: Person) -> None:
    for i in range(5):
        person.run(["copy", "my-model", "--to", AWAY, "--name", f"many-{i}"])
    with person.start(["jobs", "--watch", "--region", AWAY], 80, 6) as watch:
        screen = watch.wait_for(lambda lines: len(lines) == 5 and "many-4" in lines[2])
        assert screen[0][2] == ":" and "many-2" in screen[4]


def test_colour_only_on_a_terminal_and_not_with_no_color(person: Person) -> None:
    assert person.run(["models"]).has_colour()
    person.environment["NO_COLOR"] = "1"
    try:
        plain = person.run(["models"])
        assert not plain.has_colour() and b"\x1b" not in plain.raw
    finally:
        del person.environment["NO_COLOR"]
    ran = subprocess.run([BINARY, "models"], env=person.environment, capture_output=True, check=True)
    assert b"Active" in ran.stdout and b"\x1b" not in ran.stdout


def test_rm_asks_on_a_terminal(person: Person) -> None:
    def names() -> str:
        return "\n".join(person.run(["models", "-o", "csv"]).screen)

    person.run(["import", "my-model", "--name", "doomed", "--tag", "e=f"])
    for answer in ("n\r", "\r", "\x04"):
        with person.start(["rm", "doomed"], 120) as asked:
            asked.wait_for(lambda screen: "[y/N]" in screen[-1] if screen else False)
            asked.type(answer)
            assert asked.wait() == 1 and "nothing was changed" in asked.screen[-1]
        assert "doomed" in names()
    with person.start(["rm", "doomed"], 120) as asked:
        asked.wait_for(lambda screen: "Delete model doomed (arn:" in "".join(screen))
        asked.type("y\r")
        assert asked.wait() == 0 and asked.screen[-1] == "Deleted doomed."
    assert "doomed" not in names()
    person.run(["import", "my-model", "--name", "doomed", "--tag", "g=h"])
    assert person.run(["rm", "doomed", "--yes"]).screen == ["Deleted doomed."]
