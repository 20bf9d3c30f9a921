#!/usr/bin/env python3
"""Make the man pages and the completions of shells from the tables of the commands.

Usage: tools/make-cli-docs.py BINARY OVERVIEW MAN BASH ZSH FISH

Runs `BINARY --describe`. OVERVIEW is docs/man/outcrop.1.in; the others are folders, which are made
anew. The build runs it; tools/check-cli-docs.py looks whether what comes out agrees with the
parser.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

Table = dict[str, Any]


# -- man pages -------------------------------------------------------------------------------------


def roff(text: str) -> str:
    """Text as roff: nothing in it is a request or an escape."""
    lines = text.replace("\\", "\\e").replace("-", "\\-").split("\n")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in lines)


def quoted(text: str) -> str:
    return '"' + roff(text).replace('"', '\\(dq') + '"'


def sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def page_name(command: Table) -> str:
    return "outcrop-" + command["name"].replace(" ", "-")


def option_item(option: Table) -> str:
    names = [f"-{option['letter']}"] if "letter" in option else []
    names.append(f"--{option['name']}")
    head = ", ".join(f"\\fB{roff(name)}\\fR" for name in names)
    if "arg" in option:
        head += f" \\fI{roff(option['arg'])}\\fR"
    notes = [word for word in ("required", "repeat") if option[word]]
    about = sentence(option["help"] + "".join(
        {"required": " (required)", "repeat": " (may be repeated)"}[note] for note in notes))
    return f".TP\n{head}\n{roff(about)}\n"


def command_page(command: Table, version: str) -> str:
    name = command["name"]
    required = [o for o in command["options"] if o["required"]]
    own = [o for o in command["options"] if not o["shared"]]
    shared = [o for o in command["options"] if o["shared"]]
    usage = "".join(f" \\fI{roff(a['name'])}\\fR" for a in command["arguments"])
    usage += "".join(f" \\fB{roff('--' + o['name'])}\\fR \\fI{roff(o['arg'])}\\fR" for o in required)
    page = [
        f".TH {quoted(page_name(command).upper())} 1 \"\" {quoted('Outcrop ' + version)} Outcrop\n",
        f".SH NAME\n{roff(page_name(command))} \\- {roff(command['summary'])}\n",
        f".SH SYNOPSIS\n\\fBoutcrop {roff(name)}\\fR{usage} [\\fIoptions\\fR]\n",
        f".SH DESCRIPTION\n{roff(sentence(command['summary']))}\n",
    ]
    if "details" in command:
        page.append(f".PP\n{roff(command['details'])}\n")
    if command["arguments"]:
        page.append(".SH ARGUMENTS\n")
        page += [f".TP\n\\fI{roff(a['name'])}\\fR\n{roff(sentence(a['help']))}\n"
                 for a in command["arguments"]]
    if own:
        page += [".SH OPTIONS\n", *map(option_item, own)]
    if shared:
        page += [".SH CONNECTION AND OUTPUT\n", *map(option_item, shared)]
    page.append(".SH SEE ALSO\n.BR outcrop (1),\n"
                "which explains times, models, forms of output, the environment and exit codes.\n")
    return "".join(page)


def summary_item(command: Table) -> str:
    return (f".TP\n\\fBoutcrop {roff(command['name'])}\\fR\n{roff(sentence(command['summary']))}\n"
            f"See \\fB{roff(page_name(command))}\\fR(1).\n")


def overview(template: str, tables: Table) -> str:
    commands = tables["commands"]
    # Every client command has the same ones; `jobs` stands for them.
    client = next(c for c in commands if c["name"] == "jobs")
    parts = {
        "VERSION": tables["version"],
        "COMMANDS": "".join(summary_item(c) for c in commands if not c["isOperation"]),
        "OPERATIONS": ", ".join(f"\\fBoutcrop\\-{roff(c['name'])}\\fR(1)"
                                for c in commands if c["isOperation"]) + ".",
        "CONNECTION": "".join(option_item(o) for o in client["options"] if o["shared"]),
        "EXIT_CODES": "".join(f".TP\n\\fB{code}\\fR\n{roff(sentence(meaning))}\n"
                              for code, meaning in enumerate(tables["exitCodes"])),
    }
    for name, text in parts.items():
        template = template.replace(f"@{name}@", text.rstrip("\n"))
    return template


# -- what completions know -------------------------------------------------------------------------


def kind(word: str | None) -> str:
    """What a shell can complete for an argument of that name: "file", "dir", or ""."""
    return {"FILE": "file", "DIR": "dir", "DEST": "dir"}.get(word or "", "")


def groups(commands: list[Table]) -> dict[str, list[str]]:
    """Commands of two words: the first one → the second ones."""
    found: dict[str, list[str]] = {}
    for command in commands:
        first, _, second = command["name"].partition(" ")
        if second:
            found.setdefault(first, []).append(second)
    return found


def first_words(commands: list[Table]) -> dict[str, str]:
    """The first words of commands and what they do."""
    words = {}
    for command in commands:
        first, _, second = command["name"].partition(" ")
        words[first] = "commands about it" if second else command["summary"]
    return words


def with_argument(commands: list[Table]) -> list[str]:
    """Options of clients that may stand before the command and take a word of their own."""
    client = next(c for c in commands if c["name"] == "jobs")
    options = [o for o in client["options"] if o["shared"] and "arg" in o]
    return [f"--{o['name']}" for o in options] + [f"-{o['letter']}" for o in options if "letter" in o]


def spellings(option: Table) -> list[str]:
    return [f"--{option['name']}"] + ([f"-{option['letter']}"] if "letter" in option else [])


# -- bash ------------------------------------------------------------------------------------------

BASH_TOP = """\
# bash completion of outcrop. Made by tools/make-cli-docs.py from the tables of the commands.

