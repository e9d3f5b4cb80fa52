"""Whether a text is a label selector, as kubectl's ``-l`` takes it: told before a cluster is asked.

The grammar is that of k8s.io/apimachinery pkg/labels Parse: ``a=b``, ``a==b``, ``a!=b``, ``a in (b,c)``,
``a notin (b)``, ``a``, ``!a``, ``a>1``, ``a<1``, joined by commas.
"""

from __future__ import annotations

import re

from kheadless_tui.errors import UsageError

_TOKEN = re.compile(r"\s*(==|!=|[=<>,()!]|[^\s=<>,()!]+)")
_SIGNS = frozenset({"=", "==", "!=", "<", ">", ",", "(", ")", "!"})
_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_KEY = re.compile(rf"(?:(?=.{{1,253}}/){_LABEL}(?:\.{_LABEL})*/)?{_NAME}")
"""A qualified name (apimachinery util/validation IsQualifiedName)."""
_VALUE = re.compile(rf"(?:{_NAME})?")
"""IsValidLabelValue."""


def check_selector(text: str) -> str:
    """The same text, if it is a label selector; the empty one chooses everything.

    Raises:
        UsageError: it is none; with what was found and what was expected there.
    """
    parser = _Parser(text)
    if parser.next:
        parser.requirement()
        while parser.next == ",":
            parser.take()
            parser.requirement()
        if parser.next:
            parser.expected("',' or the end")
    return text


class _Parser:
    """Walks over the signs and words of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _TOKEN.findall(text)

    @property
    def next(self) -> str:
        """The next sign or word; empty at the end."""
        return self._tokens[0] if self._tokens else ""

    def take(self) -> str:
        """The next sign or word, which is behind us then."""
        token = self.next
        del self._tokens[:1]
        return token

    def expected(self, what: str) -> None:
        """Raise the error that says what should have come."""
        found = repr(self.next) if self.next else "the end"
        hint = "as kubectl -l takes it: app=web,tier!=cache,env in (a,b),!old"
        raise UsageError(f"{self._text!r} is no label selector: expected {what}, found {found}", hint=hint)

    def requirement(self) -> None:
        """One term."""
        absent = self.next == "!"
        if absent:
            self.take()
        if not _KEY.fullmatch(self.next):
            self.expected("the key of a label")
        self.take()
        if absent or self.next in ("", ","):
            return
        operator = self.next
        if operator in ("in", "notin"):
            self.take()
            self._values()
        elif operator in ("=", "==", "!="):
            self.take()
            self._value()
        elif operator in ("<", ">"):
            self.take()
            if not re.fullmatch(r"[0-9]+", self.next):
                self.expected("a whole number")
            self.take()
        else:
            self.expected("one of =, ==, !=, in, notin, <, >")

    def _value(self) -> None:
        """A value, which may be empty."""
        if self.next in _SIGNS or not self.next:
            return
        if not _VALUE.fullmatch(self.next):
            self.expected("the value of a label")
        self.take()

    def _values(self) -> None:
        if self.next != "(":
            self.expected("'('")
        self.take()
        self._value()
        while self.next == ",":
            self.take()
            self._value()
        if self.next != ")":
            self.expected("',' or ')'")
        self.take()
