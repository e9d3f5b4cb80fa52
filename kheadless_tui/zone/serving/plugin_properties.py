"""What stands in the braces of other plugins than kubernetes, cache and rewrite, and what CoreDNS refuses there.

Sources: the setup.go of each (CoreDNS 1.14.7). What is refused only by the look of a file, a certificate or a name that
cannot be looked up is not seen here.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from kheadless_tui.zone.naming.names import absolute, fault
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.serving import go_text
from kheadless_tui.zone.serving.corefile import Option, is_seen
from kheadless_tui.zone.serving.go_regex import NotFollowed, RefusedByGo, go_pattern

COUNT = "Wrong argument count or unexpected line ending after '{}'"
"""What is said of a missing or superfluous argument, with the last word that was read (dispenser.go ArgErr)."""
_RCODES = (
    "NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE DSOTYPENI BADSIG BADKEY "
    "BADTIME BADMODE BADNAME BADALG BADTRUNC BADCOOKIE".split()
)
_MAX_HOSTS_TTL = 65535
_LOG_LEVELS = ("warning", "error", "info", "debug")


class Wrong(Exception):
    """What is said of a plugin; ``placed`` as whether CoreDNS says at which line."""

    def __init__(self, said: str, *, placed: bool = True) -> None:
        super().__init__(said)
        self.placed = placed


_Read = Callable[[Option], None]


def _takes(least: int, most: float, *checks: Callable[[str], None]) -> _Read:
    """So many arguments, the first of which are checked one by one."""

    def read(option: Option) -> None:
        if not least <= len(option.args) <= most:
            raise Wrong(COUNT.format(option.args[-1] if option.args else option.name))
        for text, check in zip(option.args, checks, strict=False):
            if is_seen(text):
                check(text)

    return read


def _leads(check: Callable[[str], None] | None = None) -> _Read:
    """One argument; a word behind it is read as another property."""

    def read(option: Option) -> None:
        words = option.words
        if not words and option.args:  # the brace is the argument, and nothing closes the block
            words = option.args
        _takes(1, math.inf, *([check] if check else []))(replace(option, args=words))
        if len(words) > 1:
            raise Wrong(f"unknown property '{words[1]}'")

    return read


def _unsigned(text: str) -> None:
    if not text.isascii() or not text.isdigit():
        raise Wrong(f'strconv.ParseUint: parsing "{text}": invalid syntax', placed=False)


def _count(text: str) -> None:
    number = go_text.integer(text)
    if number is None:
        raise Wrong(f'strconv.Atoi: parsing "{text}": invalid syntax', placed=False)
    if number < 0:
        raise Wrong(f"can't be negative: {number}", placed=False)


def _span(text: str) -> None:
    seconds = go_text.duration(text)
    if seconds is None:
        raise Wrong(f'time: invalid duration "{text}"', placed=False)
    if seconds < 0:
        raise Wrong(f"can't be negative: {text}", placed=False)


def _excepted(option: Option) -> None:
    _SOME(option)
    if option.args[-1] == "}":
        raise Wrong('not a valid IP address or interface name: "}"', placed=False)


def _files(option: Option) -> None:
    _takes(0, 3)(option)
    if option.args[-1:] == ("}",):
        raise Wrong("error reading }: open }: no such file or directory", placed=False)


def _positive_span(text: str) -> None:
    _span(text)
    if not go_text.duration(text):
        raise Wrong(f"must be positive: {text}", placed=False)


def _health_check(option: Option) -> None:
    """``health_check DURATION [no_rec] [domain NAME]``, whatever is last on the line."""
    _takes(1, math.inf, _span)(option)
    words = [*option.args[1:]]
    while words:
        word = words.pop(0)
        if word == "domain":
            if not words:
                raise Wrong(COUNT.format(word))
            name = words.pop(0)
            if is_seen(name) and name != "." and fault(absolute(name)):
                raise Wrong(f"health_check: invalid domain name {name}", placed=False)
        elif is_seen(word) and word != "no_rec":
            raise Wrong(f"health_check: unknown option {word}", placed=False)


def _rcodes(option: Option) -> None:
    _SOME(option)
    for text in filter(is_seen, option.args):
        if text.upper() not in (*_RCODES, "NOTIMPL"):
            raise Wrong(f"{text} is not a valid rcode", placed=False)
        if option.name == "failover" and text.upper() == "NOERROR":
            raise Wrong("NoError cannot be used in failover", placed=False)


def _address(text: str) -> None:
    if canonical(text) is None:
        raise Wrong(f"invalid IP address: {text}")


def _is_place(text: str) -> bool:
    """Whether it is an address with or without a port."""
    host, colon, _ = text.rpartition(":")
    alone = text.partition("%")[0]
    return canonical(alone) is not None or (bool(colon) and canonical(host.strip("[]").partition("%")[0]) is not None)


def _resolver(option: Option) -> None:
    _SOME(option)
    for text in filter(is_seen, option.args):
        if not _is_place(text):
            raise Wrong(f'resolver must be an IP address or IP:port: "{text}"', placed=False)


def _to(option: Option) -> None:
    """``to ADDRESS|* ...`` of transfer."""
    _SOME(option)
    for text in filter(is_seen, option.args):
        if text != "*" and not _is_place(text):
            raise Wrong(f"must specify an IP address: `{text}'", placed=False)


def _source(option: Option) -> None:
    _takes(1, 1)(option)
    if is_seen(option.args[0]) and canonical(option.args[0]) is None:
        raise Wrong(f'invalid source address "{option.args[0]}"')


def _classes(option: Option) -> None:
    _SOME(option)
    for text in filter(is_seen, option.args):
        if text not in ("all", "denial", "error", "success"):
            raise Wrong(f"invalid Class: {text}", placed=False)


def _stacktrace(option: Option) -> None:
    if option.words:
        raise Wrong("Unexpected token '{0}', expecting 'Unknown field {0}'".format(option.words[0]))


def _consolidate(option: Option) -> None:
    """``consolidate DURATION EXPRESSION [LEVEL] [show_first]``."""
    _takes(2, 4)(option)
    span, pattern, *rest = option.args
    if is_seen(span) and go_text.duration(span) is None:
        raise Wrong(f'time: invalid duration "{span}"')
    try:
        go_pattern(pattern if is_seen(pattern) else "")
    except RefusedByGo as error:
        raise Wrong(f"error parsing regexp: {error}: `{pattern}`") from None
    except NotFollowed:
        pass
    levels = [text for text in rest if text in _LOG_LEVELS]
    for text in filter(is_seen, rest):
        if text not in (*_LOG_LEVELS, "show_first"):
            raise Wrong(f"unknown option in consolidate: {text}")
    if len(levels) > 1:
        raise Wrong("multiple log levels specified in consolidate")
    if levels and "show_first" in rest[: rest.index(levels[0])]:
        raise Wrong("log level must come before show_first in consolidate")


def _monitor(text: str) -> None:
    if text not in ("until-ready", "continuously"):
        raise Wrong(f"monitor type '{text}' not supported")


def _lameduck(text: str) -> None:
    if go_text.duration(text) is None:
        raise Wrong(f"unable to parse lameduck duration value: '{text}'", placed=False)


def _one_of(words: tuple[str, ...], said: str) -> Callable[[str], None]:
    def check(text: str) -> None:
        if text not in words:
            raise Wrong(said.format(text))

    return check


def _rcode(text: str) -> None:
    if text not in _RCODES:
        raise Wrong(f"unknown rcode {text}")


def _hosts_ttl(option: Option) -> None:
    if not option.args:
        raise Wrong("ttl needs a time in second")
    if is_seen(option.args[0]):
        seconds = go_text.integer(option.args[0])
        if seconds is None:
            raise Wrong("ttl needs a number of second")
        if not 0 < seconds <= _MAX_HOSTS_TTL:
            raise Wrong("ttl provided is invalid")


def _hosts_reload(option: Option) -> None:
    if len(option.args) != 1:
        raise Wrong("reload needs a duration (zero seconds to disable)")
    seconds = go_text.duration(option.args[0])
    if is_seen(option.args[0]) and (seconds is None or seconds < 0):
        raise Wrong(f"invalid duration for reload '{option.args[0]}'")


def _network(text: str) -> None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Wrong(f'invalid CIDR "{text}"') from None


def _prefer(option: Option) -> None:
    for text in filter(is_seen, option.args):
        _network(text)


_SOME = _takes(1, math.inf)
_NONE = _takes(0, 0)
_WHATEVER = _takes(0, math.inf)

PROPERTIES: dict[str, Mapping[str, _Read]] = {
    "forward": {
        "except": _SOME,
        "max_fails": _leads(_unsigned),
        "max_connect_attempts": _leads(_unsigned),
        "health_check": _health_check,
        "force_tcp": _NONE,
        "prefer_udp": _NONE,
        "tls": _files,
        "tls_servername": _leads(),
        "expire": _leads(_span),
        "max_age": _leads(_span),
        "max_idle_conns": _leads(_count),
        "read_timeout": _leads(_positive_span),
        "doh_method": _leads(_one_of(("POST", "GET"), "doh_method must be either POST or GET")),
        "policy": _leads(_one_of(("random", "round_robin", "sequential"), "unknown policy '{}'")),
        "max_concurrent": _leads(_count),
        "next": _rcodes,
        "next_on_nodata": _NONE,
        "failfast_all_unhealthy_upstreams": _NONE,
        "failover": _rcodes,
        "resolver": _resolver,
        "source_address": _leads(_address),
    },
    "errors": {"stacktrace": _stacktrace, "consolidate": _consolidate},
    "log": {"class": _classes},
    "ready": {"monitor": _takes(1, 1, _monitor)},
    "transfer": {"to": _to, "source": _source},
    "health": {"lameduck": _takes(1, 1, _lameduck)},
    "prometheus": {"runtime_metrics": _NONE, "tls": _takes(1, 1)},
    "bind": {"except": _excepted},
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
