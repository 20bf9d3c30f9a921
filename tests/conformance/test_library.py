"""The client library as its users meet it: the examples, and what `meson install` puts where."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest
from support.cloud import AWAY, Account, unique_name

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("OUTCROP_BUILD", ROOT / "build"))


def run(
    account: Account, program: Path, *args: str, **more: str
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "AWS_ENDPOINT_URL_BEDROCK": account.server.endpoint,
        "AWS_REGION": AWAY,
        "AWS_ACCESS_KEY_ID": account.keys.access_key,
        "AWS_SECRET_ACCESS_KEY": account.keys.secret,
        **more,
    }
    return subprocess.run(
        [program, *args], env=environment, capture_output=True, text=True, timeout=60
    )


def test_example_copies_a_model_and_waits(account: Account) -> None:
    model = account.import_model()
    name = unique_name("copy")
    done = run(account, BUILD / "examples/copy_model", model, name)
    assert done.returncode == 0, done.stderr
    target = done.stdout.split()[-1]
    assert account.boto(AWAY).get_custom_model(modelIdentifier=target)["modelName"] == name
    tags = account.boto(AWAY).list_tags_for_resource(resourceARN=target)["tags"]
    assert tags == [{"key": "made-by", "value": "copy_model"}]


def test_example_says_why_a_copy_failed(account: Account) -> None:
    source = account.failing_source()
    done = run(account, BUILD / "examples/copy_model", source, unique_name("copy"))
    assert done.returncode == 1
    assert "ended Failed" in done.stderr and "ModelCopyJobFailed" in done.stderr


def test_example_lists_the_failed_copies_of_the_last_day(account: Account) -> None:
    account.copy(account.import_model())
    failed = account.wait_job(account.start_copy(account.failing_source()))
    done = run(account, BUILD / "examples/failed_copies")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{failed['jobArn']}  {failed['failureMessage']}\n"


def test_example_counts_all_jobs_over_many_pages(account: Account) -> None:
    model = account.import_model()
    for _ in range(7):
        account.start_copy(model)
    assert run(account, BUILD / "examples/list_all", "2").stdout == "7\n"
    assert run(account, BUILD / "examples/list_all").stdout == "7\n"


def test_examples_say_what_went_wrong(account: Account) -> None:
    begin = time.monotonic()
    done = run(account, BUILD / "examples/failed_copies", AWS_SECRET_ACCESS_KEY="wrong")
    assert (done.returncode, "InvalidSignatureException" in done.stderr) == (1, True)
    done = run(
        account, BUILD / "examples/failed_copies", AWS_ENDPOINT_URL_BEDROCK="http://127.0.0.1:1"
    )
    assert (done.returncode, "EndpointConnectionError" in done.stderr) == (1, True)
    assert time.monotonic() - begin < 20


def test_example_asks_three_questions_at_once_in_a_poll_loop(account: Account) -> None:
    account.copy(account.import_model())
    account.wait_job(account.start_copy(account.failing_source()))
    done = run(account, BUILD / "examples/poll_loop")
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == ["Completed: 1", "Failed: 1", "InProgress: 0"]


def test_example_gives_up_when_its_time_is_over(account: Account) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts and never answers
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = run(account, BUILD / "examples/poll_loop", "1", AWS_ENDPOINT_URL_BEDROCK=endpoint)
    assert done.returncode == 1 and done.stderr.count("Canceled: the call was canceled") == 3


@pytest.mark.parametrize("static", [False, True])
def test_installed_library_is_found_by_pkg_config(
    tmp_path: Path, account: Account, static: bool
) -> None:
    """What is installed is all that the README's program needs."""
    subprocess.run(
        ["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", tmp_path],
        check=True,
    )
    config = next(tmp_path.rglob("outcrop.pc"))
    library = config.parents[1]
    for name in ("liboutcrop.so", "liboutcrop.so.0", "liboutcrop.a"):
        assert (library / name).exists()
    environment = {
        **os.environ, "PKG_CONFIG_PATH": str(config.parent), "PKG_CONFIG_SYSROOT_DIR": str(tmp_path)
    }  # fmt: skip
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", *(["--static"] if static else []), "outcrop"],
        env=environment, check=True, capture_output=True, text=True,
    ).stdout.replace(str(tmp_path) * 2, str(tmp_path)).split()  # fmt: skip
    if static:
        flags = [str(library / "liboutcrop.a") if flag == "-loutcrop" else flag for flag in flags]
        flags = [flag for flag in flags if flag.startswith(("-I", "/")) or flag == "-pthread"]
        flags += ["-lcurl", "-lcrypto", "-ljansson", "-pthread"]
    readme = (ROOT / "README.md").read_text()
    source = tmp_path / "program.c"
    source.write_text(readme.partition("```c\n")[2].partition("```")[0])
    program = tmp_path / "program"
    subprocess.run(
        ["cc", "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-o", program,
         source, *flags], check=True,
    )  # fmt: skip
    done = run(account, program, LD_LIBRARY_PATH=str(library))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_shared_library_shows_public_symbols_only() -> None:
    out = subprocess.run(
        ["nm", "-D", "--defined-only", BUILD / "src/client/liboutcrop.so"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    names = {line.split()[2].split("@")[0] for line in out.splitlines()} - {"OUTCROP_0"}
    declared = "".join(path.read_text() for path in (ROOT / "include/outcrop").glob("*.h"))
    assert names
    assert all(f"{name}(" in declared for name in names)
    dynamic = subprocess.run(
        ["readelf", "-d", BUILD / "src/client/liboutcrop.so"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert "[liboutcrop.so.0]" in dynamic
