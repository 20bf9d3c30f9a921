"""A program on a real pseudo-terminal, and what a person would see on it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence

import pyte

Screen = list[str]


class Terminal:
    """Starts a program; `screen` is what stands on the terminal now, `raw` all that was written.

    Every state of the screen that the program left for a moment is in `frames`.
    """

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        columns: int = 80,
        rows: int = 24,
    ) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        self.frames: list[Screen] = []
        self.status: int | None = None
        # The child waits until the size is set: it may look at it at once.
        read_end, write_end = os.pipe()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.close(write_end)
            os.read(read_end, 1)
            os.execvpe(words[0], list(words), dict(environment))
        os.close(read_end)
        self.resize(columns, rows)
        os.close(write_end)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)

    @property
    def screen(self) -> Screen:
        lines = [line.rstrip() for line in self._screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def has_colour(self) -> bool:
        return any(
            char.fg != "default" for line in self._screen.buffer.values() for char in line.values()
        )

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def _read(self, seconds: float) -> bool:
        """Take what the program has written. False when it will write no more."""
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if not ready:
            return True
        try:
            chunk = os.read(self._fd, 65536)
        except OSError:  # Linux says EIO when the other side has closed
            return False
        self.raw += chunk
        self._stream.feed(chunk)
        if not self.frames or self.frames[-1] != self.screen:
            self.frames.append(self.screen)
        return bool(chunk)

    def wait_for(self, seen: Callable[[Screen], bool], timeout: float = 20) -> Screen:
        """Read until the screen is as wanted."""
        deadline = time.monotonic() + timeout
        while not seen(self.screen):
            alive = time.monotonic() < deadline and self._read(0.1)
            assert alive or seen(self.screen), "the screen shows:\n" + "\n".join(self.screen)
        return self.screen

    def wait(self, timeout: float = 30) -> int:
        """Read to the end. The exit status; negative: the signal that ended it."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self._read(0.1):
            pass
        if time.monotonic() >= deadline:
            self.close()
            raise AssertionError("still running; the screen shows:\n" + "\n".join(self.screen))
        return self._reap()

    def _reap(self) -> int:
        if self.status is None:
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            os.close(self._fd)
        return self.status

    def close(self) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self._reap()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
