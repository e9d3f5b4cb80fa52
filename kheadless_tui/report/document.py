"""JSON and YAML: the documents that scripts read, with the same keys in the same order in both."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from kheadless_tui.zone.record import Question, Record

Document = dict[str, Any]
"""What is written: only str, int, float, bool, None, lists and dicts of these."""


def to_json(document: Document) -> str:
    r"""Indented, ASCII only: control characters and the like are ``\u`` escapes."""
    return json.dumps(document, indent=2) + "\n"


def to_line(document: Document) -> str:
    """Compact, on one line (JSON Lines)."""
    return json.dumps(document, separators=(",", ":")) + "\n"


def to_yaml(document: Document) -> str:
    """YAML of the same document; strings that need it are quoted and escaped."""
    import yaml  # noqa: PLC0415  (10 ms, and only this output needs it)

    text: str = yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=False, width=10_000)
    return text


def dump(document: Document, output: str) -> str:
    """The document as ``json`` or ``yaml``."""
    return to_yaml(document) if output == "yaml" else to_json(document)


def records_as_dig(records: Iterable[Record]) -> list[str]:
    """Each record as ``NAME TTL IN TYPE DATA``."""
    return [str(record) for record in records]


def question_document(question: Question) -> Document:
    """``{"name", "type"}``."""
    return {"name": question.name, "type": question.type}
