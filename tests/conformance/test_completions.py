"""What `meson install` puts in place for shells and `man`, used by real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.server import BINARY, ROOT
from support.terminal import Terminal

BUILD = BINARY.parent


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The share folder of an installation."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run(
        ["meson", "install", "-C", str(BUILD), "--no-rebuild", "--quiet"],
        env={**os.environ, "DESTDIR": str(folder)},
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return folder / "usr" / "local" / "share"


def in_bash(share: Path, line: str) -> list[str]:
    script = share / "bash-completion" / "completions" / "outcrop"
    words = line.split(" ")
    ran = subprocess.run(
        [
            "bash", "--norc", "-c",
            f'source "{script}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _outcrop;'
            'printf "%s\\n" "${COMPREPLY[@]}"',
            "bash", *words,
        ],
        capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    assert not ran.stderr, ran.stderr
    return ran.stdout.split()


def in_fish(share: Path, line: str) -> list[str]:
    script = share / "fish" / "vendor_completions.d" / "outcrop.fish"
    ran = subprocess.run(
        ["fish", "--no-config", "-c", f"source {script}; complete -C {line!r}"],
        capture_output=True, text=True, check=True, timeout=30,
        env={"HOME": str(share), "PATH": os.environ["PATH"], "TERM": "xterm"},
    )  # fmt: skip
    assert not ran.stderr, ran.stderr
    return [found.partition("\t")[0] for found in ran.stdout.splitlines()]


def in_zsh(share: Path, line: str) -> list[str]:
    """Zsh completes only on a terminal, so a person types the line and two tabs there."""
    folder = share / "zsh" / "site-functions"
    with Terminal(["zsh", "-f"], {**os.environ, "TERM": "xterm", "PS1": "$ "}, 120, 80) as zsh:
        zsh.type(
            f"PS1='> '; fpath=({folder} $fpath); autoload -Uz compinit; compinit -D -u;"
            "zstyle ':completion:*' verbose no; zstyle ':completion:*' list-packed no;"
            "setopt no_auto_menu list_rows_first; clear; print READY\r"
        )
        zsh.wait_for(lambda screen: screen[:1] == ["READY"] and screen[-1] == ">")
        zsh.type(line + "\t\t")
        before = len(zsh.raw)
        zsh.wait_for(lambda _: len(zsh.raw) > before)
        zsh.type(" # END")
        screen = zsh.wait_for(lambda lines: any("# END" in one for one in lines))
        return " ".join(screen[1:]).replace("# END", "").removeprefix("> outcrop").split()


@pytest.mark.parametrize("complete", [in_bash, in_zsh, in_fish])
def test_real_shells_complete(share: Path, complete: Callable[[Path, str], list[str]]) -> None:
    found = complete(share, "outcrop d")
    assert "doctor" in found and "jobs" not in found
    assert {"add", "list", "disable"} <= set(complete(share, "outcrop key "))
    assert {"--since", "--status"} <= set(complete(share, "outcrop jobs --s"))
    assert {"InProgress", "Completed", "Failed"} <= set(complete(share, "outcrop jobs --status "))
    found = complete(share, "outcrop --region us-east-1 key add --")
    assert "--policy" in found and "--status" not in found
    found = complete(share, "outcrop list-model-copy-jobs --s")
    assert {"--status-equals", "--sort-order", "--starting-token"} <= set(found)


@pytest.mark.parametrize("complete", [in_bash, in_fish])
def test_folders_are_completed_where_a_folder_belongs(
    share: Path, complete: Callable[[Path, str], list[str]], tmp_path: Path
) -> None:
    (tmp_path / "model-of-mine").mkdir()
    found = complete(share, f"outcrop import {tmp_path}/model")
    assert [word.rstrip("/") for word in found] == [f"{tmp_path}/model-of-mine"]


def test_man_pages_are_well_formed(share: Path) -> None:
    pages = sorted((share / "man" / "man1").glob("*.1"))
    assert len(pages) > 30
    lint = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "error", *map(str, pages)], capture_output=True, text=True
    )
    assert lint.returncode == 0, lint.stdout
    shown = subprocess.run(
        ["mandoc", "-T", "utf8", str(share / "man" / "man1" / "outcrop-jobs.1")],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert (
        "--name-contains" in shown.replace("\b", "") and "SEE ALSO" in shown or "S\bSE\bEE" in shown
    )


def test_the_shells_are_there() -> None:
    for shell in ("bash", "zsh", "fish", "mandoc"):
        assert shutil.which(shell), f"{shell} is missing: run ./run setup"
