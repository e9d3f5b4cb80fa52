"""Commands on the screen: wrapped so that what is copied from it still is the same command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from rich.text import Text

from kheadless_tui.tui.text.cells import clean, pad, width_of
from kheadless_tui.tui.text.roles import MUTED, TEXT


def clean_command(command: str) -> str:
    """A command with what a terminal would obey taken out, its own line ends kept."""
    return "\n".join(clean(line) for line in command.splitlines())


def command_lines(label: str, command: str, width: int, indent: int) -> list[Text]:
    """A command beside its label; where one of its words needs more room, below it and over the whole width."""
    cleaned = clean_command(command)
    lines = wrap_command(cleaned, width - indent)
    if any(line.endswith("\\") and not line.endswith(" \\") for line in lines):
        return [Text(label, MUTED), *(Text(line, TEXT) for line in wrap_command(cleaned, width))]
    labelled = []
    for number, line in enumerate(lines):
        text = Text(pad(label if number == 0 else "", indent), MUTED)
        text.append(line, TEXT)
        labelled.append(text)
    return labelled


def wrap_command(command: str, width: int) -> list[str]:
    r"""A shell command in lines that end in ``\`` where it goes on; all lines together are the same command.

    Lines that it was wrapped into before are joined first. What stands between quotes over several lines (a manifest,
    a script) is never touched. A single word that is too long goes on at the very beginning of the next line, where the
    shell puts the two together again.
    """
    lines: list[str] = []
    quote = ""
    for given in _joined(command.splitlines()):
        inside, quote = quote, _quote_after(given, quote)
        # A line that begins or ends within quotes is a part of one word: a manifest, a script.
        lines += [given] if inside or quote else _wrap_words(given, width)
    return lines


def _joined(lines: Iterable[str]) -> list[str]:
    joined: list[str] = []
    quote = ""
    for line in lines:
        if joined and not quote and joined[-1].endswith("\\"):
            joined[-1] = f"{joined[-1][:-1].rstrip()} {line.lstrip()}"
        else:
            joined.append(line)
        quote = _quote_after(line, quote)
    return joined


def _quote_after(line: str, quote: str) -> str:
    """The quotation mark that is open at the end of a line, empty for none."""
    escaped = False
    for sign in line:
        if escaped:
            escaped = False
        elif quote:
            quote = "" if sign == quote else quote
        elif sign == "\\":
            escaped = True
        elif sign in "'\"":
            quote = sign
    return quote


def _wrap_words(line: str, width: int) -> list[str]:
    indent = line[: len(line) - len(line.lstrip())]
    continued = line.rstrip().endswith("\\")
    words = _shell_words(line.rstrip().removesuffix("\\") if continued else line)
    lines: list[str] = []
    current = indent
    for position, word in enumerate(words):
        candidate = f"{current} {word}" if current.strip() else current + word
        last = position == len(words) - 1 and not continued
        if width_of(f"{indent or '  '}{word}") + (0 if last else 2) > width and (pieces := _pieces(word, width - 3)):
            lines += [f"{current} \\"] if current.strip() else []
            lines += [f"{piece}\\" for piece in pieces[:-1]]
            current = pieces[-1]
            continue
        if current.strip() and width_of(candidate) + (0 if last else 2) > width:
            lines.append(f"{current} \\")
            current = f"{indent or '  '}{word}"
        else:
            current = candidate
    lines.append(f"{current} \\" if continued else current)
    return lines


def _shell_words(line: str) -> list[str]:
    words: list[str] = []
    current = ""
    for sign in line:
        if sign == " " and not _quote_after(current, "") and not current.endswith("\\"):
            if current:
                words.append(current)
            current = ""
        else:
            current += sign
    return [*words, current] if current else words


_PLAIN = re.compile(r"[A-Za-z0-9@%+=:,./_-]+\Z")
"""Words in which nothing means anything to a shell (shlex.quote leaves them as they are)."""


def _pieces(word: str, width: int) -> list[str]:
    """A word in pieces that follow one another as one word; none where it means more to a shell than itself."""
    if not _PLAIN.match(word) and not (_is_quoted(word) and "\n" not in word):
        return []
    literal = shlex.split(word)[0]
    pieces: list[str] = []
    while literal:
        size = min(len(literal), width)
        while size > 1 and width_of(shlex.quote(literal[:size])) > width:
            size -= 1
        pieces.append(shlex.quote(literal[:size]))
        literal = literal[size:]
    return pieces


def _is_quoted(word: str) -> bool:
    """Whatever a shell would act upon stands between single quotes."""
    outside = re.sub(r"'[^']*'", "", word)
    return not outside or _PLAIN.match(outside) is not None
