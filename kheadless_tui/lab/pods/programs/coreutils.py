"""The small programs that a shell's user takes for granted: files, words, waiting, who and where one is."""

from __future__ import annotations

import time
from collections.abc import Iterable

from kheadless_tui.lab.objects.clock import Clock
from kheadless_tui.lab.pods.process import Process, Program
from kheadless_tui.lab.pods.written_files import FOLDERS, absolute, user_of

BANNER = "BusyBox v1.36.1 (2024-06-10 07:11:47 UTC) multi-call binary."
KILLED_BY_TIMEOUT = {True: 143, False: 124}
"""Exit status of ``timeout``: BusyBox gives the signal's (128 + SIGTERM), GNU a number of its own."""


async def usage(process: Process, text: str) -> int:
    """BusyBox's way of saying how it is called."""
    await process.complain(f"{BANNER}\n\nUsage: {text}\n")
    return 1


# -- files -----------------------------------------------------------------------------------------------------


async def contents(process: Process, paths: Iterable[str], program: str) -> tuple[list[bytes], int]:
    """What files hold, ``-`` for standard input, and 1 where one is not there, which is said."""
    found, status = [], 0
    for path in paths:
        if path == "-":
            text = b""
            while data := await process.stdin():
                text += data
            found.append(text)
        elif absolute(path, process.folder) in process.around.files:
            found.append(process.around.files[absolute(path, process.folder)])
        else:
            problem = "read error: Is a directory" if _children(process, path) else "No such file or directory"
            opened = f"can't open '{path}': {problem}" if problem.startswith("No") else problem
            await process.complain(f"{program}: {opened}\n")
            status = 1
    return found, status


async def cat(process: Process) -> int:
    """Files, or standard input, to standard output."""
    if process.argv[1:] in ((), ("-",)):
        while data := await process.stdin():
            await process.out(data)
        return 0
    found, status = await contents(process, process.argv[1:], "cat")
    for content in found:
        await process.out(content)
    return status


async def ls(process: Process) -> int:
    """Names in folders; with ``-l`` as long lines, with ``-d`` the folders themselves."""
    flags = "".join(word[1:] for word in process.argv[1:] if word.startswith("-"))
    paths = [word for word in process.argv[1:] if not word.startswith("-")] or ["."]
    status = 0
    for path in paths:
        place = absolute(path, process.folder)
        inside = _children(process, path)
        if place in process.around.files or ("d" in flags and (inside or place in FOLDERS)):
            shown = {path: place}
        elif inside or place in FOLDERS:
            shown = {name: f"{place.rstrip('/')}/{name}" for name in inside}
        else:
            await process.complain(f"ls: {path}: No such file or directory\n")
            status = 1
            continue
        if "l" in flags:
            shown = {_long(process, name, where): where for name, where in shown.items()}
        await process.say("".join(f"{line}\n" for line in shown))
    return status


def _long(process: Process, name: str, path: str) -> str:
    """A line of ``ls -l``; all files are as old as the pod."""
    started = str(process.around.pod["status"].get("startTime") or "1970-01-01T00:00:00Z")
    day = time.strftime("%b %e %H:%M", time.strptime(started, "%Y-%m-%dT%H:%M:%SZ"))
    content = process.around.files.get(path)
    kind, size = ("drwxr-xr-x", 4096) if content is None else ("-rw-r--r--", len(content))
    return f"{kind}    1 root     root     {size:>9} {day} {name}"


def _children(process: Process, folder: str) -> list[str]:
    prefix = absolute(folder, process.folder).rstrip("/") + "/"
    paths = [*process.around.files, *(f"{path}/" for path in FOLDERS)]
    inside = {path.removeprefix(prefix).partition("/")[0] for path in paths if path.startswith(prefix)}
    return sorted(name for name in inside if name)


def _count(words: list[str]) -> tuple[int, list[str]]:
    """``-n 3``, ``-n3``, ``-3``; ten lines if nothing is said."""
    count, paths = 10, []
    while words:
        word = words.pop(0)
        if word == "-n" and words:
            count = int(words.pop(0))
        elif word.startswith("-n") and word[2:].isdigit():
            count = int(word[2:])
        elif word.startswith("-") and word[1:].isdigit():
            count = int(word[1:])
        else:
            paths.append(word)
    return count, paths or ["-"]


