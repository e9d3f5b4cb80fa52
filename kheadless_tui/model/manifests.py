"""From decoded documents (what YAML or JSON holds) to objects; pure.

A document is an object, or a list of them: ``kind: List``, ``ServiceList`` and so on, as ``kubectl get -o yaml`` and
the API itself write them. Kinds that we do not read are counted and left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from kheadless_tui.errors import InputError
from kheadless_tui.model.kinds import KINDS, Kind
from kheadless_tui.model.objects import KubeObject

Path = tuple[str | int, ...]
"""The way to a field: keys and positions."""

_AT = re.compile(r" - at `(?:key in )?\$(?P<path>[^`]*)`$")
_KEY_AT = re.compile(r" - at `key in ")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|(\[\.\.\.\])")
_PLAIN = {"str": "text", "int": "a number", "float": "a number", "bool": "true or false", "object": "a mapping",
          "array": "a list", "null": "nothing"}  # fmt: skip
_PYTHON = {"str": str, "int": int, "float": float, "bool": bool, "object": dict, "array": list}


class FieldError(InputError):
    """A field that is missing or of a wrong type."""

    def __init__(self, message: str, path: Path, *, where: str = "") -> None:
        super().__init__(message, where=where)
        self.bare = message
        self.path = path


def objects_from(
    document: object, where: str, *, namespace: str = "", skipped: Counter[str] | None = None
) -> list[KubeObject]:
    """The objects of one document.

    Args:
        document: what the decoder made of it; ``None``, an empty document, holds none.
        where: the file (and line) for messages.
        namespace: put in objects of namespaced kinds that name none.
        skipped: counts kinds that are left out.

    Raises:
        FieldError: no object, or a field of a wrong type; it carries the way to the field.
    """
    if document is None:
        return []
    found: list[KubeObject] = []
    for item, path, kind_name in _items(document, (), "", where):
        kind = KINDS.get(kind_name)
        version = item.get("apiVersion")
        if kind is None or version not in (None, kind.api_version):
            if skipped is not None:
                skipped[kind_name if kind is None else f"{kind_name} of {version}"] += 1
            continue
        found.append(_object(item, kind, path, where, namespace))
    return found


def _items(document: object, path: Path, inherited: str, where: str) -> Iterator[tuple[dict[str, Any], Path, str]]:
    if not isinstance(document, dict):
        raise FieldError(f"expected an object with apiVersion and kind, found {describe(document)}", path, where=where)
    kind = document.get("kind", inherited or None)
    if not isinstance(kind, str) or not kind:
        if "kind" in document:
            raise FieldError(f"expected kind to be text, found {describe(kind)}", (*path, "kind"), where=where)
        raise FieldError("expected an object with apiVersion and kind, found one without kind", path, where=where)
    if kind not in KINDS and kind.endswith("List") and "items" in document:
        items = document["items"]
        if items is not None and not isinstance(items, list):
            raise FieldError(f"expected items to be a list, found {describe(items)}", (*path, "items"), where=where)
        for number, item in enumerate(items or ()):
            yield from _items(item, (*path, "items", number), kind.removesuffix("List"), where)
        return
    yield document, path, kind


def _object(item: dict[str, Any], kind: Kind, path: Path, where: str, namespace: str) -> KubeObject:
    try:
        found = msgspec.convert(item, kind.struct)
    except msgspec.ValidationError as error:
        message, field = _located(str(error), item)
        raise FieldError(f"{kind.name} {_field(field)}: {message}", (*path, *field), where=where) from None
    if not found.name:
        at: Path = (*path, "metadata") if isinstance(item.get("metadata"), dict) else path
        raise FieldError(f"{kind.name} metadata.name: expected a name, found none", at, where=where)
    if kind.namespaced and not found.namespace and namespace:
        meta = msgspec.structs.replace(found.metadata, namespace=namespace)
        found = msgspec.structs.replace(found, metadata=meta)
    return found


def _located(message: str, item: object) -> tuple[str, Path]:
    """A message of the decoder in plain words, and the way to the field that it is about."""
    match = _AT.search(message)
    found: list[str | int] = []
    value = item
    plain, got = _in_plain_words(message[: match.start()] if match else message)
    for key, place, any_key in _STEP.findall(match["path"] if match else ""):
        step: str | int = key or (int(place) if place else _first_wrong(value, got) if any_key else "")
        if any_key and step == "":
            break
        found.append(step)
        value = _child(value, step)
    if _KEY_AT.search(message) and isinstance(value, Mapping):
        wrong = next((key for key in value if not isinstance(key, str)), None)
        if wrong is not None:
            plain, found = f"expected keys to be text, found {describe(wrong)}", [*found, wrong]
    elif got:
        plain += f", found {describe(value)}"
    return plain, tuple(found)


def _in_plain_words(message: str) -> tuple[str, str]:
    """``Expected `int | null`, got `str``` in words of people, without what was found; and the type that was found."""
    match = re.fullmatch(r"Expected `([^`]*)`(?:, got `([^`]*)`)?", message)
    if match is None:
        return message[:1].lower() + message[1:], ""
    wanted = [_PLAIN.get(part.strip(), part.strip()) for part in match[1].split("|") if part.strip() != "null"]
    return f"expected {' or '.join(dict.fromkeys(wanted))}", match[2] or ""


def _first_wrong(value: object, got: str) -> str:
    """The key of the first value of the type that the decoder stumbled over; it does not name the key itself."""
    wrong = _PYTHON.get(got, type(None))
    if isinstance(value, Mapping):
        for key, child in value.items():
            if type(child) is wrong:
                return str(key)
    return ""


def _child(value: object, step: str | int) -> object:
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def _field(path: Path) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f"{'.' if text else ''}{step}"
    return text or "as a whole"


def describe(value: object) -> str:
    """A value in a few words, for messages: ``the text 'abc'``, ``the number 80``, ``a list``."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the word {'true' if value else 'false'}"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "something else"
