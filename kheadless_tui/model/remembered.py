"""The last results of a function of immutable objects, told apart by which objects they are, not by what is in them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

KEPT = 4
"""Results that are kept of one function: the same few are asked for by whatever shows one Service."""

_P = ParamSpec("_P")
_R = TypeVar("_R")


def remembered(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """The function, which is run anew only for other objects than those of its last few calls.

    For functions whose work is long beside a comparison, whose arguments are positional and never change, and whose
    results nobody changes. Texts are compared by value, tuples object by object.
    """
    known: tuple[tuple[tuple[object, ...], _R], ...] = ()

    @wraps(function)
    def recalled(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        nonlocal known  # replaced whole, never changed: a thread may look at it
        for before, result in known:
            if _same(before, args):
                return result
        result = function(*args, **kwargs)
        known = ((args, result), *known[: KEPT - 1])
        return result

    return recalled


def _same(before: object, now: object) -> bool:
    if isinstance(before, tuple) and isinstance(now, tuple):
        return len(before) == len(now) and all(map(_same, before, now))
    return before is now or (isinstance(before, str) and before == now)
