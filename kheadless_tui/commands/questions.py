"""The questions of a command line or of standard input: ``NAME TYPE``, a line each."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TextIO

from kheadless_tui.arguments import record_type
from kheadless_tui.errors import InputError, UsageError
from kheadless_tui.zone.naming.names import absolute, fault, unescaped
from kheadless_tui.zone.naming.reverse_names import address_of_reverse, reverse_name
from kheadless_tui.zone.naming.zones import is_below
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.serving.config import ZoneConfig


def default_type(name: str) -> str:
    """What is asked of a name without a type: PTR of an address or of its reverse name, else A."""
    return "PTR" if is_address(name) or is_reverse_of_address(name) else "A"


def is_address(text: str) -> bool:
    """The text is an IPv4 or IPv6 address."""
    return canonical(text) is not None


def is_reverse_of_address(name: str) -> bool:
    """The name is the whole reverse name of an address, with or without the final dot."""
    return bool(address_of_reverse(absolute(name).lower()))


def absolute_if_meant(name: str, type_: str, config: ZoneConfig) -> str | None:
    """The absolute name when there is nothing to search: a final dot, the zone at the end, or an address to reverse.

    ``None`` for a name that a pod would look up by its search list.
    """
    if type_ == "PTR" and is_address(name):
        return reverse_name(name)
    whole = absolute(unescaped(name))
    if name == absolute(name) or is_reverse_of_address(name) or any(is_below(whole, zone) for zone in config.zones):
        return whole
    return None


def check_name(name: str) -> None:
    """Raise UsageError for what no DNS message can carry."""
    if "%" in name and is_address(name.partition("%")[0]):
        raise UsageError(f"{name!r} is no address that DNS knows: without the interface behind the % it is one")
    why = fault(name)
    if why:
        shown = name if len(name) <= 60 else f"{name[:57]}..."
        raise UsageError(f"{shown!r} is no domain name: {why}")


class QuestionLines:
    """Reads questions; a bad line is told on stderr with its number, the others go on, ``failed`` remembers."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdin
        self.failed = False

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for number, line in enumerate(self._stream, start=1):
            words = line.split()
            if not words or words[0].startswith(("#", ";")):
                continue
            try:
                yield self._question(words)
            except (UsageError, argparse.ArgumentTypeError) as error:
                self.failed = True
                print(InputError(str(error), where=f"stdin:{number}"), file=sys.stderr)

    def _question(self, words: list[str]) -> tuple[str, str]:
        if len(words) > 2:
            raise UsageError(f"expected 'NAME TYPE', found {len(words)} words")
        name = words[0]
        check_name(name)
        return name, record_type(words[1]) if len(words) == 2 else default_type(name)
