"""What the connection as a whole has come to, from what each of its reads has come to."""

from __future__ import annotations

from collections.abc import Sequence

from kheadless_tui.cluster.state import Forbidden, Live, Offline, Reading, ReadState, Unauthorized


def worst_of(states: Sequence[ReadState], now: float) -> ReadState:
    """One state for the header: offline before not logged in, refused, reading and live."""
    offline = [state for state in states if isinstance(state, Offline)]
    if offline:
        first = min(offline, key=lambda state: state.since)
        return Offline(
            first.since,
            min(state.next_try for state in offline),
            first.cause,
            all(state.whole for state in offline),
        )
    for sort in (Unauthorized, Forbidden):
        for state in states:
            if isinstance(state, sort):
                return state
    reading = [state for state in states if isinstance(state, Reading)]
    live = [state for state in states if isinstance(state, Live)]
    if reading or not live:
        return Reading(sum(state.objects for state in reading), min((state.since for state in reading), default=now))
    return Live(max(state.since for state in live), sum(state.undecodable for state in live))
