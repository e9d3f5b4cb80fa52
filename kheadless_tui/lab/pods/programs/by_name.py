"""The programs of images by name, and how one is found."""

from __future__ import annotations

from dataclasses import replace

from kheadless_tui.lab.pods.archive import tar
from kheadless_tui.lab.pods.process import Process, Program
from kheadless_tui.lab.pods.process_list import ps
from kheadless_tui.lab.pods.programs import bind_tools, busybox_nslookup, shell
from kheadless_tui.lab.pods.programs.coreutils import BANNER, COREUTILS, limited, seconds_of, usage
from kheadless_tui.lab.pods.programs.dig import dig
from kheadless_tui.lab.pods.programs.getent import getent
from kheadless_tui.lab.pods.programs.http_clients import curl, wget
from kheadless_tui.lab.pods.programs.netcat import nc, ping
from kheadless_tui.lab.pods.programs.shell_builtins import run_test
from kheadless_tui.lab.pods.programs.text_filters import FILTERS
from kheadless_tui.lab.pods.written_files import FILE_PROGRAMS

NOT_FOUND = 127


async def nslookup(process: Process) -> int:
    """The nslookup of the image: BIND's, or one of BusyBox's two."""
    variants = {"bind": bind_tools.nslookup, "busybox-small": busybox_nslookup.small}
    return await variants.get(process.around.image.nslookup, busybox_nslookup.nslookup)(process)


async def timeout(process: Process) -> int:
    """Another program, for so long."""
    words = list(process.argv[1:])
    if words[:1] == ["-t"]:  # as BusyBox had it before 1.30
        words.pop(0)
    seconds = seconds_of(words[0]) if words else None
    if seconds is None or len(words) < 2:
        return await usage(process, "timeout [-s SIG] [-k KILL_SECS] SECS PROG ARGS")
    inner = replace(process, argv=tuple(words[1:]))
    program = find_program(inner)
    if program is None:
        await process.complain(f"timeout: can't execute '{words[1]}': No such file or directory\n")
        return NOT_FOUND
    return await limited(inner, program, seconds)


async def busybox(process: Process) -> int:
    """One of its programs by name."""
    inner = replace(process, argv=process.argv[1:])
    if not inner.argv:
        await process.say(f"{BANNER}\n")
        return 0
    program = find_program(inner)
    if program is None:
        await process.complain(f"{inner.argv[0]}: applet not found\n")
        return NOT_FOUND
    return await program(inner)


PROGRAMS: dict[str, Program] = {
    **COREUTILS,
    **FILTERS,
    **FILE_PROGRAMS,
    "ps": ps,
    "tar": tar,
    "test": run_test,
    "[": run_test,
    "busybox": busybox,
    "timeout": timeout,
    "nc": nc,
    "ping": ping,
    "wget": wget,
    "curl": curl,
    "dig": dig,
    "host": bind_tools.host,
    "nslookup": nslookup,
    "getent": getent,
}
"""By name; the image decides which of them are there."""


def find_program(process: Process) -> Program | None:
    """The program that argv names, if the image has it."""
    name = process.argv[0].rpartition("/")[2]
    if not process.around.image.has(process.argv[0]):
        return None
    if name in ("sh", "bash", "ash"):
        return lambda run: shell.run(run, find_program)
    return PROGRAMS.get(name)
