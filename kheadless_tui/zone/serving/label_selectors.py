"""Label selectors as the options ``labels`` and ``namespace_labels`` take them.

meta.ParseToLabelSelector of k8s.io/apimachinery: ``k=v``, ``k==v``, ``k in (a,b)``, ``k notin (a,b)``, ``k`` and
``!k``; ``k!=v`` is refused there, and so it is here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

_TERM = re.compile(
    r"""\s*(?:
        (?P<absent>!\s*(?P<nokey>[\w./-]+))
      | (?P<key>[\w./-]+)\s+(?P<set>in|notin)\s*\((?P<values>[^()]*)\)
      | (?P<eqkey>[\w./-]+)\s*(?P<op>==|=)\s*(?P<value>[\w.-]*)
      | (?P<exists>[\w./-]+)
    )\s*(?:,|$)""",
    re.VERBOSE,
)


class Requirement(NamedTuple):
    """One term: all terms of a selector must hold."""

    key: str
    operator: str
    """``in``, ``notin``, ``exists`` or ``absent``."""
    values: frozenset[str] = frozenset()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether labels satisfy the term; ``notin`` also holds where the key is missing."""
        if self.operator == "exists":
            return self.key in labels
        if self.operator == "absent":
            return self.key not in labels
        if self.operator == "in":
            return self.key in labels and labels[self.key] in self.values
        return self.key not in labels or labels[self.key] not in self.values


@lru_cache(maxsize=64)
def parse_selector(text: str) -> tuple[Requirement, ...]:
    """The terms of a selector.

    Raises:
        ValueError: the text is no selector; the message says where it stops being one.
    """
    found: list[Requirement] = []
    at = 0
    while at < len(text):
        term = _TERM.match(text, at)
        if term is None:
            raise ValueError(f"expected a term such as key=value, found {text[at:].strip()!r}")
        at = term.end()
        if at == len(text) and term[0].endswith(","):
            raise ValueError("expected another term behind the last comma")
        if term["absent"]:
            found.append(Requirement(term["nokey"], "absent"))
        elif term["set"]:
            values = frozenset(value.strip() for value in term["values"].split(","))
            found.append(Requirement(term["key"], term["set"], values))
        elif term["op"]:
            found.append(Requirement(term["eqkey"], "in", frozenset((term["value"],))))
        else:
            found.append(Requirement(term["exists"], "exists"))
    return tuple(found)


def selects(text: str, labels: Mapping[str, str]) -> bool:
    """Whether labels match a selector; the empty one matches all."""
    return all(requirement.holds(labels) for requirement in parse_selector(text))
