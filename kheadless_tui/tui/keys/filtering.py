"""What is typed after ``/``, in the forms of k9s: ``x``, ``!x``, ``-l a=b``, ``-f x``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows are shown; an empty text shows all."""

    text: str = ""
    """As typed."""

    def __bool__(self) -> bool:
        return bool(self._words)

    @property
    def _words(self) -> str:
        """What is looked for, empty while only a prefix has been typed."""
        return self.text.strip().removeprefix("!").removeprefix("-l").removeprefix("-f").strip()

    def matches(self, name: str, labels: Mapping[str, str] | None = None) -> bool:
        """Whether a row of this name, and these labels where it has any, is shown."""
        text, wanted = self.text.strip(), self._words.lower()
        if not wanted:
            return True
        if text.startswith("!"):
            return wanted not in name.lower()
        if text.startswith("-l"):
            return all(_has_label(term.strip(), labels or {}) for term in self._words.split(",") if term.strip())
        if text.startswith("-f"):
            return _in_order(wanted, name.lower())
        return wanted in name.lower()


ALL = Filter()
"""The filter that lets everything through."""


def _has_label(term: str, labels: Mapping[str, str]) -> bool:
    """One requirement of an equality-based selector: ``a=b``, ``a==b``, ``a!=b``, ``a``, ``!a``."""
    if "!=" in term:
        key, _, value = term.partition("!=")
        return labels.get(key.strip()) != value.strip()
    if "=" in term:
        key, _, value = term.partition("=")
        return labels.get(key.strip()) == value.lstrip("=").strip()
    return term.removeprefix("!") in labels if not term.startswith("!") else term.removeprefix("!") not in labels


def _in_order(wanted: str, text: str) -> bool:
    """Whether the letters come in this order, with anything between them."""
    rest = iter(text)
    return all(letter in rest for letter in wanted)
