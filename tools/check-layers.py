#!/usr/bin/env python3
"""Check the rules of the source tree that no compiler checks.

* A folder of src/ includes only itself and folders of lower layers.
* The headers of a third-party library are included only where that library has its home.
* Every header compiles alone.
* Every function that an interface declares has a comment.

Prints one line for each fault and exits with 1 when there is any.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

LAYERS = {
    "base": 0,
    "model": 1,
    "auth": 2, "net": 2, "peer": 2, "s3": 2, "store": 2, "blob": 2, "keys": 2, "events": 2,
    "copy": 3, "scrub": 3, "api": 3,
    "http": 4, "client": 4,
    "cli": 5,
}

# (from, to): why this folder may include that one although both are of the same layer.
SAME_LAYER = {
    ("api", "copy"): "operations start, follow and stop copies",
    ("scrub", "copy"): "manifests are loaded and parts are pinned as copies do",
    ("api", "scrub"): "operations start and follow verifications",
    ("events", "store"): "an event is written in the commit that it is about",
    ("events", "net"): "webhooks are called",
    ("events", "auth"): "the form of a request's headers",
    ("blob", "keys"): "a part is sealed under a data key",
    ("net", "auth"): "a request is sent with the headers that were signed",
    ("peer", "net"): "another Region is asked over HTTP",
    ("peer", "auth"): "its server must know who asks",
    ("s3", "net"): "an object store is reached over HTTP",
    ("s3", "auth"): "requests to S3 are signed",
    ("blob", "s3"): "a content store may be in a bucket",
}

# The public headers of include/ belong to the client library.
PUBLIC_FOLDER = "client"

# Header prefix: where it may be included (a folder, or one file without its ending).
THIRD_PARTY = {
    "lmdb.h": ["store/lmdb"],
    "openssl/": ["base/crypto", "base/crypto_gcm", "http"],
    "intel-ipsec-mb.h": ["base/crypto_gcm"],
    "jansson.h": ["base/json"],
    "pcre2.h": ["base/regex"],
    "curl/": ["net"],
    "expat.h": ["s3/xml"],
    "libpq-fe.h": ["store/postgres"],
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')
CPLUSPLUS = re.compile(r"^#ifdef __cplusplus$.*?^#endif", re.DOTALL | re.MULTILINE)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
ATTRIBUTE = re.compile(r"__attribute__\s*\(\(.*?\)\)(?!\))", re.DOTALL)
FUNCTION = re.compile(r"(\w+)\s*\(")
GAP = re.compile(r"\n[ \t]*\n")
GAP_AT_END = re.compile(r"\n[ \t]*\n[ \t]*$")
# The "}" of a structure, which more text belongs to; that of a function body ends it.
STRUCT_TAIL = re.compile(r"[\s\x01]*(;|\w+\s*;|__attribute__)")
# What these do, and that NULL and zeroed objects are fine, is the same everywhere.
FREES = re.compile(r"_(clear|free|freep|unref)$")
COMMENT_MARK = "\x01"  # stands for the bytes of a comment


def blank(match):
    """As many spaces and line ends as the match has, so that lines keep their numbers."""
    return re.sub(r"[^\n]", " ", match.group())


def mark(match):
    return re.sub(r"[^\n]", COMMENT_MARK, match.group())


def without_comments(text):
    return COMMENT.sub(blank, text)


def sources():
    found = [*(ROOT / "src").rglob("*.[ch]"), *(ROOT / "include").rglob("*.h")]
    return sorted(found)


def is_interface(path):
    parts = path.relative_to(ROOT).parts
    return parts[0] == "include" or (len(parts) == 3 and not path.stem.endswith("_impl"))


def folder_of(path):
    """The folder of src/ whose layer a file has, or None for a file outside all of them."""
    parts = path.relative_to(ROOT).parts
    if parts[0] == "include":
        return PUBLIC_FOLDER
    return parts[1] if len(parts) > 2 else None


def may_include(folder, other):
    if folder == other or (folder, other) in SAME_LAYER:
        return True
    return LAYERS[other] < LAYERS[folder]


def is_at_home(path, homes):
    place = path.relative_to(ROOT).with_suffix("")
    homes = [pathlib.Path("src", home) for home in homes]
    return any(place == home or home in place.parents for home in homes)


def check_own_include(path, folder, name):
    if (ROOT / "include" / name).is_file():
        target = PUBLIC_FOLDER
    elif (ROOT / "src" / name).is_file() or (ROOT / "src" / f"{name}.in").is_file():
        target = folder_of(ROOT / "src" / name)
    else:
        return f'"{name}" is neither in src/ nor in include/ (write the path from there)'
    if target not in LAYERS:
        return f'"{name}": the folder has no layer; add it to LAYERS in tools/check-layers.py'
    if not may_include(folder, target):
        return (f'"{name}": {folder} (layer {LAYERS[folder]}) may not include '
                f"{target} (layer {LAYERS[target]})")
    return None


def check_third_party(path, name):
    for prefix, homes in THIRD_PARTY.items():
        if name.startswith(prefix) and not is_at_home(path, homes):
            return f"<{name}> may be included only in {', '.join(homes)}"
    return None


def check_includes(path):
    text = path.read_text()
    folder = folder_of(path)
    if folder not in LAYERS:
        yield 1, "the folder has no layer; add it to LAYERS in tools/check-layers.py"
        return
    for match in INCLUDE.finditer(without_comments(text)):
        quote, name = match.groups()
        third_party = check_third_party(path, name)
        fault = third_party or (check_own_include(path, folder, name) if quote == '"' else None)
        if fault:
            yield text.count("\n", 0, match.start(1)) + 1, fault


def statements(text):
    """The (start, end) of each declaration outside braces; `text` has no strings or directives."""
    start, depth = 0, 0
    for at, char in enumerate(text):
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
        ends_body = char == "}" and not STRUCT_TAIL.match(text, at + 1)
        if depth == 0 and (char == ";" or ends_body):
            yield start, at + 1
            start = at + 1


def declared_function(code):
    """The name of the function that a declaration declares, or None."""
    code = ATTRIBUTE.sub("", code).strip()
    match = FUNCTION.search(code)
    if not match or code.startswith("typedef") or "{" in code[:match.start()]:
        return None
    name = match.group(1)
    return None if name == "_Static_assert" or FREES.search(name) else name


def check_comments(path):
    """A comment stands right before each function, or before the first of a group without gaps."""
    text = CPLUSPLUS.sub(blank, path.read_text())
    text = DIRECTIVE.sub(blank, STRING.sub(blank, COMMENT.sub(mark, text)))
    documented = False
    for start, end in statements(text):
        raw = text[start:end]
        code = raw.replace(COMMENT_MARK, " ")
        lead = raw[:len(code) - len(code.lstrip())]
        # The rest of the line before belongs to the declaration before.
        above = lead.partition("\n")[2]
        beside = text[end:].partition("\n")[0]
        name = declared_function(code)
        in_group = documented and name is not None and not GAP.search(lead)
        documented = (COMMENT_MARK in above and not GAP_AT_END.search(above)
                      or COMMENT_MARK in beside or in_group)
        if name and not documented:
            line = text.count("\n", 0, start + len(lead)) + 1
            yield line, f"{name} has no comment"


def compile_alone(path):
    command = [os.environ.get("CC", "cc"), "-fsyntax-only", "-x", "c", "-std=gnu17", "-pedantic",
               "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-Isrc", "-Iinclude", "-"]
    name = path.relative_to(ROOT)
    # The declaration is for headers of macros alone: C wants at least one in a file.
    source = f'#include "{name}"\nextern int declaration;\n'
    run = subprocess.run(command, cwd=ROOT, input=source, capture_output=True,
                         text=True, check=False)
    if run.returncode == 0:
        return None
    first = next((line for line in run.stderr.splitlines() if "error:" in line), run.stderr.strip())
    return f"{name}:1: does not compile alone: {first}"


def main():
    faults = []
    files = sources()
    headers = [path for path in files if path.suffix == ".h"]
    # Headers of a folder's own (…_impl.h, and those of its subfolders) may be terser.
    interfaces = [path for path in headers if is_interface(path)]
    for path in files:
        for line, fault in check_includes(path):
            faults.append(f"{path.relative_to(ROOT)}:{line}: {fault}")
    for path in interfaces:
        for line, fault in check_comments(path):
            faults.append(f"{path.relative_to(ROOT)}:{line}: {fault}")
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        faults.extend(fault for fault in pool.map(compile_alone, headers) if fault)
    for fault in faults:
        print(fault)
    if faults:
        print(f"{len(faults)} faults in {len(files)} files")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
