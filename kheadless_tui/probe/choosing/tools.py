"""What a container holds to carry questions: found by one harmless exec, judged here without I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from kheadless_tui.cluster.pods.exec import ExecResult

STREAM_TOOLS = ("nc", "ncat", "netcat", "socat", "bash", "python3", "perl")
"""Programs that join stdin and stdout to a connection, in the order of preference; they carry whole messages."""
TEXT_TOOLS = ("dig", "kdig", "drill", "host", "nslookup", "getent")
"""Programs that ask by themselves and print what they were told, first those that tell more and faster."""
FLAG_TOOLS = (*STREAM_TOOLS, "dig", "kdig", "drill")
"""Those of both that can put a question with flags of ours."""
UDP_ORDER = (
    *("python3", "perl", "socat", "ncat", "nc", "netcat"),
    *("dig", "kdig", "drill", "host"),
    *("bash", "nslookup", "getent"),
)
"""The order of preference over UDP: programs that carry whole messages, first those that carry many at one time; then
programs that print all of a message; then the rest."""
OTHER_TOOLS = ("wget", "curl", "cat")
"""Programs that carry no DNS: for connecting to what a name leads to, and the hands of bash."""

BIND = "BIND"
BUSYBOX = "BusyBox"
BUSYBOX_SMALL = "BusyBox without types"
"""The makes of nslookup."""

_ALL = (*STREAM_TOOLS, *TEXT_TOOLS, *OTHER_TOOLS)

FIND_TOOLS = (
    "sh",
    "-c",
    f"""\
IFS=:
for tool in {" ".join(_ALL)}; do
  for folder in $PATH; do
    if [ -x "$folder/$tool" ] && [ ! -d "$folder/$tool" ]; then echo "tool $tool"; break; fi
  done
done
unset IFS
while read -r line; do echo "resolv $line"; done </etc/resolv.conf
if [ -r /proc/net/route ]; then
  echo "families"
  while read -r line; do echo "route4 $line"; done </proc/net/route
  if [ -r /proc/net/if_inet6 ]; then while read -r line; do echo "inet6 $line"; done </proc/net/if_inet6; fi
fi
IFS=:
for tool in nc netcat nslookup; do
  for folder in $PATH; do
    if [ -x "$folder/$tool" ] && [ ! -d "$folder/$tool" ]; then
      echo "help $tool"
      option=-h
      if [ "$tool" = nslookup ]; then option=--help; fi
      "$folder/$tool" $option </dev/null 2>&1
      break
    fi
  done
done
echo
echo "end"
""",
)
"""The exec that finds them: constant, so that nothing of the cluster or the user is ever read by a shell.

It walks ``$PATH`` by itself because BusyBox's shell calls its own applets found that are not in the image as files: an
exec without a shell would then fail. The makes of nc and nslookup differ in what they can do and are told apart by
their help, which asks nothing of anybody (``nslookup -version`` would be looked up as a name by BusyBox before 1.29);
they are run by their path, for BusyBox's shell would run its own of the name. The kernel's tables of IPv4 routes and of
IPv6 addresses tell which of them the container has: getent asks for no other addresses.
"""


@dataclass(frozen=True, slots=True)
class Toolbox:
    """What was found in one container."""

    tools: frozenset[str] = frozenset()
    nameservers: tuple[str, ...] = ()
    """Of its /etc/resolv.conf, in order; empty also where only its image is known, not the container itself."""
    problem: str = ""
    """Why nothing could be found; empty when the search itself worked."""
    over_udp: frozenset[str] = frozenset()
    """Which of :data:`STREAM_TOOLS` can carry whole messages over UDP here."""
    quits: frozenset[str] = frozenset()
    """Makes of nc that end with their stdin only when they are told so."""
    nslookup: str = BIND
    """Its make, where there is one."""
    families: frozenset[int] | None = None
    """Versions of IP of which the container has an address beside the loopback's; ``None`` when that is not known."""

    def carrier(self, transport: str) -> str | None:
        """The best program for a transport.

        Args:
            transport: ``tcp``, ``udp``, or empty for whichever gives the fullest answers.
        """
        return next(iter(self.carriers(transport)), None)

    def carriers(self, transport: str) -> tuple[str, ...]:
        """Every program that can be used for a transport, the best first."""
        if transport == "udp":
            printing = self.tools & set(TEXT_TOOLS)
            return tuple(tool for tool in UDP_ORDER if tool in self.over_udp or tool in printing)
        usable = [tool for tool in STREAM_TOOLS if tool in self.tools and (tool != "bash" or "cat" in self.tools)]
        printers = [tool for tool in TEXT_TOOLS if tool in self.tools]
        return (*usable, *(tool for tool in printers if transport != "tcp" or not self.asks_udp_alone(tool)))

    def asks_udp_alone(self, tool: str) -> bool:
        """The program cannot ask over TCP: it serves where no transport was asked for."""
        return tool == "getent" or (tool == "nslookup" and self.nslookup != BIND)

    def why_not(self, transport: str) -> str:
        """A few words on why :meth:`carrier` found nothing."""
        if self.problem:
            return self.problem
        if transport == "udp":
            return "no program that asks over UDP is in the image (dig, drill, nslookup, socat, python3 ...)"
        return "a shell, but no program that carries DNS is in the image (nc, socat, bash, python3, dig, nslookup ...)"

    def of_image(self) -> Toolbox:
        """What holds for every container of the same image."""
        return replace(self, nameservers=(), families=None)


