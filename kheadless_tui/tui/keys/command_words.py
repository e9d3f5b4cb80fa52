"""What commands there are on the main screen, what their words can be, and where a command leads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.binding import Binding

from kheadless_tui.cluster.connecting.kubeconfig import contexts
from kheadless_tui.errors import HeadlessError
from kheadless_tui.model.label_selector import check_selector
from kheadless_tui.model.objects import Service
from kheadless_tui.tui.keys.actions import ACTIONS
from kheadless_tui.tui.keys.command_line import CONTEXT, NAMESPACE, SELECTOR, WORDY, Known, Order, Verb
from kheadless_tui.tui.keys.places import Place, Trail, namespaces_of

if TYPE_CHECKING:
    from textual.widget import Widget

    from kheadless_tui.cluster.session import ClusterSession

_NO_COMMANDS = ("main.quit", "main.interrupt", "main.back", "main.command", "main.favourite", "main.path")
"""Keys whose meaning is the key itself, or for which there is another word."""

MOST_LABELS = 200
"""Labels that are offered for ``:sel``."""


def verbs_for(panel: Widget, bound: Callable[[str], bool]) -> tuple[Verb, ...]:
    """All commands: those that take words, and every action of the screen and of its focused panel by name.

    Args:
        panel: What has the focus.
        bound: Tells whether an action of the screen is there at all.
    """
    own = [
        Verb(_name(binding.id), _name(binding.id), binding.tooltip or binding.description, binding.action)
        for binding in type(panel).BINDINGS
        if isinstance(binding, Binding) and binding.id and not binding.id.startswith(("rows.", "tree."))
    ]
    screen = [
        Verb(_name(action.id), _name(action.id), action.help or action.title, f"screen.{action.action}")
        for action in ACTIONS
        if action.id not in _NO_COMMANDS and bound(action.action)
    ]
    return (*WORDY, *own, *screen)


def _name(binding_id: str) -> str:
    return binding_id.partition(".")[2]


def known_of(session: ClusterSession, trail: Trail) -> Known:
    """What the words of commands can be, without the contexts, which are in files."""
    snapshot = session.snapshot
    names = dict.fromkeys((*trail.favourites(trail.here.context), *sorted(snapshot.namespaces)))
    labels: set[str] = set()
    for namespace in snapshot.namespaces:
        for service in snapshot.headless_services(namespace):
            labels.update(_labels(service))
            if len(labels) >= MOST_LABELS:
                break
    return Known((), tuple(names), tuple(sorted(labels)))


def _labels(service: Service) -> list[str]:
    return [f"{key}={value}" for key, value in (service.labels or {}).items()]


async def with_contexts(session: ClusterSession, known: Known) -> Known:
    """The same with the contexts of the kubeconfig, which is read anew; none where it cannot be read."""
    if session.connection.in_cluster:
        return known
    try:
        found = await asyncio.to_thread(contexts, session.connection.asked.kubeconfig, session.connection.asked.environ)
    except HeadlessError:
        # Whoever chooses one of them is told what is wrong with the file.
        return known
    told = [
        (entry.name, f"cluster {entry.cluster}, user {entry.user}" + (", current" if entry.current else ""))
        for entry in found
    ]
    return known._replace(contexts=tuple(told))


def place_by(order: Order, here: Place) -> Place:
    """Where a command leads.

    Raises:
        UsageError: what was typed cannot be the name of a namespace, or is no label selector.
    """
    name, words = order.verb.name, order.words
    if name == CONTEXT:
        return Place(" ".join(words))
    if name == NAMESPACE:
        return here._replace(namespaces=namespaces_of(words))
    assert name == SELECTOR
    return here._replace(selector=check_selector(" ".join(words)))