async def head(process: Process) -> int:
    """The first lines."""
    count, paths = _count(list(process.argv[1:]))
    found, status = await contents(process, paths, "head")
    for content in found:
        await process.out(b"".join(content.splitlines(keepends=True)[:count]))
    return status


async def tail(process: Process) -> int:
    """The last lines."""
    count, paths = _count(list(process.argv[1:]))
    found, status = await contents(process, paths, "tail")
    for content in found:
        await process.out(b"".join(content.splitlines(keepends=True)[-count:]))
    return status


async def wc(process: Process) -> int:
    """Lines, words, octets."""
    shown = [word for word in process.argv[1:] if word in ("-l", "-w", "-c")] or ["-l", "-w", "-c"]
    paths = [word for word in process.argv[1:] if not word.startswith("-")]
    found, status = await contents(process, paths or ["-"], "wc")
    for number, content in enumerate(found):
        counts = {"-l": content.count(b"\n"), "-w": len(content.split()), "-c": len(content)}
        name = f" {paths[number]}" if paths else ""
        await process.say(" ".join(str(counts[option]) for option in shown) + name + "\n")
    return status


# -- words -----------------------------------------------------------------------------------------------------


_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\\\": "\\", "\\r": "\r"}


def _unescaped(text: str) -> str:
    out, at = "", 0
    while at < len(text):
        pair = text[at : at + 2]
        out += _ESCAPES.get(pair, text[at])
        at += 2 if pair in _ESCAPES else 1
    return out


async def echo(process: Process) -> int:
    """Its arguments."""
    words, flags = list(process.argv[1:]), ""
    while words and words[0] in ("-n", "-e", "-ne", "-en"):
        flags += words.pop(0)[1:]
    text = " ".join(words)
    await process.say((_unescaped(text) if "e" in flags else text) + ("" if "n" in flags else "\n"))
    return 0


async def printf(process: Process) -> int:
    """A format with ``%s`` and ``%d``, used again while there are arguments."""
    if len(process.argv) < 2:
        return await usage(process, "printf FORMAT [ARG]...")
    arguments = list(process.argv[2:])
    pieces = _unescaped(process.argv[1]).replace("%%", "\0").replace("%d", "%s").split("%s")
    while True:
        text = pieces[0]
        for piece in pieces[1:]:
            text += (arguments.pop(0) if arguments else "") + piece
        await process.say(text.replace("\0", "%"))
        if not arguments or len(pieces) == 1:
            return 0


async def seq(process: Process) -> int:
    """Numbers in a row."""
    try:
        numbers = [int(word) for word in process.argv[1:]]
    except ValueError:
        return await usage(process, "seq [-w] [-s SEP] [FIRST [INC]] LAST")
    if not numbers:
        return await usage(process, "seq [-w] [-s SEP] [FIRST [INC]] LAST")
    first, last = (1, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[-1])
    await process.say("".join(f"{number}\n" for number in range(first, min(last, first + 100_000) + 1)))
    return 0


async def succeed(process: Process) -> int:
    """Nothing, well."""
    return 0


async def fail(process: Process) -> int:
    """Nothing, badly."""
    return 1


# -- time ------------------------------------------------------------------------------------------------------


