"""getent: what the container's own resolver gives to programs, whichever server, file or cache it has it from.

It tells addresses alone: no TTL, no rcode, no section; and it asks the server of the container's /etc/resolv.conf, so
that it stands for DNS only where nothing else is in the image. In a container without an address of a version of IP it
asks for none of that version and says that there is no such name (AI_ADDRCONFIG in getaddrinfo(3)).
"""

from __future__ import annotations

import ipaddress

from kheadless_tui.probe.inquiring.dnsmessage import Reply, Unaskable, presentation_name
from kheadless_tui.zone.record import Question, Record

DATABASES = {"A": "ahostsv4", "AAAA": "ahostsv6"}
NOT_FOUND = 2
"""Exit status of getent when there is no such key."""


def getent_argv(question: Question, families: frozenset[int] | None = None) -> tuple[str, ...]:
    """The command for one question.

    Args:
        question: A name and its type.
        families: The versions of IP of which the container has an address; ``None`` when that is not known.

    Raises:
        Unaskable: getent cannot ask for this type or name.
    """
    if question.type not in DATABASES:
        raise Unaskable(f"getent asks for addresses only, not for {question.type}")
    version = 6 if question.type == "AAAA" else 4
    if families is not None and version not in families:
        raise Unaskable(f"getent asks for no {question.type} in a container without an IPv{version} address")
    name = presentation_name(question.name)
    if "\\" in name or name.startswith("-"):
        raise Unaskable("getent cannot ask for this name (it has signs that getent reads otherwise)")
    return ("getent", DATABASES[question.type], name)


def parse_getent(text: str, question: Question, exit_code: int | None) -> Reply | None:
    """The addresses, each once; no reply is known when getent failed otherwise than by not finding the name.

    IPv4 addresses that ``ahostsv6`` gives in IPv6 form, for want of others, are no AAAA records.
    """
    found: dict[str, None] = {}
    for line in text.splitlines():
        word = line.split(None, 1)[0] if line.strip() else ""
        try:
            address = ipaddress.ip_address(word)
        except ValueError:
            continue
        if (address.version == 6) is (question.type == "AAAA") and not getattr(address, "ipv4_mapped", None):
            found[str(address)] = None
    if exit_code not in (0, NOT_FOUND):
        return None
    records = tuple(Record(question.name, 0, question.type, address) for address in found)
    return Reply(question, "NOERROR" if records else "", (), records, (), ())
