"""How often a resolver asks for one name, and of whom it asks no more: what follows a reply that says nothing.

SERVFAIL and REFUSED say neither that a name exists nor that it does not. glibc and Go ask each server of resolv.conf
in turn and then all again, ``attempts`` times; musl asks all at once, and a server that said SERVFAIL once more each
time, up to twice a question. Sources: glibc resolv/res_send.c __res_context_send, send_dg (next_ns) and res_query.c
__res_context_search; musl src/network/res_msend.c; Go src/net/dnsclient_unix.go tryOneName. Each was counted at a
server: glibc 2.36, musl 1.2.5, Go 1.26.
"""

from __future__ import annotations

from collections.abc import Sequence

from kheadless_tui.zone.stub.resolv_conf import MAX_NAMESERVERS, ResolvConf

SAYS_NOTHING = ("SERVFAIL", "REFUSED")
"""Replies after which the next server is asked."""
MAX_ATTEMPTS = {"glibc": 5, "musl": 10}
"""Larger values of ``attempts`` count as this one (glibc resolv/resolv.h RES_MAXRETRY, musl resolvconf.c)."""
_MUSL_MORE = 2
"""Questions that musl sends again at once after SERVFAIL, for each that it has asked (servfail_retry)."""


def times_asked(rcode: str, rcodes: Sequence[str], resolv: ResolvConf, libc: str) -> int:
    """How often a question is sent until there is a reply that says something, or the resolver gives up.

    Args:
        rcode: of the reply, the same from every server.
        rcodes: of all types that are asked for the name at the same time, this one among them.
        resolv: for its servers, one where none is named, and its attempts.
        libc: ``glibc``, ``musl`` or ``go``. musl may begin one more round where ``attempts`` is no divisor of its 5 s.
    """
    if not gives_up(rcode, rcodes, libc):
        return 1
    attempts = min(resolv.attempts, MAX_ATTEMPTS.get(libc, resolv.attempts))
    servers = _servers(resolv)
    if libc != "musl" or rcode != "SERVFAIL":
        return attempts * servers
    return attempts * (servers + _MUSL_MORE * len(rcodes) // rcodes.count(rcode))


def gives_up(rcode: str, rcodes: Sequence[str], libc: str) -> bool:
    """Whether no server's reply says anything; glibc is content with one for A or AAAA."""
    return rcode in SAYS_NOTHING and (libc != "glibc" or all(each in SAYS_NOTHING for each in rcodes))


def _servers(resolv: ResolvConf) -> int:
    """How many are asked: those of unknown address in front count as one, and without any it is this machine."""
    return max(1, min(MAX_NAMESERVERS, len(resolv.nameservers) + bool(resolv.servers_before)))
