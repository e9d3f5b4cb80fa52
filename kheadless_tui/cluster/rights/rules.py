"""What the authorizer lists as allowed in one namespace (SelfSubjectRulesReview), and as whom we are known to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from kheadless_tui.errors import ClusterError, NotFound, Refused

if TYPE_CHECKING:
    from kheadless_tui.cluster.wire.transport import Transport

RULES_PATH = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
WHOAMI_PATH = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


class Rule(msgspec.Struct, rename="camel", frozen=True):
    """authorization.k8s.io/v1 ResourceRule."""

    verbs: tuple[str, ...] | None = None
    api_groups: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    resource_names: tuple[str, ...] | None = None
    """The objects that it is limited to; empty for all."""

    def covers(self, verb: str, group: str, resource: str) -> bool:
        """It allows this, for all objects or some (k8s.io/kubernetes pkg/apis/rbac/v1, VerbMatches and the like)."""
        subresource = resource.partition("/")[2]
        return (
            bool({"*", verb} & set(self.verbs or ()))
            and bool({"*", group} & set(self.api_groups or ()))
            and bool({"*", resource, f"*/{subresource}" if subresource else resource} & set(self.resources or ()))
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that hold in one namespace."""

    rules: frozenset[Rule] = frozenset()
    """In no order: the API server tells the same ones in another order each time (seen with 1.34)."""
    incomplete: bool = False
    """There is an authorizer that cannot list what it allows: what is not listed may be allowed all the same."""

    def allow(self, verb: str, group: str, resource: str, subresource: str = "", name: str = "") -> bool:
        """Whether it is listed as allowed, for every object or for the one of that name."""
        wanted = f"{resource}/{subresource}" if subresource else resource
        return any(
            rule.covers(verb, group, wanted) and (not rule.resource_names or name in rule.resource_names)
            for rule in self.rules
        )

    def names(self, verb: str, group: str, resource: str) -> frozenset[str]:
        """The objects for which alone it is listed as allowed."""
        return frozenset(
            name
            for rule in self.rules
            if rule.covers(verb, group, resource)
            for name in rule.resource_names or ()
            if name
        )


class _RulesStatus(msgspec.Struct, rename="camel"):
    resource_rules: tuple[Rule, ...] | None = None
    incomplete: bool = False


class _RulesReview(msgspec.Struct):
    status: _RulesStatus = msgspec.field(default_factory=_RulesStatus)


class _UserInfo(msgspec.Struct):
    username: str = ""


class _UserStatus(msgspec.Struct, rename="camel"):
    user_info: _UserInfo | None = None


class _UserReview(msgspec.Struct):
    status: _UserStatus = msgspec.field(default_factory=_UserStatus)


async def read_rules(transport: Transport, namespace: str) -> Rules | None:
    """The rules of a namespace, those that hold in every one included; ``None`` when they may not be asked for.

    Raises:
        Unreachable, NotAuthenticated, ClusterError: as it comes.
    """
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    try:
        answer = await transport.call("POST", RULES_PATH, body=msgspec.json.encode(body))
        status = msgspec.json.decode(answer, type=_RulesReview).status
    except (Refused, NotFound):
        return None
    except msgspec.DecodeError as error:
        raise ClusterError(f"The API server's list of rights cannot be read: {error}") from error
    return Rules(frozenset(status.resource_rules or ()), status.incomplete)


async def read_user(transport: Transport) -> str:
    """The user's name as the API server knows it (since 1.28); empty when it does not tell.

    Raises:
        Unreachable, NotAuthenticated: as it comes.
    """
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = await transport.call("POST", WHOAMI_PATH, body=msgspec.json.encode(body))
        user = msgspec.json.decode(answer, type=_UserReview).status.user_info
    except (Refused, NotFound, msgspec.DecodeError):
        return ""
    return user.username if user else ""
