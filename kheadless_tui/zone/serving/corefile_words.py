"""A Corefile's text as words, each with its line.

Source: coredns/caddy caddyfile/lexer.go. A word ends at white space; one that starts with a quote runs to the closing
quote, over lines, and only a quote can be escaped in it. A ``#`` starts a comment to the end of the line, but right
behind a word only to the next white space.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Token(NamedTuple):
    """A word of the file."""

    text: str
    line: int
    unclosed: bool = False
    """It starts with a quote that nothing closes, so that it runs to the end of the file."""

    @property
    def last_line(self) -> int:
        """The line that it ends in, counted as dispenser.go numLineBreaks does."""
        return self.line + self.text.count("\n")


def tokens(text: str) -> Iterator[Token]:
    """The words of a Corefile."""
    line, at, size = 1, 1 if text.startswith("\ufeff") else 0, len(text)
    while at < size:
        sign = text[at]
        if sign == "\n":
            line += 1
            at += 1
        elif sign.isspace():
            at += 1
        elif sign == "#":
            end = text.find("\n", at)
            at = size if end < 0 else end
        elif sign == '"':
            word, at = _quoted(text, at + 1)
            if word or at <= size:
                yield Token(word, line, unclosed=at > size)
            line += word.count("\n")
        else:
            word, at = _bare(text, at)
            yield Token(word, line)


def _quoted(text: str, at: int) -> tuple[str, int]:
    """The text up to the closing quote, and where to go on: beyond the end when there is none."""
    word: list[str] = []
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text):
            word.append(text[at + 1] if text[at + 1] == '"' else text[at : at + 2])
            at += 2
        else:
            word.append(text[at])
            at += 1
    return "".join(word), at + 1


def _bare(text: str, at: int) -> tuple[str, int]:
    word: list[str] = []
    comment = False
    while at < len(text) and (text[at] == "\r" or not text[at].isspace()):
        comment = comment or text[at] == "#"
        if not comment and text[at] != "\r":
            word.append(text[at])
        at += 1
    return "".join(word), at
