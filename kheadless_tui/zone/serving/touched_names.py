"""Which questions the plugins around the kubernetes plugin touch, by what a Corefile tells them.

Sources: plugin/hosts, plugin/template, plugin/autopath, plugin/local, plugin/dns64, plugin/acl, plugin/tsig,
plugin/header, plugin/dnssec, plugin/k8s_external.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from kheadless_tui.zone.naming.names import absolute
from kheadless_tui.zone.naming.reverse_names import reverse_name
from kheadless_tui.zone.naming.zones import is_below
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.serving.config import ClosingHosts, Concern
from kheadless_tui.zone.serving.corefile import Plugin
from kheadless_tui.zone.serving.place import Place
from kheadless_tui.zone.serving.server_keys import origins

EVERYWHERE = (".",)
EVERYTHING = Concern(EVERYWHERE)
"""All answers."""


def concern_of(plugin: Plugin, place: Place) -> Concern | None:
    """The questions that a plugin touches; ``None`` when no question tells."""
    return _CONCERNS.get(plugin.name, _nowhere)(plugin, place)


_IN_HOSTS_FILES = frozenset(
    ("localhost.", "localhost.localdomain.", "ip6-localhost.", "ip6-loopback.", "1.0.0.127.in-addr.arpa.")
)
"""Names that any hosts file has, such as the kubelet's for a pod (kubelet_pods.go managedHostsFileContent)."""


def _hosts(plugin: Plugin, place: Place) -> Concern:
    """Names of entries in the Corefile; all names of its zones that do not fall through (hosts.go ServeDNS)."""
    names: set[str] = set()
    through: list[str] = []
    reverse = True
    for option in plugin.options:
        if option.name == "fallthrough":
            through = origins(option.args, ()) or ["."]
        elif option.name == "no_reverse":
            reverse = False
        else:
            try:
                names.add(reverse_name(option.name))
            except ValueError:
                continue  # another option
            names |= {absolute(name.lower()) for name in option.args}
    wild = [re.escape(name[1:]) for name in names if name.startswith("*.")]
    names |= _IN_HOSTS_FILES  # it reads a file as well, /etc/hosts when none is named
    if not reverse:
        names = {name for name in names if not name.endswith(".arpa.")}
    zones = origins(plugin.args[1:], place.keys)
    held = () if closing_hosts(place) else _held(zones, through)
    if not wild:
        return Concern(held, frozenset(names))
    ends = [rf"^[^.]+(?:{'|'.join(wild)})$"]  # an asterisk stands for the first label (wildcard.go)
    ends += [rf"(?:^|\.){re.escape(zone)}$" if zone != "." else "" for zone in held]
    return Concern(tuple(zones), frozenset(names), pattern="|".join(ends))


def closing_hosts(place: Place) -> ClosingHosts | None:
    """The plugin hosts where it does not hand on the names that it does not have, and what it has stands here.

    The hosts file that it reads when none is named is the kubelet's, with few names (_IN_HOSTS_FILES).
    """
    for plugin in place.block.named("hosts"):
        entries = [option for option in plugin.options if canonical(option.name) is not None]
        names = frozenset(absolute(name.lower()) for option in entries for name in option.args)
        falls = [option for option in plugin.options if option.name == "fallthrough"]
        through = tuple(zone for option in falls for zone in origins(option.args, ()) or ["."])
        if plugin.args or plugin.unseen or "." in through or any("*" in name for name in names):
            return None
        zones = tuple(dict.fromkeys(key.zone for key in place.keys))
        return ClosingHosts(place.at(plugin.line), zones, through, names | _IN_HOSTS_FILES)
    return None


def _held(zones: Sequence[str], through: Sequence[str]) -> tuple[str, ...]:
    """Those zones that a plugin answers for even where it has nothing."""
    return tuple(zone for zone in zones if not any(is_below(zone, each) for each in through))


def _template(plugin: Plugin, place: Place) -> Concern:
    """Names that match an expression; without fallthrough all of its zones and its type (template.go match)."""
    patterns = [arg for option in plugin.options if option.name == "match" for arg in option.args]
    through = [zone for option in plugin.options if option.name == "fallthrough"
               for zone in origins(option.args, ()) or ["."]]  # fmt: skip
    zones = origins(plugin.args[2:], place.keys)
    of_class, kind = (word.upper() for word in (*plugin.args, "ANY", "ANY")[:2])
    if of_class not in ("IN", "ANY"):
        return Concern()
    pattern = "" if _held(zones, through) else "|".join(f"(?:{each})" for each in patterns)
    return Concern(tuple(zones), pattern=pattern, types=() if kind == "ANY" else (kind,))


