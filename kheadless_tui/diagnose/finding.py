"""What a rule says: one finding, with all that is needed to believe it and to act on it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import NamedTuple

from kheadless_tui.model.objects import ObjectKey

ERROR = "error"
"""Clients get nothing or something false."""
WARNING = "warning"
"""A part of what the objects ask for does not come true."""
HINT = "hint"
"""It works as written, and may still not be what was meant."""
SEVERITIES = (ERROR, WARNING, HINT)
"""Worst first."""

DOCS = "https://kubernetes.io/docs/"


class Fact(NamedTuple):
    """One field that was compared, with its value."""

    source: str
    """The object: ``Service shop/web``."""
    field: str
    """Path of the field in it: ``spec.selector``."""
    value: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or may be, with a Service."""

    code: str
    """``KH001`` ...: stable, listed in :mod:`kheadless_tui.diagnose.catalogue`."""
    severity: str
    """``error``, ``warning`` or ``hint``."""
    title: str
    """One sentence with the real names and numbers."""
    brief: str
    """The cause in a few words without names, for the line above all panels."""
    subject: ObjectKey
    """The Service that it is about."""
    cause: str
    """Why it is so, in one or two sentences."""
    fields: tuple[Fact, ...]
    """What was compared."""
    rule: str
    """The rule of Kubernetes or of DNS that makes it so."""
    fix: tuple[str, ...]
    """What to do, step by step or as alternatives, best first."""
    link: str
    """A page of the Kubernetes documentation."""
    command: str
    """A kubectl command that shows it."""


def kubectl(namespace: str, *words: str) -> str:
    """A kubectl line that can be pasted into a shell, whatever the names hold."""
    return shlex.join(["kubectl", "-n", namespace, *words])


def listed(names: list[str], most: int = 5) -> str:
    """Names in one text: all of them, or the first few and how many more."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def pairs(labels: dict[str, str]) -> str:
    """Labels as kubectl writes a selector: ``app=web,tier=db``."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``1 pod``, ``3 pods``, ``3 addresses``."""
    ending = "" if number == 1 else "es" if noun.endswith("s") else "s"
    return f"{number} {noun}{ending}"