def seconds_of(text: str) -> float | None:
    """``5``, ``0.2``, ``1m``; ``None`` for what is no time."""
    if text.startswith("inf"):
        return float("inf")
    number, unit = (text[:-1], text[-1]) if text[-1:] in ("s", "m", "h", "d") else (text, "s")
    try:
        return float(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
    except ValueError:
        return None


_SLEEP_USAGE = """sleep [N]...

Pause for a time equal to the total of the args given, where each arg can
have an optional suffix of (s)econds, (m)inutes, (h)ours, or (d)ays"""


async def sleep(process: Process) -> int:
    """Wait for the sum of its arguments."""
    if len(process.argv) < 2:
        return await usage(process, _SLEEP_USAGE)
    total = 0.0
    for word in process.argv[1:]:
        seconds = seconds_of(word)
        if seconds is None:
            await process.complain(f"sleep: invalid number '{word}'\n")
            return 1
        total += seconds
    await process.around.clock.sleep(min(total, 1e9))
    return 0


async def limited(process: Process, run: Program, seconds: float) -> int:
    """Run a program, and end it when its time is over."""
    clock: Clock = process.around.clock
    try:
        return await clock.limit(seconds, _run(run, process))
    except TimeoutError:
        return KILLED_BY_TIMEOUT[process.around.image.busybox]


async def _run(program: Program, process: Process) -> int:
    return await program(process)


async def date(process: Process) -> int:
    """Lab time, in UTC."""
    now = time.gmtime(process.around.clock.now())
    form = next((word[1:] for word in process.argv[1:] if word.startswith("+")), "%a %b %d %H:%M:%S UTC %Y")
    await process.say(time.strftime(form.replace("%s", str(int(process.around.clock.now()))), now) + "\n")
    return 0


# -- who and where ---------------------------------------------------------------------------------------------


async def hostname(process: Process) -> int:
    """The name of the pod: ``-f`` with its domain, ``-d`` the domain, ``-s`` without; ``-i`` and ``-I`` addresses."""
    around, option = process.around, process.argv[1] if len(process.argv) > 1 else ""
    addresses = [str(ip["ip"]) for ip in around.pod["status"].get("podIPs") or ()]
    lines = [line.split() for line in around.files["/etc/hosts"].decode().splitlines()]
    full = next((words[1] for words in lines if words[-1:] == [around.hostname] and len(words) > 1), around.hostname)
    said = {
        "": around.hostname,
        "-s": around.hostname.partition(".")[0],
        "-f": full,
        "-d": full.partition(".")[2],
        "-i": next((address for address in addresses if ":" not in address), " ".join(addresses)),
        "-I": " ".join(addresses) + " ",
    }
    if option not in said:
        await process.complain(f"hostname: invalid option -- '{option.lstrip('-')[:1]}'\n")
        return 1
    await process.say(f"{said[option]}\n")
    return 0


async def env(process: Process) -> int:
    """The environment."""
    for name, value in process.environment.items():
        await process.say(f"{name}={value}\n")
    return 0


async def identity(process: Process) -> int:
    """Who runs here (id)."""
    number = user_of(process)
    name = {0: "root", 65534: "nobody"}.get(number)
    user = f"{number}({name})" if name else str(number)
    await process.say(f"uid={user} gid=0(root) groups=0(root)\n")
    return 0


async def whoami(process: Process) -> int:
    """The user's name."""
    number = user_of(process)
    name = {0: "root", 65534: "nobody"}.get(number)
    if name is None:
        await process.complain(f"whoami: unknown uid {number}\n")
        return 1
    await process.say(f"{name}\n")
    return 0


async def pwd(process: Process) -> int:
    """Where one is."""
    await process.say(f"{process.folder}\n")
    return 0


async def which(process: Process) -> int:
    """Where a program is."""
    status = 0
    for name in process.argv[1:]:
        if process.around.image.has(name):
            await process.say(f"{process.around.image.folder_of(name)}/{name}\n")
        else:
            status = 1
    return status


async def uname(process: Process) -> int:
    """The kernel's name; ``-a`` more of it."""
    whole = process.argv[1:2] == ("-a",)
    await process.say(f"Linux {process.around.hostname} 6.12.0 #1 SMP x86_64 GNU/Linux\n" if whole else "Linux\n")
    return 0


COREUTILS: dict[str, Program] = {
    "cat": cat,
    "ls": ls,
    "head": head,
    "tail": tail,
    "wc": wc,
    "echo": echo,
    "printf": printf,
    "seq": seq,
    "true": succeed,
    "false": fail,
    "sleep": sleep,
    "date": date,
    "hostname": hostname,
    "env": env,
    "printenv": env,
    "id": identity,
    "whoami": whoami,
    "pwd": pwd,
    "which": which,
    "uname": uname,
}
