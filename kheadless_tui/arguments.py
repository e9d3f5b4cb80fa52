"""The options: one table, from which the parsers, the order-free reading of a command and the help are made."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

from kheadless_tui import __version__
from kheadless_tui.errors import UsageError
from kheadless_tui.model.label_selector import check_selector
from kheadless_tui.zone.answering.type_numbers import is_type, type_name

PROGRAM = "kheadless-tui"

COMMANDS = ("demo", "lab", "records", "predict", "probe")
"""The words that are commands; without one the terminal program opens."""

EPILOG = """\
commands:
  kheadless-tui [SERVICE]              the terminal program, on the current context
  kheadless-tui demo                   the same on a cluster in a box; needs no cluster
  kheadless-tui lab                    the cluster in a box alone: prints a kubeconfig, serves until ctrl-c
  kheadless-tui records [SERVICE...]   the predicted records                 -o table|json|yaml|zone|name
  kheadless-tui predict NAME [TYPE]    the predicted answer, and why         --from POD: by its search list
  kheadless-tui probe SERVICE|NAME [TYPE]
                                       ask from inside a pod, and compare    --from VANTAGE
                                       --servers, --path, --connect, --converge: see its --help

'kheadless-tui COMMAND --help' tells all options of a command. A Service that is called like a command: NAMESPACE/NAME.

exit status: 0 as predicted; 1 something differs or was found; 2 bad usage or input;
             3 the cluster cannot be reached or refuses; 130 interrupted
"""

_EXPLORE, _DEMO, _LAB, _RECORDS, _PREDICT, _PROBE = "explore", "demo", "lab", "records", "predict", "probe"
_CLUSTER = (_EXPLORE, _RECORDS, _PREDICT, _PROBE)
_TERMINAL = (_EXPLORE, _DEMO)

DESCRIPTIONS = {
    _EXPLORE: "Headless Services in the terminal: the DNS records that must exist, asked for from inside a pod.",
    _DEMO: "The terminal program on a cluster in a box: the tutorials' namespaces, no cluster needed.",
    _LAB: "A cluster in a box on loopback: prints the path of a kubeconfig and serves until ctrl-c.",
    _RECORDS: "The DNS records that must exist for headless Services, from a cluster or from files.",
    _PREDICT: "What the cluster's DNS must answer to one question, and which rule makes it so.",
    _PROBE: "Ask DNS from inside a pod and hold the answers against the prediction.",
}

MODES = ("servers", "path", "connect", "converge")
"""What else than one round of questions a probe may be."""

VANTAGE_HELP = (
    "where to ask from: auto (default), pod/NAME[:CONTAINER], debug/POD (an ephemeral container in it), "
    "new (a temporary pod, always removed), coredns (each replica, by port-forward)"
)
PROBE_VANTAGE_HELP = f"{VANTAGE_HELP}, local (this machine, with --server)"


class Option(NamedTuple):
    """One row of the table: what argparse is told, and which commands have it."""

    flags: tuple[str, ...]
    commands: tuple[str, ...]
    settings: dict[str, Any]

    @property
    def takes_value(self) -> bool:
        """The word after the flag belongs to it."""
        return self.settings.get("action", "store") in ("store", "append")


def _option(*flags: str, commands: Sequence[str], **settings: Any) -> Option:
    return Option(flags, tuple(commands), settings)


_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}
LONGEST_WAIT = 3600.0
"""Seconds that stand for kubectl's "0", no limit: every wait of ours is bounded."""


