#!/usr/bin/env python3
"""Check that the man page and `--help` agree: commands, arguments, options, exit codes.

Usage: tools/check-cli-docs.py [BINARY]     (default: build/outcrop)

Reads docs/man/outcrop.1.scd and runs the binary's help. The parser and the help come from one
table, so what agrees with the help agrees with the parser.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAN_PAGE = ROOT / "docs" / "man" / "outcrop.1.scd"
SHARED_GROUPS = {"Connection and output": "CONNECTION AND OUTPUT", "Help": "HELP"}

# An option is (letter or "", name, argument or "").
Option = tuple[str, str, str]


def run_help(binary: Path, command: str) -> str:
    words = [str(binary), *command.split(), "--help"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def read_commands(overview: str) -> list[str]:
    listing = overview.split("\nCommands:\n", 1)[1].split("\n\n", 1)[0]
    return [line[2:].split("  ", 1)[0].strip() for line in listing.splitlines()]


def read_groups(text: str) -> dict[str, list[str]]:
    """The help text's groups: title without colon → its lines."""
    groups: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        title = re.fullmatch(r"([A-Z][a-z ]+):", line)
        if title:
            lines = groups.setdefault(title[1], [])
        elif line.startswith("  "):
            lines.append(line)
    return groups


def options_of_help(lines: list[str]) -> set[Option]:
    found = set()
    for line in lines:
        match = re.match(r"  (?:-(\w),|   ) --([a-z-]+)(?: ([A-Z][A-Z=:]*))?", line)
        if match:
            found.add((match[1] or "", match[2], match[3] or ""))
    return found


def operands_of_help(lines: list[str]) -> list[str]:
    return [match[1] for line in lines if (match := re.match(r"  ([A-Z]+)\b", line))]


def read_sections(text: str) -> dict[str, str]:
    """The man page's sections and subsections: heading → text."""
    parts = re.split(r"^##? (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def options_of_man(text: str) -> set[Option]:
    pattern = r"^(?:\*-(\w)\*, )?\*--([a-z-]+)\*(?: _([A-Z][A-Z=:]*)_)?$"
    return {(m[1] or "", m[2], m[3] or "") for m in re.finditer(pattern, text, re.MULTILINE)}


def show(options: set[Option]) -> str:
    return ", ".join(sorted(f"--{name} {arg}".strip() for _, name, arg in options)) or "none"


def compare(what: str, in_help: set[Option], in_man: set[Option]) -> list[str]:
    if in_help == in_man:
        return []
    only_help, only_man = show(in_help - in_man), show(in_man - in_help)
    return [f"{what}: only in --help: {only_help}; only in the man page: {only_man}"]


def check(binary: Path, sections: dict[str, str]) -> list[str]:
    overview = run_help(binary, "")
    commands = read_commands(overview)
    headings = {h.removeprefix("outcrop "): h for h in sections if h.startswith("outcrop ")}
    wrong = []
    expected = set()
    for command in commands:
        groups = read_groups(run_help(binary, command))
        heading = " ".join([command, *operands_of_help(groups.get("Arguments", []))])
        expected.add(heading)
        if heading not in headings:
            wrong.append(f"man page: no section `## outcrop {heading}`")
            continue
        own = options_of_man(sections[headings[heading]])
        wrong += compare(f"outcrop {command}", options_of_help(groups.get("Options", [])), own)
        for group, title in SHARED_GROUPS.items():
            if group in groups:
                shared = options_of_man(sections.get(title, ""))
                wrong += compare(f"outcrop {command}", options_of_help(groups[group]), shared)
    wrong += [f"man page: `outcrop {h}` is no command" for h in sorted(set(headings) - expected)]
    in_help = set(re.findall(r"^  (\d)  ", overview, re.MULTILINE))
    in_man = set(re.findall(r"^\*(\d)\*$", sections.get("EXIT CODES", ""), re.MULTILINE))
    if in_help != in_man:
        wrong.append(f"exit codes differ: {sorted(in_help)} and {sorted(in_man)}")
    return wrong


def main() -> int:
    binary = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "outcrop"
    if not binary.exists():
        print(f"{binary} is not built: run ./run build", file=sys.stderr)
        return 1
    wrong = check(binary, read_sections(MAN_PAGE.read_text()))
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
