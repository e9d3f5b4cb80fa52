"""The commands that are part of the lab's shell."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from kheadless_tui.lab.pods.process import Process
from kheadless_tui.lab.pods.written_files import FOLDERS, absolute

if TYPE_CHECKING:
    from kheadless_tui.lab.pods.programs.shell import Shell

NOT_FOUND = 127
"""Exit status for a program that is not there (XCU 2.8.2)."""
DEFAULT_IFS = " \t\n"


class ExitShell(Exception):  # what ``exit`` does
    """The script ends with a status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class BreakLoop(Exception):  # what ``break`` does
    """The loop around ends."""


class ContinueLoop(Exception):  # what ``continue`` does
    """The loop around takes its next turn."""


_CLOSED_BY = {"[": "]", "[[": "]]"}
Builtin = Callable[["Shell", list[str], Process], Awaitable[int]]


async def _test(shell: Shell, words: list[str], process: Process) -> int:
    operands = words[1:]
    if words[0] in _CLOSED_BY:
        if operands[-1:] != [_CLOSED_BY[words[0]]]:
            await process.complain(f"sh: {words[0]}: missing {_CLOSED_BY[words[0]]}\n")
            return 2
        operands = operands[:-1]
    return 0 if _holds(operands, process) else 1


def _holds(operands: list[str], process: Process) -> bool:
    for joint, combine in (("-o", any), ("-a", all)):
        if joint in operands[1:-1]:
            at = operands.index(joint)
            return combine((_holds(operands[:at], process), _holds(operands[at + 1 :], process)))
    if operands[:1] == ["!"]:
        return not _holds(operands[1:], process)
    if len(operands) == 3:
        left, operator, right = operands
        if operator in ("=", "==", "!="):
            return (left == right) is (operator != "!=")
        numbers = {"-eq": "==", "-ne": "!=", "-lt": "<", "-le": "<=", "-gt": ">", "-ge": ">="}
        return operator in numbers and _compare(left, operator, right)
    if len(operands) == 2:
        return _unary(operands[0], operands[1], process)
    return bool(operands and operands[0])


def _compare(left: str, operator: str, right: str) -> bool:
    try:
        difference = int(left) - int(right)
    except ValueError:
        return False
    return {
        "-eq": difference == 0,
        "-ne": difference != 0,
        "-lt": difference < 0,
        "-le": difference <= 0,
        "-gt": difference > 0,
        "-ge": difference >= 0,
    }[operator]


def _unary(operator: str, operand: str, process: Process) -> bool:
    around = process.around
    if operator in ("-z", "-n"):
        return bool(operand) is (operator == "-n")
    if operator == "-x":
        return _executable(operand, process)
    if operator in ("-f", "-r", "-e", "-s"):
        path = absolute(operand, process.folder)
        return (
            bool(around.files.get(path))
            if operator == "-s"
            else (path in around.files or _executable(operand, process) or (operator == "-e" and path in FOLDERS))
        )
    return operator == "-d" and absolute(operand, process.folder) in FOLDERS


def _executable(path: str, process: Process) -> bool:
    folder, _, name = path.rpartition("/")
    return process.around.image.has(name) and folder == process.around.image.folder_of(name)


async def _read(shell: Shell, words: list[str], process: Process) -> int:
    line, whole = await shell.input_of(process).line()
    names = [word for word in words[1:] if not word.startswith("-")] or ["REPLY"]
    fields = (
        line.split(None, len(names) - 1) if len(names) > 1 else [line.strip(shell.variables.get("IFS", DEFAULT_IFS))]
    )
    for number, name in enumerate(names):
        shell.variables[name] = fields[number] if number < len(fields) else ""
    return 0 if whole else 1


async def _command_v(shell: Shell, words: list[str], process: Process) -> int:
    names = [word for word in words[1:] if not word.startswith("-")]
    if words[1:2] not in (["-v"], ["-V"]):
        await shell.run_program(names, {}, process)
        return shell.status
    found = False
    for name in names:
        if name in BUILTINS or process.around.image.has(name):
            found = True
            own = name in BUILTINS or process.around.image.busybox
            await process.say(f"{name}\n" if own else f"{process.around.image.folder_of(name)}/{name}\n")
    return 0 if found else NOT_FOUND


