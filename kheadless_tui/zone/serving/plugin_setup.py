"""What other plugins than kubernetes and cache refuse to be told in a Corefile, in CoreDNS's words.

One table of each plugin's arguments and properties. Sources: the setup.go of each (CoreDNS 1.14.7). Where a word is
taken from the environment, or a property from a file, nothing is said of it.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from kheadless_tui.errors import InputError
from kheadless_tui.zone.answering.type_numbers import type_name
from kheadless_tui.zone.naming.names import fault
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.serving import go_text
from kheadless_tui.zone.serving.corefile import Corefile, Option, Plugin, is_seen

COUNT = "Wrong argument count or unexpected line ending after '{}'"
"""What is said of a missing or superfluous argument, with the last word that was read (dispenser.go ArgErr)."""
_CLASSES = ("IN", "CS", "CH", "HS", "NONE", "ANY")
_RCODES = (
    "NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE DSOTYPENI BADSIG BADKEY "
    "BADTIME BADMODE BADNAME BADALG BADTRUNC BADCOOKIE".split()
)
_TYPE = re.compile(r"[A-Z][A-Z0-9-]*")
_MAX_HOSTS_TTL = 65535


class Refusal(NamedTuple):
    """One thing that keeps CoreDNS from starting."""

    plugin: str
    line: int
    said: str
    placed: bool
    """Whether CoreDNS says at which line."""


class _Wrong(Exception):
    """What is said of a plugin; ``placed`` as of :class:`Refusal`."""

    def __init__(self, said: str, *, placed: bool = True) -> None:
        super().__init__(said)
        self.placed = placed


_Read = Callable[[Option], None]


def refuse_wrong_setup(corefile: Corefile) -> None:
    """Refuse what any plugin of a file refuses.

    Raises:
        InputError: the first refusal, with its line.
    """
    for refusal in refusals(corefile):
        raise InputError(f"plugin/{refusal.plugin}: {refusal.said}", where=f"{corefile.where}:{refusal.line}")


def refusals(corefile: Corefile) -> Iterator[Refusal]:
    """The first thing that is wrong with each plugin of a file."""
    for block in corefile.blocks:
        for plugin in block.plugins:
            if plugin.unseen:
                continue
            line = plugin.line
            try:
                _ARGUMENTS.get(plugin.name, _any)(plugin)
                for option in plugin.options if plugin.name in _PROPERTIES else ():
                    line = option.line
                    _property(plugin, option)
            except _Wrong as wrong:
                yield Refusal(plugin.name, line, str(wrong), wrong.placed)


def _property(plugin: Plugin, option: Option) -> None:
    known = _PROPERTIES[plugin.name]
    if option.name in known:
        known[option.name](option)
    elif plugin.name == "hosts":  # an entry, unless it stands behind fallthrough
        if any(each.name == "fallthrough" and each.line < option.line for each in plugin.options):
            raise _Wrong(f"unknown property '{option.name}'")
    else:
        raise _Wrong(
            _UNKNOWN.get(plugin.name, "unknown property '{}'").format(option.name), placed=plugin.name != "bind"
        )


_UNKNOWN = {"template": COUNT, "bind": 'invalid option "{}"', "prometheus": "unknown option: {}"}
"""What is said of an unknown property, where it is not the usual."""


def is_looked_up(upstream: str) -> bool:
    """Whether an upstream of forward is neither an address nor the path of a file (forward/resolve.go)."""
    host = (upstream.partition("://")[2] or upstream).partition("%")[0]
    if "/" in host or not is_seen(upstream) or host.startswith("["):
        return False
    return not any(canonical(text) for text in (host, host.rpartition(":")[0]))


# -- arguments -----------------------------------------------------------------------------------------------------


def _any(plugin: Plugin) -> None:
    """Plugins that are not looked into."""


def _between(least: int, most: float) -> Callable[[Plugin], None]:
    def check(plugin: Plugin) -> None:
        if not least <= len(plugin.args) <= most:
            raise _Wrong(COUNT.format(plugin.args[-1] if plugin.args else plugin.name))

    return check


def _alone(plugin: Plugin) -> None:
    """Neither an argument nor braces: those count as one (dispenser.go NextArg)."""
    if plugin.args or plugin.options:
        raise _Wrong(COUNT.format(plugin.args[0] if plugin.args else "{"))


def _listens(plugin: Plugin) -> None:
    _between(0, 1)(plugin)
    for text in filter(is_seen, plugin.args):
        host, colon, _ = text.rpartition(":")
        if not colon:
            raise _Wrong(f"address {text}: missing port in address", placed=False)
        if ":" in host and not (host.startswith("[") and host.endswith("]")):
            raise _Wrong(f"address {text}: too many colons in address", placed=False)


def _forward(plugin: Plugin) -> None:
    _between(2, math.inf)(plugin)
    for text in plugin.args[1:]:
        host = text.partition("://")[2] or text
        if is_seen(text) and "/" not in host and ":" not in host and fault(host):
            raise _Wrong(f'not an IP address, file, or valid domain: "{text}"', placed=False)


def _loadbalance(plugin: Plugin) -> None:
    policy, *rest = plugin.args or ("round_robin",)
    if policy == "round_robin":
        if rest:
            raise _Wrong(f"unknown property for {policy}")
    elif policy != "weighted":
        raise _Wrong(f"unknown policy: {policy}", placed=False)
    elif not rest:
        raise _Wrong("missing weight file argument")
    elif len(rest) > 1:
        raise _Wrong("unexpected argument(s)")


def _bind(plugin: Plugin) -> None:
    if not plugin.args:
        raise _Wrong("at least one address or interface name is expected", placed=False)


def _template(plugin: Plugin) -> None:
    if len(plugin.args) < 2:
        raise _Wrong(COUNT.format(plugin.args[-1] if plugin.args else plugin.name))
    class_, kind = plugin.args[:2]
    if is_seen(class_) and class_ not in _CLASSES:
        raise _Wrong(f"invalid query class {class_}")
    if is_seen(kind) and (not _TYPE.fullmatch(kind) or type_name(kind) != kind):
        raise _Wrong(f"invalid RR class {kind}")


def _autopath(plugin: Plugin) -> None:
    if not plugin.args:
        raise _Wrong("no resolv-conf specified", placed=False)


_ARGUMENTS: dict[str, Callable[[Plugin], None]] = {
    "forward": _forward,
    "loadbalance": _loadbalance,
    "health": _listens,
    "prometheus": _listens,
    "loop": _alone,
    "minimal": _alone,
    "reload": _between(0, 2),
    "bind": _bind,
    "template": _template,
    "autopath": _autopath,
}


# -- properties ----------------------------------------------------------------------------------------------------


def _takes(least: int, most: float, *checks: Callable[[str], None]) -> _Read:
    """So many arguments, the first of which are checked one by one."""

    def read(option: Option) -> None:
        if not least <= len(option.args) <= most:
            raise _Wrong(COUNT.format(option.args[-1] if option.args else option.name))
        for text, check in zip(option.args, checks, strict=False):
            if is_seen(text):
                check(text)

    return read


def _leads(check: Callable[[str], None] | None = None) -> _Read:
    """One argument; a word behind it is read as another property."""

    def read(option: Option) -> None:
        _takes(1, math.inf, *([check] if check else []))(option)
        if len(option.args) > 1:
            raise _Wrong(f"unknown property '{option.args[1]}'")

    return read


def _unsigned(text: str) -> None:
    if not text.isascii() or not text.isdigit():
        raise _Wrong(f'strconv.ParseUint: parsing "{text}": invalid syntax', placed=False)


def _count(text: str) -> None:
    number = go_text.integer(text)
    if number is None:
        raise _Wrong(f'strconv.Atoi: parsing "{text}": invalid syntax', placed=False)
    if number < 0:
        raise _Wrong(f"can't be negative: {number}", placed=False)


def _span(text: str) -> None:
    seconds = go_text.duration(text)
    if seconds is None:
        raise _Wrong(f'time: invalid duration "{text}"', placed=False)
    if seconds < 0:
        raise _Wrong(f"can't be negative: {text}", placed=False)


def _lameduck(text: str) -> None:
    if go_text.duration(text) is None:
        raise _Wrong(f"unable to parse lameduck duration value: '{text}'", placed=False)


def _one_of(words: tuple[str, ...], said: str) -> Callable[[str], None]:
    def check(text: str) -> None:
        if text not in words:
            raise _Wrong(said.format(text))

    return check


def _rcode(text: str) -> None:
    if text not in _RCODES:
        raise _Wrong(f"unknown rcode {text}")


def _hosts_ttl(option: Option) -> None:
    if not option.args:
        raise _Wrong("ttl needs a time in second")
    if is_seen(option.args[0]):
        seconds = go_text.integer(option.args[0])
        if seconds is None:
            raise _Wrong("ttl needs a number of second")
        if not 0 < seconds <= _MAX_HOSTS_TTL:
            raise _Wrong("ttl provided is invalid")


def _hosts_reload(option: Option) -> None:
    if len(option.args) != 1:
        raise _Wrong("reload needs a duration (zero seconds to disable)")
    seconds = go_text.duration(option.args[0])
    if is_seen(option.args[0]) and (seconds is None or seconds < 0):
        raise _Wrong(f"invalid duration for reload '{option.args[0]}'")


def _network(text: str) -> None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise _Wrong(f'invalid CIDR "{text}"') from None


def _prefer(option: Option) -> None:
    for text in filter(is_seen, option.args):
        _network(text)


_SOME = _takes(1, math.inf)
_NONE = _takes(0, 0)
_WHATEVER = _takes(0, math.inf)

_PROPERTIES: dict[str, Mapping[str, _Read]] = {
    "forward": {
        "except": _SOME,
        "max_fails": _leads(_unsigned),
        "max_connect_attempts": _leads(_unsigned),
        "health_check": _takes(1, math.inf, _span),
        "force_tcp": _NONE,
        "prefer_udp": _NONE,
        "tls": _takes(0, 3),
        "tls_servername": _leads(),
        "expire": _leads(_span),
        "max_age": _leads(_span),
        "max_idle_conns": _leads(_count),
        "read_timeout": _leads(_span),
        "doh_method": _leads(_one_of(("POST", "GET"), "doh_method must be either POST or GET")),
        "policy": _leads(_one_of(("random", "round_robin", "sequential"), "unknown policy '{}'")),
        "max_concurrent": _leads(_count),
        "next": _SOME,
        "next_on_nodata": _NONE,
        "failfast_all_unhealthy_upstreams": _NONE,
        "failover": _SOME,
        "resolver": _SOME,
        "source_address": _leads(),
    },
    "health": {"lameduck": _takes(1, 1, _lameduck)},
    "prometheus": {"runtime_metrics": _NONE, "tls": _takes(1, 1)},
    "bind": {"except": _SOME},
    "loadbalance": {"prefer": _prefer, "reload": _takes(1, 1, _span)},
    "template": {
        "match": _SOME,
        "answer": _SOME,
        "additional": _SOME,
        "authority": _SOME,
        "rcode": _takes(1, math.inf, _rcode),
        "ederror": _takes(1, 2),
        "fallthrough": _WHATEVER,
        "upstream": _WHATEVER,
    },
    "hosts": {
        "fallthrough": _WHATEVER,
        "fallthrough_unsupported": _NONE,
        "no_reverse": _WHATEVER,
        "ttl": _hosts_ttl,
        "reload": _hosts_reload,
    },
}
"""By plugin its properties, each with what is looked at in its arguments."""
