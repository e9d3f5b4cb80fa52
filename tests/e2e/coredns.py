"""A CoreDNS of our own on this machine, in front of the cluster's API server, with whatever Corefile."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from types import TracebackType

import dns.exception
import dns.message
import dns.query

START_SECONDS = 30


def binary() -> str | None:
    """The program: what KHEADLESS_COREDNS names, or coredns on PATH; ``None`` without either."""
    return shutil.which(os.environ.get("KHEADLESS_COREDNS") or "coredns")


@cache
def plugins() -> frozenset[str]:
    """The plugins that the program is built with."""
    program = binary()
    if program is None:
        return frozenset()
    said = subprocess.run([program, "-plugins"], capture_output=True, text=True, timeout=30, check=True).stdout
    return frozenset(word.removeprefix("dns.") for word in said.split())


def free_ports(number: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody has over UDP and TCP."""
    held: list[socket.socket] = []
    found: list[int] = []
    while len(found) < number:
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.bind(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        held += [tcp, udp]
        try:
            udp.bind(("127.0.0.1", tcp.getsockname()[1]))
        except OSError:
            continue
        found.append(tcp.getsockname()[1])
    for each in held:
        each.close()
    return found


class CoreDns(AbstractContextManager["CoreDns"]):
    """The process, from its start until all its ports answer to its end."""

    def __init__(self, corefile: str, ports: Sequence[int]) -> None:
        program = binary()
        assert program is not None
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / "Corefile"
        path.write_text(corefile, encoding="utf-8")
        self._log = path.with_name("log").open("w+", encoding="utf-8")
        self._process = subprocess.Popen([program, "-conf", str(path)], stdout=self._log, stderr=subprocess.STDOUT)
        try:
            self._until_all_answer(ports)
        except AssertionError:
            self.__exit__(None, None, None)
            raise

    def _until_all_answer(self, ports: Sequence[int]) -> None:
        limit = time.monotonic() + START_SECONDS
        for port in ports:
            while not _answers(port):
                assert self._process.poll() is None, self.log()
                assert time.monotonic() < limit, self.log()
                time.sleep(0.05)

    def log(self) -> str:
        """What it said so far."""
        self._log.flush()
        return Path(self._log.name).read_text(encoding="utf-8")

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)
        self._log.close()
        self._folder.cleanup()


def _answers(port: int) -> bool:
    try:
        dns.query.tcp(dns.message.make_query("ready.test.", "A"), "127.0.0.1", port=port, timeout=2)
    except (OSError, dns.exception.DNSException):
        return False
    return True
