"""The commands a user would type for the same: complete, quoted for a shell, wrapped with a backslash."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Sequence

import msgspec

from kheadless_tui.cluster.pods.exec import ExecTarget
from kheadless_tui.cluster.pods.podspec import (
    EPHEMERAL_SLEEP,
    EphemeralOrder,
    PodOrder,
    container_security,
    pod_security,
)
from kheadless_tui.model.workloads import Pod
from kheadless_tui.probe.choosing.tools import printable
from kheadless_tui.probe.inquiring.dnsmessage import Unaskable, presentation_name
from kheadless_tui.probe.observation import Observation, Vantage
from kheadless_tui.probe.server import Server, parse_server

WIDTH = 76
"""Columns after which a command is wrapped; a dialog at 80 columns has no more."""
INDENT = "  "


def wrapped(words: Sequence[str], width: int = WIDTH) -> str:
    """The words as one shell command, broken by a backslash between words where a line would be too long."""
    lines: list[str] = []
    line = ""
    for word in words:
        quoted = shlex.quote(word)
        if line and len(line) + 1 + len(quoted) > width - 2:
            lines.append(f"{line} \\")
            line = INDENT + quoted
        else:
            line = f"{line} {quoted}" if line else quoted
    return "\n".join([*lines, line])


def kubectl(verb: str, namespace: str, *words: str, flags: Sequence[str] = ()) -> list[str]:
    """A kubectl command; ``flags`` are those of :func:`~kheadless_tui.cluster.connecting.kubectl_flags.flags_of`."""
    return ["kubectl", *flags, *verb.split(), "-n", namespace, *words]


def exec_command(target: ExecTarget, argv: Sequence[str], *, stdin: bool = False, flags: Sequence[str] = ()) -> str:
    """``kubectl exec`` of a program in a container."""
    words = kubectl("exec -i" if stdin else "exec", target.namespace, target.pod, flags=flags)
    if target.container:
        words += ["-c", target.container]
    return wrapped([*words, "--", *argv])


def ran_command(
    target: ExecTarget, argv: Sequence[str], runs: int, *, stdin: bool = False, flags: Sequence[str] = ()
) -> str:
    """The exec that carried the questions; of a program that was run several times the first, and how many more."""
    command = exec_command(target, argv, stdin=stdin, flags=flags)
    return command if runs < 2 else f"{command}\n# and {runs - 1} more like it, for the other questions"


def create_command(order: PodOrder, manifest: str, *, flags: Sequence[str] = ()) -> str:
    """Creates the very pod that we would; the manifest is in the command, so that it needs no file."""
    create = wrapped(kubectl("create", order.namespace, "-f", "-", flags=flags))
    return f"printf %s {shlex.quote(manifest)} |\n{INDENT}{create}"


def delete_command(order: PodOrder, *, flags: Sequence[str] = ()) -> str:
    """Removes that pod."""
    return wrapped(kubectl("delete pod", order.namespace, order.name, "--wait=false", flags=flags))


def removal_line(pod: Pod, flags: Sequence[str]) -> str:
    """Removes a pod that was left over, in one line for a sentence."""
    return shlex.join(kubectl("delete pod", pod.namespace, pod.name, flags=flags))


def debug_command(order: EphemeralOrder, security: str, *, flags: Sequence[str] = ()) -> str:
    """Adds the same ephemeral container; ``security`` is the JSON of its securityContext, wrapped in an object."""
    words = kubectl("debug", order.namespace, order.pod, flags=flags)
    words += [f"--image={order.image}", f"--image-pull-policy={order.pull_policy}", "-c", order.name]
    words += ["--profile=restricted", "--custom=/dev/stdin", "--", "sleep", str(EPHEMERAL_SLEEP)]
    return f"printf %s {shlex.quote(security)} |\n{INDENT}{wrapped(words)}"


def asked_name(name: str) -> str:
    """The name as it is typed: in printable ASCII, with escapes where DNS has other octets."""
    try:
        return presentation_name(name)
    except Unaskable:
        return printable(name, 300)


def question_words(tool: str, server: Server, name: str, rdtype: str, protocol: str) -> list[str]:
    """The question as dig, kdig, drill, host, nslookup or getent takes it."""
    if tool == "getent":
        return ["getent", "ahostsv6" if rdtype == "AAAA" else "ahostsv4", name]
    if tool == "drill":
        return [
            "drill",
            "-t" if protocol == "tcp" else "-u",
            "-p",
            str(server.port),
            name,
            f"@{server.address}",
            rdtype,
        ]
    if tool == "host":
        port = ["-p", str(server.port)] if server.port != 53 else []
        return ["host", "-T" if protocol == "tcp" else "-U", *port, "-t", rdtype, name, server.address]
    if tool == "nslookup":
        port = [f"-port={server.port}"] if server.port != 53 else []
        return ["nslookup", f"-type={rdtype}", *port, name, server.address]
    port = ["-p", str(server.port)] if server.port != 53 else []
    how = ["+tcp"] if protocol == "tcp" else ["+notcp"]
    # a name that could be read as an option or a server is given by -q
    subject = [rdtype, name] if name[:1].isalnum() or name[:1] == "_" else ["-t", rdtype, "-q", name]
    return [tool if tool == "kdig" else "dig", *how, f"@{server.address}", *port, *subject]


def local_command(server: Server, name: str, rdtype: str, protocol: str) -> str:
    """The dig that asks a server from here."""
    return wrapped(question_words("dig", server, name, rdtype, protocol))


def dig_command(observation: Observation, vantage: Vantage) -> str:
    """The command that asks the same question from the same place, in the cluster that the vantage point is in.

    In a running pod it is ``kubectl exec ... dig``, or nslookup where the image is known to have that alone; of a
    temporary pod, which is gone, it is a ``kubectl run`` of another one; of a CoreDNS replica a port-forward and dig
    here; from here dig alone.
    """
    server = parse_server(observation.server)
    name, rdtype = asked_name(observation.question.name), observation.question.type
    if vantage.kind == "local":
        return local_command(server, name, rdtype, observation.transport)
    if vantage.kind == "coredns":
        forward = kubectl(
            "port-forward", vantage.namespace, f"pod/{vantage.pod}", f"5353:{server.port}", flags=vantage.flags
        )
        local = question_words("dig", Server("127.0.0.1", 5353), name, rdtype, "tcp")
        return f"{wrapped(forward)} &\nsleep 3; {wrapped(local)}; kill $!"
    argv = question_words(_typed_tool(vantage), server, name, rdtype, observation.transport)
    if vantage.kind == "new":
        words = kubectl("run", vantage.namespace, vantage.pod, f"--image={vantage.image}", flags=vantage.flags)
        words += ["--image-pull-policy=IfNotPresent", "--restart=Never", "--rm", "-i", *_restricted(vantage.pod)]
        return wrapped([*words, "--", *argv])
    target = ExecTarget(vantage.namespace, vantage.pod, vantage.container or None)
    return exec_command(target, argv, flags=vantage.flags)


def _restricted(pod: str) -> list[str]:
    """What ``kubectl run`` needs where Pod Security is "restricted"; its container is called like the pod."""
    own, container = pod_security(), {"name": pod, "securityContext": container_security()}
    text = msgspec.json.format(
        msgspec.json.encode({"spec": {"securityContext": own, "containers": [container]}}), indent=0
    )
    # Spaces stand in no word of it, so that a line may end at each.
    return ["--override-type=strategic", "--overrides=" + "\n".join(textwrap.wrap(text.decode(), WIDTH - 17))]


def _typed_tool(vantage: Vantage) -> str:
    """dig, unless the image is known to have only others."""
    used = vantage.tool.split(", ")
    for tool in ("dig", "kdig", "drill", "host", "nslookup"):
        if tool in used:
            return tool
    if "dig" in vantage.tools:
        return "dig"
    return next((tool for tool in ("kdig", "drill", "nslookup", "host") if tool in vantage.tools), "dig")