_outcrop() {
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
    local command= i=1 options= values= kind=
    # --option=value comes as three words
    if [[ $word == '=' ]]; then
        word=
    elif [[ $previous == '=' ]]; then
        previous=${COMP_WORDS[COMP_CWORD-2]}
    fi
    while ((i < COMP_CWORD)); do
        case ${COMP_WORDS[i]} in
        @WITH_ARGUMENT@) ((i += 2)); continue ;;
        -*) ((i++)); continue ;;
        esac
        command=${COMP_WORDS[i]}
        ((i++))
        break
    done
    case $command in
    @GROUPS@)
        if ((i >= COMP_CWORD)); then
            case $command in
"""
BASH_END = """\
    esac
    case $kind in
    file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    dir) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    none) COMPREPLY=() ;;
    *) mapfile -t COMPREPLY < <(compgen -W "${values:-$options}" -- "$word") ;;
    esac
}

complete -F _outcrop outcrop
"""


def bash_command(command: Table) -> str:
    lines = [f"    {shell_pattern(command['name'])})"]
    names = [f"--{o['name']}" for o in command["options"]]
    lines.append(f"        options='{' '.join(names)}'")
    operands = [k for a in command["arguments"] if (k := kind(a["name"]))]
    lines.append("        case $previous in")
    for option in command["options"]:
        if "arg" not in option:
            continue
        if "values" in option:
            what = f"values='{' '.join(option['values'])}'"
        else:
            what = f"kind={kind(option['arg']) or 'none'}"
        lines.append(f"        {'|'.join(spellings(option))}) {what} ;;")
    if operands:
        lines.append(f"        *) [[ $word == -* ]] || kind={operands[0]} ;;")
    lines += ["        esac", "        ;;"]
    return "\n".join(lines) + "\n"


def shell_pattern(name: str) -> str:
    return f"'{name}'"


def bash(commands: list[Table]) -> str:
    families = groups(commands)
    text = BASH_TOP.replace("@WITH_ARGUMENT@", " | ".join(with_argument(commands)))
    text = text.replace("@GROUPS@", " | ".join(families))
    for first, seconds in families.items():
        text += f"            {first}) values='{' '.join(seconds)}' ;;\n"
    text += "            esac\n        else\n            command+=\" ${COMP_WORDS[i]}\"\n"
    text += "        fi\n        ;;\n    esac\n    case $command in\n"
    text += f"    '') values='{' '.join(first_words(commands))} --help --version' ;;\n"
    return text + "".join(map(bash_command, commands)) + BASH_END


# -- zsh -------------------------------------------------------------------------------------------

ZSH_TOP = """\
#compdef outcrop
# zsh completion of outcrop. Made by tools/make-cli-docs.py from the tables of the commands.

