"""A wall clock of a server that a test can set, forward and back, while the server runs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *ts)
{
    static int (*real)(clockid_t, struct timespec *);
    long offset = 0;
    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int rc = real(clock, ts);
    FILE *file = clock == CLOCK_REALTIME ? fopen(getenv("CLOCK_OFFSET"), "r") : NULL;
    if (file) {
        if (fscanf(file, "%ld", &offset) == 1)
            ts->tv_sec += offset;
        fclose(file);
    }
    return rc;
}
"""


class Clock:
    """For Server(environment=clock.environment): a library that is loaded before libc."""

    def __init__(self, folder: Path) -> None:
        source, shim = folder / "clock.c", folder / "clock.so"
        self._offset = folder / "clock-offset"
        source.write_text(SHIM)
        self.jump(0)
        compiler = shutil.which("cc")
        assert compiler, "the build needs one too"
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-o", str(shim), str(source), "-ldl"], check=True
        )
        self.environment = {"LD_PRELOAD": str(shim), "CLOCK_OFFSET": str(self._offset)}

    def jump(self, seconds: int) -> None:
        """From now on the clock is that far ahead of the true one; 0: it is right again."""
        written = self._offset.with_suffix(".new")
        written.write_text(str(seconds))
        written.rename(self._offset)
