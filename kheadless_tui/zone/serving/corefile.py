"""A Corefile taken apart, as CoreDNS reads it, with the line of everything.

Source: coredns/caddy caddyfile/lexer.go and parse.go. A token ends at white space; one that starts with a quote runs to
the closing quote, over lines, and only a quote can be escaped in it. A ``#`` starts a comment to the end of the line,
but right behind a token only to the next white space. Snippets are expanded where they are imported. What lies outside
of the text, files that are imported and environment variables, is noted and left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from kheadless_tui.errors import InputError
from kheadless_tui.zone.serving.config import Note

MAX_EXPANSIONS = 10_000
"""Imports of snippets in one file (parse.go maxSnippetExpansions); more are taken for an endless loop."""

_ENVIRONMENT = re.compile(r"\{%[^%}]+%\}|\{\$[^}]+\}")


class Token(NamedTuple):
    """A word of the file."""

    text: str
    line: int
    unclosed: bool = False
    """It starts with a quote that nothing closes, so that it runs to the end of the file."""


_NOWHERE = Token("", 0)


@dataclass(frozen=True, slots=True)
class Option:
    """One line in the braces of a plugin; in nested braces again options."""

    name: str
    line: int
    args: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Plugin:
    """One use of a plugin in a server block."""

    name: str
    line: int
    args: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    unseen: tuple[Note, ...] = ()
    """What of it lies outside of the file."""


@dataclass(frozen=True, slots=True)
class ServerBlock:
    """Server keys, such as ``.:53`` or ``dns://cluster.local:1053``, and the plugins in the order of the file."""

    keys: tuple[str, ...]
    line: int
    plugins: tuple[Plugin, ...]
    unseen: tuple[Note, ...] = ()
    """What lies outside of the file and may bring plugins into the block."""

    def named(self, name: str) -> tuple[Plugin, ...]:
        """The uses of one plugin."""
        return tuple(plugin for plugin in self.plugins if plugin.name == name)


@dataclass(frozen=True, slots=True)
class Corefile:
    """A whole file."""

    where: str
    """The file's name in messages."""
    blocks: tuple[ServerBlock, ...]
    notes: tuple[Note, ...] = ()
    """What lies outside of the file, wherever."""
    unseen: tuple[Note, ...] = ()
    """What of it may bring server blocks, or is part of their keys."""


def parse(text: str, where: str) -> Corefile:
    """Take a Corefile apart.

    Args:
        text: the file.
        where: its name in messages: a path, or ``ConfigMap kube-system/coredns``.

    Raises:
        InputError: CoreDNS would not start with it; the message says line, what was expected and what was found.
    """
    return _Parser(text, where).whole()


def is_seen(text: str) -> bool:
    """Whether a word stands in the file as it is, and is not taken from the environment of CoreDNS."""
    return _ENVIRONMENT.search(text) is None


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


