"""The keys of the main screen as data: the keys row, the help and the bindings are all made from this table."""

from __future__ import annotations

from typing import NamedTuple

from textual.binding import Binding


class Action(NamedTuple):
    """One thing that the main screen can do."""

    id: str
    """Stable; a user's key map names it."""
    keys: str
    """As textual writes them, separated by commas; the first is shown."""
    action: str
    title: str
    """What it does, as the keys row says it: one or two words."""
    group: str
    """Where the help lists it."""
    shown: bool = True
    """In the keys row, where there is room."""
    help: str = ""
    """What the help says, where the title is too short to be understood."""
    as_: str = ""
    """The keys as they are written, where those of several actions are told in one line."""
    listed: bool = True
    """In the help; false for what another action's line tells of."""
    at_once: bool = False
    """Done before the keys typed after it are given to any widget: what opens a line to type in must not lose them."""

    def binding(self) -> Binding:
        """The same for textual."""
        return Binding(
            self.keys,
            self.action,
            self.title,
            show=self.shown,
            id=self.id,
            tooltip=self.help or self.title,
            priority=self.at_once,
            key_display=self.as_ or key_text(self.keys.split(",")[0]),
        )


ASKING, PANELS, EVERYWHERE = "asking", "panels", "everywhere"

ACTIONS: tuple[Action, ...] = (
    Action("main.probe", "p", "probe", "probe", ASKING, help="ask from a pod, compare"),
    Action("main.vantage", "v", "vantage", "from where", ASKING, help="where to ask from"),
    Action("main.servers", "m", "servers", "servers", ASKING, help="every server as a column"),
    Action("main.path", "s", "path", "path", ASKING, shown=False, help="search path of a name"),
    Action("main.reach", "r", "reach", "reach", ASKING, shown=False, help="connect to each endpoint"),
    Action("main.convergence", "t", "timeline", "convergence", ASKING, shown=False, help="follow a change through DNS"),
    Action("main.history", "P", "history", "probes", ASKING, shown=False, help="probes made, compare two"),
    Action("main.filter", "slash", "filter", "filter", EVERYWHERE, help="filter: x  !x  -l a=b  -f x", at_once=True),
    Action("main.command", "colon", "command", "command", EVERYWHERE, help="ctx, ns, sel, leftovers ...", at_once=True),
    Action("main.rights", "W", "rights", "rights", EVERYWHERE, help="missing rights, as YAML"),
    Action("main.next", "tab", "next_panel", "panel", PANELS, help="next panel or tab"),
    Action("main.previous", "shift+tab", "previous_panel", "back a panel", PANELS, shown=False, listed=False),
    Action("main.zoom", "z", "zoom", "zoom", PANELS, help="this panel alone"),
    Action("main.narrower", "less_than_sign", "resize_tree(-2)", "narrower, wider", PANELS, shown=False, as_="< >"),
    Action("main.wider", "greater_than_sign", "resize_tree(2)", "wider", PANELS, shown=False, listed=False),
    Action("main.why", "w", "why", "why", EVERYWHERE, help="why a record exists, or not"),
    Action("main.commands", "e", "commands", "kubectl", EVERYWHERE, help="equivalent commands"),
    Action("main.copy", "c", "copy", "copy", EVERYWHERE, help="copy the full name"),
    Action("main.raw", "x", "raw", "raw text", EVERYWHERE, shown=False, help="the reply as it came"),
    Action("main.copy-command", "C", "copy_command", "copy command", EVERYWHERE, shown=False, help="copy its command"),
    Action("main.favourite", "0", "favourite(0)", "a namespace, 0 for all", EVERYWHERE, shown=False, as_="0-9"),
    Action("main.last", "minus", "last", "the last place", EVERYWHERE, shown=False),
    Action("main.backward", "left_square_bracket", "travel(-1)", "places back, on", EVERYWHERE, shown=False, as_="[ ]"),
    Action("main.forward", "right_square_bracket", "travel(1)", "on", EVERYWHERE, shown=False, listed=False),
    Action("main.lab", "L", "levers", "lab", EVERYWHERE, help="break something in the lab"),
    Action("main.reload", "ctrl+r", "reload", "read again", EVERYWHERE, shown=False),
    Action("main.back", "escape", "back", "back", EVERYWHERE, shown=False, help="back, or cancel"),
    Action("main.quit", "q", "leave", "quit", EVERYWHERE, shown=False, help="back, then quit"),
    Action("main.interrupt", "ctrl+c,ctrl+q", "quit", "quit", EVERYWHERE, shown=False, help="quit at once"),
    Action("main.help", "question_mark", "help", "help", EVERYWHERE, shown=False, help="this help"),
)