_outcrop() {
    local context state line curcontext=$curcontext
    local -a commands
    _arguments -C @GLOBAL@ '--version[show the version]' '1: :->command' '*:: :->rest'
    case $state in
    command)
        commands=(
"""


def zsh_text(text: str) -> str:
    """Text in a specification of _arguments, within single quotes."""
    for char in "\\:[]":
        text = text.replace(char, "\\" + char)
    return text.replace("'", "'\\''")


def zsh_option(option: Table) -> list[str]:
    about = f"[{zsh_text(option['help'])}]"
    end = ""
    if "arg" in option:
        action = ""
        if "values" in option:
            action = "(" + " ".join(map(zsh_text, option["values"])) + ")"
        elif kind(option["arg"]):
            action = {"file": "_files", "dir": "_files -/"}[kind(option["arg"])]
        end = f":{zsh_text(option['arg'])}:{action}"
    star = "*" if option["repeat"] else ""
    return [f"'{star}{name}{'=' if end and name.startswith('--') else ''}{about}{end}'"
            for name in spellings(option)]


def zsh_command(command: Table, indent: str) -> str:
    specs = [spec for o in command["options"] for spec in zsh_option(o)]
    for at, argument in enumerate(command["arguments"], 1):
        action = {"file": "_files", "dir": "_files -/", "": ""}[kind(argument["name"])]
        specs.append(f"'{at}:{zsh_text(argument['name'])}:{action}'")
    return f"{indent}_arguments -s" + "".join(f" \\\n{indent}    {spec}" for spec in specs) + "\n"


def zsh(commands: list[Table]) -> str:
    families = groups(commands)
    client = next(c for c in commands if c["name"] == "jobs")
    shared = [spec for o in client["options"] if o["shared"] for spec in zsh_option(o)]
    text = ZSH_TOP.replace("@GLOBAL@", " ".join(shared))
    for word, about in first_words(commands).items():
        text += f"            '{word}:{zsh_text(about)}'\n"
    text += "        )\n        _describe command commands\n        ;;\n    rest)\n"
    text += "        case $words[1] in\n"
    for command in commands:
        if " " not in command["name"]:
            text += f"        {command['name']})\n{zsh_command(command, ' ' * 12)}            ;;\n"
    for first in families:
        text += f"        {first}) _outcrop_{first} ;;\n"
    text += "        esac\n        ;;\n    esac\n}\n"
    for first, seconds in families.items():
        text += f"\n_outcrop_{first}() {{\n    local context state line\n"
        text += f"    _arguments -C '1: :({' '.join(seconds)})' '*:: :->rest'\n"
        text += "    [[ $state == rest ]] || return\n    case $words[1] in\n"
        for command in commands:
            if command["name"].startswith(first + " "):
                second = command["name"].partition(" ")[2]
                text += f"    {second})\n{zsh_command(command, ' ' * 8)}        ;;\n"
        text += "    esac\n}\n"
    return text + '\n_outcrop "$@"\n'


# -- fish ------------------------------------------------------------------------------------------

FISH_TOP = """\
# fish completion of outcrop. Made by tools/make-cli-docs.py from the tables of the commands.

# The command's words: those that are neither options nor their arguments.
function __outcrop_words
    set -l skip 0
    set -l words (commandline -opc)
    for word in $words[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case @WITH_ARGUMENT@
                set skip 1
            case '-*'
            case '*'
                echo $word
        end
    end
end

function __outcrop_is_first
    test (count (__outcrop_words)) -eq 0
end

function __outcrop_is
    set -l words (__outcrop_words)
    set -l count (count $argv)
    test (count $words) -ge $count; and test "$words[1..$count]" = "$argv"
end

function __outcrop_wants_second
    set -l words (__outcrop_words)
    test (count $words) -eq 1; and test "$words[1]" = $argv[1]
end

complete -c outcrop -f
complete -c outcrop -n __outcrop_is_first -l version -d 'show the version'
"""


def fish_text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_option(command: Table, option: Table) -> str:
    line = f"complete -c outcrop -n '__outcrop_is {command['name']}' -l {option['name']}"
    if "letter" in option:
        line += f" -s {option['letter']}"
    if "values" in option:
        line += f" -x -a {fish_text(' '.join(option['values']))}"
    elif "arg" in option:
        what = kind(option["arg"])
        line += {"file": " -r -F", "dir": " -x -a '(__fish_complete_directories)'", "": " -x"}[what]
    return f"{line} -d {fish_text(option['help'])}\n"


def fish(commands: list[Table]) -> str:
    text = FISH_TOP.replace("@WITH_ARGUMENT@", " ".join(with_argument(commands)))
    for word, about in first_words(commands).items():
        text += f"complete -c outcrop -n __outcrop_is_first -a {word} -d {fish_text(about)}\n"
    for first, seconds in groups(commands).items():
        for second in seconds:
            about = next(c["summary"] for c in commands if c["name"] == f"{first} {second}")
            text += (f"complete -c outcrop -n '__outcrop_wants_second {first}' -a {second}"
                     f" -d {fish_text(about)}\n")
    for command in commands:
        text += "".join(fish_option(command, option) for option in command["options"])
        if any(kind(a["name"]) for a in command["arguments"]):
            text += (f"complete -c outcrop -n '__outcrop_is {command['name']}'"
                     " -a '(__fish_complete_directories)'\n")
    return text


# -- files -----------------------------------------------------------------------------------------


def make_folder(path: Path, files: dict[str, str]) -> None:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    for name, text in files.items():
        (path / name).write_text(text)


def main() -> int:
    if len(sys.argv) != 7:
        print(__doc__, file=sys.stderr)
        return 2
    binary, template, *folders = sys.argv[1:]
    made = subprocess.run([binary, "--describe"], capture_output=True, text=True, check=True)
    tables = json.loads(made.stdout)
    commands = tables["commands"]
    pages = {f"{page_name(c)}.1": command_page(c, tables["version"]) for c in commands}
    pages["outcrop.1"] = overview(Path(template).read_text(), tables)
    for folder, files in zip(
        folders,
        (pages, {"outcrop": bash(commands)}, {"_outcrop": zsh(commands)},
         {"outcrop.fish": fish(commands)}),
        strict=True,
    ):
        make_folder(Path(folder), files)
    return 0


if __name__ == "__main__":
    sys.exit(main())
