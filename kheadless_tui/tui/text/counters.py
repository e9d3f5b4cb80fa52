"""How a counter of seconds moves: seldom, since on a slow link every change is paid for."""

from __future__ import annotations

from kheadless_tui.cluster.state import Offline, Polled

_STEPS = (0, 1, 2, 5, 10)
_THEN = 10
_JUST_BELOW = 0.01


def coarse(seconds: float) -> int:
    """Seconds in the steps in which they are shown: 1, 2, 5, 10, and from there every 10."""
    whole = max(0, int(seconds))
    return whole // _THEN * _THEN if whole >= _THEN else max(step for step in _STEPS if step <= whole)


def until_next_step(seconds: float) -> float:
    """Seconds until :func:`coarse` of a growing number changes."""
    return next((step - seconds for step in _STEPS if seconds < step), _THEN - seconds % _THEN)


def until_step_down(seconds: float) -> float:
    """Seconds until :func:`coarse` of a falling number that is at least 1 changes, or it is 0."""
    return seconds - coarse(seconds) + _JUST_BELOW if seconds > 1 else seconds


def until_header_changes(link: Offline | Polled, now: float) -> float:
    """Seconds until the header's "old", "offline" or "next try" shows another number."""
    if isinstance(link, Polled):
        return until_next_step(now - link.listed)
    steps = [until_next_step(now - link.since)]
    if (left := link.next_try - now) > 0:
        steps.append(until_step_down(left))
    return min(steps)
