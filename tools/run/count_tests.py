"""Count the tests of one phase of ./run test: `PASSED FAILED` on one line.

Reads pytest's JUnit file when there is one, and the phase's log: cmocka's closing lines (which
meson keeps in testlog.txt, named in the log) and lines that begin `ok `.
"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def count_junit(file: Path) -> tuple[int, int]:
    suites = ET.parse(file).getroot().iter("testsuite")
    passed = failed = 0
    for suite in suites:
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        failed += bad
        passed += int(suite.get("tests", 0)) - bad - int(suite.get("skipped", 0))
    return passed, failed


def count_log(text: str) -> tuple[int, int]:
    for name in re.findall(r"^Full log written to (\S+)$", text, re.M):
        text += Path(name).read_text(errors="replace")
    passed = sum(map(int, re.findall(r"^\[  PASSED  \] (\d+) test", text, re.M)))
    failed = sum(map(int, re.findall(r"^\[  FAILED  \].*?(\d+) test", text, re.M)))
    return passed + len(re.findall(r"^ok ", text, re.M)), failed


def main() -> None:
    log, junit = Path(sys.argv[1]), Path(sys.argv[2])
    passed, failed = count_log(log.read_text(errors="replace"))
    if junit.exists():
        by_pytest = count_junit(junit)
        passed, failed = passed + by_pytest[0], failed + by_pytest[1]
    print(passed, failed)


if __name__ == "__main__":
    main()
