"""Numbers and durations as CoreDNS reads them in a Corefile (Go's strconv and time.ParseDuration)."""

from __future__ import annotations

import re

_INTEGER = re.compile(r"[+-]?[0-9]+")
_PIECE = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h)"
_DURATION = re.compile(rf"(?P<sign>[+-]?)(?P<pieces>(?:{_PIECE})+|0)")
_PIECES = re.compile(r"([0-9.]+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def integer(text: str) -> int | None:
    """The number of ``strconv.Atoi``, ``None`` where it reports an error."""
    return int(text) if _INTEGER.fullmatch(text) else None


def unsigned(text: str) -> int | None:
    """The number of ``strconv.ParseUint`` with base 0, ``None`` where it reports an error; without underscores."""
    if re.fullmatch(r"0[0-7]+", text):
        return int(text, 8)
    return int(text, 0) if re.fullmatch(r"[0-9]+|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+", text) else None


def decimal(text: str) -> float | None:
    """The number of ``strconv.ParseFloat``, ``None`` where it reports an error."""
    try:
        return float(text) if text.isascii() and "_" not in text and text == text.strip() else None
    except ValueError:
        return None


def duration(text: str) -> float | None:
    """The seconds of ``time.ParseDuration``, ``None`` where it reports an error."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PIECES.findall(found["pieces"]))
    return -seconds if found["sign"] == "-" else seconds