async def _type(shell: Shell, words: list[str], process: Process) -> int:
    status = 0
    for name in words[1:]:
        if name in BUILTINS:
            await process.say(f"{name} is a shell builtin\n")
        elif process.around.image.has(name):
            own = process.around.image.busybox
            await process.say(f"{name} is {name if own else f'{process.around.image.folder_of(name)}/{name}'}\n")
        else:
            await process.complain(f"sh: type: {name}: not found\n")
            status = NOT_FOUND
    return status


async def run_test(process: Process) -> int:
    """``test`` and ``[`` as programs of their own."""
    words = list(process.argv)
    if words[0].rpartition("/")[2] == "[":
        if words[-1] != "]":
            await process.complain("[: missing ]\n")
            return 2
        words.pop()
    return 0 if _holds(words[1:], process) else 1


async def _unset(shell: Shell, words: list[str], process: Process) -> int:
    for name in words[1:]:
        shell.variables.pop(name, None)
    return 0


async def _export(shell: Shell, words: list[str], process: Process) -> int:
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if equals:
            shell.variables[name] = value
        process.environment[name] = shell.variables.get(name, "")
    return 0


async def _leave(shell: Shell, words: list[str], process: Process) -> int:
    raise ExitShell(int(words[1]) & 255 if len(words) > 1 and words[1].isdigit() else shell.status)


async def _shift(shell: Shell, words: list[str], process: Process) -> int:
    count = int(words[1]) if len(words) > 1 and words[1].isdigit() else 1
    if count > len(shell.arguments):
        return 1
    del shell.arguments[:count]
    return 0


async def _set(shell: Shell, words: list[str], process: Process) -> int:
    """The arguments; of its options each would change what a script does, so that none is let pass."""
    if words[1:2] == ["--"]:
        shell.arguments = words[2:]
    elif words[1:]:
        await process.complain(f"sh: set {words[1]} is not available in the lab\n")
        return 2
    else:
        await process.say("".join(f"{name}='{value}'\n" for name, value in sorted(shell.variables.items())))
    return 0


async def _break(shell: Shell, words: list[str], process: Process) -> int:
    raise BreakLoop


async def _continue(shell: Shell, words: list[str], process: Process) -> int:
    raise ContinueLoop


async def _cd(shell: Shell, words: list[str], process: Process) -> int:
    wanted = words[1] if len(words) > 1 else "/root"
    folder = shell.variables.get("OLDPWD", "/") if wanted == "-" else absolute(wanted, shell.folder)
    if folder not in FOLDERS:
        why = "Not a directory" if folder in process.around.files else "No such file or directory"
        await process.complain(f"sh: cd: line 0: can't cd to {wanted}: {why}\n")
        return 2
    if wanted == "-":
        await process.say(f"{folder}\n")
    shell.variables |= {"OLDPWD": shell.folder, "PWD": folder}
    shell.folder = folder
    return 0


async def _wait(shell: Shell, words: list[str], process: Process) -> int:
    if words[1:] == ["-n"]:
        status = await shell.jobs.wait_for_any()
        return NOT_FOUND if status is None else status
    if not words[1:]:
        await shell.jobs.wait_for_all()
    status = 0
    for word in words[1:]:
        number = shell.jobs.find(word)
        status = NOT_FOUND if number is None else await shell.jobs.wait(number)
    return status


async def _kill(shell: Shell, words: list[str], process: Process) -> int:
    status = 0
    for word in (word for word in words[1:] if not word.startswith("-")):
        number = shell.jobs.find(word)
        if number is not None:
            shell.jobs.end(number)
            continue
        status = 1
        if word.isdigit() and int(word) in process.around.kept.running:
            await process.complain(f"kill: {word} is no job of this shell: not available in the lab\n")
        else:
            await process.complain(f"sh: can't kill pid {word}: No such process\n")
    return status


async def _nothing(shell: Shell, words: list[str], process: Process) -> int:
    return 0


BUILTINS: dict[str, Builtin] = {
    "[": _test,
    "[[": _test,
    "test": _test,
    "read": _read,
    "command": _command_v,
    "type": _type,
    "unset": _unset,
    "export": _export,
    "exit": _leave,
    "shift": _shift,
    "break": _break,
    "continue": _continue,
    ":": _nothing,
    "set": _set,
    "cd": _cd,
    "wait": _wait,
    "kill": _kill,
}
