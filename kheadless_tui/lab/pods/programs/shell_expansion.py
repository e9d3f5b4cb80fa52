"""What a shell makes of ``${NAME...}`` and ``$((...))`` (POSIX XCU 2.6.2 and 2.6.4)."""

from __future__ import annotations

import ast
import fnmatch
import operator
import re
from collections.abc import Callable

from kheadless_tui.lab.pods.process import Process
from kheadless_tui.lab.pods.written_files import matching

NAME = r"[A-Za-z_]\w*|[0-9@#?$*!]"
_IN_BRACES = rf"\d+|{NAME}"
_BRACES = re.compile(rf"({_IN_BRACES})(:?[-+]|##?|%%?)(.*)", re.DOTALL)
_BINARY: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
_COMPARED: dict[type[ast.cmpop], Callable[[int, int], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
MOST_DIGITS = 18
"""Of a number: shells compute with 64 bits."""


class BadExpansion(Exception):
    """What the shell says of an expansion that it cannot make; it ends the shell."""


def braces(inside: str, value: Callable[[str], str | None]) -> str:
    """What ``${...}`` stands for; ``value`` gives a variable, ``None`` for one that is not set.

    Raises:
        BadExpansion: there is no such form, or not here.
    """
    if re.fullmatch(_IN_BRACES, inside):
        return value(inside) or ""
    if inside.startswith("#") and re.fullmatch(_IN_BRACES, inside[1:]):
        return str(len(value(inside[1:]) or ""))
    found = _BRACES.fullmatch(inside)
    if found is None:
        raise BadExpansion("syntax error: bad substitution")
    name, sign, word = found.groups()
    held = value(name)
    if sign[-1] in "-+":
        there = held is not None and (held != "" or sign[0] != ":")
        return (held or "") if sign[-1] == "-" and there else word if there is (sign[-1] == "+") else ""
    return _cut(held or "", sign, word)


def _cut(text: str, sign: str, pattern: str) -> str:
    """Without the shortest (``#``, ``%``) or longest (``##``, ``%%``) part that matches, in front or behind."""
    front, longest = sign[0] == "#", len(sign) == 2
    places = range(len(text) + 1)
    for place in places if front != longest else reversed(places):
        part, rest = (text[:place], text[place:]) if front else (text[place:], text[:place])
        if fnmatch.fnmatchcase(part, pattern):
            return rest
    return text


def arithmetic(text: str, value: Callable[[str], str | None]) -> str:
    """The value of an arithmetic expression, whole numbers only.

    Raises:
        BadExpansion: it is none, or divides by zero.
    """
    try:
        return str(_number(ast.parse(text.replace("$", "").strip() or "0", mode="eval").body, value))
    except (SyntaxError, ValueError, RecursionError) as error:
        raise BadExpansion("arithmetic syntax error") from error


def _number(node: ast.AST, value: Callable[[str], str | None]) -> int:
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and len(str(node.value)) <= MOST_DIGITS:
        return int(node.value)
    if isinstance(node, ast.Name):
        return int(value(node.id) or "0")
    if (
        isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Constant)
    ):  # of an array
        return int(value(f"{node.value.id}[{ast.unparse(node.slice)}]") or "0")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        found = _number(node.operand, value)
        return -found if isinstance(node.op, ast.USub) else found
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARED:
        left, right = _number(node.left, value), _number(node.comparators[0], value)
        return int(_COMPARED[type(node.ops[0])](left, right))
    if isinstance(node, ast.BinOp):
        return _of_two(node, _number(node.left, value), _number(node.right, value))
    raise ValueError


def _of_two(node: ast.BinOp, left: int, right: int) -> int:
    if isinstance(node.op, (ast.Div, ast.FloorDiv, ast.Mod)):
        if right == 0:
            raise BadExpansion("divide by zero")
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)  # C rounds towards zero
        return left - quotient * right if isinstance(node.op, ast.Mod) else quotient
    if isinstance(node.op, ast.Pow) and 0 <= right < 64:
        return int(left**right)
    if type(node.op) not in _BINARY:
        raise ValueError
    return _BINARY[type(node.op)](left, right)


GLOBS = {"*": "\ue000", "?": "\ue001", "[": "\ue002", "]": "\ue003"}
"""Signs of patterns, while it counts that they were not quoted."""
_PLAIN = str.maketrans({mark: sign for sign, mark in GLOBS.items()})


def plain(text: str) -> str:
    """The text, its patterns no longer any."""
    return text.translate(_PLAIN)


def globbed(field: str, process: Process) -> list[str]:
    """The paths that a pattern stands for; itself, where there are none (XCU 2.13.3)."""
    found = matching(process, plain(field)) if any(mark in field for mark in GLOBS.values()) else []
    return found or [plain(field)]
