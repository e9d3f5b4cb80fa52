"""``ps``: what runs in the container."""

from __future__ import annotations

from kheadless_tui.lab.pods.process import Process
from kheadless_tui.lab.pods.written_files import user_of

_NAMES = {0: "root", 65534: "nobody"}
_COLUMNS = {"pid": ("PID  ", 5), "user": ("USER    ", 8), "time": ("TIME ", 5), "args": ("COMMAND", 0)}
"""By name in ``-o``: heading and width, as BusyBox has them."""
_ALIASES = {"cmd": "args", "comm": "args", "command": "args"}


async def ps(process: Process) -> int:
    """BusyBox's: all processes, and no options but ``-o``; those of others are let pass."""
    words, chosen = list(process.argv[1:]), ["pid", "user", "time", "args"]
    if "-o" in words[:-1]:
        chosen = [_ALIASES.get(name, name) for name in words[words.index("-o") + 1].split(",")]
    unknown = next((name for name in chosen if name not in _COLUMNS), None)
    if unknown is not None:
        await process.complain(f"ps: bad -o argument '{unknown}', supported arguments: user,time,args,pid\n")
        return 1
    number = user_of(process)
    lines = [" ".join(_COLUMNS[name][0] for name in chosen).rstrip()]
    for pid, argv in sorted(process.around.kept.running.items()):
        values = {"pid": f"{pid:>5}", "user": _NAMES.get(number, str(number)), "time": " 0:00", "args": " ".join(argv)}
        lines.append(" ".join(values[name].ljust(_COLUMNS[name][1]) for name in chosen).rstrip())
    await process.say("".join(f"{line}\n" for line in lines))
    return 0
