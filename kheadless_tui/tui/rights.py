"""Whether a key may be offered: what the user's rights allow, asked before and not found out afterwards."""

from __future__ import annotations

from kheadless_tui.cluster.access import Access

_EXEC = (("create", "pods", "exec"), ("get", "pods", "exec"))
"""Either opens an exec session: the verb depends on the transport and on the API server's version."""

_FORWARD = (("create", "pods", "portforward"), ("get", "pods", "portforward"))
"""Either reaches the DNS servers themselves."""

DNS_NAMESPACE = "kube-system"


async def may_probe(access: Access, namespace: str) -> bool:
    """Whether any way of asking DNS is left: every one but port-forward to the DNS servers ends in an exec.

    Args:
        access: Asks the API server's authorizer.
        namespace: Where the questions would be asked from.

    Raises:
        Unreachable, NotAuthenticated: as every request.
    """
    for rights, where in ((_EXEC, namespace), (_FORWARD, DNS_NAMESPACE)):
        for verb, resource, subresource in rights:
            if (await access.may(verb, resource, subresource, where)).allowed is not False:
                return True
    return False
