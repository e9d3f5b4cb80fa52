"""A Corefile taken apart, as CoreDNS reads it, with the line of everything.

Source: coredns/caddy caddyfile/parse.go, which groups the words of a file by plugin, and dispenser.go, by which plugins
read theirs. Snippets are expanded where they are imported. What lies outside of the text, files that are imported and
environment variables, is noted and left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from kheadless_tui.errors import InputError
from kheadless_tui.zone.serving.config import Note
from kheadless_tui.zone.serving.corefile_words import Token, tokens

MAX_EXPANSIONS = 10_000
"""Imports of snippets in one file (parse.go maxSnippetExpansions); more are taken for an endless loop."""

_ENVIRONMENT = re.compile(r"\{%[^%}]+%\}|\{\$[^}]+\}")


@dataclass(frozen=True, slots=True)
class Option:
    """One line in the braces of a plugin."""

    name: str
    line: int
    args: tuple[str, ...] = ()
    """With a closing brace of the same line: what reads all words of a line takes it for one (RemainingArgs)."""

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments without a closing brace, for what reads so many words as it needs (NextArg, NextBlock)."""
        return self.args[:-1] if self.args[-1:] == ("}",) else self.args


@dataclass(frozen=True, slots=True)
class Plugin:
    """One use of a plugin in a server block."""

    name: str
    line: int
    args: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    unseen: tuple[Note, ...] = ()
    """What of it lies outside of the file."""
    end: int = 0
    """The line of its last word; CoreDNS tells it of what is wrong with the whole."""
    braced: bool = False
    """Whether it has braces, be they empty."""


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


def parse(text: str, where: str, known: Collection[str] = ()) -> Corefile:
    """Take a Corefile apart.

    Args:
        text: the file.
        where: its name in messages: a path, or ``ConfigMap kube-system/coredns``.
        known: the names of plugins; others are refused. Without any they are all taken.

    Raises:
        InputError: CoreDNS would not start with it; the message says line, what was expected and what was found.
    """
    return _Parser(where, list(tokens(text)), known).whole()


def is_seen(text: str) -> bool:
    """Whether a word stands in the file as it is, and is not taken from the environment of CoreDNS."""
    return _ENVIRONMENT.search(text) is None


