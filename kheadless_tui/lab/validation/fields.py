"""Causes, and the rules for names, labels and ports (apimachinery pkg/util/validation and field)."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from kheadless_tui.lab.objects.failure import Cause

_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LABEL_1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = rf"({_QUALIFIED})?"
_CONFIG_KEY = r"[-._a-zA-Z0-9]+"
MAX_LABEL, MAX_SUBDOMAIN, MAX_PORT_NAME, MAX_PORT = 63, 253, 15, 65535
MAX_CONFIG = 1024 * 1024
"""Bytes of a ConfigMap (pkg/apis/core MaxSecretSize)."""
_SHORT = "e.g. 'my-name',  or '123-abc'"


def _against(pattern: str, examples: str) -> str:
    return f"({examples}, regex used for validation is '{pattern}')"


def invalid(field: str, value: Any, why: str) -> Cause:
    """A value that is not allowed."""
    shown = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return Cause("FieldValueInvalid", field, f"Invalid value: {shown}: {why}")


def required(field: str, why: str = "") -> Cause:
    """A value that is missing."""
    return Cause("FieldValueRequired", field, "Required value" + (f": {why}" if why else ""))


def forbidden(field: str, why: str) -> Cause:
    """A field that may not be set."""
    return Cause("FieldValueForbidden", field, f"Forbidden: {why}")


def duplicate(field: str, value: Any) -> Cause:
    """A value that is there already."""
    return Cause(
        "FieldValueDuplicate", field, f"Duplicate value: {json.dumps(value, separators=(',', ':'), ensure_ascii=False)}"
    )


def not_found(field: str, value: str) -> Cause:
    """A reference that leads nowhere."""
    return Cause("FieldValueNotFound", field, f'Not found: "{value}"')


def one_of(field: str, value: Any, allowed: Sequence[str]) -> Iterator[Cause]:
    """A value that is none of a few."""
    if value not in allowed:
        shown = json.dumps(value, separators=(",", ":"))
        words = ", ".join(f'"{item}"' for item in allowed)
        yield Cause("FieldValueNotSupported", field, f"Unsupported value: {shown}: supported values: {words}")


class _Rule(NamedTuple):
    """What a text has to be, and how that is told."""

    longest: int
    pattern: str
    told: str
    examples: str

    def errors(self, value: str) -> list[str]:
        """Why a text is not that."""
        found = [f"must be no more than {self.longest} characters"] if len(value) > self.longest else []
        if not re.fullmatch(self.pattern, value):
            found.append(f"{self.told} {_against(self.pattern, self.examples)}")
        return found


_A_LABEL = _Rule(
    MAX_LABEL,
    _LABEL,
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
    "with an alphanumeric character",
    _SHORT,
)
_A_LABEL_1035 = _Rule(
    MAX_LABEL,
    _LABEL_1035,
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, and end with an alphanumeric character",
    "e.g. 'my-name',  or 'abc-123'",
)
_A_SUBDOMAIN = _Rule(
    MAX_SUBDOMAIN,
    _SUBDOMAIN,
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character",
    "e.g. 'example.com'",
)
_A_LABEL_VALUE = _Rule(
    MAX_LABEL,
    _LABEL_VALUE,
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end with an alphanumeric character",
    "e.g. 'MyValue',  or 'my_value',  or '12345'",
)


def label_errors(value: str) -> list[str]:
    """Why this is no DNS label of RFC 1123."""
    found = _A_LABEL.errors(value)
    if "." in value and re.fullmatch(_SUBDOMAIN, value):
        return [*found[:-1], "must not contain dots"]
    return found


def label_1035_errors(value: str) -> list[str]:
    """Why this is no DNS label of RFC 1035."""
    return _A_LABEL_1035.errors(value)


def subdomain_errors(value: str) -> list[str]:
    """Why this is no domain name of RFC 1123."""
    return _A_SUBDOMAIN.errors(value)


def key_errors(key: str) -> list[str]:
    """Why this is no key of a label or an annotation."""
    head, slash, name = key.rpartition("/")
    found = [f"prefix part {error}" for error in subdomain_errors(head)] if slash else []
    if not name:
        found.append("name part must be non-empty")
    elif len(name) > MAX_LABEL:
        found.append(f"name part must be no more than {MAX_LABEL} characters")
    if not re.fullmatch(_QUALIFIED, name):
        text = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        examples = "e.g. 'MyName',  or 'my.name',  or '123-abc'"
        found.append(f"{text}alphanumeric character {_against(_QUALIFIED, examples)}")
    return found


def label_value_errors(value: str) -> list[str]:
    """Why this is no value of a label."""
    return _A_LABEL_VALUE.errors(value)


def labels(field: str, pairs: dict[str, str] | None) -> Iterator[Cause]:
    """Keys and values of labels or of a selector."""
    for key, value in (pairs or {}).items():
        yield from (invalid(field, key, why) for why in key_errors(key))
        yield from (invalid(field, value, why) for why in label_value_errors(value))


def annotation_keys(pairs: dict[str, str] | None) -> Iterator[Cause]:
    """Keys of annotations."""
    for key in pairs or {}:
        yield from (invalid("metadata.annotations", key, why) for why in key_errors(key.lower()))


def config_keys(field: str, pairs: dict[str, str] | None) -> Iterator[Cause]:
    """Keys of a ConfigMap."""
    for key in pairs or {}:
        if not re.fullmatch(_CONFIG_KEY, key):
            text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
            examples = "e.g. 'key.name',  or 'KEY_NAME',  or 'key-name'"
            yield invalid(f"{field}[{key}]", key, text + _against(_CONFIG_KEY, examples))


def config_size(item: dict[str, Any]) -> Iterator[Cause]:
    """The values of a ConfigMap together; its keys do not count."""
    texts = sum(len(value.encode("utf-8", "surrogatepass")) for value in (item.get("data") or {}).values())
    others = sum(len(value) * 3 // 4 - value[-2:].count("=") for value in (item.get("binaryData") or {}).values())
    if texts + others > MAX_CONFIG:
        yield Cause("FieldValueTooLong", "[]", f"Too long: may not be more than {MAX_CONFIG} bytes")


def port_number(field: str, value: Any) -> Iterator[Cause]:
    """A number of a port."""
    if not isinstance(value, int) or not 0 < value <= MAX_PORT:
        yield invalid(field, value or 0, f"must be between 1 and {MAX_PORT}, inclusive")


def port_name(field: str, value: str) -> Iterator[Cause]:
    """A name of a container's port (IsValidPortName)."""
    if len(value) > MAX_PORT_NAME:
        yield invalid(field, value, f"must be no more than {MAX_PORT_NAME} characters")
    if not re.fullmatch(r"[-a-z0-9]+", value):
        yield invalid(field, value, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
        return
    if not re.search(r"[a-z]", value):
        yield invalid(field, value, "must contain at least one letter (a-z)")
    if "--" in value:
        yield invalid(field, value, "must not contain consecutive hyphens")
    if value[0] == "-" or value[-1] == "-":
        yield invalid(field, value, "must not begin or end with a hyphen")


def named(field: str, value: str, errors: list[str]) -> Iterator[Cause]:
    """The causes of these errors of one value."""
    yield from (invalid(field, value, why) for why in errors)


def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address; ``None`` when it is none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


NO_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"


def endpoint_address(field: str, text: str) -> Iterator[Cause]:
    """An address that traffic may be sent to (ValidateNonSpecialIP)."""
    address = address_of(text)
    if address is None:
        yield invalid(field, text, "must be a valid IP address")
    elif address.is_unspecified:
        yield invalid(field, text, "may not be unspecified (0.0.0.0 or ::)")
    elif address.is_loopback:
        yield invalid(field, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)")
    elif address.is_link_local:
        yield invalid(field, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")
    elif address.is_multicast and str(address).startswith(("224.0.0.", "ff02:")):
        yield invalid(field, text, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")


PROTOCOLS = ("SCTP", "TCP", "UDP")