def duration(text: str) -> float:
    """Seconds from kubectl's way of writing: ``5``, ``5s``, ``1m``, ``500ms``; 0 means the longest wait."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration: write 5, 5s, 1m or 500ms")
    seconds = float(found["number"]) * _UNITS[found["unit"]]
    return min(seconds, LONGEST_WAIT) or LONGEST_WAIT


def record_type(text: str) -> str:
    """A record type in capitals, by its name where it has one: TYPE33 (RFC 3597 section 5) is SRV."""
    known = type_name(text)
    if is_type(known):
        return known
    raise argparse.ArgumentTypeError(f"{text!r} is no record type: A, AAAA, SRV, PTR, CNAME, TXT, ... or TYPE65")


OPTIONS: tuple[Option, ...] = (
    _option("--context", commands=_CLUSTER, metavar="NAME", help="the kubeconfig's context to use"),
    _option(
        "--kubeconfig",
        commands=_CLUSTER,
        metavar="FILE",
        help="the kubeconfig; KUBECONFIG or ~/.kube/config if not given",
    ),
    _option(
        "-n",
        "--namespace",
        commands=(*_CLUSTER, _DEMO),
        metavar="NAME",
        help="the namespace; if not given the context's, in the terminal program all",
    ),
    _option("-A", "--all-namespaces", commands=_CLUSTER, action="store_true", help="all namespaces"),
    _option(
        "-l",
        "--selector",
        commands=(_EXPLORE, _RECORDS),
        type=check_selector,
        default="",
        metavar="LABELS",
        help="only Services with these labels",
    ),
    _option("--as", commands=_CLUSTER, dest="as_user", metavar="USER", help="act as this user (impersonation)"),
    _option(
        "--as-group",
        commands=_CLUSTER,
        action="append",
        default=[],
        dest="as_groups",
        metavar="GROUP",
        help="act as a member of this group; repeatable",
    ),
    _option(
        "--request-timeout",
        commands=_CLUSTER,
        type=duration,
        default=10.0,
        metavar="TIME",
        help="longest wait for one answer of the API server: 5s, 1m (default 10s)",
    ),
    _option(
        "-f",
        "--filename",
        commands=(_RECORDS, _PREDICT),
        action="append",
        default=[],
        dest="filenames",
        metavar="FILE",
        help="read manifests, or what kubectl get -o yaml|json wrote, instead of a cluster; - is stdin; repeatable",
    ),
    _option(
        "--corefile", commands=_CLUSTER, metavar="FILE", help="how the zone is served; the cluster's own if not given"
    ),
    _option("--zone", commands=_CLUSTER, metavar="ZONE", help="the cluster's domain, in place of the Corefile's"),
    _option("--all", commands=(_RECORDS,), action="store_true", help="the whole zone, not only headless Services"),
    _option(
        "--from", commands=(_PREDICT,), dest="vantage", metavar="POD", help="resolve by the search list of this pod"
    ),
    _option(
        "--resolv-conf",
        commands=(_PREDICT,),
        metavar="FILE",
        help="resolve by the search list of this resolv.conf, as copied from a pod",
    ),
    _option(
        "--libc",
        commands=(_PREDICT,),
        choices=("glibc", "musl", "go"),
        default="glibc",
        help="whose rules the search follows: glibc (default), musl (Alpine), or Go's own resolver",
    ),
    _option(
        "--from",
        commands=(_EXPLORE, _DEMO),
        dest="vantage",
        default="auto",
        metavar="VANTAGE",
        help=VANTAGE_HELP,
    ),
    _option("--from", commands=(_PROBE,), dest="vantage", default="auto", metavar="VANTAGE", help=PROBE_VANTAGE_HELP),
    _option(
        "--image",
        commands=(_EXPLORE, _DEMO, _PROBE),
        default="busybox:1.28",
        metavar="IMAGE",
        help="image of a temporary pod or an ephemeral container (default busybox:1.28)",
    ),
    _option(
        "--image-pull-policy",
        commands=(_EXPLORE, _PROBE),
        default="IfNotPresent",
        choices=("IfNotPresent", "Always", "Never"),
        help="default IfNotPresent",
    ),
    _option("--server", commands=(_PROBE,), metavar="ADDRESS", help="the DNS server to ask; kube-dns if not given"),
    _option(
        "--servers",
        commands=(_PROBE,),
        action="store_true",
        help="ask every server over UDP and TCP: kube-dns, each CoreDNS replica, the node's cache; tell which differs",
    ),
    _option(
        "--path",
        commands=(_PROBE,),
        action="store_true",
        help="the way of NAME through the pod's own resolver: nsswitch, /etc/hosts, each search name, getent",
    ),
    _option(
        "--connect",
        commands=(_PROBE,),
        action="store_true",
        help="connect to each port of each endpoint of SERVICE; where a port's name says http, GET / too",
    ),
    _option(
        "--converge",
        commands=(_PROBE,),
        action="store_true",
        help="wait for the next change of SERVICE and tell when each layer of DNS had it, until all do or --timeout",
    ),
    _option("--tcp", commands=(_PROBE,), action="store_true", help="ask over TCP"),
    _option("--udp", commands=(_PROBE,), action="store_true", help="ask over UDP"),
    _option("--no-edns", commands=(_PROBE,), action="store_true", help="ask without EDNS, as old resolvers do"),
    _option(
        "--mixed-case",
        commands=(_PROBE,),
        action="store_true",
        help="ask with the letters of names in random case (0x20), which a reply must repeat",
    ),
    _option("--node", commands=(_PROBE,), default="", metavar="NAME", help="the node of a temporary pod (--from new)"),
    _option(
        "--toleration",
        commands=(_PROBE,),
        action="append",
        default=[],
        dest="tolerations",
        metavar="TAINT",
        help="a taint that a temporary pod tolerates: KEY[=VALUE][:EFFECT], or * for all; repeatable",
    ),
    _option(
        "--pull-secret",
        commands=(_PROBE,),
        action="append",
        default=[],
        dest="pull_secrets",
        metavar="NAME",
        help="a Secret with credentials for the image of a temporary pod; repeatable",
    ),
    _option(
        "--dns-like",
        commands=(_PROBE,),
        default="",
        metavar="KIND/NAME",
        help="give a temporary pod the dnsPolicy and dnsConfig of this workload",
    ),
    _option(
        "--timeout",
        commands=(_PROBE,),
        type=duration,
        metavar="TIME",
        help="longest wait until what is created runs; with --converge for the change, and again for all to have it "
        "(default 30s, with --converge 2m)",
    ),
    _option("--yes", "-y", commands=(_PROBE,), action="store_true", help="write to the cluster without asking"),
    _option("--readonly", commands=(*_CLUSTER, _DEMO), action="store_true", help="write nothing, exec nothing"),
    _option(
        "-o",
        "--output",
        commands=(_RECORDS,),
        choices=("table", "json", "yaml", "zone", "name"),
        default="table",
        help="form of the output (default table)",
    ),
    _option(
        "-o",
        "--output",
        commands=(_PREDICT, _PROBE),
        choices=("table", "json", "yaml"),
        default="table",
        help="form of the output (default table)",
    ),
)


class _Parser(argparse.ArgumentParser):
    """argparse, with our way of saying what to do."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"try '{self.prog} --help'")


