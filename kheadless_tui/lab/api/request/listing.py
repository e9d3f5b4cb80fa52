"""The list verb: selectors, versions, pages.

A page after the first shows the objects as they were when the first was made; the ``continue`` token carries that
version (k8s.io/apiserver pkg/storage/continue.go).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kheadless_tui.lab.api.request.decoding import shown_byte
from kheadless_tui.lab.objects.failure import ApiFailure, bad_request, expired
from kheadless_tui.lab.objects.resources import Resource
from kheadless_tui.lab.objects.store import Object, Store, key_of
from kheadless_tui.lab.validation.selectors import FieldRequirement, Selector, matches, parse_fields, parse_labels

_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)
_ENCODED_VERSION = "meta.k8s.io/v1"
_CANNOT_CONTINUE = "invalid continue token: continue key is not valid:"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which objects of a resource a list or watch is about."""

    resource: Resource
    namespace: str
    labels: Selector
    fields: tuple[FieldRequirement, ...]

    @classmethod
    def of(cls, resource: Resource, namespace: str, query: Mapping[str, str]) -> Scope:
        """From the query of a request.

        Raises:
            ApiFailure: 400; a selector cannot be read.
        """
        labels = parse_labels(query.get("labelSelector", ""))
        return cls(resource, namespace, labels, parse_fields(query.get("fieldSelector", ""), resource))

    def holds(self, item: Object) -> bool:
        """Whether an object is in it."""
        meta = item["metadata"]
        return (
            (not self.namespace or meta.get("namespace", "") == self.namespace)
            and matches(self.labels, meta.get("labels"))
            and all(field.matches(item) for field in self.fields)
        )


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    items: list[Object]
    version: int
    token: str = ""
    remaining: int = 0

    def metadata(self) -> dict[str, Any]:
        """The list's metadata."""
        meta: dict[str, Any] = {"resourceVersion": str(self.version)}
        if self.token:
            meta["continue"] = self.token
            if self.remaining:
                meta["remainingItemCount"] = self.remaining
        return meta


def list_page(store: Store, scope: Scope, query: Mapping[str, str]) -> Page:
    """One page.

    Raises:
        ApiFailure: 400 for parameters that cannot be read, 410 for a token that is too old, 504 for a future version.
    """
    wanted = query.get("resourceVersion", "")
    limit = max(number(query.get("limit", "0") or "0", "limit"), 0)
    limit = 0 if wanted == "0" else limit  # served from the watch cache, which gives all
    token = query.get("continue", "")
    if token:
        if wanted not in ("", "0"):
            raise bad_request("specifying resource version is not allowed when using continue")
        version, start = _read_token(token)
        try:
            items = store.at(scope.resource, scope.namespace, version if version >= 0 else store.version)
        except ApiFailure as failure:
            raise expired(_TOO_OLD, metadata={"continue": _token(-1, start)}) from failure
        items = [item for item in items if _position(item) >= start]
        version = version if version >= 0 else store.version
    else:
        version = _wanted_version(store, wanted)
        exact = query.get("resourceVersionMatch") == "Exact"
        if wanted not in ("", "0") and (exact or (limit and not query.get("resourceVersionMatch"))):
            version = int(wanted)
            try:
                items = store.at(scope.resource, scope.namespace, version)
            except ApiFailure as failure:
                raise expired("The resourceVersion for the provided list is too old.") from failure
        else:
            items = store.all(scope.resource, scope.namespace)
    items = [item for item in items if scope.holds(item)]
    if not limit or len(items) <= limit:
        return Page(items, version)
    counted = not scope.labels and not scope.fields
    return Page(items[:limit], version, _token(version, _position(items[limit])), len(items) - limit if counted else 0)


def number(text: str, parameter: str) -> int:
    """A number of a query.

    Raises:
        ApiFailure: 400 in Go's words.
    """
    del parameter  # the real message does not name it
    try:
        return int(text)
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def _wanted_version(store: Store, text: str) -> int:
    if not text or text == "0":
        return store.version
    if not text.isdigit():
        raise bad_request(
            f'invalid resource version: resourceVersion: Invalid value: "{text}": '
            f'strconv.ParseUint: parsing "{text}": invalid syntax'
        )
    store.check_version(int(text))
    return store.version


def _position(item: Object) -> str:
    namespace, name = key_of(item)
    return f"{namespace}/{name}"


def _token(version: int, start: str) -> str:
    text = json.dumps({"v": _ENCODED_VERSION, "rv": version, "start": start}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_token(token: str) -> tuple[int, str]:
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("latin-1")
        decoded = json.loads(raw)
        if decoded.get("v") != _ENCODED_VERSION:
            raise bad_request(
                f"{_CANNOT_CONTINUE} server does not recognize this encoded version {decoded.get('v', '')}"
            )
        return int(decoded["rv"]), str(decoded["start"])
    except json.JSONDecodeError as error:
        sign = raw[error.pos] if error.pos < len(raw) else ""
        why = (
            f"invalid character '{shown_byte(ord(sign))}' looking for beginning of value"
            if sign
            else "unexpected end of JSON input"
        )
        raise bad_request(f"{_CANNOT_CONTINUE} {why}") from error
    except binascii.Error as error:
        raise bad_request(f"{_CANNOT_CONTINUE} illegal base64 data at input byte {len(token) // 4 * 4}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise bad_request(f"{_CANNOT_CONTINUE} {error}") from error
