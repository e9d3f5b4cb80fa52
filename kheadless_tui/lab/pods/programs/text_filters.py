"""What one pipes a program's output through: grep, sort, uniq, cut, tr, and the commonest of awk and sed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kheadless_tui.lab.pods.expressions import compiled
from kheadless_tui.lab.pods.process import Process, Program
from kheadless_tui.lab.pods.programs.coreutils import contents, usage

_PRINT = re.compile(r"\s*(?:/(?P<only>[^/]*)/\s*)?\{\s*print\s*(?P<fields>[^{}]*?)\s*\}\s*")
_SUBSTITUTE = re.compile(r"s(.)(.*?)\1(.*?)\1(g?)", re.DOTALL)


async def _lines(process: Process, paths: Sequence[str] = ()) -> list[str]:
    """Those of files, or of standard input."""
    found, _ = await contents(process, paths or ("-",), process.argv[0])
    return [line for text in found for line in text.decode("utf-8", "replace").removesuffix("\n").split("\n") if text]


async def _say(process: Process, lines: list[str]) -> int:
    await process.say("".join(f"{line}\n" for line in lines))
    return 0


async def _not_here(process: Process, what: str) -> int:
    await process.complain(f"{process.argv[0]}: {what} is not available in the lab\n")
    return 1


async def sort(process: Process) -> int:
    """Lines in order: ``-r``, ``-n``, ``-u``."""
    flags = "".join(word[1:] for word in process.argv[1:])
    if set(flags) - set("rnu") or not all(word.startswith("-") for word in process.argv[1:]):
        return await _not_here(process, " ".join(process.argv[1:]))
    lines = await _lines(process)
    found = list(dict.fromkeys(lines)) if "u" in flags else lines

    def number(line: str) -> tuple[float, str]:
        leading = re.match(r"\s*(-?\d+(?:\.\d+)?)", line)
        return (float(leading[1]) if leading and "n" in flags else 0.0, line)

    return await _say(process, sorted(found, key=number, reverse="r" in flags))


async def uniq(process: Process) -> int:
    """Without lines that repeat the one before; ``-c`` counts."""
    if process.argv[1:] not in ((), ("-c",)):
        return await _not_here(process, " ".join(process.argv[1:]))
    counted: list[tuple[str, int]] = []
    for line in await _lines(process):
        if counted and counted[-1][0] == line:
            counted[-1] = (line, counted[-1][1] + 1)
        else:
            counted.append((line, 1))
    return await _say(process, [f"{count:7d} {line}" if "-c" in process.argv else line for line, count in counted])


async def cut(process: Process) -> int:
    """``-d SIGN -f N[,N...]``."""
    found = re.fullmatch(r"(?:-d\0?(.)\0)?-f\0?(\d+(?:,\d+)*)(?:\0-d\0?(.))?", "\0".join(process.argv[1:]))
    if found is None:
        return await _not_here(process, " ".join(process.argv[1:]))
    sign = found[1] or found[3] or "\t"
    wanted = sorted({int(number) for number in found[2].split(",")})

    def chosen(line: str) -> str:
        parts = line.split(sign)
        return sign.join(parts[n - 1] for n in wanted if 0 < n <= len(parts)) if len(parts) > 1 else line

    return await _say(process, [chosen(line) for line in await _lines(process)])


async def tr(process: Process) -> int:
    """``SET1 SET2`` and ``-d SET``."""
    words = [_set(word) for word in process.argv[1:]]
    deletes = process.argv[1:2] == ("-d",)
    if len(words) != 2 or (not deletes and not words[1]):
        return await _not_here(process, " ".join(process.argv[1:]))
    table = dict.fromkeys(map(ord, words[1])) if deletes else _table(words[0], words[1])
    while data := await process.stdin():
        await process.say(data.decode("utf-8", "replace").translate(table))
    return 0


def _table(old: str, new: str) -> dict[int, int | None]:
    return {ord(sign): ord(new[min(place, len(new) - 1)]) for place, sign in enumerate(old)}


def _set(text: str) -> str:
    text = text.replace("\\n", "\n").replace("\\t", "\t")
    return re.sub(r"(.)-(.)", lambda found: "".join(map(chr, range(ord(found[1]), ord(found[2]) + 1))), text)


async def awk(process: Process) -> int:
    """``{print $N...}``, for all lines or for those of a pattern."""
    found = _PRINT.fullmatch(process.argv[1]) if len(process.argv) > 1 else None
    if found is None or re.sub(r"\$\d+|\$NF|,|\s|\"[^\"]*\"", "", found["fields"]):
        return await _not_here(process, "more than {print $N}")
    items = [re.findall(r"\$\d+|\$NF|\"[^\"]*\"", part) for part in found["fields"].split(",")]

    def field(name: str, parts: list[str], line: str) -> str:
        if name.startswith('"'):
            return name[1:-1]
        number = len(parts) if name == "$NF" else int(name[1:])
        return line if number == 0 else parts[number - 1] if number <= len(parts) else ""

    only = compiled(found["only"] or "", extended=True)
    chosen = [line for line in await _lines(process, process.argv[2:]) if only.search(line)]
    if not found["fields"]:
        return await _say(process, chosen)
    printed = [" ".join("".join(field(n, line.split(), line) for n in names) for names in items) for line in chosen]
    return await _say(process, printed)


async def sed(process: Process) -> int:
    """``s/OLD/NEW/``, with or without ``g``."""
    found = _SUBSTITUTE.fullmatch(process.argv[1]) if len(process.argv) > 1 else None
    if found is None:
        return await _not_here(process, "more than s/OLD/NEW/")
    old = compiled(found[2], extended=False)
    new = re.sub(r"(?<!\\)&", r"\\g<0>", found[3])
    lines = await _lines(process, process.argv[2:])
    return await _say(process, [old.sub(new, line, count=0 if found[4] else 1) for line in lines])


async def grep(process: Process) -> int:
    """Lines in which a pattern is found."""
    flags = "".join(word[1:] for word in process.argv[1:] if word.startswith("-"))
    words = [word for word in process.argv[1:] if not word.startswith("-")]
    if not words:
        return await usage(process, "grep [-HhnlLoqvsrRiwFE] [-m N] [-A|B|C N] { PATTERN | -e PATTERN... } [FILE]...")
    text = re.escape(words[0]) if "F" in flags else words[0]
    pattern = compiled(text, extended="E" in flags or "F" in flags, ignoring_case="i" in flags)
    found, status = await contents(process, words[1:] or ["-"], "grep")
    lines = [line for content in found for line in content.decode("utf-8", "replace").splitlines()]
    kept = [line for line in lines if bool(pattern.search(line)) is not ("v" in flags)]
    if "q" not in flags:
        await process.say(f"{len(kept)}\n" if "c" in flags else "".join(f"{line}\n" for line in kept))
    return status * 2 or int(not kept)


def _reads_expressions(program: Program) -> Program:
    async def run(process: Process) -> int:
        try:
            return await program(process)
        except (re.error, IndexError):
            return await _not_here(process, next(word for word in process.argv[1:] if not word.startswith("-")))

    return run


FILTERS: dict[str, Program] = {
    "sort": sort,
    "uniq": uniq,
    "cut": cut,
    "tr": tr,
    "grep": _reads_expressions(grep),
    "awk": _reads_expressions(awk),
    "sed": _reads_expressions(sed),
}
