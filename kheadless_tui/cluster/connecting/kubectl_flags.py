"""The flags by which kubectl reaches what we reach; without them a pasted command may ask another cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kheadless_tui.cluster.connecting.connection import Connection


def cluster_flags(kubeconfig: str, context: str, as_user: str = "", as_groups: Sequence[str] = ()) -> tuple[str, ...]:
    """The flags by which kubectl reaches the cluster that we reach, as the user that we are there.

    Those that the user gave, none for the defaults.
    """
    flags = [*(("--kubeconfig", kubeconfig) if kubeconfig else ()), *(("--context", context) if context else ())]
    flags += ["--as", as_user] if as_user else []
    for group in as_groups:
        flags += ["--as-group", group]
    return tuple(flags)


def flags_of(connection: Connection) -> tuple[str, ...]:
    """The same for a connection."""
    asked = connection.asked
    context = "" if connection.in_cluster else connection.context
    return cluster_flags(connection.kubeconfig, context, asked.as_user or "", asked.as_groups)
