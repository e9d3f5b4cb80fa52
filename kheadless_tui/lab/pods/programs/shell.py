"""The lab's shell: runs ``sh -c SCRIPT``, or what is typed, with the image's programs.

It has what one-line scripts in pods use: lists, pipes, ``if``, ``for``, ``while``, variables with their defaults and
cuts, ``$( )``, ``$(( ))``, patterns of paths, redirection, ``case``, here documents, jobs in the background, ``[``,
``read``; as bash it makes connections of ``/dev/tcp`` and ``/dev/udp``. Functions it has not, and says so.
"""

from __future__ import annotations

import asyncio
import fnmatch
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from kheadless_tui.lab.pods.process import BrokenPipe, Process, Program, Reader, no_input
from kheadless_tui.lab.pods.programs.descriptors import Descriptor
from kheadless_tui.lab.pods.programs.redirection import into, of_bytes, redirected
from kheadless_tui.lab.pods.programs.shell_builtins import (
    BUILTINS,
    DEFAULT_IFS,
    NOT_FOUND,
    BreakLoop,
    ContinueLoop,
    ExitShell,
)
from kheadless_tui.lab.pods.programs.shell_expansion import (
    BadExpansion,
    arithmetic,
)
from kheadless_tui.lab.pods.programs.shell_input import Input
from kheadless_tui.lab.pods.programs.shell_jobs import Jobs
from kheadless_tui.lab.pods.programs.shell_syntax import ShellSyntaxError, parse
from kheadless_tui.lab.pods.programs.shell_tree import (
    AndOr,
    Arithmetic,
    Case,
    Command,
    For,
    Group,
    If,
    Loop,
    Pipeline,
    Redirect,
    Sequence,
    Simple,
)
from kheadless_tui.lab.pods.programs.shell_words import fields_of, joined
from kheadless_tui.lab.pods.written_files import user_of

Find = Callable[[Process], Program | None]
Expansion = Callable[[str, Callable[[str], str | None]], str]

MAX_STEPS = 20_000
"""Commands in one script; one that loops without end is stopped there."""
STEPS_AT_ONCE = 50
"""Commands after which others get their turn."""
BROKEN_PIPE = 141
"""Exit status of a program that has written where nobody reads (SIGPIPE)."""
_BASH_VERSION = {"BASH_VERSION": "5.2.15(1)-release", "BASH_VERSINFO[0]": "5", "BASH_VERSINFO[1]": "2"}
"""Of Debian 12."""


