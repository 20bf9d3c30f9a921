"""Follows a document as a reader does: each of its blocks, in order, at a shell of a machine of its own.

A block is what is indented by four spaces (commands), or fenced with a language: sh, ini, python,
json, yaml, c, text. Every block is run, unless the line before it says in a comment why not,
`<!-- not run: REASON -->`, or which test does, `<!-- run by FILE::TEST -->`.
"""

from __future__ import annotations

import os
import re
import select
import shlex
import shutil
import subprocess
import textwrap
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from support.network import NotPermitted, inside, ip
from support.server import ROOT

FENCE = re.compile(r"^```(\w*)$")
MARK = re.compile(r"^<!-- (not run: |run by )(.+) -->$")
EXPORT = re.compile(r"^  (export .*)$", re.MULTILINE)

# What a document writes for something that the reader has seen before, and how it looks then.
SEEN = {
    "AKIA…": r"AKIA[0-9A-Z]{16}",
    "KEY-ID": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "MODEL-ARN": r"arn:aws:bedrock:[\w-]+:\d+:custom-model/imported/[a-z0-9]{12}",
    "arn:aws:bedrock:us-east-1:111122223333:custom-model/imported/abcdefghij12": (
        r"arn:aws:bedrock:us-east-1:\d+:custom-model/imported/[a-z0-9]{12}"
    ),
    "CURSOR": r"(?<=--after )[\w-]{20,}",
}


@dataclass
class Block:
    """One block of a document. `mark`: why it is not run here, or by which test it is."""

    where: str  # file and line
    chapter: str
    kind: str
    text: str
    mark: str = ""


def blocks_of(file: Path) -> list[Block]:
    """All blocks of a document, in order."""
    found: list[Block] = []
    chapter = mark = ""
    lines = file.read_text().splitlines()
    at = 0
    while at < len(lines):
        line = lines[at]
        begin = at
        if line.startswith("## "):
            chapter = line[3:]
        if fence := FENCE.match(line):
            at += 1
            while lines[at] != "```":
                at += 1
            taken = lines[begin + 1 : at]
            kind = fence[1]
        elif line.startswith("    ") and (begin == 0 or not lines[begin - 1]):
            while at + 1 < len(lines) and (lines[at + 1].startswith("    ") or not lines[at + 1]):
                at += 1
            taken = lines[begin : at + 1]
            kind = "sh"
        else:
            if line:
                given = MARK.match(line)
                mark = given[2] if given else ""
            at += 1
            continue
        text = textwrap.dedent("\n".join(taken)).strip("\n")
        found.append(Block(f"{file.name}:{begin + 1}", chapter, kind, text, mark))
        mark = ""
        at += 1
    return found


def commands_of(text: str) -> list[str]:
    """A block as a reader types it: command by command, each with its continuation lines."""
    found: list[str] = []
    command = ""
    for line in text.splitlines():
        command += line + "\n"
        parsed = subprocess.run(["bash", "-n"], input=command, capture_output=True, text=True)
        # A here-document without its end is a warning only.
        if parsed.returncode == 0 and not parsed.stderr and not line.endswith("\\"):
            if command.strip():
                found.append(command.strip())
            command = ""
    assert not command, f"bash does not understand: {command}"
    return found


@dataclass
class Ran:
    """A command that has run."""

    command: str
    code: int
    out: str
    err: str


