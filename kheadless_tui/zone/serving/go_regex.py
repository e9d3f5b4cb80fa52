"""Regular expressions of a Corefile: the part of Go's syntax that Python's module understands in the very same way.

Sources: Go regexp/syntax (RE2; leftmost-first, as Python's), Python's re. What the two read differently, what only Go
has and what may take very long in a backtracking matcher is not followed, and the reason is told.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache
from typing import NamedTuple

MAX_REPEAT = 1000
"""Largest number in braces that Go takes."""
_KINDS = frozenset("dDwWsS")
_ANCHORS = frozenset("bBA")
_PUNCTUATION = frozenset(string.punctuation)
_BRACES = re.compile(r"\{([0-9]{1,4})(,?)([0-9]{0,4})\}")
_GROUP = re.compile(r"\((\?:|\?P<[A-Za-z_][A-Za-z0-9_]*>)?")
_FLAGS = re.compile(r"\?(?:[imsU]*(?:-[imsU]+)?[):]|P?<\w+>)")
_LOOKS = ("(?=", "(?!", "(?<=", "(?<!", "(?>", "(?P=", "(?#", "(?(")


class RefusedByGo(ValueError):
    """Go does not compile this."""


class NotFollowed(ValueError):
    """Go may compile this, and what it then matches is not known here."""


class _Part(NamedTuple):
    may_be_empty: bool
    endless: bool
    """Whether it holds a repetition without an upper bound."""
    anchor: bool = False
    times: int = 1
    """The largest product of numbers in braces that lie within one another."""


@lru_cache(maxsize=256)
def go_pattern(text: str) -> re.Pattern[str]:
    """The expression, to be searched for in names as they are in a question: ASCII, one line.

    Raises:
        RefusedByGo: it is none.
        NotFollowed: it is not of the common part.
    """
    if not text.isascii() or not text.isprintable():
        raise NotFollowed("it holds other characters than printable ASCII")
    reader = _Reader(text)
    reader.alternatives()
    if reader.at < len(text):
        raise RefusedByGo("a parenthesis is closed that was not opened")
    try:
        return re.compile(text, re.ASCII)
    except re.error as error:
        if "bad character range" in str(error):
            raise RefusedByGo("a range of characters ends before it begins") from None
        raise NotFollowed(str(error)) from None


class _Reader:
    """Walks through an expression and raises at the first thing that is not of the common part."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 4 if text.startswith(("(?i)", "(?s)")) else 0

    def alternatives(self) -> _Part:
        found = [self._sequence()]
        while self._next() == "|":
            self.at += 1
            found.append(self._sequence())
        return _Part(
            any(each.may_be_empty for each in found),
            any(each.endless for each in found),
            times=max(each.times for each in found),
        )

    def _sequence(self) -> _Part:
        found: list[_Part] = []
        while self._next() not in ("", "|", ")"):
            atom = self._atom()
            found.append(self._repeated(atom))
        return _Part(
            all(each.may_be_empty for each in found),
            any(each.endless for each in found),
            times=max((each.times for each in found), default=1),
        )

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _atom(self) -> _Part:
        sign = self._next()
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._set()
        if sign == "\\":
            return self._escape()
        if sign in "*+?":
            raise RefusedByGo(f"{sign} has nothing to repeat")
        if sign == "{":
            if _BRACES.match(self.text, self.at):
                raise RefusedByGo("a repetition has nothing to repeat")
            raise NotFollowed("a brace that repeats nothing")
        self.at += 1
        return _Part(may_be_empty=sign in "^$", endless=False, anchor=sign in "^$")

    def _group(self) -> _Part:
        if self.text.startswith(_LOOKS, self.at):
            raise RefusedByGo("Go knows no assertions and no conditions")
        head = _GROUP.match(self.text, self.at)
        assert head is not None
        self.at = head.end()
        if self._next() == "?":
            if not _FLAGS.match(self.text, self.at):
                raise RefusedByGo("neither flags nor the name of a group behind (?")
            raise NotFollowed("flags or a name of a group that Python reads in another way")
        inner = self.alternatives()
        if self._next() != ")":
            raise RefusedByGo("a parenthesis is not closed")
        self.at += 1
        return inner

    def _set(self) -> _Part:
        self.at += 2 if self.text.startswith("[^", self.at) else 1
        first = self.at
        while self._next() != "]" or self.at == first:
            sign = self._next()
            if not sign:
                raise RefusedByGo("a bracket is not closed")
            if sign == "[" or self.text[self.at : self.at + 2] in ("--", "&&", "||", "~~"):
                raise NotFollowed("a set within a set")
            if sign == "\\":
                self.at += 1
                if self._next() not in _KINDS | _PUNCTUATION:
                    raise NotFollowed(f"\\{self._next()} in a set")
            self.at += 1
        self.at += 1
        return _Part(may_be_empty=False, endless=False)

    def _escape(self) -> _Part:
        sign = self.text[self.at + 1 : self.at + 2]
        if not sign or sign in "123456789":
            raise RefusedByGo(f"\\{sign} is no escape")
        if sign not in _KINDS | _ANCHORS | _PUNCTUATION:
            raise NotFollowed(f"\\{sign} is not the same in Python")
        self.at += 2
        return _Part(may_be_empty=sign in _ANCHORS, endless=False, anchor=sign in _ANCHORS)

    def _repeated(self, atom: _Part) -> _Part:
        braced = self._next() == "{"
        bounds = self._bounds()
        if bounds is None:
            return atom
        least, most = bounds
        times = atom.times * max(1, least if most is None else most) if braced else atom.times
        if braced and times > MAX_REPEAT:  # parse.go repeatIsValid
            raise RefusedByGo(f"{times} repetitions within one another, where {MAX_REPEAT} are the most")
        if self._next() == "?":
            self.at += 1
        if self._bounds() is not None:
            raise RefusedByGo("a repetition is repeated")
        if atom.anchor:
            raise NotFollowed("an anchor is repeated")
        many = most is None or most > 1
        if many and atom.may_be_empty:
            raise NotFollowed("a part that may be empty is repeated")
        if many and atom.endless:
            raise NotFollowed("a repetition within a repetition")
        return _Part(atom.may_be_empty or least == 0, atom.endless or most is None, times=times)

    def _bounds(self) -> tuple[int, int | None] | None:
        """How often the part before is repeated, ``None`` when nothing is said of it."""
        plain: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if self._next() in plain:
            self.at += 1
            return plain[self.text[self.at - 1]]
        found = _BRACES.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        least = int(found[1])
        most = int(found[3]) if found[3] else None if found[2] else least
        if max(least, most or 0) > MAX_REPEAT or (most is not None and most < least):
            raise RefusedByGo(f"{found[0]} is no number of repetitions")
        return least, most
