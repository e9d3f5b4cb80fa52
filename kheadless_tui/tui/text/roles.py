"""The colour roles of the screen: what a colour means, never which colour it is.

Render functions put role names into Rich text as styles (``Text.append("match", GOOD)``). A widget that shows such
text has :data:`ROLE_CLASSES` among its component classes; ``styles/panels.tcss`` gives each its theme variable
``$role-...``, and :func:`role_variables` derives these from any theme that does not set them itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rich.style import Style
from rich.text import Span, Text

TEXT = "role--text"
MUTED = "role--muted"
FRAME = "role--frame"
FOCUS = "role--focus"
CURSOR = "role--cursor"
LINKED = "role--linked"
MARKED = "role--marked"
CHANGED = "role--changed"
GOOD = "role--good"
WARN = "role--warn"
BAD = "role--bad"
UNKNOWN = "role--unknown"

ROLE_CLASSES: frozenset[str] = frozenset(
    {TEXT, MUTED, FRAME, FOCUS, CURSOR, LINKED, MARKED, CHANGED, GOOD, WARN, BAD, UNKNOWN}
)

SOURCES: dict[str, str] = {
    "role-text": "foreground",
    "role-muted": "text-muted",
    "role-frame": "panel",
    "role-focus": "primary",
    "role-cursor": "block-cursor-background",
    "role-linked": "accent",
    "role-marked": "text",
    "role-changed": "accent",
    "role-good": "text-success",
    "role-warn": "text-warning",
    "role-bad": "text-error",
    "role-unknown": "text-secondary",
}
"""Which variable of a Textual theme a role takes its colour from when the theme does not name the role."""


def role_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """The theme variables of the roles, from a theme's own or else from the colours that every theme has.

    Args:
        variables: What ``App.get_css_variables`` of the base class returns.

    Returns:
        The same variables and, for each role that is not among them, one more.
    """
    derived = {role: variables[source] for role, source in SOURCES.items() if source in variables}
    return {**derived, **variables}


def with_styles(text: Text, style_of: Callable[[str], Style]) -> Text:
    """A copy of a text in which role names are replaced by the styles that they have in one widget."""
    painted = text.copy()
    painted.spans = [
        Span(span.start, span.end, style_of(span.style) if span.style in ROLE_CLASSES else span.style)
        for span in text.spans
        if isinstance(span.style, str)
    ] + [span for span in text.spans if not isinstance(span.style, str)]
    if isinstance(text.style, str) and text.style in ROLE_CLASSES:
        # As a span, too: rich draws a text that has none without its style.
        painted.style = style_of(text.style)
        painted.spans.insert(0, Span(0, len(painted), style_of(text.style)))
    return painted