class Machine:
    """Something like a fresh machine: network, /etc, /var/lib, /var/backups and /usr/local are its own.

    `folder` holds them, to be looked at from outside; the programs are those of this machine.
    """

    OWN = ("etc", "var/lib", "var/backups", "usr/local", "home")
    # Of /etc, what programs need.
    ETC = ("alternatives", "group", "hosts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime",
           "nsswitch.conf", "passwd", "ssl", "systemd")  # fmt: skip

    def __init__(self, folder: Path, names: Mapping[str, str]) -> None:
        """`names`: host name → address, of this machine and of others that stand on it."""
        self.folder = folder
        self.space = f"outcrop-guide-{os.getpid()}"
        for own in self.OWN:
            (folder / own).mkdir(parents=True)
        for name in ("bin", "lib", "include", "share"):
            (folder / "usr/local" / name).mkdir()
        for name in self.ETC:
            if (source := Path("/etc") / name).is_dir():
                shutil.copytree(source, folder / "etc" / name, symlinks=True)
            elif source.exists():
                shutil.copy(source, folder / "etc" / name)
        (folder / "etc/systemd/system").mkdir(parents=True, exist_ok=True)
        with (folder / "etc/hosts").open("a") as hosts:
            hosts.writelines(f"{address} {name}\n" for name, address in names.items())
        self.home = folder / "home"

    def __enter__(self) -> Machine:
        """Its network is there; a shell on it is `Shell`."""
        try:
            ip("netns", "add", self.space)
            ip("-n", self.space, "link", "set", "lo", "up")
        except (subprocess.CalledProcessError, OSError) as error:
            raise NotPermitted(getattr(error, "stderr", "") or str(error)) from error
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["ip", "netns", "delete", self.space], capture_output=True, check=False)

    def network(self) -> AbstractContextManager[None]:
        """In this context the test itself is in the machine's network."""
        return inside(self.space)

    def path(self, name: str) -> Path:
        """Where a file of the machine is, seen from outside."""
        if name.startswith("/"):
            return self.folder / name[1:]
        return self.home / name


