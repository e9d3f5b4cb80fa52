"""How long reading waits: after trouble, after a refusal, between lists where nothing may be watched."""

from __future__ import annotations

SHORTEST_WATCH = 1.0
"""Seconds; a watch that ends sooner is opened again only after a pause."""

HEALTHY = 10.0
"""Seconds for which a watch has to last for earlier trouble to be forgotten."""

BACKOFF = (1.0, 30.0)
"""First and longest pause in seconds between attempts; doubled in between, and spread by half."""

TRIES_UNSAID = 2
"""How often in turn a watch may come to nothing at once before that is told; until then the next is seconds away."""

TRIES_MIDWAY = 3
"""How often in turn an answer may break off in its middle until that counts as what is to be expected."""

FORBIDDEN_PAUSE = 300.0
"""Seconds until a refused list is tried again: roles change rarely, and asking more often is noise in the audit log."""

UNAUTHORIZED_PAUSE = 30.0
"""Seconds until credentials that were not accepted are tried again; each time may run the credential plug-in."""

POLL_PAUSE = (5.0, 60.0)
"""Seconds between lists where listing is allowed and watching is not: at first and after a change, and at most."""


def backoff(attempts: int, spread: float) -> float:
    """Seconds until the next attempt, after so many that came to nothing; ``spread`` is between 0 and 1."""
    longest = min(BACKOFF[1], BACKOFF[0] * 2.0 ** min(attempts - 1, 16))
    return longest * (0.5 + spread / 2)


def between_lists(polls: int) -> float:
    """Seconds until the next list where nothing may be watched, after so many in turn that told nothing new."""
    return min(POLL_PAUSE[1], POLL_PAUSE[0] * 2.0 ** min(polls, 16))
