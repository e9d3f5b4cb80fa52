"""What a container's resolver goes by, read with one exec, and what its ``getent`` says. The reading itself is pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kheadless_tui.cluster.pods.exec import ExecResult
from kheadless_tui.errors import ClusterError
from kheadless_tui.probe.choosing.tools import printable
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.stub.resolv_conf import ResolvConf, parse_resolv_conf

READ_FILES = (
    "sh",
    "-c",
    """\
for file in /etc/nsswitch.conf /etc/hosts /etc/resolv.conf; do
  if [ -r "$file" ]; then
    echo "there $file"
    while read -r line || [ -n "$line" ]; do echo "line $file $line"; done <"$file"
  fi
done
for musl in /lib/ld-musl-*.so.1; do
  if [ -e "$musl" ]; then echo "libc musl"; fi
done
for glibc in /lib/ld-linux*.so.* /lib64/ld-linux*.so.* /lib64/ld64.so.*; do
  if [ -e "$glibc" ]; then echo "libc glibc"; break; fi
done
IFS=:
for tool in getent getconf; do
  for folder in $PATH; do
    if [ -x "$folder/$tool" ]; then echo "tool $tool"; break; fi
  done
done
unset IFS
version=$(getconf GNU_LIBC_VERSION 2>/dev/null) && echo "libc $version"
exit 0
""",
)
"""The exec that reads them: constant, so that no shell ever reads anything of the cluster or the user."""

GETENT_NOT_FOUND = 2
"""Exit status of getent for a name that it does not find (getent(1))."""

_CONDITION = re.compile(r"\[[^]]*\]")


@dataclass(frozen=True, slots=True)
class PodFiles:
    """What decides the way of a name in one container."""

    resolv: ResolvConf
    nsswitch: tuple[str, ...] = ()
    """The sources of the ``hosts`` line, in order, conditions in brackets left out; empty without such a line."""
    hosts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """/etc/hosts: each address with its names."""
    libc: str = ""
    """``glibc``, ``musl``, or empty when the image does not tell: a static program brings its own resolver."""
    libc_version: str = ""
    has_getent: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources in the order in which they are asked: musl always takes these two, and ignores the file."""
        if self.libc == "musl" or not self.nsswitch:
            return ("files", "dns")
        return self.nsswitch

    def in_hosts(self, name: str) -> tuple[str, ...]:
        """The addresses of a name as the program gives it; /etc/hosts knows nothing of search lists."""
        wanted = name.lower().removesuffix(".")
        return tuple(address for address, names in self.hosts if wanted in (each.lower() for each in names))


@dataclass(frozen=True, slots=True)
class Getent:
    """What the container's own resolver says: ``getent ahosts NAME``."""

    addresses: tuple[str, ...] = ()
    ms: float | None = None
    """Milliseconds, the exec included."""
    error: str = ""
    """Why there is nothing, other than that the name was not found."""


def read_files(result: ExecResult, source: str) -> PodFiles:
    """Judge the result of :data:`READ_FILES`.

    Args:
        result: Of the exec.
        source: Which container it was, for the source of what was read.

    Raises:
        ClusterError: there is no shell to read them with, or no resolv.conf.
    """
    if result.finished.program_missing:
        raise ClusterError(
            f"What the resolver of {source} goes by cannot be read: the image has no shell.",
            hint="--from debug/POD asks by way of the same network, with a resolv.conf of the same kind.",
        )
    texts: dict[str, list[str]] = {}
    libc, version, tools = "", "", set()
    for line in result.stdout.decode("utf-8", "replace").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "there":
            texts[rest] = []
        elif kind == "line":
            file, _, text = rest.partition(" ")
            texts.setdefault(file, []).append(text)
        elif kind == "tool":
            tools.add(rest)
        elif kind == "libc" and (words := rest.split()):
            libc, version = libc or words[0], words[1] if len(words) > 1 else version
    if "/etc/resolv.conf" not in texts:
        cause = printable(result.finished.cause) or printable(result.stderr)
        raise ClusterError(f"/etc/resolv.conf of {source} cannot be read{': ' + cause if cause else ''}.")
    return PodFiles(
        parse_resolv_conf("\n".join(texts["/etc/resolv.conf"]), f"/etc/resolv.conf of {source}"),
        _hosts_sources(texts.get("/etc/nsswitch.conf", [])),
        _hosts(texts.get("/etc/hosts", [])),
        libc,
        printable(version, 40),
        "getent" in tools,
    )


def read_getent(result: ExecResult, ms: float) -> Getent:
    """Judge the result of ``getent ahosts NAME``: each address stands once for each socket type."""
    if result.exit_code == GETENT_NOT_FOUND:
        return Getent(ms=ms)
    if result.exit_code != 0:
        said = printable(result.stderr) or printable(result.finished.cause)
        return Getent(ms=ms, error=said or f"getent ended with status {result.exit_code}")
    found: dict[str, None] = {}
    for line in result.stdout.decode("utf-8", "replace").splitlines():
        words = line.split()
        known = canonical(words[0]) if words else None
        if known is not None:
            found[known[1]] = None
    return Getent(tuple(found), ms)


def _hosts_sources(lines: list[str]) -> tuple[str, ...]:
    for line in lines:
        database, colon, sources = line.partition("#")[0].partition(":")
        if colon and database.strip() == "hosts":
            return tuple(printable(word, 40) for word in _CONDITION.sub(" ", sources).split())
    return ()


def _hosts(lines: list[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = []
    for line in lines:
        words = line.partition("#")[0].split()
        known = canonical(words[0]) if len(words) > 1 else None
        if known is not None:
            found.append((known[1], tuple(words[1:])))
    return tuple(found)