def _autopath(plugin: Plugin, place: Place) -> Concern:
    """Names in the first search domain, for which the other domains are tried (autopath.go ServeDNS).

    By the kubernetes plugin that domain is the one of the asking pod's namespace, where it knows pods by their address
    (k/autopath.go); of a file it is not known.
    """
    zones = origins(plugin.args[:-1], place.keys)
    if plugin.args[-1:] != ("@kubernetes",):
        return Concern(tuple(zones))
    options = [option for each in place.block.named("kubernetes") for option in each.options]
    if not any(option.name == "pods" and option.args[:1] == ("verified",) for option in options):
        return Concern()
    own = [f"svc.{'' if zone == '.' else zone}" for zone in place.zones if any(is_below(zone, each) for each in zones)]
    return Concern(tuple(own), outcome="searched")


def _dns64(plugin: Plugin, _: Place) -> Concern:
    """AAAA of names that exist and have none, or of all that exist (dns64.go responseShouldDNS64)."""
    every = any(option.name == "translate_all" for option in plugin.options)
    return Concern(EVERYWHERE, types=("AAAA",), outcome="existing" if every else "without-type")


def _local(plugin: Plugin, _: Place) -> Concern:
    """Names of localhost and its reverse zones (local.go ServeDNS)."""
    zones = ("localhost.", "0.in-addr.arpa.", "127.in-addr.arpa.", "255.in-addr.arpa.")
    return Concern(EVERYWHERE, pattern=r"^localhost\.|(?:^|\.)(?:" + "|".join(map(re.escape, zones)) + ")$")


def _acl(plugin: Plugin, place: Place) -> Concern | None:
    """Questions of the types that a policy does not let through, up to one that lets everybody (acl.go ServeDNS)."""
    types: list[str] = []
    for option in plugin.options:
        words = [word.lower() for word in option.args]
        parts: dict[str, list[str]] = {"type": [], "net": []}
        part = ""
        for word in words:
            part = word if word in parts else part
            if word != part and part:
                parts[part].append(word.upper())
        every_type = not parts["type"] or "*" in parts["type"]
        if option.name.lower() != "allow":
            if every_type:
                return Concern(tuple(origins(plugin.args, place.keys)))
            types += parts["type"]
        elif every_type and (not parts["net"] or "*" in parts["net"]):
            break
    return Concern(tuple(origins(plugin.args, place.keys)), types=tuple(types)) if types else None


def _header(plugin: Plugin, _: Place) -> Concern | None:
    """The flag aa of replies, where it is cleared; what the cache keeps has it again (header.go, cache/item.go)."""
    for option in plugin.options:
        words = [option.name.lower(), *(word.lower() for word in option.args)]
        if words[:2] == ["response", "clear"] and "aa" in words[2:]:
            return Concern(EVERYWHERE, records=False)
    return None


def _dnssec(plugin: Plugin, place: Place) -> Concern:
    """What clients that ask with DO get (dnssec.go Sign)."""
    return Concern(tuple(origins(plugin.args, place.keys)), records=False)


def _tsig(plugin: Plugin, place: Place) -> Concern | None:
    """Questions of the types that must be signed (plugin/tsig/setup.go)."""
    types = [word.upper() for option in plugin.options if option.name == "require" for word in option.args]
    if not types or types == ["NONE"]:
        return None
    return Concern(tuple(origins(plugin.args, place.keys)), types=() if "ALL" in types else tuple(types))


def _nowhere(plugin: Plugin, _: Place) -> None:
    """Plugins of which no question tells whether they touch it."""


def _by_zone(plugin: Plugin, _: Place) -> Concern:
    """Plugins whose arguments are zones, some with what they are called elsewhere behind a colon."""
    return Concern(tuple(origins([arg.partition(":")[0] for arg in plugin.args], ())))


_CONCERNS: dict[str, Callable[[Plugin, Place], Concern | None]] = {
    "hosts": _hosts,
    "template": _template,
    "autopath": _autopath,
    "local": _local,
    "acl": _acl,
    "header": _header,
    "dnssec": _dnssec,
    "tsig": _tsig,
    "view": lambda *_: EVERYTHING,
    "route53": _by_zone,
    "azure": lambda *_: EVERYTHING,
    "clouddns": _by_zone,
    "k8s_external": lambda plugin, place: Concern(tuple(origins(plugin.args, place.keys))),
    "any": lambda *_: Concern(EVERYWHERE, types=("ANY",)),
    "dns64": _dns64,
}
