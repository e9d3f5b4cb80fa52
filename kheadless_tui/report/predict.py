"""The ``predict`` command: the predicted answer to a question, and the rule that made it so."""

from __future__ import annotations

from kheadless_tui.report.document import Document, dump, question_document, records_as_dig, to_line
from kheadless_tui.report.fields import fields
from kheadless_tui.report.medium import PIPE, Medium
from kheadless_tui.zone.record import Answer, Step

SCHEMA = "kheadless/answer/1"


def render(answer: Answer, output: str, medium: Medium = PIPE) -> str:
    """The answer in one of the outputs ``table``, ``json`` and ``yaml``."""
    return table(answer, medium) if output == "table" else dump(document(answer), output)


def line(answer: Answer) -> str:
    """The answer as one line of JSON, as ``predict -`` prints it."""
    return to_line(document(answer))


def document(answer: Answer) -> Document:
    """The document of schema ``kheadless/answer/1``.

    ``fallthrough``, ``unsendable`` and ``unknown`` are there only where they are so: an answer without them is certain.
    """
    found: Document = {
        "schema": SCHEMA,
        "question": question_document(answer.question),
        "rcode": answer.rcode,
        "aa": answer.aa,
        "answer": records_as_dig(answer.answer),
        "authority": records_as_dig(answer.authority),
        "additional": records_as_dig(answer.additional),
        "steps": [{"name": step.name, "rcode": step.rcode, "why": step.why} for step in answer.steps],
    }
    if answer.fallthrough:
        found["fallthrough"] = True
    if answer.unsendable:
        found["unsendable"] = True
    if answer.unknown:
        found["unknown"] = answer.unknown
    return found


def table(answer: Answer, medium: Medium = PIPE) -> str:
    """One fact a line, each with its word in front, so that ``grep ^answer`` finds the answers and nothing else."""
    rows = [("question", f"{answer.question.name} {answer.question.type}"), ("status", _status(answer))]
    sections = (("answer", answer.answer), ("authority", answer.authority), ("additional", answer.additional))
    rows += [(word, str(record)) for word, section in sections for record in section]
    if len(answer.steps) > 1:
        rows += [("tried", _tried(step)) for step in answer.steps]
    else:
        rows += [("why", step.why) for step in answer.steps if step.why]
    return fields(rows, medium)


def _tried(step: Step) -> str:
    """A name of the search list with its outcome; one that is another server's has no rcode that we could know."""
    outcome = " ".join(filter(None, (step.name, step.rcode)))
    return f"{outcome}: {step.why}" if step.why else outcome


def _status(answer: Answer) -> str:
    words = [answer.rcode]
    if answer.aa:
        words.append("aa")
    if answer.rcode == "NOERROR" and not answer.answer:
        words.append("(the name exists, it has no such record)")
    if answer.fallthrough:
        words.append("(not answered by the cluster's zone: the next plugin or server decides)")
    if answer.unsendable:
        words.append("(no message can carry this answer: the client gets nothing)")
    if answer.unknown:
        words.append(f"(not certain: {answer.unknown})")
    return " ".join(words)
