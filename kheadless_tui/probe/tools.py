"""What a container holds to carry questions: found by one harmless exec, judged here without I/O."""

from __future__ import annotations

from dataclasses import dataclass

from kheadless_tui.cluster.exec import ExecResult

STREAM_TOOLS = ("nc", "ncat", "netcat", "socat", "bash", "python3")
"""Programs that join stdin and stdout to a TCP connection, in the order of preference; they carry whole messages."""
TEXT_TOOLS = ("dig", "nslookup")
"""Programs that ask by themselves and print what they were told."""

FIND_TOOLS = (
    "sh",
    "-c",
    """\
IFS=:
for tool in nc ncat netcat socat bash python3 dig nslookup; do
  for folder in $PATH; do
    if [ -x "$folder/$tool" ] && [ ! -d "$folder/$tool" ]; then echo "tool $tool"; break; fi
  done
done
unset IFS
while read -r line; do echo "resolv $line"; done </etc/resolv.conf
""",
)
"""The exec that finds them: constant, so that nothing of the cluster or the user is ever read by a shell.

It walks ``$PATH`` by itself because BusyBox's shell calls its own applets found that are not in the image as files: an
exec without a shell would then fail.
"""


@dataclass(frozen=True, slots=True)
class Toolbox:
    """What was found in one container."""

    tools: frozenset[str] = frozenset()
    nameservers: tuple[str, ...] = ()
    """Of its /etc/resolv.conf, in order."""
    problem: str = ""
    """Why nothing could be found; empty when the search itself worked."""

    def carrier(self, transport: str) -> str | None:
        """The best program for a transport.

        Args:
            transport: ``tcp``, ``udp``, or empty for whichever gives the fullest answers.
        """
        order = TEXT_TOOLS if transport == "udp" else (*STREAM_TOOLS, *TEXT_TOOLS)
        return next((tool for tool in order if tool in self.tools), None)

    def why_not(self, transport: str) -> str:
        """A few words on why :meth:`carrier` found nothing."""
        if self.problem:
            return self.problem
        if transport == "udp":
            return "no program that asks over UDP is in the image (dig, nslookup)"
        return "a shell, but no program that carries DNS is in the image (nc, socat, bash, python3, dig, nslookup)"


def read_toolbox(result: ExecResult) -> Toolbox:
    """Judge the result of :data:`FIND_TOOLS`."""
    if result.finished.program_missing:
        return Toolbox(problem="the image has no shell (distroless), so nothing in it can carry questions")
    if result.finished.container_gone:
        return Toolbox(problem="the container does not run")
    if result.exit_code is None:
        return Toolbox(problem=f"exec failed: {printable(result.finished.cause, 300)}")
    tools, servers = set(), []
    for line in result.stdout.decode("utf-8", "replace").splitlines():
        kind, _, rest = line.partition(" ")
        words = rest.split()
        if kind == "tool" and len(words) == 1 and words[0] in (*STREAM_TOOLS, *TEXT_TOOLS):
            tools.add(words[0])
        elif kind == "resolv" and len(words) >= 2 and words[0] == "nameserver":
            servers.append(words[1])
    return Toolbox(frozenset(tools), tuple(servers))


def printable(text: str | bytes, limit: int = 200) -> str:
    """One line of at most ``limit`` characters without control characters: for words that come from a pod."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