class Shell:
    """A shell on the machine that remembers variables, and runs one command at a time."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.scratch = machine.folder / "shell"
        self.scratch.mkdir()
        environment = {
            "HOME": str(machine.home),
            "PATH": f"/usr/local/bin:{ROOT / '.venv/bin'}:/usr/bin:/bin:/usr/sbin:/sbin",
            "LANG": "C.UTF-8",
        }
        command = ["ip", "netns", "exec", machine.space]
        command += ["unshare", "--mount", "--propagation", "private", "bash", "--norc"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True, bufsize=1
        )
        for own in Machine.OWN:
            if own != "home":
                self.must(f"mount --bind {machine.folder / own} /{own}")
        self.must(f"cd {machine.home}; set -o pipefail")

    def run(self, command: str, timeout: float = 60) -> Ran:
        script, out, err = (self.scratch / name for name in ("command", "out", "err"))
        script.write_text(command + "\n")
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"source {script} >{out} 2>{err} </dev/null; echo $?\n")
        if not select.select([self.process.stdout], [], [], timeout)[0]:
            raise AssertionError(f"{command} does not end:\n{out.read_text()}{err.read_text()}")
        code = int(self.process.stdout.readline())
        return Ran(command, code, out.read_text(errors="replace"), err.read_text(errors="replace"))

    def must(self, command: str) -> Ran:
        ran = self.run(command)
        assert ran.code == 0, f"{command}: {ran.code}\n{ran.out}{ran.err}"
        return ran

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@dataclass
class Running:
    """A server that the reader has started."""

    number: int  # process
    command: str
    data: str
    port: str


@dataclass
class Reader:
    """Follows blocks at one shell. What is told to systemd, which is not there, it does itself."""

    shell: Shell
    variables: dict[str, object] = field(default_factory=dict)  # of Python blocks, beside their own
    special: dict[str, Callable[[Block], None]] = field(default_factory=dict)  # by kind
    ran: list[Ran] = field(default_factory=list)
    servers: list[Running] = field(default_factory=list)

    UNIT = "/etc/systemd/system/outcrop.service"
    SETTINGS = "/etc/outcrop.ini"

    def follow(self, blocks: list[Block]) -> None:
        ways = {"sh": self.do_commands, "ini": self.do_settings, "python": self.do_python}
        for block in blocks:
            if block.mark or block.kind == "text":
                continue
            way = self.special.get(block.kind) or ways.get(block.kind)
            assert way, f"{block.where}: nothing runs a block of the kind '{block.kind}'"
            try:
                way(block)
            except AssertionError as error:
                raise AssertionError(f"{block.where}, {block.chapter}: {error}") from error

    # -- commands ----------------------------------------------------------------------------------

    def do_commands(self, block: Block) -> None:
        for command in commands_of(block.text):
            self.do(command)

    def do(self, command: str) -> Ran:
        """As the comment behind it says: until interrupted, or with that exit code."""
        command = self.fill_in(command)
        line = command.replace("\\\n", " ")
        words = [] if "<<" in line else shlex.split(line, comments=True)
        comment = command.rpartition("#")[2] if " #" in command else ""
        if words[1:2] == ["serve"]:
            self.serve(command, words)
            return Ran(command, 0, "", "")
        if words[:1] == ["systemctl"]:
            self.systemctl(words[1:])
            return Ran(command, 0, "", "")
        expected = int(found[1]) if (found := re.search(r"exit code (\d+)", comment)) else 0
        if "until" in comment:
            # Ctrl-C after a moment, in which it must not end by itself.
            command, expected = f"timeout --signal=INT 1 {command}", 124
        ran = self.shell.run(command)
        assert ran.code == expected, f"{command}: exit code {ran.code}\n{ran.out}{ran.err}"
        if kept := re.search(r" > ([\w.-]+)$", command):
            ran.out += self.shell.machine.path(kept[1]).read_text()
        self.ran.append(ran)
        return ran

    def seen(self, pattern: str) -> str:
        """The newest text of that form that a command has printed, or written to a file."""
        for ran in reversed(self.ran):
            if found := re.findall(pattern, ran.out + ran.err):
                return str(found[-1])
        raise AssertionError(f"nothing that looks like {pattern} was printed before")

    def fill_in(self, text: str) -> str:
        for written, pattern in SEEN.items():
            if written in text:
                text = text.replace(written, self.seen(pattern))
        return text

    # -- servers -----------------------------------------------------------------------------------

    def serve(self, command: str, words: list[str], export: bool = True) -> None:
        """Start it in the background, and export here what it prints."""

        def option(name: str, default: str) -> str:
            return words[words.index(name) + 1] if name in words else default

        data, port = option("--data", "data"), option("--listen", ":7430").rpartition(":")[2]
        for other in [s for s in self.servers if s.data == data or s.port == port]:
            self.stop(other)
        log = self.shell.scratch / f"server-{len(self.ran)}-{time.monotonic_ns()}.log"
        log.touch()
        plain = shlex.join(words)
        started = self.shell.must(f"{plain} >{log} 2>&1 </dev/null & echo $!")
        server = Running(int(started.out), plain, data, port)
        self.servers.append(server)
        deadline = time.monotonic() + 15
        while "aws bedrock list-model-copy-jobs" not in (text := log.read_text()):
            assert time.monotonic() < deadline, f"{command} does not serve:\n{text}"
            assert Path(f"/proc/{server.number}").exists(), f"{command} ended:\n{text}"
            time.sleep(0.01)
        if export:
            self.shell.must("\n".join(EXPORT.findall(text)))

    def stop(self, server: Running) -> None:
        ended = self.shell.run(f"kill {server.number}; wait {server.number}")
        assert ended.code == 0, f"{server.command} ended with {ended.code}"
        self.servers.remove(server)

    def systemctl(self, words: list[str]) -> None:
        """What systemd would do, with the command of the unit that was installed."""
        assert words[-1] == "outcrop", words
        unit = self.shell.machine.path(self.UNIT).read_text()
        found = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)
        assert found, unit
        command = shlex.split(found[1])
        mine = [server for server in self.servers if server.command == shlex.join(command)]
        verb = words[0]
        assert verb in ("enable", "start", "stop", "restart"), words
        if verb in ("stop", "restart"):
            for server in mine:
                self.stop(server)
        if verb != "stop":
            self.serve(found[1], command, export=False)

    def close(self) -> None:
        for server in list(self.servers):
            self.stop(server)

    # -- other kinds -------------------------------------------------------------------------------

    def do_settings(self, block: Block) -> None:
        """Into the settings file, in place of sections of the same name; the service starts anew."""
        file = self.shell.machine.path(self.SETTINGS)
        sections = dict(sections_of(file.read_text())) if file.exists() else {}
        sections |= sections_of(self.fill_in(block.text))
        file.write_text("\n".join(head + "\n" + body for head, body in sections.items()))
        if self.servers and self.shell.machine.path(self.UNIT).exists():
            self.systemctl(["restart", "outcrop"])

    def do_python(self, block: Block) -> None:
        script = self.shell.scratch / "program.py"
        given = "".join(f"{name} = {value!r}\n" for name, value in self.variables.items())
        script.write_text(given + block.text + "\n")
        self.ran.append(self.shell.must(f"python {script}"))


def sections_of(text: str) -> dict[str, str]:
    """`[name]` → the lines below it."""
    parts = re.split(r"^(\[.*\])\n", text + "\n", flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
