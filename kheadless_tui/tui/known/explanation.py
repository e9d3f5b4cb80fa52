"""Why a record exists, is withheld, or does not exist: the rule, and the fields that decided with their objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kheadless_tui.tui.text.notes import Note
from kheadless_tui.tui.text.roles import MUTED, UNKNOWN
from kheadless_tui.zone.record import Answer, Question, Record, Source, Step

if TYPE_CHECKING:
    from kheadless_tui.tui.known.view import ServiceView

MAX_FACTS = 12
"""Fields that are shown behind one rule."""


def explanation(view: ServiceView, record: Record) -> tuple[Note, ...]:
    """What is to be said of one record, remark by remark.

    Args:
        view: Its Service.
        record: As it is in the list: predicted, withheld, or only answered.
    """
    answer = view.answer_to(Question(record.name, record.type))
    found = [Note(_outcome(answer), "", MUTED, tuple(str(item) for item in answer.answer))]
    found += [
        Note(f"{item.record.data} is withheld: {item.reason}.", "", MUTED, (f"from {_place(item.source)}",))
        for item in view.withheld
        if _same(item.record, record)
    ]
    found += [Note(step.why, "", MUTED, _facts(step)) for step in answer.steps if step.why]
    made = (item for item in view.predicted if _same(item.record, record))
    sources = dict.fromkeys(_place(source) for item in made for source in item.sources)
    if sources:
        found.append(Note("It is made from", "", MUTED, tuple(sources)))
    if answer.unknown:
        found.append(Note(f"Not certain: {answer.unknown}.", "attention", UNKNOWN))
    if answer.notes:
        found.append(Note("What the Corefile says may change this answer:", "attention", UNKNOWN, answer.notes))
    return tuple(found)


def _facts(step: Step) -> tuple[str, ...]:
    """The fields behind a rule; of a big Service only the first ones."""
    shown = tuple(str(fact) for fact in step.facts[:MAX_FACTS])
    left = len(step.facts) - len(shown)
    return (*shown, f"and {left} more") if left else shown


def _outcome(answer: Answer) -> str:
    question = f"{answer.question.name} {answer.question.type}"
    if answer.elsewhere:
        return f"{question} is not answered by the cluster's zone: the next plugin or server decides."
    if answer.answer:
        return f"{question} must be answered with"
    if answer.rcode == "NOERROR":
        return f"{question} has no record, though other records have this name: NOERROR without an answer."
    return f"{question} must be answered with {answer.rcode}."


def _same(one: Record, other: Record) -> bool:
    return (one.name.lower(), one.type) == (other.name.lower(), other.type) and other.data in ("", one.data)


def _place(source: Source) -> str:
    return f"{source} {source.field}".rstrip()
