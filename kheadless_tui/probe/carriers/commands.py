"""The command of each program that carries whole DNS messages between its stdin and stdout and a server.

Every one of them ends by itself when nothing happens for :data:`IDLE` seconds, as far as the program can, and when its
stdin ends: also when the connection to the pod is lost, nothing of ours goes on running there.
"""

from __future__ import annotations

from kheadless_tui.probe.carriers.scripts import BASH_TCP, BASH_UDP, PERL, PYTHON
from kheadless_tui.probe.server import UDP, Protocol, Server

IDLE = 15
"""Seconds without a byte after which a carrier ends by itself: longer than any wait for a reply."""

FRAMED_UDP = frozenset({"perl", "python3"})
"""Programs that take and give messages over UDP with their length in front; the others send what they read at one time
as one datagram, so that only one message may be under way."""


def stream_argv(tool: str, server: Server, protocol: Protocol = "tcp", *, quits: bool = False) -> tuple[str, ...]:
    """The command that joins its stdin and stdout to a server; the address is data to it, never part of a script.

    Args:
        tool: The program.
        server: The server.
        protocol: ``tcp`` or ``udp``.
        quits: This nc ends with its stdin only when it is told so (``-q``), as Debian's two do over UDP.
    """
    address, port = server.address, str(server.port)
    udp = protocol == UDP
    if tool == "socat":
        host = f"[{address}]" if ":" in address else address
        return ("socat", "-T", str(IDLE), "-", f"{'UDP' if udp else 'TCP'}:{host}:{port}")
    if tool == "bash":
        return ("bash", "-c", BASH_UDP if udp else BASH_TCP, "bash", address, port)
    if tool == "perl":
        return ("perl", "-e", PERL, address, port, str(int(udp)), str(IDLE))
    if tool == "python3":
        return ("python3", "-c", PYTHON, address, port, str(int(udp)), str(IDLE))
    if udp and tool == "ncat":
        return (tool, "-u", "-i", f"{IDLE}s", address, port)
    if udp:
        return (tool, "-u", *(("-q", "0") if quits else ()), "-w", str(IDLE), address, port)
    return (tool, address, port)
