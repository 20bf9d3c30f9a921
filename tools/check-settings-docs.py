#!/usr/bin/env python3
"""The server's settings stand in three places, which must name the same ones: the code that reads
them (src/cli/config.c, config_*.c), its header (src/cli/config.h) and the operations guide.

Exit status 1 and a line for each difference.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
Setting = tuple[str, str]  # section, key


def in_code(text: str) -> set[Setting]:
    found = {("server", key) for key in re.findall(r'oc_slice_eq_str\(key, "([a-z-]+)"\)', text)}
    webhook = (ROOT / "src/cli/config_webhook.c").read_text()
    found |= {
        ("webhook NAME", key) for key in re.findall(r'oc_slice_eq_str\(key, "([a-z-]+)"\)', webhook)
    }
    found |= set(re.findall(r'\{"([a-z]+)", "([a-z-]+)", &config->', text))
    alone = r'\(section->name, "([a-z]+)"\) &&\s+oc_slice_eq_str\(entry->key, "([a-z-]+)"'
    found |= set(re.findall(alone, text))
    bucket = (ROOT / "src/cli/config_bucket.c").read_text()
    alone = r'OC_PLACE_SOURCE && oc_slice_eq_str\(entry->key, "([a-z-]+)"\)'
    found |= {("bucket NAME", key) for key in re.findall(alone, bucket)}
    peer = (ROOT / "src/cli/config_peer.c").read_text()
    found |= {("peer REGION", key) for key in re.findall(r'\{"([a-z-]+)", &peer->', peer)}
    return found


def places_in_code(text: str) -> set[Setting]:
    """A source has no type, a content store no path: see find_setting."""
    keys = set(re.findall(r'\{"([a-z-]+)", &place->', text))
    return {("bucket NAME", key) for key in keys - {"type"}} | {
        ("blob", key) for key in keys - {"path"}
    }


def in_header(text: str) -> set[Setting]:
    found, section = set(), ""
    for line in text[: text.index("*/")].splitlines():
        if match := re.match(r" \*   \[([A-Za-z ]+)\]", line):
            section = match[1]
        elif match := re.match(r" \*   ([a-z-]+) = ", line):
            found.add((section, match[1]))
    return found


def in_guide(text: str) -> set[Setting]:
    found, section = set(), ""
    table = text[text.index("| section | key |") :]
    for row in table.splitlines():
        if not row.startswith("|"):
            break
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if match := re.fullmatch(r"`([A-Za-z ]+)`", cells[0]):
            section = match[1]
        found |= {(section, key) for key in re.findall(r"`([a-z-]+)`", cells[1])}
    return found


def main() -> int:
    places = {
        "src/cli/config.c": in_code((ROOT / "src/cli/config.c").read_text())
        | places_in_code((ROOT / "src/cli/config_place.c").read_text()),
        "src/cli/config.h": in_header((ROOT / "src/cli/config.h").read_text()),
        "docs/operations.md": in_guide((ROOT / "docs/operations.md").read_text()),
    }
    everything = set().union(*places.values())
    faults = 0
    for section, key in sorted(everything):
        for place, settings in places.items():
            if (section, key) not in settings:
                print(f"{place}: the setting [{section}] {key} is missing")
                faults += 1
    if not everything or faults:
        print(f"{faults} differences among {len(everything)} settings")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
