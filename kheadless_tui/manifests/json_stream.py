"""JSON documents one behind another, as kubectl reads them, and the lines of their fields."""

from __future__ import annotations

import json
import re

from kheadless_tui.model.manifests import Path

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def documents(text: str) -> list[tuple[object, int]] | None:
    """The values in a text with the place where each starts; ``None`` when it is not JSON throughout."""
    found: list[tuple[object, int]] = []
    at = _after_space(text, 0)
    try:
        while at < len(text):
            value, end = _DECODER.raw_decode(text, at)
            found.append((value, at))
            at = _after_space(text, end)
    except (ValueError, RecursionError):
        return None
    return found


def line_of(text: str, start: int, path: Path) -> int:
    """The line of a field of the document that starts at a place; as far along the path as the document goes."""
    at = start
    for step in path:
        inside = _child(text, at, step)
        if inside is None:
            break
        at = inside
    return text.count("\n", 0, at) + 1


def _child(text: str, at: int, step: str | int) -> int | None:
    opening = text[at]
    if opening not in "{[":
        return None
    at = _after_space(text, at + 1)
    number = 0
    while text[at] not in "}]":
        name: object = number
        if opening == "{":
            name, at = _DECODER.raw_decode(text, at)
            at = _after_space(text, _after_space(text, at) + 1)
        if name == step:
            return at
        at = _after_space(text, _DECODER.raw_decode(text, at)[1])
        if text[at] == ",":
            at = _after_space(text, at + 1)
        number += 1
    return None


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
