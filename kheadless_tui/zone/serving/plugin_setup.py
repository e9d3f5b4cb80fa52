"""What other plugins than kubernetes, cache and rewrite refuse to be told in a Corefile, in CoreDNS's words.

One table of each plugin's arguments, and one of its properties (plugin_properties.py). Sources: the setup.go of each
(CoreDNS 1.14.7). A plugin that is in neither is not looked into. Where a word is taken from the environment, or a
property from a file, nothing is said of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from kheadless_tui.errors import InputError
from kheadless_tui.zone.answering.type_numbers import type_name
from kheadless_tui.zone.naming.names import fault
from kheadless_tui.zone.objects.addresses import canonical
from kheadless_tui.zone.serving import go_text
from kheadless_tui.zone.serving.corefile import Corefile, Option, Plugin, ServerBlock, is_seen
from kheadless_tui.zone.serving.plugin_properties import COUNT, PROPERTIES, Wrong
from kheadless_tui.zone.serving.server_keys import invalid_zones

_CLASSES = ("IN", "CS", "CH", "HS", "NONE", "ANY")
_ONCE = ("errors", "ready", "autopath", "loadbalance")
"""Those of the plugins here that a server block can have once (plugin.ErrOnce)."""
_MAX_UPSTREAMS = 15
"""Servers to which forward hands questions on, at most (forward/setup.go max)."""
_MAX_PORT = 65535
_PORT_NAMES = ("domain", "ftp", "ftps", "gopher", "http", "https", "imap2", "imap3", "imaps", "pop3", "pop3s", "smtp",
               "ssh", "submission", "telnet")  # fmt: skip
"""Names of ports that need no file to be looked up (Go net/lookup.go services)."""
_LEAST_RELOAD = (2, 1)
"""Seconds: the least interval and, but for 0, the least jitter (reload/setup.go)."""
_TYPE = re.compile(r"[A-Z][A-Z0-9-]*")


class Refusal(NamedTuple):
    """One thing that keeps CoreDNS from starting."""

    plugin: str
    line: int
    said: str
    placed: bool
    """Whether CoreDNS says at which line."""


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
            if plugin.name in _ONCE and _is_second(plugin, block):
                yield Refusal(plugin.name, line, "this plugin can only be used once per Server Block", placed=False)
            try:
                _ARGUMENTS.get(plugin.name, _any)(plugin)
                for option in plugin.options if plugin.name in PROPERTIES else ():
                    line = option.line
                    _property(plugin, option)
                line = plugin.end
                if plugin.name == "transfer" and not any(option.name == "to" for option in plugin.options):
                    raise Wrong("'to' is required")
            except Wrong as wrong:
                yield Refusal(plugin.name, line, str(wrong), wrong.placed)


def _is_second(plugin: Plugin, block: ServerBlock) -> bool:
    return block.named(plugin.name)[0] is not plugin


def _property(plugin: Plugin, option: Option) -> None:
    known = PROPERTIES[plugin.name]
    if option.name in known:
        known[option.name](option)
    elif plugin.name == "hosts":  # an entry, unless it stands behind fallthrough
        if any(each.name == "fallthrough" and each.line < option.line for each in plugin.options):
            raise Wrong(f"unknown property '{option.name}'")
    else:
        raise Wrong(
            _UNKNOWN.get(plugin.name, "unknown property '{}'").format(option.name), placed=plugin.name != "bind"
        )


_UNKNOWN = {
    "template": COUNT,
    "bind": 'invalid option "{}"',
    "prometheus": "unknown option: {}",
    "errors": "Unexpected token '{0}', expecting 'Unknown field {0}'",
}
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
            raise Wrong(COUNT.format(plugin.args[-1] if plugin.args else plugin.name))

    return check


def _alone(plugin: Plugin) -> None:
    """Neither an argument nor braces: those count as one (dispenser.go NextArg)."""
    if plugin.args or plugin.braced:
        raise Wrong(COUNT.format(plugin.args[0] if plugin.args else "{"))


def _listens(plugin: Plugin) -> None:
    _between(0, 1)(plugin)
    for text in filter(is_seen, plugin.args):
        host, colon, _ = text.rpartition(":")
        if not colon:
            raise Wrong(f"address {text}: missing port in address", placed=False)
        if ":" in host and not (host.startswith("[") and host.endswith("]")):
            raise Wrong(f"address {text}: too many colons in address", placed=False)


def _health(plugin: Plugin) -> None:
    """It listens before the server is up; where others cannot, it is only told in the log."""
    _listens(plugin)
    for text in filter(is_seen, plugin.args):
        port = text.rpartition(":")[2]
        if port.isascii() and port.isdigit() and int(port) > _MAX_PORT:
            raise Wrong(f"listen tcp: address {port}: invalid port", placed=False)
        if port and not (port.isascii() and port.isdigit()) and port not in _PORT_NAMES:
            raise Wrong(f"listen tcp: lookup tcp/{port}: unknown port", placed=False)


def _forward(plugin: Plugin) -> None:
    _between(2, math.inf)(plugin)
    if invalid_zones(plugin.args[:1]):
        raise Wrong(f"unable to normalize '{plugin.args[0]}'", placed=False)
    if len(plugin.args) - 1 > _MAX_UPSTREAMS:
        raise Wrong(f"more than {_MAX_UPSTREAMS} TOs configured: {len(plugin.args) - 1}")
    for text in plugin.args[1:]:
        scheme, mark, _ = text.partition("://")
        if mark and is_seen(text) and scheme not in ("dns", "tls", "https"):
            raise Wrong(f"'{scheme}' is not supported as a destination protocol in forward: {text}", placed=False)
        host = text.partition("://")[2] or text
        if is_seen(text) and "/" not in host and ":" not in host and fault(host):
            raise Wrong(f'not an IP address, file, or valid domain: "{text}"', placed=False)


def _loadbalance(plugin: Plugin) -> None:
    policy, *rest = plugin.args or ("round_robin",)
    if policy == "round_robin":
        if rest:
            raise Wrong(f"unknown property for {policy}")
    elif policy != "weighted":
        raise Wrong(f"unknown policy: {policy}", placed=False)
    elif not rest:
        raise Wrong("missing weight file argument")
    elif len(rest) > 1:
        raise Wrong("unexpected argument(s)")


def _bind(plugin: Plugin) -> None:
    if not plugin.args:
        raise Wrong("at least one address or interface name is expected", placed=False)


def _template(plugin: Plugin) -> None:
    if len(plugin.args) < 2:
        raise Wrong(COUNT.format(plugin.args[-1] if plugin.args else plugin.name))
    class_, kind = plugin.args[:2]
    if is_seen(class_) and class_ not in _CLASSES:
        raise Wrong(f"invalid query class {class_}")
    if is_seen(kind) and (not _TYPE.fullmatch(kind) or type_name(kind) != kind):
        raise Wrong(f"invalid RR class {kind}")


def _autopath(plugin: Plugin) -> None:
    if not plugin.args:
        raise Wrong("no resolv-conf specified", placed=False)
    if plugin.braced:
        raise Wrong('failed to parse "}": no such file or directory', placed=False)


def _errors(plugin: Plugin) -> None:
    _between(0, 1)(plugin)
    if plugin.args and is_seen(plugin.args[0]) and plugin.args[0] != "stdout":
        raise Wrong(f"invalid log file: {plugin.args[0]}")


def _reload(plugin: Plugin) -> None:
    """``reload [INTERVAL [JITTER]]``."""
    _between(0, 2)(plugin)
    for text, least in zip(plugin.args, _LEAST_RELOAD, strict=False):
        seconds = go_text.duration(text)
        if not is_seen(text) or (seconds == 0 and least == _LEAST_RELOAD[1]):
            continue
        if seconds is None:
            raise Wrong(f'time: invalid duration "{text}"', placed=False)
        if seconds < least:
            kind = "interval value must be" if least == _LEAST_RELOAD[0] else "jitter value must be 0 or"
            raise Wrong(f"{kind} greater or equal to {least}s", placed=False)


_ARGUMENTS: dict[str, Callable[[Plugin], None]] = {
    "forward": _forward,
    "loadbalance": _loadbalance,
    "health": _health,
    "prometheus": _listens,
    "loop": _alone,
    "minimal": _alone,
    "reload": _reload,
    "errors": _errors,
    "ready": _listens,
    "debug": _alone,
    "bind": _bind,
    "template": _template,
    "autopath": _autopath,
}