async def run(process: Process, find: Find) -> int:
    """``sh -c SCRIPT [NAME [ARGUMENT...]]``, or commands line by line from standard input."""
    words = list(process.argv[1:])
    variables = {**process.environment, "PATH": process.around.image.path, "IFS": DEFAULT_IFS, "PWD": process.folder}
    if process.argv[0].rpartition("/")[2] == "bash":
        variables |= _BASH_VERSION
    shell = Shell(find, variables, words[3:], folder=process.folder)
    try:
        if words[:1] == ["-c"] and len(words) > 1:
            return await _run_script(shell, words[1], process)
        if not words or set(words) <= {"-i", "-s", "-l", "--login", "-"}:
            return await _run_lines(shell, process)
    finally:
        await shell.end()
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
    while whole:
        if process.tty:
            prompt = "$ " if user_of(process) else f"{shell.folder} # "
            await process.say("> " if text else prompt)
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
class Shell:
    """One shell: its variables, its arguments, its last status."""

    find: Find
    variables: dict[str, str]
    arguments: list[str]
    status: int = 0
    steps: int = 0
    folder: str = "/"
    """Where relative paths begin."""
    inputs: dict[Reader, Input] = field(default_factory=dict)
    files: dict[int, Descriptor] = field(default_factory=dict)
    """Open beside the three streams, from ``exec``."""
    connections: list[Descriptor] = field(default_factory=list)
    jobs: Jobs = field(default_factory=Jobs)

    async def end(self) -> None:
        """Let nothing that it has started or opened go on."""
        await self.jobs.end_all()
        for connection in self.connections:
            if connection.close is not None:
                connection.close()

    # -- control -----------------------------------------------------------------------------------------------

    async def sequence(self, tree: Sequence, process: Process) -> None:
        """Run commands in order."""
        for item in tree.items:
            if not item.background:
                await self._and_or(item, process)
            elif self.jobs.full():
                await process.complain("sh: can't fork: Resource temporarily unavailable\n")
                raise ExitShell(2)
            else:
                await self._start(item, process)

    async def _start(self, item: AndOr, process: Process) -> None:
        """Let commands run beside this shell; of its standard input they have nothing (XCU 2.9.3.1)."""
        body = Sequence([AndOr(item.pipelines)])
        number = max(process.around.kept.running, default=0) + 1
        self.jobs.start(self._inner(body, replace(process, stdin=no_input), self._copy()), number)
        self.status = 0
        await asyncio.sleep(0)

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
        if process.folder != self.folder:
            process = replace(process, folder=self.folder)
        files = dict(self.files)
        redirected = await self._redirect(command.redirects, process)
        if redirected is None:
            self.status = 1
        elif isinstance(command, Simple) and command.words == ["exec"]:
            self.status, files = 0, self.files
        elif isinstance(command, Simple):
            await self._simple(command, redirected)
        elif isinstance(command, Group):
            await (self._apart if command.apart else self.sequence)(command.body, redirected)
        elif isinstance(command, If):
            await self._if(command, redirected)
        elif isinstance(command, For):
            await self._for(command, redirected)
        elif isinstance(command, Case):
            await self._case(command, redirected)
        elif isinstance(command, Arithmetic):
            self.status = int(await self.expanded(arithmetic, command.text, redirected) == "0")
        else:
            await self._loop(command, redirected)
        self.files = files

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
        values = [value for word in command.words for value in await fields_of(self, word, process)]
        self.status = 0
        for value in values:
            self.variables[command.name] = value
            try:
                await self.sequence(command.body, process)
            except ContinueLoop:
                continue
            except BreakLoop:
                break

    async def _case(self, command: Case, process: Process) -> None:
        word, self.status = await joined(self, command.word, process), 0
        for patterns, body in command.branches:
            if any([fnmatch.fnmatchcase(word, await joined(self, pattern, process)) for pattern in patterns]):
                await self.sequence(body, process)
                return

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
        words = [value for word in command.words for value in await fields_of(self, word, process)]
        assigned = {name: await joined(self, value, process) for name, value in command.assignments}
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
            tuple(words), process.around, self.input_of(process).read, process.out, process.err, environment,
            folder=self.folder,
        )  # fmt: skip
        program = self.find(child)
        if program is None:
            await process.complain(f"sh: {words[0]}: not found\n")
            self.status = NOT_FOUND
        else:
            with process.around.kept.process(child.argv):
                try:
                    self.status = await program(child)
                except BrokenPipe:
                    self.status = BROKEN_PIPE

    def input_of(self, process: Process) -> Input:
        """Standard input as shared by ``read`` and by programs."""
        if process.stdin not in self.inputs:
            self.inputs[process.stdin] = Input(process)
        return self.inputs[process.stdin]

    async def _redirect(self, redirects: list[Redirect], process: Process) -> Process | None:
        for item in redirects:
            changed = await redirected(
                item, await joined(self, item.target, process), process, self.files, self.connections
            )
            if changed is None:
                return None
            process = changed
        return process

    async def substituted(self, script: str, process: Process) -> str:
        """What the commands write that ``$( )`` holds."""
        caught: list[bytes] = []
        await self._apart(parse(script), replace(process, out=into(caught)))
        return b"".join(caught).decode("utf-8", "replace").rstrip("\n")

    async def _apart(self, body: Sequence, process: Process) -> None:
        """Run commands in a shell of their own; its status is that of this one."""
        inner = self._copy()
        self.status = await self._inner(body, process, inner)
        self.steps = inner.steps

    def _copy(self) -> Shell:
        return Shell(
            self.find, dict(self.variables), list(self.arguments), steps=self.steps, folder=self.folder,
            inputs=self.inputs, files=dict(self.files),
        )  # fmt: skip

    async def _inner(self, body: Sequence, process: Process, shell: Shell) -> int:
        try:
            await shell.sequence(body, process)
        except ExitShell as ended:
            shell.status = ended.status
        except (BreakLoop, ContinueLoop):
            pass
        finally:
            await shell.end()
        return shell.status

    async def expanded(self, how: Expansion, text: str, process: Process) -> str:
        """What an expansion makes of a text; one that cannot be made ends the shell."""
        try:
            return how(text, self.variable)
        except BadExpansion as error:
            await process.complain(f"sh: {error}\n")
            raise ExitShell(2) from error

    def variable(self, name: str) -> str | None:
        """What a name stands for; ``None`` when it is not set."""
        if name.isdigit():
            number = int(name)
            return "sh" if number == 0 else (self.arguments[number - 1] if number <= len(self.arguments) else None)
        special = {"?": str(self.status), "#": str(len(self.arguments)), "@": " ".join(self.arguments), "$": "1"}
        if name == "!" and self.jobs.last is not None:
            return str(self.jobs.last)
        return special.get(name, self.variables.get(name))
