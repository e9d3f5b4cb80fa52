"""Label selectors and field selectors, as the list and watch verbs take them.

The grammar is k8s.io/apimachinery pkg/labels Parse: ``a=b``, ``a==b``, ``a!=b``, ``a in (b,c)``, ``a notin (b)``,
``a``, ``!a``, joined by commas; field selectors know only the first three.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kheadless_tui.lab.objects.failure import bad_request
from kheadless_tui.lab.objects.resources import Resource
from kheadless_tui.lab.validation.fields import key_errors, label_value_errors

_TOKEN = re.compile(r"\s*(==|!=|[=,()!]|[^\s=,()!]+)")
_SIGNS = ("=", "==", "!=", ",", "(", ")")
"""Signs that no requirement begins with."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on a label."""

    key: str
    operator: str
    """``in``, ``notin``, ``exists``, ``!``."""
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels meet it; a label that is missing is not in any set."""
        if self.operator == "exists":
            return self.key in labels
        if self.operator == "!":
            return self.key not in labels
        inside = self.key in labels and labels[self.key] in self.values
        return inside if self.operator == "in" else not inside


Selector = tuple[Requirement, ...]


def parse_labels(text: str) -> Selector:
    """A label selector.

    Raises:
        ApiFailure: 400 with the server's own words for what it expected.
    """
    tokens = _TOKEN.findall(text)
    if not tokens:
        return ()
    if tokens[0] in _SIGNS:
        raise bad_request(f"found '{tokens[0]}', expected: !, identifier, or 'end of string'")
    requirements = []
    position = 0
    while True:
        requirement, position = _requirement(tokens, position)
        requirements.append(requirement)
        if position >= len(tokens):
            return tuple(requirements)
        if tokens[position] != ",":
            raise bad_request(
                f"unable to parse requirement: found '{tokens[position]}', expected: ',' or 'end of string'"
            )
        position += 1
        if _at(tokens, position) in ("", *_SIGNS):
            raise bad_request(f"found '{_at(tokens, position)}', expected: identifier after ','")


def _requirement(tokens: list[str], position: int) -> tuple[Requirement, int]:
    sign = _at(tokens, position)
    if sign == "!":
        return Requirement(_key(tokens, position + 1), "!"), position + 2
    key = _key(tokens, position)
    operator = _at(tokens, position + 1)
    if operator in ("", ","):
        return Requirement(key, "exists"), position + 1
    if operator in ("=", "==", "!="):
        value = _at(tokens, position + 2)
        if value in ("", ","):  # an empty value is a value
            return _equality(key, operator, ""), position + 2
        return _equality(key, operator, _valid(key, [_word(tokens, position + 2)])[0]), position + 3
    if operator in ("in", "notin"):
        values, position = _values(tokens, position + 2)
        return Requirement(key, operator, frozenset(_valid(key, values))), position
    raise bad_request(f"unable to parse requirement: found '{operator}', expected: in, notin, =, ==, !=, gt, lt")


def _key(tokens: list[str], position: int) -> str:
    key = _word(tokens, position)
    for why in key_errors(key):
        raise bad_request(f'unable to parse requirement: <nil>: Invalid value: "{key}": {why}')
    return key


def _valid(key: str, values: list[str]) -> list[str]:
    for number, value in enumerate(values):
        for why in label_value_errors(value):
            raise bad_request(f'unable to parse requirement: values[{number}][{key}]: Invalid value: "{value}": {why}')
    return values


def _equality(key: str, operator: str, value: str) -> Requirement:
    return Requirement(key, "notin" if operator == "!=" else "in", frozenset({value}))


def _values(tokens: list[str], position: int) -> tuple[list[str], int]:
    if _at(tokens, position) != "(":
        raise bad_request(f"unable to parse requirement: found '{_at(tokens, position)}' expected: '('")
    values, expected = [], "',', ')' or identifier"
    while True:
        position += 1
        sign = _at(tokens, position)
        if sign in (",", ")"):  # nothing between two signs is the empty value
            values.append("")
        elif not sign or sign in (*_SIGNS, "!"):
            raise bad_request(f"unable to parse requirement: found '{sign}', expected: {expected}")
        else:
            values.append(sign)
            position += 1
            sign = _at(tokens, position)
        if sign == ")":
            return values, position + 1
        if sign != ",":
            raise bad_request(f"unable to parse requirement: found '{sign}', expected: ',' or ')'")
        expected = "',', or identifier"


def _at(tokens: list[str], position: int) -> str:
    return tokens[position] if position < len(tokens) else ""


def _word(tokens: list[str], position: int) -> str:
    sign = _at(tokens, position)
    if not sign or sign in (*_SIGNS, "!"):
        raise bad_request(f"unable to parse requirement: found '{sign}', expected: identifier")
    return sign


def of_workload(selector: Mapping[str, Any] | None) -> Selector:
    """The selector of a workload (matchLabels and matchExpressions); ``None`` matches nothing that exists."""
    operators = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}
    selector = selector or {}
    equal = [Requirement(key, "in", frozenset({value})) for key, value in (selector.get("matchLabels") or {}).items()]
    sets = [
        Requirement(item["key"], operators[item["operator"]], frozenset(item.get("values") or ()))
        for item in selector.get("matchExpressions") or ()
    ]
    return (*equal, *sets)


def matches(selector: Selector, labels: Mapping[str, str] | None) -> bool:
    """Whether labels meet every requirement."""
    return all(requirement.matches(labels or {}) for requirement in selector)


@dataclass(frozen=True, slots=True)
class FieldRequirement:
    """One condition on a field."""

    path: tuple[str, ...]
    value: str
    equal: bool

    def matches(self, item: Mapping[str, Any]) -> bool:
        """Whether an object meets it; a field that is missing is the empty text."""
        found: Any = item
        for step in self.path:
            found = found.get(step) if isinstance(found, Mapping) else None
        text = {None: "", True: "true", False: "false"}.get(found, found) if not isinstance(found, str) else found
        return (str(text) == self.value) is self.equal


def parse_fields(text: str, resource: Resource) -> tuple[FieldRequirement, ...]:
    """A field selector.

    Raises:
        ApiFailure: 400; the resource has no such field to select by, or the text is none.
    """
    requirements = []
    for part in filter(None, text.split(",")):
        found = re.fullmatch(r"([^=!]+)(==|!=|=)(.*)", part)
        if found is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        field, operator, value = found.groups()
        if field not in ("metadata.name", "metadata.namespace", *resource.fields):
            if resource.fields:
                raise bad_request(f"field label not supported: {field}")
            known = ", ".join(f'"{name}"' for name in ("metadata.name", "metadata.namespace"))
            raise bad_request(f'"{field}" is not a known field selector: only {known}')
        requirements.append(FieldRequirement(tuple(field.split(".")), value, operator != "!="))
    return tuple(requirements)
