"""The lab's shell: runs ``sh -c SCRIPT``, or what is typed, with the image's programs.

It has what one-line scripts in pods use: lists, pipes, ``if``, ``for``, ``while``, variables with their defaults and
cuts, ``$( )``, ``$(( ))``, patterns of paths, redirection, ``[``, ``read``. It has no functions, no ``case``,
no here documents and no jobs in the background; each of these is refused aloud.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from kheadless_tui.lab.pods.process import Process, Program, Reader
from kheadless_tui.lab.pods.programs.redirection import into, of_bytes, redirected
from kheadless_tui.lab.pods.programs.shell_builtins import (
    BUILTINS,
    DEFAULT_IFS,
    NOT_FOUND,
    BreakLoop,
    ContinueLoop,
    ExitShell,
)
from kheadless_tui.lab.pods.programs.shell_expansion import NAME, BadExpansion, arithmetic, braces
from kheadless_tui.lab.pods.programs.shell_syntax import (
    AndOr,
    Command,
    For,
    Group,
    If,
    Loop,
    Pipeline,
    Redirect,
    Sequence,
    ShellSyntaxError,
    Simple,
    parse,
    substitution_end,
)
from kheadless_tui.lab.pods.written_files import matching, user_of

Find = Callable[[Process], Program | None]
Expansion = Callable[[str, Callable[[str], str | None]], str]

MAX_WORD = 1024 * 1024
"""Signs of one word, and of one variable: a script that doubles one without end is stopped there."""
MAX_STEPS = 20_000
"""Commands in one script; one that loops without end is stopped there."""
STEPS_AT_ONCE = 50
"""Commands after which others get their turn."""


async def run(process: Process, find: Find) -> int:
    """``sh -c SCRIPT [NAME [ARGUMENT...]]``, or commands line by line from standard input."""
    words = list(process.argv[1:])
    variables = {**process.environment, "PATH": process.around.image.path, "IFS": DEFAULT_IFS}
    if words[:1] == ["-c"] and len(words) > 1:
        return await _run_script(Shell(find, variables, words[3:]), words[1], process)
    if not words or set(words) <= {"-i", "-s", "-l", "--login", "-"}:
        return await _run_lines(Shell(find, variables, []), process)
    await process.complain(f"sh: can't open '{words[0]}': No such file or directory\n")
    return 2


async def _run_script(shell: Shell, script: str, process: Process) -> int:
    try:
        await shell.sequence(parse(script), process)
    except ShellSyntaxError as error:
        await process.complain(f"sh: {error}\n")
        return 2
    except ExitShell as end:
        return end.status
    except (BreakLoop, ContinueLoop):
        pass
    return shell.status


async def _run_lines(shell: Shell, process: Process) -> int:
    """Run each command when its last line has come; the programs in it read on from there."""
    source, text, whole = shell.input_of(process), "", True
    prompts = ("$ ", "> ") if user_of(process) else ("/ # ", "> ")
    while whole:
        if process.tty:
            await process.say(prompts[bool(text)])
        line, whole = await source.line()
        text += f"{line}\n"
        try:
            tree = parse(text)
        except ShellSyntaxError as error:
            if error.unfinished and whole:
                continue
            await process.complain(f"sh: {error}\n")
            if not process.tty:
                return 2
            text, shell.status = "", 2
            continue
        text, shell.steps = "", 0
        try:
            await shell.sequence(tree, process)
        except ExitShell as end:
            return end.status
        except (BreakLoop, ContinueLoop):
            continue
    return shell.status


@dataclass(slots=True)
class _Input:
    """Standard input by lines, for ``read``; what has been read too far is kept for the next."""

    source: Process
    rest: bytes = b""
    ended: bool = False

    async def read(self) -> bytes:
        if self.rest:
            data, self.rest = self.rest, b""
            return data
        return b"" if self.ended else await self.source.stdin()

    async def line(self) -> tuple[str, bool]:
        """A line and whether it was ended by a newline."""
        while b"\n" not in self.rest and not self.ended:
            data = await self.source.stdin()
            self.ended = not data
            self.rest += data
        line, newline, self.rest = self.rest.partition(b"\n")
        return line.decode("utf-8", "replace"), bool(newline)


@dataclass(slots=True)
class Shell:
    """One shell: its variables, its arguments, its last status."""

    find: Find
    variables: dict[str, str]
    arguments: list[str]
    status: int = 0
    steps: int = 0
    inputs: dict[Reader, _Input] = field(default_factory=dict)

    # -- control -----------------------------------------------------------------------------------------------

    async def sequence(self, tree: Sequence, process: Process) -> None:
        """Run commands in order."""
        for item in tree.items:
            await self._and_or(item, process)

    async def _and_or(self, item: AndOr, process: Process) -> None:
        for operator, pipeline in item.pipelines:
            if (operator == "&&" and self.status) or (operator == "||" and not self.status):
                continue
            await self._pipeline(pipeline, process)

    async def _pipeline(self, pipeline: Pipeline, process: Process) -> None:
        stdin = process.stdin
        for number, command in enumerate(pipeline.commands):
            if number == len(pipeline.commands) - 1:
                await self._command(command, replace(process, stdin=stdin) if stdin != process.stdin else process)
            else:
                caught: list[bytes] = []
                await self._command(command, replace(process, stdin=stdin, out=into(caught)))
                stdin = of_bytes(b"".join(caught))
        if pipeline.negated:
            self.status = int(not self.status)

    async def _command(self, command: Command, process: Process) -> None:
        self.steps += 1
        if self.steps % STEPS_AT_ONCE == 0:
            await asyncio.sleep(0)
        if self.steps > MAX_STEPS:
            await process.complain("sh: too many commands\n")
            raise ExitShell(137)
        redirected = await self._redirect(command.redirects, process)
        if redirected is None:
            self.status = 1
        elif isinstance(command, Simple):
            await self._simple(command, redirected)
        elif isinstance(command, Group):
            await (self._apart if command.apart else self.sequence)(command.body, redirected)
        elif isinstance(command, If):
            await self._if(command, redirected)
        elif isinstance(command, For):
            await self._for(command, redirected)
        else:
            await self._loop(command, redirected)

    async def _if(self, command: If, process: Process) -> None:
        for condition, body in command.branches:
            await self.sequence(condition, process)
            if self.status == 0:
                await self.sequence(body, process)
                return
        self.status = 0
        if command.otherwise is not None:
            await self.sequence(command.otherwise, process)

    async def _for(self, command: For, process: Process) -> None:
        values = [value for word in command.words for value in await self._expand(word, process)]
        self.status = 0
        for value in values:
            self.variables[command.name] = value
            try:
                await self.sequence(command.body, process)
            except ContinueLoop:
                continue
            except BreakLoop:
                break

    async def _loop(self, command: Loop, process: Process) -> None:
        while True:
            await self.sequence(command.condition, process)
            if (self.status == 0) is command.until:
                self.status = 0
                return
            try:
                await self.sequence(command.body, process)
            except ContinueLoop:
                continue
            except BreakLoop:
                return

    # -- commands ----------------------------------------------------------------------------------------------

    async def _simple(self, command: Simple, process: Process) -> None:
        words = [value for word in command.words for value in await self._expand(word, process)]
        assigned = {name: await self._joined(value, process) for name, value in command.assignments}
        if not words:
            self.variables.update(assigned)
            self.status = 0
            return
        builtin = BUILTINS.get(words[0])
        if builtin is not None:
            self.status = await builtin(self, words, process)
            return
        if words[0] == "exec" and len(words) > 1:
            await self.run_program(words[1:], assigned, process)
            raise ExitShell(self.status)
        await self.run_program(words, assigned, process)

    async def run_program(self, words: list[str], assigned: dict[str, str], process: Process) -> None:
        """Run a program of the image."""
        environment = {**process.environment, **assigned}
        child = Process(
            tuple(words), process.around, self.input_of(process).read, process.out, process.err, environment
        )
        program = self.find(child)
        if program is None:
            await process.complain(f"sh: {words[0]}: not found\n")
            self.status = NOT_FOUND
        else:
            with process.around.kept.process(child.argv):
                self.status = await program(child)

    def input_of(self, process: Process) -> _Input:
        """Standard input as shared by ``read`` and by programs."""
        if process.stdin not in self.inputs:
            self.inputs[process.stdin] = _Input(process)
        return self.inputs[process.stdin]

    async def _redirect(self, redirects: list[Redirect], process: Process) -> Process | None:
        for item in redirects:
            changed = await redirected(item, await self._joined(item.target, process), process)
            if changed is None:
                return None
            process = changed
        return process

    # -- words -------------------------------------------------------------------------------------------------

    async def _joined(self, word: str, process: Process) -> str:
        """A word that is not split: the value of an assignment, a redirection's target."""
        return _plain("".join(text for text, _ in await self._parts(word, process)))

    async def _expand(self, word: str, process: Process) -> list[str]:
        """The fields that a word becomes (XCU 2.6.5)."""
        if word in ('"$@"', "$@"):
            return list(self.arguments)
        fields: list[str] = []
        current: str | None = None
        separators = self.variables.get("IFS", DEFAULT_IFS)
        for text, splits in await self._parts(word, process):
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
        return [path for field in fields for path in _globbed(field, process)]

    async def _parts(self, word: str, process: Process) -> list[tuple[str, bool]]:
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
                parts.append((await self._substituted(word[position + 1 : end], process), not quoted))
                position = end + 1
            elif sign == "$":
                text, position = await self._dollar(word, position, process)
                parts.append((text, not quoted))
            else:
                parts.append((sign if quoted else _GLOBS.get(sign, sign), False))
                position += 1
        return parts

    async def _dollar(self, word: str, position: int, process: Process) -> tuple[str, int]:
        if word.startswith("$(", position):
            end = substitution_end(word, position)
            inside = word[position + 2 : end - 1]
            if inside.startswith("(") and inside.endswith(")"):
                return await self._expanded(arithmetic, inside[1:-1], process), end
            return await self._substituted(inside, process), end
        if word.startswith("${", position):
            end = word.find("}", position)
            return await self._expanded(braces, word[position + 2 : end], process), end + 1
        found = re.compile(rf"\$({NAME})").match(word, position)
        if found is None:
            return "$", position + 1
        return self._variable(found[1]) or "", found.end()

    async def _substituted(self, script: str, process: Process) -> str:
        """What the commands write that ``$( )`` holds."""
        caught: list[bytes] = []
        await self._apart(parse(script), replace(process, out=into(caught)))
        return b"".join(caught).decode("utf-8", "replace").rstrip("\n")

    async def _apart(self, body: Sequence, process: Process) -> None:
        """Run commands in a shell of their own; its status is that of this one."""
        inner = Shell(self.find, dict(self.variables), list(self.arguments), inputs=self.inputs, steps=self.steps)
        try:
            await inner.sequence(body, process)
        except ExitShell as ended:
            inner.status = ended.status
        self.status, self.steps = inner.status, inner.steps

    async def _expanded(self, how: Expansion, text: str, process: Process) -> str:
        try:
            return how(text, self._variable)
        except BadExpansion as error:
            await process.complain(f"sh: {error}\n")
            raise ExitShell(2) from error

    def _variable(self, name: str) -> str | None:
        if name.isdigit():
            number = int(name)
            return "sh" if number == 0 else (self.arguments[number - 1] if number <= len(self.arguments) else None)
        special = {"?": str(self.status), "#": str(len(self.arguments)), "@": " ".join(self.arguments), "$": "1"}
        return special.get(name, self.variables.get(name))


_GLOBS = {"*": "\ue000", "?": "\ue001", "[": "\ue002", "]": "\ue003"}
"""Signs of patterns, while it counts that they were not quoted."""
_PLAIN = str.maketrans({mark: sign for sign, mark in _GLOBS.items()})


def _plain(text: str) -> str:
    return text.translate(_PLAIN)


def _globbed(field: str, process: Process) -> list[str]:
    """The paths that a pattern stands for; itself, where there are none (XCU 2.13.3)."""
    found = matching(process, _plain(field)) if any(mark in field for mark in _GLOBS.values()) else []
    return found or [_plain(field)]
