"""getent: what the C library makes of a name or an address."""

from __future__ import annotations

import ipaddress

from kheadless_tui.lab.pods.process import Process
from kheadless_tui.lab.pods.programs.lookup import Lookup, reverse_name

_DATABASES = ("hosts", "ahosts", "ahostsv4", "ahostsv6")
NOT_FOUND = 2
"""Exit status when a key is not there."""


async def getent(process: Process) -> int:
    """``getent hosts|ahosts|ahostsv4|ahostsv6 NAME``."""
    words = process.argv[1:]
    if len(words) < 2 or words[0] not in _DATABASES:
        await process.complain(f"Unknown database: {' '.join(words[:1])}\n")
        await process.say("Try `getent --help' or `getent --usage' for more information.\n")
        return 1
    if words[0] == "hosts":
        return await _hosts(process, words[1])
    kinds = {"ahostsv4": ("A",), "ahostsv6": ("AAAA",)}.get(words[0], ("A", "AAAA"))
    canonical, addresses = await Lookup(process.around).resolve(words[1], kinds)
    for number, address in enumerate(sorted(addresses, key=lambda each: ":" in each)):
        for kind in ("STREAM", "DGRAM", "RAW"):
            shown = canonical.split()[0] if number == 0 and kind == "STREAM" else ""
            await process.say(f"{address:<15} {kind:<6} {shown}\n")
    return 0 if addresses else NOT_FOUND


async def _hosts(process: Process, key: str) -> int:
    """Like gethostbyname2: IPv6 addresses when there are any, and IPv4 only then when there are none."""
    lookup = Lookup(process.around)
    for names, address in _in_file(process, key):
        await process.say(f"{address:<15} {names}\n")
        return 0
    try:
        ipaddress.ip_address(key)
    except ValueError:
        for kind in ("AAAA", "A"):
            canonical, addresses = await lookup.resolve(key, (kind,))
            for address in addresses:
                await process.say(f"{address:<15} {canonical}\n")
            if addresses:
                return 0
        return NOT_FOUND
    name = await reverse_name(lookup, (process.around.resolv.nameservers or ("127.0.0.1",))[0], key)
    if name:
        await process.say(f"{key:<15} {name}\n")
    return 0 if name else NOT_FOUND


def _in_file(process: Process, key: str) -> list[tuple[str, str]]:
    """The lines of /etc/hosts on a name, IPv6 first."""
    lines = [line.split() for line in process.around.files["/etc/hosts"].decode().splitlines()]
    found = [(" ".join(words[1:]), words[0]) for words in lines if key in words and words[0][0] != "#"]
    return sorted(found, key=lambda each: ":" not in each[1])
