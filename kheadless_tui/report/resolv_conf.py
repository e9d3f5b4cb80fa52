"""A resolv.conf, as the outputs show it."""

from __future__ import annotations

from kheadless_tui.report.document import Document
from kheadless_tui.zone.stub.resolv_conf import ATTEMPTS, TIMEOUT, ResolvConf

_BEFORE = {"cluster": ("the cluster's DNS",), "node": ("those of the node",), "none": ("none",)}
"""Servers of unknown address."""


def resolv_text(resolv: ResolvConf) -> str:
    """A resolv.conf on one line; what is not known of it stands where it belongs."""
    servers = (*_BEFORE.get(resolv.servers_before, ()), *resolv.nameservers)
    parts = [f"nameserver {', '.join(servers) if resolv.servers_before else ' '.join(servers) or 'none'}"]
    known = resolv.domains_before_unknown()
    missing = ("(the node's)",) if resolv.unknown else ()
    search = (*resolv.search[:known], *missing, *resolv.search[known:])
    parts += [f"search {' '.join(search)}"] if search else []
    return ", ".join([*parts, *resolv.options])


def resolv_document(resolv: ResolvConf) -> Document:
    """A resolv.conf in JSON; ``unknown`` says what is missing, ``unknownAt`` how many domains stand before that."""
    found: Document = {
        "nameservers": list(resolv.nameservers),
        "search": list(resolv.search),
        "ndots": resolv.ndots,
        "source": resolv.source or None,
        "unknown": resolv.unknown or None,
    }
    if resolv.unknown:
        found["unknownAt"] = resolv.domains_before_unknown()
    if resolv.servers_before:
        found["serversBefore"] = resolv.servers_before
    if resolv.rotate:
        found["rotate"] = True
    if resolv.timeout != TIMEOUT:
        found["timeout"] = resolv.timeout
    if resolv.attempts != ATTEMPTS:
        found["attempts"] = resolv.attempts
    if resolv.no_aaaa:
        found["noAAAA"] = True
    return found
