"""The question before a write, as lines: what is created, until when, by which rights, and the equal commands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text

from kheadless_tui.tui.render.commands import clean_command, command_lines, wrap_command
from kheadless_tui.tui.text.cells import clean, pad, wrap
from kheadless_tui.tui.text.roles import BAD, GOOD, MUTED, TEXT, UNKNOWN

if TYPE_CHECKING:
    from kheadless_tui.cluster.gate import WritePlan

LABEL = 10
"""Cells of the labels."""
MANIFEST_FILE = "probe.json"
"""What the manifest is called in the short form of the commands."""


def plan_lines(plan: WritePlan, width: int) -> list[Text]:
    """The plan for a dialog of this inner width. Commands are complete but for the manifest, which has its own key."""
    room = max(8, width - LABEL)
    lines: list[Text] = []
    for action in plan.actions:
        lines += _labelled(action.verb, (action.what, *action.details), room)
    if plan.rights:
        lines += _rights(plan, room)
    for number, command in enumerate(plan.equals):
        lines += command_lines("equals" if number == 0 else "", without_manifest(command), width, LABEL)
    if plan.instead:
        # Here the key chooses the place, and not the option of the command line.
        lines += _labelled("instead", (re.sub(r": --from \S+$", ": v", plan.instead),), room)
    return lines


def manifest_lines(plan: WritePlan, width: int) -> list[Text]:
    """The commands whole, manifest included: what can be pasted into a shell."""
    lines: list[Text] = []
    for command in plan.equals:
        lines += [Text(line, TEXT) for line in wrap_command(clean_command(command), width)]
        lines.append(Text())
    return lines[:-1]


def without_manifest(command: str) -> str:
    """``kubectl create -f probe.json`` in place of a command that carries the manifest in itself."""
    _, pipe, rest = command.partition(_PIPED)
    if not pipe or not command.startswith(_PRINTED):
        return command
    rest = rest.strip()
    if rest.endswith(" -f -"):
        return f"{rest.removesuffix(' -')} {MANIFEST_FILE}"
    return rest.replace("--custom=/dev/stdin", f"--custom={MANIFEST_FILE}")


_PRINTED, _PIPED = "printf %s '", "' |\n"
"""Around a manifest that is piped into kubectl. It is JSON, in which no string holds the end of a line."""


def first_word(plan: WritePlan) -> str:
    """What ``y`` does: the verb that the title begins with."""
    return clean(plan.title.split(" ", 1)[0]).lower() or "go on"


def _labelled(label: str, texts: Iterable[str], room: int) -> list[Text]:
    lines: list[Text] = []
    for text in texts:
        for part in wrap(clean(text), room):
            line = Text(pad(label if not lines else "", LABEL), MUTED)
            line.append(part, TEXT)
            lines.append(line)
    return lines


def _rights(plan: WritePlan, room: int) -> list[Text]:
    lines: list[Text] = []
    line = Text(pad("rights", LABEL), MUTED)
    for right, allowed in plan.rights:
        word, role = ("unknown", UNKNOWN) if allowed is None else ("yes", GOOD) if allowed else ("no", BAD)
        piece = Text(f"{clean(right)} ", TEXT)
        piece.append(word, role)
        if line.cell_len > LABEL and line.cell_len + 3 + piece.cell_len > LABEL + room:
            lines.append(line)
            line = Text(" " * LABEL)
        if line.cell_len > LABEL:
            line.append("   ")
        line.append_text(piece)
    return [*lines, line]