def command_of(words: Sequence[str]) -> str:
    """The command among the words; ``explore``, the terminal program, when there is none.

    Flags may stand before it, as kubectl's users expect (``kubectl headless -n shop records``), so that the first word
    which is neither a flag nor a flag's value decides.
    """
    taking = {flag for option in OPTIONS if option.takes_value for flag in option.flags}
    value_of_flag = False
    for word in words:
        if value_of_flag:
            value_of_flag = False
        elif word == "--":
            break
        elif word.startswith("-") and word != "-":
            value_of_flag = word in taking
        else:
            return word if word in COMMANDS else _EXPLORE
    return _EXPLORE


def _flags_first(words: Sequence[str]) -> list[str]:
    """The same words with all flags before ``--``, and every other word after it, whatever it begins with."""
    taking = {flag for option in OPTIONS if option.takes_value for flag in option.flags}
    end = list(words).index("--")
    flags: list[str] = []
    others: list[str] = []
    value_of_flag = False
    for word in words[:end]:
        is_flag = word.startswith("-") and word != "-" and not value_of_flag
        (flags if is_flag or value_of_flag else others).append(word)
        value_of_flag = is_flag and word in taking
    return [*flags, "--", *others, *words[end + 1 :]]


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The arguments of a command line, checked; ``.command`` is the command. Raises UsageError."""
    command = command_of(words)
    rest = list(words)
    if command != _EXPLORE:
        rest.remove(command)
    parser = _parser(command)
    # parse_intermixed_args forgets what stood before the names behind "--", and takes them for flags
    arguments = parser.parse_args(_flags_first(rest)) if "--" in rest else parser.parse_intermixed_args(rest)
    arguments.command = command
    _check(arguments)
    return arguments


def _parser(command: str) -> _Parser:
    parser = _Parser(
        prog=PROGRAM if command == _EXPLORE else f"{PROGRAM} {command}",
        description=DESCRIPTIONS[command],
        epilog=EPILOG if command == _EXPLORE else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    if command in _TERMINAL:
        parser.add_argument(
            "service", nargs="?", metavar="SERVICE", help="open on this Service: NAME or NAMESPACE/NAME"
        )
    elif command == _RECORDS:
        parser.add_argument("services", nargs="*", metavar="SERVICE", help="NAME or NAMESPACE/NAME; all if not given")
    elif command == _PREDICT:
        parser.add_argument("name", metavar="NAME", help="a name or an address; '-' reads 'NAME TYPE' lines from stdin")
        parser.add_argument("type", nargs="?", type=record_type, metavar="TYPE", help="default A, of an address PTR")
    elif command == _PROBE:
        parser.add_argument(
            "name", metavar="SERVICE|NAME", help="a Service: all its records; a name: that name; '-': stdin"
        )
        parser.add_argument("type", nargs="?", type=record_type, metavar="TYPE", help="default A, of an address PTR")
    for option in OPTIONS:
        if command in option.commands:
            parser.add_argument(*option.flags, **option.settings)
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    return parser


def _check(arguments: argparse.Namespace) -> None:
    given = vars(arguments)
    if given.get("namespace") is not None and given.get("all_namespaces"):
        raise UsageError("-n and -A cannot be given together", hint="-n for one namespace, -A for all")
    if given.get("tcp") and given.get("udp"):
        raise UsageError(
            "--tcp and --udp cannot be given together", hint="without either, whichever the place does best"
        )
    modes = [flag for flag in MODES if given.get(flag)]
    if len(modes) > 1:
        raise UsageError(f"--{modes[0]} and --{modes[1]} cannot be given together", hint="each is a probe of its own")
    namespace = given.get("namespace")
    if namespace is not None and not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", namespace):
        raise UsageError(
            f"{namespace!r} cannot be the name of a namespace", hint="small letters, digits and dashes, at most 63"
        )
    if given.get("resolv_conf") and given.get("vantage"):
        raise UsageError("--from and --resolv-conf cannot be given together", hint="each gives a search list")
    if given.get("filenames"):
        for flag in ("context", "kubeconfig", "as_user"):
            if given.get(flag):
                name = "as" if flag == "as_user" else flag
                raise UsageError(
                    f"-f and --{name} cannot be given together", hint="-f reads files instead of a cluster"
                )
