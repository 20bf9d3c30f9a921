"""Two machines on one: network namespaces of Linux, joined by a link with delay and loss that can be
cut. The link is two TUN devices and a thread that carries packets between them, so that it needs
nothing of the kernel that is not in every one (netem is not).
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import itertools
import os
import random
import select
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
MTU = 9000
QUEUE_MAX = 4000  # packets on their way; more are dropped, as a router would

_libc = ctypes.CDLL(None, use_errno=True)
_numbers = itertools.count(os.getpid() % 10000)


class NotPermitted(Exception):
    """This machine does not let us make namespaces; the text says why."""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@contextmanager
def inside(space: str) -> Iterator[None]:
    """This thread, and the processes that it starts, are in a namespace."""

    def enter(path: str) -> None:
        with open(path, "rb") as file:
            if _libc.setns(file.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"setns {path}")

    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        enter(f"/run/netns/{space}")
        yield
    finally:
        enter(f"/proc/self/fd/{home}")
        os.close(home)


def open_tun(space: str, name: str) -> int:
    with inside(space):
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


class Network:
    """`near` and `far`, two namespaces with an address each, and nothing else."""

    def __init__(self, delay: float = 0.01, loss: float = 0.0) -> None:
        number = next(_numbers)
        self.near, self.far = f"outcrop-near-{number}", f"outcrop-far-{number}"
        self.near_address, self.far_address = "10.77.0.1", "10.77.0.2"
        self.delay, self.loss = delay, loss  # of each packet, one way
        self.is_cut = False
        self.carried = self.lost = 0
        self._devices: list[int] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)

    def __enter__(self) -> Network:
        try:
            self._make()
        except (subprocess.CalledProcessError, OSError) as error:
            self._remove()
            raise NotPermitted(getattr(error, "stderr", "") or str(error)) from error
        self._thread.start()
        return self

    def _make(self) -> None:
        for space, address in ((self.near, self.near_address), (self.far, self.far_address)):
            ip("netns", "add", space)
            self._devices.append(open_tun(space, "wan"))
            ip("-n", space, "address", "add", f"{address}/24", "dev", "wan")
            ip("-n", space, "link", "set", "wan", "mtu", str(MTU), "up")
            ip("-n", space, "link", "set", "lo", "up")
            # What Linux does unless it is told otherwise, whatever this machine was told.
            route = ["10.77.0.0/24", "dev", "wan", "src", address, "congctl", "cubic"]
            ip("-n", space, "route", "replace", *route)

    def _carry(self) -> None:
        """Deliver each packet when it is due, unless it is lost."""
        due: list[tuple[float, int, int, bytes]] = []
        numbers = itertools.count()
        other = dict(zip(self._devices, reversed(self._devices), strict=True))
        chance = random.Random(20261126)
        while not self._closing.is_set():
            wait = max(0.0, due[0][0] - time.monotonic()) if due else 0.05
            for device in select.select(self._devices, [], [], min(wait, 0.05))[0]:
                packet = os.read(device, MTU + 100)
                if self.is_cut or chance.random() < self.loss or len(due) >= QUEUE_MAX:
                    self.lost += 1
                    continue
                heapq.heappush(
                    due, (time.monotonic() + self.delay, next(numbers), other[device], packet)
                )
            while due and due[0][0] <= time.monotonic():
                _, _, device, packet = heapq.heappop(due)
                os.write(device, packet)
                self.carried += 1

    def cut(self) -> None:
        """From now on nothing arrives; neither side is told."""
        self.is_cut = True

    def mend(self) -> None:
        self.is_cut = False

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join()
        self._remove()

    def _remove(self) -> None:
        for device in self._devices:
            os.close(device)
        for space in (self.near, self.far):
            subprocess.run(["ip", "netns", "delete", space], capture_output=True, check=False)
