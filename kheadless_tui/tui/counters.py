"""How a counter of seconds moves: seldom, since on a slow link every change is paid for."""

from __future__ import annotations

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
