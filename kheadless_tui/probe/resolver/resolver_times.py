"""How long the replies on a resolver's way took, as far as the programs that asked tell it. Pure.

A program that prints whole milliseconds, or none, leaves a bound: that of its run, with the exec that it came by.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from kheadless_tui.probe.observation import Observation

Steps = Sequence[Sequence[Observation]]
"""The replies by step: A and AAAA of one name go out together."""


def of_one(seen: Observation | None) -> str:
    """Milliseconds as a table has them: ``1.5``; ``<57`` where only a bound is known; empty without any."""
    if seen is None:
        return ""
    if seen.ms is not None:
        return f"{seen.ms:.1f}"
    return "" if seen.within is None else f"<{math.ceil(seen.within)}"


def _of_all(steps: Steps) -> float | None:
    """Milliseconds of all together; ``None`` when one of them is not told."""
    times = [[seen.ms for seen in step if not seen.error] for step in steps]
    if not any(times) or any(ms is None for step in times for ms in step):
        return None
    return sum(max((ms or 0.0 for ms in step), default=0.0) for step in times)


def in_words(steps: Steps) -> str:
    """``5.8 ms``, ``within 57 ms, with the exec``, or who does not tell it."""
    seen = [each for step in steps for each in step if not each.error]
    if not seen:
        return "no reply"
    exact = _of_all(steps)
    if exact is not None:
        return f"{exact:.1f} ms"
    untold = [each for each in seen if each.ms is None]
    if any(each.within is None for each in untold):
        return f"no time told by {' or '.join(dict.fromkeys(each.carrier for each in untold)) or 'the program'}"
    runs = {(each.started, each.within): each.within or 0.0 for each in untold}
    whole = {each.started for each in untold if (each.within or 0.0) > 1}
    told = sum(each.ms or 0.0 for each in seen if each.started not in whole)
    return f"within {math.ceil(told + sum(runs.values()))} ms" + (", with the exec" if whole else "")