@dataclass(slots=True)
class _Parser:
    """Walks through the words; ``at`` is the one that is looked at, as the cursor of dispenser.go."""

    where: str
    words: list[Token]
    known: Collection[str]
    at: int = -1
    notes: list[Note] = field(default_factory=list)
    unseen: list[Note] = field(default_factory=list)
    snippets: dict[str, list[Token]] = field(default_factory=dict)
    expansions: int = 0

    def whole(self) -> Corefile:
        blocks: list[ServerBlock] = []
        while self._next():
            block = self._block()
            if block.keys:
                blocks.append(block)
        if not blocks:
            raise InputError("expected a server block such as `.:53 { ... }`, found none", where=self.where)
        return Corefile(self.where, tuple(blocks), tuple(dict.fromkeys(self.notes)), tuple(dict.fromkeys(self.unseen)))

    # -- the cursor ------------------------------------------------------------------------------------------------

    def _next(self) -> bool:
        if self.at < len(self.words) - 1:
            self.at += 1
            return True
        return False

    @property
    def _word(self) -> Token:
        return self.words[self.at] if 0 <= self.at < len(self.words) else Token("", 0)

    @property
    def _begins_line(self) -> bool:
        """Whether the word stands on another line than the one before (dispenser.go isNewLine)."""
        return self.at < 1 or (self.at < len(self.words) and self.words[self.at - 1].last_line < self._word.line)

    def _next_of_line(self) -> bool:
        return self.at < len(self.words) - 1 and self._word.last_line == self.words[self.at + 1].line and self._next()

    # -- what parse.go does ----------------------------------------------------------------------------------------

    def _block(self) -> ServerBlock:
        line, before = self._word.line, len(self.notes)
        keys, ended = self._keys()
        self.unseen += self.notes[before:]
        if ended:
            return ServerBlock(tuple(keys), line, ())
        if len(keys) == 1 and keys[0].startswith("(") and keys[0].endswith(")"):
            self._snippet(keys[0][1:-1])
            return ServerBlock((), line, ())
        braced = self._word.text == "{"
        if not braced:
            self.at -= 1
        plugins: list[Plugin] = []
        unseen: list[Note] = []
        while self._next() and self._word.text != "}":
            before = len(self.notes)
            if self._word.text == "import":
                self._import()
                self.at -= 1
                unseen += self.notes[before:]
            else:
                plugins += self._plugin()
        if braced and self._word.text != "}":
            raise self._ended(f"the server block of line {line} is open")
        return ServerBlock(tuple(keys), line, tuple(plugins), tuple(unseen))

    def _keys(self) -> tuple[list[str], bool]:
        """The server keys, and whether the file ends with them."""
        keys: list[str] = []
        another = False
        while True:
            if self._word.text == "import" and self._begins_line:
                self._import()
                continue
            text = self._environment(self._word)
            if text == "{":
                if another:
                    raise self._error("expected another server name behind the comma, found {")
                return keys, False
            if text:
                another = text.endswith(",")
                keys += [text.removesuffix(",")] if text != "," else []
            if not self._next():
                if another:
                    raise self._error("expected another server name behind the comma, found the end of the file")
                return keys, True
            if not another and self._begins_line:
                return keys, False

    def _snippet(self, name: str) -> None:
        if name in self.snippets:
            raise self._error(f"snippet {name} is declared a second time")
        if self._word.text != "{":
            raise self._error(f"expected {{ behind the snippet's name {name}, found {self._word.text}")
        line, start, depth = self._word.line, self.at + 1, 1
        while depth and self._next():
            depth += {"{": 1, "}": -1}.get(self._word.text, 0)
        if depth:
            raise self._ended(f"the snippet of line {line} is open")
        body = self.words[start : self.at]
        for before, word, after in zip([Token("", 0), *body], body, body[1:], strict=False):
            if word.text == "import" and before.line != word.line and after.text == name:
                raise self._error(f"snippet {name} imports itself without end")
        self.snippets[name] = body

    def _import(self) -> None:
        """Put what an import names in its place; what is not a snippet lies outside of the file."""
        start, line = self.at, self._word.line
        if not self._next_of_line() or not self._word.text:
            raise self._error("expected one snippet or file behind import, found none")
        name = self._word.text
        if self._next_of_line():
            raise self._error("expected one snippet or file behind import, found more")
        body = self.snippets.get(name, [])
        if body:
            self.expansions += 1
            if self.expansions > MAX_EXPANSIONS:
                raise self._error(f"snippet {name} imports itself without end")
        elif name not in self.snippets:
            text = f"import {name} brings in what is not in this file"
            if not set("*?[]") & set(name):
                text += ", and CoreDNS does not start where no such file is beside it"
            self.notes.append(Note(f"{self.where}:{line}", "import", text))
        self.words[start : self.at + 1] = body
        self.at = start

    def _plugin(self) -> Iterator[Plugin]:
        """The uses of a plugin that the words from its name to the end of its line or its braces are."""
        before = len(self.notes)
        name = self._environment(self._word)
        if self.known and name not in self.known:
            raise self._error(f"Unknown directive '{name}': CoreDNS has no plugin of this name")
        if name == "{":
            raise self._error("expected a plugin, found {")
        words, depth = [self._word], 0
        while self._next():
            text = self._word.text
            if text == "{":
                if not depth and self._begins_line:
                    raise self._error(f"expected {{ on the line of {name}, found it on a line of its own")
                depth += 1
            elif self._begins_line and not depth:
                self.at -= 1
                break
            elif text == "}":
                if not depth:
                    raise self._error(f"expected }} on a line of its own, found it behind {name}")
                depth -= 1
            elif text == "import" and self._begins_line:
                self._import()
                self.at -= 1
                continue
            self._environment(self._word)
            words.append(self._word)
        if depth:
            raise self._ended(f"{name} opens a brace in line {words[0].line}")
        unseen = tuple(self.notes[before:])
        return (replace(use, name=name, unseen=unseen) for use in _uses(words))

    def _environment(self, word: Token) -> str:
        for reference in _ENVIRONMENT.findall(word.text):
            text = f"{reference} is taken from the environment of CoreDNS, which is not seen here"
            self.notes.append(Note(f"{self.where}:{word.line}", "environment", text))
        return word.text

    def _ended(self, hint: str) -> InputError:
        if self._word.unclosed:
            return self._error('expected a closing ", found the end of the file')
        return self._error(f"expected }}, found the end of the file behind {self._word.text}", hint)

    def _error(self, message: str, hint: str = "") -> InputError:
        return InputError(message, where=f"{self.where}:{self._word.line}", hint=hint)


# -- what a plugin reads of its words (dispenser.go) ---------------------------------------------------------------


def _uses(words: Sequence[Token]) -> Iterator[Plugin]:
    """Each use of a plugin; what stands behind its closing brace is another one, whatever its first word is."""
    at = 0
    while at < len(words):
        first = words[at]
        args, at = _arguments(words, at)
        options: list[Option] = []
        braced = at < len(words) and words[at].text == "{" and words[at - 1].last_line == words[at].line
        if braced:
            options, at = _options(words, at + 1)
        yield Plugin(first.text, first.line, args, tuple(options), end=words[at - 1].line, braced=braced)
        if any(option.name == "{" for option in options):
            return  # no plugin has such an option, so that none is read beyond it


def _arguments(words: Sequence[Token], at: int) -> tuple[tuple[str, ...], int]:
    """The words behind one that are on its line, up to a brace that opens, and where they end (RemainingArgs)."""
    start = at + 1
    at = start
    while at < len(words) and words[at - 1].last_line == words[at].line and words[at].text != "{":
        at += 1
        if words[at - 1].text == "}":
            break
    return tuple(word.text for word in words[start:at]), at


def _options(words: Sequence[Token], at: int) -> tuple[list[Option], int]:
    """The options in braces, and where they end (NextBlock): there are no braces in braces, one is an option."""
    found: list[Option] = []
    while at < len(words):
        first = words[at]
        if first.text == "}":
            return found, at + 1
        args, at = _arguments(words, at)
        found.append(Option(first.text, first.line, args))
        if args[-1:] == ("}",):
            break
    return found, at
