"""What a probe's JSON document says, as tests of layers ask it."""

from __future__ import annotations

from typing import Any


def verdicts(document: dict[str, Any], server: str, transport: str = "") -> set[str]:
    """What was said of the forward names at one server."""
    return {
        row["verdict"]
        for row in document["comparison"]
        if row["server"] == server and transport in ("", row["transport"]) and " PTR " not in row["record"]
    }
