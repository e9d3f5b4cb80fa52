"""The words of the lab's shell: from what stands in a script to the fields that a program gets (XCU 2.6)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kheadless_tui.lab.pods.process import Process
from kheadless_tui.lab.pods.programs.shell_builtins import DEFAULT_IFS, ExitShell
from kheadless_tui.lab.pods.programs.shell_expansion import GLOBS, NAME, arithmetic, braces, globbed, plain
from kheadless_tui.lab.pods.programs.shell_syntax import substitution_end

if TYPE_CHECKING:
    from kheadless_tui.lab.pods.programs.shell import Shell

MAX_WORD = 1024 * 1024
"""Signs of one word, and of one variable: a script that doubles one without end is stopped there."""


async def joined(shell: Shell, word: str, process: Process) -> str:
    """A word that is not split: the value of an assignment, a redirection's target."""
    return plain("".join(text for text, _ in await _parts(shell, word, process)))


async def fields_of(shell: Shell, word: str, process: Process) -> list[str]:
    """The fields that a word becomes (XCU 2.6.5)."""
    if word in ('"$@"', "$@"):
        return list(shell.arguments)
    fields: list[str] = []
    current: str | None = None
    separators = shell.variables.get("IFS", DEFAULT_IFS)
    for text, splits in await _parts(shell, word, process):
        if not splits or not separators:
            current = (current or "") + text
            continue
        pieces = re.split(f"[{re.escape(separators)}]+", text) if text else []
        for number, piece in enumerate(pieces):
            if number:
                if current is not None:
                    fields.append(current)
                current = None
            if piece:
                current = (current or "") + piece
    if current is not None:
        fields.append(current)
    return [path for field in fields for path in globbed(field, process)]


async def _parts(shell: Shell, word: str, process: Process) -> list[tuple[str, bool]]:
    """Pieces of a word, each with whether it is split at IFS."""
    parts: list[tuple[str, bool]] = []
    position, quoted = 0, False
    while position < len(word):
        if sum(len(text) for text, _ in parts[-2:]) > MAX_WORD:
            await process.complain("sh: out of memory\n")
            raise ExitShell(137)
        sign = word[position]
        if sign == "'" and not quoted:
            end = word.index("'", position + 1)
            parts.append((word[position + 1 : end], False))
            position = end + 1
        elif sign == '"':
            quoted = not quoted
            parts.append(("", False))
            position += 1
        elif sign == "\\" and position + 1 < len(word):
            keep = quoted and word[position + 1] not in '$`"\\\n'
            parts.append((word[position : position + 2] if keep else word[position + 1], False))
            position += 2
        elif sign == "`":
            end = word.index("`", position + 1)
            parts.append((await shell.substituted(word[position + 1 : end], process), not quoted))
            position = end + 1
        elif sign == "$":
            text, position = await _dollar(shell, word, position, process)
            parts.append((text, not quoted))
        else:
            parts.append((sign if quoted else GLOBS.get(sign, sign), False))
            position += 1
    return parts


async def _dollar(shell: Shell, word: str, position: int, process: Process) -> tuple[str, int]:
    if word.startswith("$(", position):
        end = substitution_end(word, position)
        inside = word[position + 2 : end - 1]
        if inside.startswith("(") and inside.endswith(")"):
            return await shell.expanded(arithmetic, inside[1:-1], process), end
        return await shell.substituted(inside, process), end
    if word.startswith("${", position):
        end = word.find("}", position)
        return await shell.expanded(braces, word[position + 2 : end], process), end + 1
    found = re.compile(rf"\$({NAME})").match(word, position)
    if found is None:
        return "$", position + 1
    return shell.variable(found[1]) or "", found.end()
