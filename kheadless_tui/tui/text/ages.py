"""Times as people read them: ages as kubectl writes them, clock times, milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86_400, 365 * 86_400


def age_text(seconds: float) -> str:
    """An age by kubectl's steps (apimachinery/pkg/util/duration HumanDuration), from two minutes on without seconds.

    Seconds would repaint every young row with each event; whoever needs them reads the creation time.
    """
    total = int(seconds)
    if total < 0:
        return "0s"
    if total < 2 * _MINUTE:
        return f"{total}s"
    if total < 8 * _HOUR:
        return f"{total // _MINUTE}m" if total < 3 * _HOUR else _two(total, _HOUR, "h", _MINUTE, "m")
    if total < 2 * _DAY:
        return f"{total // _HOUR}h"
    if total < 8 * _DAY:
        return _two(total, _DAY, "d", _HOUR, "h")
    if total < 2 * _YEAR:
        return f"{total // _DAY}d"
    if total < 8 * _YEAR:
        return _two(total, _YEAR, "y", _DAY, "d")
    return f"{total // _YEAR}y"


def _two(total: int, unit: int, name: str, lesser: int, lesser_name: str) -> str:
    rest = total % unit // lesser
    return f"{total // unit}{name}{rest}{lesser_name}" if rest else f"{total // unit}{name}"


def until_ages_move(now: float) -> float:
    """Seconds until the clock's next minute: then all ages are shown anew together, in one repaint."""
    return _MINUTE - now % _MINUTE


def unix_time(text: str | None) -> float | None:
    """Seconds since 1970 of an RFC 3339 time as the API server sends it, ``None`` when it is missing or no time."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def age_since(created: str | None, now: float) -> str:
    """The age of something created then, ``–`` when that is not known."""
    since = unix_time(created)
    return age_text(now - since) if since is not None else "–"


def clock(moment: float) -> str:
    """Local time of day, to the second."""
    return datetime.fromtimestamp(moment).astimezone().strftime("%H:%M:%S")


def milliseconds(ms: float) -> str:
    """``3.1 ms``, ``49 ms``, ``2.0 s``: two digits that mean something."""
    if ms < 9.95:
        return f"{ms:.1f} ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    return f"{ms / 1000:.1f} s"
