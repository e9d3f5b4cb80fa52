"""Names as text: absolute, split into labels, unescaped, sorted, and whether they can be put on the wire.

Sources: RFC 1035 section 3.1 for the limits, section 5.1 for the escapes.
"""

from __future__ import annotations

import re

from kheadless_tui.model.objects import ObjectKey

MAX_LABEL = 63
"""Octets of the longest label (RFC 1035 section 3.1)."""
MAX_NAME = 255
"""Octets of the longest name on the wire, length octets and root included (RFC 1035 section 3.1)."""

_ESCAPE = re.compile(r"\\([0-9]{3}|[^0-9])", re.DOTALL)
_SPECIAL = ".@;()'\"\\ "
_DIGITS = re.compile(r"([0-9]+)")


def absolute(name: str) -> str:
    """The name with its final dot."""
    return name if name.endswith(".") and not name.endswith("\\.") else f"{name}."


def labels(name: str) -> list[str]:
    """The labels of a name from left to right, without the root; an escaped dot does not split."""
    text = name[:-1] if name.endswith(".") and not name.endswith("\\.") else name
    if not text:
        return []
    if "\\" not in text:
        return text.split(".")
    found, label, escaped = [], "", False
    for sign in text:
        if sign == "." and not escaped:
            found.append(label)
            label = ""
        else:
            label += sign
        escaped = sign == "\\" and not escaped
    return [*found, label]


def unescaped(name: str) -> str:
    r"""A name as a DNS server writes it: escapes stay only where a label's text could not be read without them.

    ``\119eb-0`` is ``web-0``, as dig and CoreDNS read it (RFC 1035 section 5.1; miekg/dns isDomainNameLabelSpecial); a
    dot within a label stays ``\.``.
    """
    return _ESCAPE.sub(_plain, name) if "\\" in name else name


def _plain(found: re.Match[str]) -> str:
    text = found[1]
    code = int(text) if len(text) == 3 else ord(text)
    if code > 255:
        return found[0]
    sign = chr(code)
    if sign in _SPECIAL:
        return f"\\{sign}"
    return sign if " " < sign <= "~" else f"\\{code:03d}"


def service_name(key: ObjectKey, zone: str) -> str:
    """The name of a Service: ``NAME.NAMESPACE.svc.ZONE``."""
    return f"{key.name}.{key.namespace}.svc.{zone}"


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """A sort key that puts web-2 before web-10: runs of digits compare as numbers."""
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(name) if part)


def fault(name: str) -> str:
    """Why a name cannot be put on the wire, in a few words; empty when it can (RFC 1035 section 3.1)."""
    parts = labels(name)
    if any(not part for part in parts):
        return "an empty label" if parts != [""] else ""
    longest = max((_octets(part) for part in parts), default=0)
    if longest > MAX_LABEL:
        return f"a label of {longest} octets, where {MAX_LABEL} are the most"
    size = wire_length(name)
    return f"{size} octets, where {MAX_NAME} are the most" if size > MAX_NAME else ""


def wire_length(name: str) -> int:
    """Octets of a name on the wire, uncompressed: a length octet per label and the root's."""
    return sum(1 + _octets(part) for part in labels(name)) + 1


def _octets(label: str) -> int:
    if "\\" not in label:
        return len(label.encode())
    size, rest = 0, label
    while rest:
        if rest[0] == "\\":
            rest = rest[4:] if rest[1:4].isdigit() and len(rest) >= 4 else rest[2:]
            size += 1
        else:
            size += len(rest[0].encode())
            rest = rest[1:]
    return size