GROUP_OF = {action.id: action.group for action in ACTIONS}

TOGETHER = frozenset(action.as_ for action in ACTIONS if action.as_)
"""Keys of several actions that one line of the help tells."""

UNLISTED = frozenset(action.id for action in ACTIONS if not action.listed)

ORDER = {action.id: place for place, action in enumerate(ACTIONS)}
"""Place in the keys row, after the keys of the focused panel."""

_OF_A_SERVICE = (
    "probe",
    "vantage",
    "path",
    "reach",
    "timeline",
    "servers",
    "why",
    "commands",
    "copy",
    "raw",
    "copy_command",
    "next_panel",
    "previous_panel",
)
ASKING_ACTIONS = ("probe", "vantage", "path", "reach", "timeline")
"""What puts questions to DNS or to a port, from inside the cluster."""


class Situation(NamedTuple):
    """What decides which actions can work."""

    service: bool
    """One is selected."""
    reading: bool
    """The first list is not there yet: a Service may still come to be selected."""
    readonly: bool
    offline: bool
    no_right: str
    """The namespace in which probing is refused, empty when it is not."""
    one_panel: bool
    """The terminal is too small for two."""
    known: bool
    """What is under the cursor can be explained: it is a record, or all EndpointSlices of its namespace are read."""
    compared: bool
    """Every server has been asked: there are columns to show."""
    replied: bool
    """A reply is open among the answers."""
    empty: bool
    """There is nothing in the tree, filter or not."""
    blank: bool
    """The focused list has no rows."""
    asked: bool
    """What the user may do has been asked for."""
    lacking: bool
    """A right is missing."""


def asks(action: str, now: Situation) -> bool:
    """What an action shows has to be asked for."""
    return action in ASKING_ACTIONS or (action == "servers" and not now.compared)


def reason_against(action: str, now: Situation) -> str:
    """Why an action cannot work now, in a few words; empty when it can."""
    asking = asks(action, now)
    reasons = (
        (action == "rights" and not (now.lacking or now.asked), "rights not known yet"),
        (action == "rights" and not now.lacking, "no right is missing"),
        (action in _OF_A_SERVICE and not now.service and now.reading, "still reading"),
        (action in _OF_A_SERVICE and not now.service, "no Service selected"),
        (action == "why" and not now.known, "W tells which right is missing" if now.lacking else "still reading"),
        (action in ("raw", "copy_command") and not now.replied, "no reply yet, p asks"),
        (asking and now.readonly, "read-only"),
        (asking and bool(now.no_right), f"no right to exec in {now.no_right}, W tells more"),
        (asking and now.offline, "offline"),
        (action in ("zoom", "resize_tree") and now.one_panel, "one panel at this size"),
        (action == "filter" and now.empty, "still reading" if now.reading else "nothing to filter"),
        (action == "zoom" and now.blank, "nothing to see"),
    )
    return next((reason for applies, reason in reasons if applies), "")


_KEY_TEXT = {
    "slash": "/",
    "colon": ":",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "question_mark": "?",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "space": "space",
}


def off_text(action: str, reason: str) -> str:
    """What the status row says when a key is pressed that does nothing now: ``p is off: read-only``."""
    keys = next(item.keys for item in ACTIONS if item.action.partition("(")[0] == action)
    return f"{key_text(keys.split(',')[0])} is off: {reason}"


def key_text(key: str) -> str:
    """A key as the screen writes it: ``ctrl-r``, ``esc``, ``/``."""
    *modifiers, name = key.split("+")
    if modifiers == ["shift"] and len(name) == 1:
        return f"shift-{name}"
    return "-".join([*modifiers, _KEY_TEXT.get(name, name)])
