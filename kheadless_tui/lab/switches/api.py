"""Levers of the API server: slow, mute, without rights."""

from __future__ import annotations

from kheadless_tui.lab.switches.switch import Remembering

_SLOW = {"0.5 s": 0.5, "2 s": 2.0, "8 s": 8.0}
_RIGHTS = (
    "create pods/exec",
    "create pods",
    "update pods/ephemeralcontainers",
    "create pods/portforward",
    "list pods",
    "watch endpointslices",
    "list endpointslices",
    "list services",
    "list namespaces",
    "get configmaps",
)
"""Rights that the program lives on, and that people often lack."""
_VERBS = {"create pods/exec": ("create", "get"), "create pods/portforward": ("create", "get"),
          "update pods/ephemeralcontainers": ("update", "patch")}  # fmt: skip
"""One right of the user's is several verbs where clients differ: WebSockets are opened with GET."""


class SlowApi(Remembering):
    """Every answer is late."""

    name, title = "slow-api", "Slow API server"
    says = "Every answer of the API server is held back; the program must stay usable and say that it waits."

    def choices(self) -> tuple[str, ...]:
        """How late."""
        return tuple(_SLOW)

    def pull(self, choice: str) -> str:
        """Hold answers back."""
        self.lab.slow(_SLOW[choice])
        self.chosen = choice
        return f"The API server answers {choice} late."

    def undo(self) -> str:
        """Answer at once again."""
        self.lab.slow(0.0)
        self.chosen = None
        return "The API server answers at once again."


class HangingApi(Remembering):
    """No answer at all, or no connection."""

    name, title = "hang-api", "API server that does not answer"
    says = "The API server takes connections and answers nothing, as one that is overloaded or paused does."

    def choices(self) -> tuple[str, ...]:
        """There is only one API server."""
        return ("all requests",)

    def pull(self, choice: str) -> str:
        """Answer nothing."""
        self.lab.hang()
        self.chosen = choice
        return "The API server answers no request any more."

    def undo(self) -> str:
        """Answer what has waited."""
        self.lab.go_on()
        self.chosen = None
        return "The API server answers again."


class LostWatch(Remembering):
    """Watches end; nothing is to be undone."""

    name, title = "lose-watch", "Lost watch"
    says = "Every open watch ends, as when the API server restarts; the program must resume without a gap."

    def choices(self) -> tuple[str, ...]:
        """All at once."""
        return ("all watches",)

    def pull(self, choice: str) -> str:
        """End them."""
        self.lab.close_watches()
        return "Every open watch was ended; new ones are welcome."

    def undo(self) -> str:
        """A watch that has ended is opened again by its client."""
        return "Watches are open to all."


class ExpiredVersion(Remembering):
    """Watches are told 410; nothing is to be undone."""

    name, title = "expire-version", "Expired resourceVersion"
    says = "History is compacted: every watch is answered 410 Gone, and the program must list again."

    def choices(self) -> tuple[str, ...]:
        """All at once."""
        return ("all watches",)

    def pull(self, choice: str) -> str:
        """Forget history."""
        self.lab.expire_watches()
        return "History was compacted: watches are told 410 Gone."

    def undo(self) -> str:
        """What was forgotten stays so."""
        return "What was compacted stays so; newer versions are kept."


class TakenRight(Remembering):
    """A right that nobody has any more."""

    name, title = "take-right", "Missing right"
    says = "Nobody has a right any more, not even the administrator: what needs it is refused with 403."

    def choices(self) -> tuple[str, ...]:
        """Rights that the program uses."""
        return _RIGHTS

    def pull(self, choice: str) -> str:
        """Take it."""
        verb, _, resource = choice.partition(" ")
        for each in _VERBS.get(choice, (verb,)):
            self.lab.forbid(each, resource)
        self.chosen = choice
        return f"Nobody may {choice} any more."

    def undo(self) -> str:
        """Give it back."""
        given, self.chosen = self.chosen, None
        self.lab.allow_again()
        return f"Those who could {given} before may do so again."


API_SWITCHES = (SlowApi, HangingApi, LostWatch, ExpiredVersion, TakenRight)
