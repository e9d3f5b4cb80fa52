"""What the connection as a whole has come to, from what each of its reads has come to."""

from __future__ import annotations

from collections.abc import Sequence

from kheadless_tui.cluster.state import Forbidden, Live, Offline, Polled, Reading, ReadState, Unauthorized


def link_of(reads: Sequence[tuple[str, ReadState]], now: float) -> ReadState:
    """One state for the header, of what has come of reading each kind in each namespace.

    A kind that is refused in one namespace and read in another is not refused: what may be read is live.

    Args:
        reads: The plural of the kind, and the state.
        now: Unix time.
    """
    readable = {plural for plural, state in reads if not isinstance(state, Forbidden)}
    return worst_of(
        [state for plural, state in reads if not isinstance(state, Forbidden) or plural not in readable], now
    )


def worst_of(states: Sequence[ReadState], now: float) -> ReadState:
    """One state for the header: offline before not logged in, refused, reading, polled, live."""
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
    live = [state for state in states if isinstance(state, (Live, Polled))]
    if reading or not live:
        return Reading(sum(state.objects for state in reading), min((state.since for state in reading), default=now))
    left_out = sum(state.undecodable for state in live), sum(state.left_out for state in live)
    polled = [state for state in live if isinstance(state, Polled)]
    if polled:
        oldest = min(polled, key=lambda state: state.listed)
        return Polled(oldest.listed, min(state.next_try for state in polled), oldest.refusal, *left_out)
    return Live(max(state.since for state in live if isinstance(state, Live)), *left_out)
