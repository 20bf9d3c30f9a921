#!/usr/bin/env python3
"""Check that parser, `--help`, man pages and completions agree: commands, arguments, options, words.

Also that the commands named in messages of the program and in the documents exist.

Usage: tools/check-cli-docs.py [BUILD]     (default: build)

All of them come from one table (src/cli/command.h), but by different ways; this looks at what came
out. What the parser knows is found by giving it each option wrongly.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

Command = dict[str, Any]
# (letter or "", name, argument or "")
Option = tuple[str, str, str]


def run(binary: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(binary), *words], capture_output=True, text=True, timeout=30)


def options_of_table(command: Command) -> set[Option]:
    return {(o.get("letter", ""), o["name"], o.get("arg", "")) for o in command["options"]}


def options_of_help(text: str) -> set[Option]:
    pattern = r"^  (?:-(\w),|   ) --([a-z0-9-]+)(?: ([A-Z][A-Z=:]*))?(?:  |$)"
    return {(m[1] or "", m[2], m[3] or "") for m in re.finditer(pattern, text, re.MULTILINE)}


def options_of_page(text: str) -> set[Option]:
    pattern = r"^\.TP\n(?:\\fB-(\w)\\fR, )?\\fB--([a-z0-9-]+)\\fR(?: \\fI([A-Z=:]+)\\fR)?$"
    plain = text.replace("\\-", "-")
    return {(m[1] or "", m[2], m[3] or "") for m in re.finditer(pattern, plain, re.MULTILINE)}


def names_in_bash(text: str, name: str) -> set[str]:
    found = re.search(rf"^    '{name}'\)\n        options='([^']*)'", text, re.MULTILINE)
    return set(re.findall(r"--([a-z0-9-]+)", found[1])) if found else set()


def names_in_zsh(text: str, name: str) -> set[str]:
    first, _, second = name.partition(" ")
    if second:
        text = text.partition(f"\n_outcrop_{first}()")[2]
    found = re.search(rf"^ +{second or first}\)\n +_arguments(.*?);;$", text, re.DOTALL | re.MULTILINE)
    return set(re.findall(r"'\*?--([a-z0-9-]+)=?\[", found[1])) if found else set()


def names_in_fish(text: str, name: str) -> set[str]:
    pattern = rf"^complete -c outcrop -n '__outcrop_is {name}' -l ([a-z0-9-]+)"
    return set(re.findall(pattern, text, re.MULTILINE))


def check_parser(binary: Path, command: Command) -> list[str]:
    """Each option given wrongly: the parser must complain about just that."""
    wrong = []
    for option in command["options"]:
        if option["name"] == "help":
            continue
        if "arg" in option:
            tries = [(f"--{option['name']}", "needs an argument")]
            if "letter" in option:
                tries.append((f"-{option['letter']}", "needs an argument"))
            if "values" in option and not command["isOperation"]:
                tries.append((f"--{option['name']}=no-such-word", f"want {option['values'][0]}"))
        else:
            tries = [(f"--{option['name']}=x", "takes no argument")]
        for word, complaint in tries:
            ran = run(binary, *command["name"].split(), word)
            if ran.returncode != 2 or complaint not in ran.stderr:
                wrong.append(f"outcrop {command['name']} {word}: {ran.returncode} {ran.stderr!r}")
    ran = run(binary, *command["name"].split(), "--no-such-option")
    if ran.returncode != 2 or "unknown option" not in ran.stderr:
        wrong.append(f"outcrop {command['name']} --no-such-option: {ran.returncode} {ran.stderr!r}")
    return wrong


def check_command(binary: Path, texts: dict[str, str], command: Command) -> list[str]:
    name = command["name"]
    table = options_of_table(command)
    help_text = run(binary, *name.split(), "--help").stdout
    page = texts.get(f"outcrop-{name.replace(' ', '-')}.1", "")
    arguments = [a["name"] for a in command["arguments"]]
    wrong = check_parser(binary, command)
    for what, found in (("--help", options_of_help(help_text)), ("the man page", options_of_page(page))):
        if found != table:
            wrong.append(f"outcrop {name}: {what} differs in {sorted(found ^ table)}")
    for what, heads in (
        ("--help", re.findall(r"^  ([A-Z]+)  ", help_text, re.MULTILINE)),
        ("the man page", re.findall(r"^\.TP\n\\fI([A-Z]+)\\fR$", page, re.MULTILINE)),
    ):
        if heads != arguments:
            wrong.append(f"outcrop {name}: {what} has the arguments {heads}, not {arguments}")
    names = {option[1] for option in table}
    for shell, find in (("bash", names_in_bash), ("zsh", names_in_zsh), ("fish", names_in_fish)):
        found = find(texts[shell], name)
        if found != names:
            wrong.append(f"outcrop {name}: {shell}'s completion differs in {sorted(found ^ names)}")
    return wrong


def check_overview(binary: Path, texts: dict[str, str], tables: dict[str, Any]) -> list[str]:
    wrong = []
    overview, page = run(binary, "--help").stdout, texts["outcrop.1"].replace("\\-", "-")
    listed = set(re.findall(r"^  ([a-z][a-z-]*(?: [a-z][a-z-]*)?)(?:  .*)?$", overview, re.MULTILINE))
    expected = {command["name"] for command in tables["commands"]}
    if listed != expected:
        wrong.append(f"outcrop --help: commands differ in {sorted(listed ^ expected)}")
    pages = {f"outcrop-{name.replace(' ', '-')}" for name in expected}
    named = set(re.findall(r"\\fB(outcrop-[a-z-]+)\\fR\(1\)", page))
    made = {name.removesuffix(".1") for name in texts if name.endswith(".1")} - {"outcrop"}
    for what, found in (("outcrop.1 names", named), ("the folder has", made)):
        if found != pages:
            wrong.append(f"{what} other pages than there are commands: {sorted(found ^ pages)}")
    for code, meaning in enumerate(tables["exitCodes"]):
        if f"  {code}  {meaning}\n" not in overview or f"\\fB{code}\\fR\n" not in page:
            wrong.append(f"exit code {code} is not in --help and outcrop.1")
    return wrong


def check_mentions(tables: dict[str, Any]) -> list[str]:
    """`outcrop WORD …` in backquotes, in a message or a document, must be a command that there is."""
    names = {command["name"] for command in tables["commands"]}
    groups = {name.split()[0] for name in names if " " in name}
    wrong = []
    for folder, pattern in (("src", "*.[ch]"), ("include", "*.h"), ("docs", "*.md"), (".", "*.md")):
        find = (ROOT / folder).glob if folder == "." else (ROOT / folder).rglob
        for path in find(pattern):
            if path.name == "formats.md":  # texts that keys are bound to, not commands
                continue
            text = re.sub(r'"\s*\n\s*"', "", path.read_text())  # a literal over several lines
            for words in re.findall(r"`outcrop ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", text):
                first = words.split()[0]
                if words not in names and (first not in names or first in groups):
                    wrong.append(f"{path.relative_to(ROOT)}: there is no `outcrop {words}`")
    return wrong


def main() -> int:
    build = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build"
    binary, made = build / "outcrop", build / "src" / "cli"
    if not binary.exists() or not (made / "man1").exists():
        print(f"{build} is not built: run ./run build", file=sys.stderr)
        return 1
    texts = {path.name: path.read_text() for path in (made / "man1").iterdir()}
    texts["bash"] = (made / "completions" / "outcrop").read_text()
    texts["zsh"] = (made / "site-functions" / "_outcrop").read_text()
    texts["fish"] = (made / "vendor_completions.d" / "outcrop.fish").read_text()
    tables = json.loads(run(binary, "--describe").stdout)
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda command: check_command(binary, texts, command), tables["commands"])
    wrong = check_overview(binary, texts, tables) + check_mentions(tables)
    wrong += [line for lines in found for line in lines]
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