@dataclass(slots=True)
class _Parser:
    text: str
    where: str
    notes: list[Note] = field(default_factory=list)
    unseen: list[Note] = field(default_factory=list)
    snippets: dict[str, list[Token]] = field(default_factory=dict)
    expansions: int = 0
    rest: list[Token] = field(default_factory=list)
    """What is still to be read, last first: an import puts its snippet on top."""
    last: Token = _NOWHERE

    def whole(self) -> Corefile:
        self.rest = list(tokens(self.text))[::-1]
        blocks = [block for block in iter(self._block, None) if block.keys]
        if not blocks:
            raise InputError("expected a server block such as `.:53 { ... }`, found none", where=self.where)
        return Corefile(self.where, tuple(blocks), tuple(dict.fromkeys(self.notes)), tuple(dict.fromkeys(self.unseen)))

    def _block(self) -> ServerBlock | None:
        if not self.rest:
            return None
        line, before = self.rest[-1].line, len(self.notes)
        keys = self._keys()
        self.unseen += self.notes[before:]
        unseen: list[Note] = []
        if len(keys) == 1 and keys[0].startswith("(") and keys[0].endswith(")"):
            self._snippet(keys[0][1:-1], line)
            return ServerBlock((), line, ())
        braced = bool(self.rest) and self.rest[-1].text == "{"
        if braced:
            self._take()
        plugins: list[Plugin] = []
        while self.rest:
            if self.rest[-1].text == "}":
                if not braced:
                    raise self._error("expected a plugin, found } without an opening brace", self.rest[-1].line)
                if plugins and self.rest[-1].line == self.last.line:
                    found = f"expected }} on a line of its own, found it behind {plugins[-1].name}"
                    raise self._error(found, self.rest[-1].line)
                self._take()
                return ServerBlock(tuple(keys), line, tuple(plugins), tuple(unseen))
            before = len(self.notes)
            if self._import():
                unseen += self.notes[before:]
            else:
                plugins.append(self._plugin())
        if braced:
            raise self._ended(line, f"the server block of line {line} is open")
        return ServerBlock(tuple(keys), line, tuple(plugins), tuple(unseen))

    def _keys(self) -> list[str]:
        keys: list[str] = []
        another = False
        while self.rest and self.rest[-1].text != "{":
            if keys and not another and self.rest[-1].line != self.last.line:
                break
            if self._import():
                continue
            word = self._take()
            text = self._environment(word)
            another = text.endswith(",")
            if text.rstrip(","):
                keys.append(text.removesuffix(","))
        if another:
            found = self.rest[-1].text if self.rest else "the end of the file"
            raise self._error(f"expected another server name behind the comma, found {found}", self.last.line)
        return keys

    def _snippet(self, name: str, line: int) -> None:
        if name in self.snippets:
            raise self._error(f"snippet {name} is declared a second time", line)
        if not self.rest or self.rest[-1].text != "{":
            raise self._error(f"expected {{ behind the snippet's name {name}", line)
        self._take()
        body: list[Token] = []
        depth = 1
        while self.rest:
            word = self._take()
            depth += {"{": 1, "}": -1}.get(word.text, 0)
            if not depth:
                self.snippets[name] = body
                return
            body.append(word)
        raise self._ended(line, f"the snippet of line {line} is open")

    def _import(self) -> bool:
        """Put what an import names in its place; what is not a snippet lies outside of the file."""
        word = self.rest[-1]
        if word.text != "import" or word.line == self.last.line:
            return False
        self._take()
        args = self._arguments(word.line)
        if len(args) != 1 or not args[0]:
            raise self._error(f"expected one snippet or file behind import, found {len(args)}", word.line)
        snippet = self.snippets.get(args[0])
        if snippet is None:
            text = f"import {args[0]} brings in what is not in this file"
            if not set("*?[]") & set(args[0]):
                text += ", and CoreDNS does not start where no such file is beside it"
            self.notes.append(Note(f"{self.where}:{word.line}", "import", text))
            return True
        self.expansions += 1
        if self.expansions > MAX_EXPANSIONS:
            raise self._error(f"snippet {args[0]} imports itself without end", word.line)
        self.rest.extend(reversed(snippet))
        self.last = _NOWHERE
        return True

    def _plugin(self) -> Plugin:
        word, before = self._take(), len(self.notes)
        name = self._environment(word)
        if name == "{":
            raise self._error("expected a plugin, found {", word.line)
        args = self._arguments(word.line)
        options: tuple[Option, ...] = ()
        if self.rest and self.rest[-1].text == "{":
            if self.rest[-1].line != self.last.line:
                raise self._error(
                    f"expected {{ on the line of {name}, found it on a line of its own", self.rest[-1].line
                )
            options = self._options(name)
        return Plugin(name, word.line, args, options, tuple(self.notes[before:]))

    def _options(self, name: str) -> tuple[Option, ...]:
        start = self._take()
        found: list[Option] = []
        while self.rest:
            if self.rest[-1].text == "}":
                self._take()
                return tuple(found)
            if self._import():
                continue
            word = self._take()
            args = self._arguments(word.line)
            if self.rest and self.rest[-1].text == "}" and self.rest[-1].line == self.last.line:
                # A brace on the option's line is one of its arguments (dispenser.go RemainingArgs), and ends the block.
                self._take()
                found.append(Option(self._environment(word), word.line, (*args, "}")))
                return tuple(found)
            opens = self.rest and self.rest[-1].text == "{" and self.rest[-1].line == self.last.line
            nested = self._options(word.text) if opens else ()
            found.append(Option(self._environment(word), word.line, args, nested))
        raise self._ended(start.line, f"{name} opens a brace in line {start.line}")

    def _arguments(self, line: int) -> tuple[str, ...]:
        found: list[str] = []
        while self.rest and self.rest[-1].line == line and self.rest[-1].text not in ("{", "}"):
            word = self._take()
            line += word.text.count("\n")
            found.append(self._environment(word))
        return tuple(found)

    def _take(self) -> Token:
        self.last = self.rest.pop()
        return self.last

    def _environment(self, word: Token) -> str:
        for reference in _ENVIRONMENT.findall(word.text):
            text = f"{reference} is taken from the environment of CoreDNS, which is not seen here"
            self.notes.append(Note(f"{self.where}:{word.line}", "environment", text))
        return word.text

    def _ended(self, line: int, hint: str) -> InputError:
        if self.last.unclosed:
            return self._error('expected a closing ", found the end of the file', self.last.line)
        return self._error("expected }, found the end of the file", line, hint)

    def _error(self, message: str, line: int, hint: str = "") -> InputError:
        return InputError(message, where=f"{self.where}:{line}", hint=hint)
