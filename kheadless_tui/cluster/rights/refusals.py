"""What the API server has refused of what was read, as rights that are missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kheadless_tui.cluster.reading.reader import Reader
from kheadless_tui.cluster.rights.missing_rights import MissingRight
from kheadless_tui.cluster.rights.needs import READ_FOR
from kheadless_tui.cluster.state import Forbidden, Polled, ReadState
from kheadless_tui.model.kinds import NAMESPACE


def refusals_of(readers: Iterable[Reader], named: Mapping[str, ReadState]) -> list[MissingRight]:
    """The rights that are missing for certain: a list or watch was answered with 403.

    Args:
        readers: What is read.
        named: What getting namespaces by their names has come to.
    """
    found = []
    for reader in readers:
        reflector = reader.reflector
        refusal = reflector.state.refusal if isinstance(reflector.state, Polled) else reflector.state
        if isinstance(refusal, Forbidden):
            kind = reflector.kind
            cause = reflector.failure.message if reflector.failure is not None else "watching was refused (403)"
            found.append(
                MissingRight(refusal.verb, kind.group, kind.plural, "", refusal.namespace, READ_FOR[kind.plural], cause)
            )
    found += [
        MissingRight("get", "", NAMESPACE.plural, "", name, "whether a namespace exists", state.message, name)
        for name, state in named.items()
        if isinstance(state, Forbidden)
    ]
    return found