NO_SHELL = "the image has no shell (distroless), so nothing in it can carry questions"


def read_toolbox(result: ExecResult) -> Toolbox:
    """Judge the result of :data:`FIND_TOOLS`."""
    if result.finished.program_missing:
        return Toolbox(problem=NO_SHELL)
    if result.finished.container_gone:
        return Toolbox(problem="the container does not run")
    text = result.stdout.decode("utf-8", "replace")
    if result.exit_code is None and "\nend" not in text:
        return Toolbox(problem=f"exec failed: {printable(result.finished.cause, 300)}")
    tools: set[str] = set()
    servers: list[str] = []
    families: set[int] | None = None
    helps: dict[str, list[str]] = {}
    about = ""
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        words = rest.split()
        if kind == "help" and len(words) == 1:
            about = words[0]
        elif about:
            helps.setdefault(about, []).append(line)
        elif kind == "tool" and len(words) == 1 and words[0] in _ALL:
            tools.add(words[0])
        elif kind == "resolv" and len(words) >= 2 and words[0] == "nameserver":
            servers.append(words[1])
        elif kind == "families" and not words:
            families = set()
        elif families is not None and (version := _family(kind, words)):
            families.add(version)
    said = {tool: "\n".join(lines) for tool, lines in helps.items()}
    make = nslookup_make(said.get("nslookup", ""))
    quits = frozenset(tool for tool in ("nc", "netcat") if _QUIT.search(said.get(tool, "")))
    known = None if families is None else frozenset(families)
    return Toolbox(frozenset(tools), tuple(servers), "", frozenset(_over_udp(tools, said)), quits, make, known)


_LOOPBACK = "1".zfill(32)
"""As /proc/net/if_inet6 writes it; link-local addresses count for glibc (sysdeps/unix/sysv/linux/check_pf.c)."""
_ROUTE_HEADER = "Iface"


def _family(kind: str, words: list[str]) -> int:
    """The version of IP that a line of /proc/net/route or /proc/net/if_inet6 stands for, 0 for none."""
    if kind == "inet6" and words and words[0] != _LOOPBACK:
        return 6
    return 4 if kind == "route4" and words and words[0] != _ROUTE_HEADER else 0


def _over_udp(tools: set[str], said: dict[str, str]) -> set[str]:
    able = tools & {"python3", "perl", "socat", "ncat"}
    if {"bash", "cat"} <= tools:
        able.add("bash")
    return able | {tool for tool in ("nc", "netcat") if tool in tools and _UDP_MODE.search(said.get(tool, ""))}


_QUIT = re.compile(r"^\s*-q\b", re.MULTILINE)
"""The line of nc's help about ending some seconds after its stdin."""
_UDP_MODE = re.compile(r"^\s*-u\b", re.MULTILINE)
"""The line of nc's help: BusyBox has it only where it was built so (Alpine), all others have it."""


def nslookup_make(said: str) -> str:
    """Which nslookup printed this in answer to ``--help``."""
    if "BusyBox" not in said:
        return BIND
    return BUSYBOX if "-type" in said else BUSYBOX_SMALL


def printable(text: str | bytes, limit: int = 200) -> str:
    """One line of at most ``limit`` characters without control characters: for words that come from a pod."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
