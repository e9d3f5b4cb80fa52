"""When what records are predicted from has been read, and what to say when it cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kheadless_tui.cluster.reflector import Reflector
from kheadless_tui.cluster.state import Forbidden, Reading, ReadState, Scope


def all_loaded(core: Sequence[Reflector], others: Iterable[ReadState], scope: Scope) -> bool:
    """Whether all of it has been listed once.

    Args:
        core: What has to be there.
        others: What only has to have come to something, whatever that is: Namespaces may be refused.
        scope: What is read.

    Raises:
        ClusterError: what stands in the way, once everything has come to something: so it is always the same one.
    """
    if scope.all and any(isinstance(one.state, Forbidden) and not one.synced for one in core):
        return False  # the scope is about to be narrowed
    if any(not one.synced and (one.failure is None or one.failure_may_pass) for one in core):
        return False
    if any(isinstance(state, Reading) for state in others):
        return False
    for one in core:
        if one.failure is not None and not one.synced:
            raise one.failure
    return True
