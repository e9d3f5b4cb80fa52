"""What the user may do, as the API server's own authorizer says (SelfSubjectAccessReview)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from kheadless_tui.errors import ClusterError, NotFound, Refused

if TYPE_CHECKING:
    from kheadless_tui.cluster.wire.transport import Transport

REVIEW_PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

KEPT_FOR = 60.0
"""Seconds for which it is believed that something is allowed: a refusal of the thing itself is told anyway. That it is
not allowed is never kept: an admin may just have granted it."""


@dataclass(frozen=True, slots=True)
class Right:
    """Whether something is allowed; ``None`` when the API server would not say."""

    allowed: bool | None
    reason: str = ""
    """The authorizer's words, or why it is not known."""


class _ReviewStatus(msgspec.Struct):
    allowed: bool = False
    denied: bool = False
    reason: str = ""
    evaluation_error: str = msgspec.field(default="", name="evaluationError")


class _Review(msgspec.Struct):
    status: _ReviewStatus = msgspec.field(default_factory=_ReviewStatus)


class Access:
    """Asks for rights over one transport."""

    def __init__(self, transport: Transport, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._transport = transport
        self._clock = clock
        self._kept: dict[tuple[str, ...], tuple[float, Right]] = {}

    async def may(
        self, verb: str, resource: str, subresource: str = "", namespace: str = "", name: str = "", group: str = ""
    ) -> Right:
        """Whether the current user may do this.

        Args:
            verb: The API verb: ``get``, ``create`` ...
            resource: The plural: ``pods``.
            subresource: Such as ``exec``; empty for the object itself.
            namespace: Empty for all namespaces.
            name: Empty for every name.
            group: The API group, empty for the core group.

        Raises:
            Unreachable, NotAuthenticated: as every request; a refusal to review is ``Right(None)``.
        """
        key = (verb, resource, subresource, namespace, name, group)
        kept = self._kept.get(key)
        if kept is not None and self._clock() - kept[0] < KEPT_FOR:
            return kept[1]
        attributes = {
            "verb": verb,
            "resource": resource,
            "subresource": subresource,
            "namespace": namespace,
            "name": name,
            "group": group,
        }
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {field: value for field, value in attributes.items() if value}},
        }
        try:
            answer = await self._transport.call("POST", REVIEW_PATH, body=msgspec.json.encode(body))
            status = msgspec.json.decode(answer, type=_Review).status
        except (Refused, NotFound) as refusal:
            return Right(None, refusal.message)
        except msgspec.DecodeError as error:
            raise ClusterError(f"The API server's answer about rights cannot be read: {error}") from error
        right = Right(status.allowed, status.reason or status.evaluation_error)
        if right.allowed:
            self._kept[key] = (self._clock(), right)
        return right
