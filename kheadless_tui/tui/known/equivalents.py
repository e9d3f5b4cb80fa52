"""The commands that show in a shell what the screen shows: complete, and safe to paste."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from kheadless_tui.model.objects import SERVICE_NAME_LABEL
from kheadless_tui.zone.naming.names import service_name

if TYPE_CHECKING:
    from kheadless_tui.tui.known.view import ServiceView


class Command(NamedTuple):
    """One command with what it is for."""

    title: str
    command: str


def equivalents(view: ServiceView, where: Sequence[str]) -> tuple[Command, ...]:
    """What one would type to see a Service, its endpoints, pods and records, and to repeat its last probe.

    Args:
        view: What is seen of the Service.
        where: The flags by which the same cluster is reached: kubeconfig and context.
    """
    service, zone, last = view.service, view.config.zone, view.last_probe
    probe = last.finished[0].equals if last is not None and last.finished else ()
    scope = [*where, "-n", service.namespace]
    chosen = ",".join(f"{key}={value}" for key, value in sorted(service.selector.items()))
    found = [
        Command("the Service", _line("kubectl", *scope, "get", "service", service.name, "-o", "yaml")),
        Command(
            "its EndpointSlices: what DNS is made from",
            _line(
                "kubectl", *scope, "get", "endpointslices", "-l", f"{SERVICE_NAME_LABEL}={service.name}", "-o", "yaml"
            ),
        ),
    ]
    if chosen:
        found.append(
            Command("the pods that it selects", _line("kubectl", *scope, "get", "pods", "-l", chosen, "-o", "wide"))
        )
    name = f"{service.namespace}/{service.name}"
    found += [
        Command("the records that must exist", _line("kheadless-tui", "records", *where, name)),
        Command(
            "what must be answered, and why", _line("kheadless-tui", "predict", *where, service_name(service.key, zone))
        ),
        Command("ask and compare", _line("kheadless-tui", "probe", *where, name)),
    ]
    found += [Command("the last probe", command) for command in probe]
    return tuple(found)


def _line(*words: str) -> str:
    return shlex.join(words)
