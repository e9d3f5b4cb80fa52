"""The ``predict`` command: the predicted answer to a question, and the rule that made it so."""

from __future__ import annotations

from kheadless_tui.report.document import Document, dump, question_document, records_as_dig, to_line
from kheadless_tui.report.fields import fields
from kheadless_tui.report.medium import PIPE, Medium
from kheadless_tui.report.resolv_conf import resolv_document, resolv_text
from kheadless_tui.zone.answering.message_size import Fit, fits
from kheadless_tui.zone.explanations.reasons import counted
from kheadless_tui.zone.record import Answer, Fact, Step
from kheadless_tui.zone.stub.resolv_conf import ResolvConf
from kheadless_tui.zone.stub.search_list import FAMILIES

SCHEMA = "kheadless/answer/1"


def render(
    answer: Answer, output: str, medium: Medium = PIPE, *, bufsize: int = 0, resolv: ResolvConf | None = None
) -> str:
    """The answer in one of the outputs ``table``, ``json`` and ``yaml``.

    Args:
        answer: with a step for each question that it costs.
        output: the form.
        medium: what it is written to.
        bufsize: octets to which the server lowers UDP buffers, 0 when it does not.
        resolv: of the pod from which the name is looked up, where one was asked for.
    """
    if output == "table":
        return table(answer, medium, bufsize, resolv)
    return dump(document(answer, bufsize, resolv), output)


def line(answer: Answer, *, bufsize: int = 0, resolv: ResolvConf | None = None) -> str:
    """The answer as one line of JSON, as ``predict -`` prints it."""
    return to_line(document(answer, bufsize, resolv))


def document(answer: Answer, bufsize: int = 0, resolv: ResolvConf | None = None) -> Document:
    """The document of schema ``kheadless/answer/1``.

    ``questions`` is how many questions of this type are sent until the answer is there, those that are sent again after
    SERVFAIL or REFUSED among them; getaddrinfo asks A and AAAA of each name, which makes twice as many unless
    ``questionsAlong`` tells how many of the other family it sends. A step that costs another number than one question
    has its own. ``fallthrough``, ``unsendable``, ``unknown`` and ``notes`` are there only
    where they are so: an answer without them is certain. ``stepsMissing``: names that are not known are tried as well,
    so that ``questions`` is the least number. ``otherFamily``: what the other family of addresses gets, where that ends
    the search and the type that was asked for gets nothing. ``resolvConf``: what the pod goes by, where one was named.
    ``udp`` is there when the whole does not fit 512 octets, ``tcp`` when it does not even fit a reply over TCP.
    """
    found: Document = {
        "schema": SCHEMA,
        "question": question_document(answer.question),
        "rcode": answer.rcode,
        "aa": answer.aa,
        "answer": records_as_dig(answer.answer),
        "authority": records_as_dig(answer.authority),
        "additional": records_as_dig(answer.additional),
        "steps": [_step(step) for step in answer.steps],
        "questions": sum(step.questions for step in answer.steps),
    }
    if answer.question.type in FAMILIES and _along(answer) != found["questions"]:
        found["questionsAlong"] = _along(answer)
    if answer.fallthrough:
        found["fallthrough"] = True
    if answer.unsendable:
        found["unsendable"] = True
    if answer.unknown:
        found["unknown"] = answer.unknown
    if answer.notes:
        found["notes"] = list(answer.notes)
    if answer.steps_missing:
        found["stepsMissing"] = True
    if answer.other_family:
        found["otherFamily"] = records_as_dig(answer.other_family)
    if resolv is not None:
        found["resolvConf"] = resolv_document(resolv)
    udp, tcp = _sizes(answer, bufsize)
    if udp:
        found["udp"] = [_size(each) for each in udp]
    if tcp:
        found["tcp"] = _size(tcp)
    return found


def _step(step: Step) -> Document:
    found: Document = {
        "name": step.name,
        "rcode": step.rcode,
        "why": step.why,
        "rule": step.rule,
        "facts": [_fact(fact) for fact in step.facts],
    }
    return found if step.questions == 1 else found | {"questions": step.questions}


def _fact(fact: Fact) -> Document:
    return {"from": str(fact.source), "field": fact.source.field, "value": fact.value}


def _sizes(answer: Answer, bufsize: int) -> tuple[list[Fit], Fit | None]:
    """What of a reply fits UDP, if the whole does not fit the smallest buffer; TCP, if it does not fit even there."""
    if answer.fallthrough or answer.unsendable or answer.question.type in ("AXFR", "IXFR"):
        return [], None
    *udp, tcp = fits(answer, bufsize=bufsize)
    return (udp, tcp if tcp.truncated else None) if udp[0].truncated else ([], None)


def _size(fit: Fit) -> Document:
    return {"limit": fit.buffer, "answer": fit.answer, "tc": fit.truncated}


def table(answer: Answer, medium: Medium = PIPE, bufsize: int = 0, resolv: ResolvConf | None = None) -> str:
    """One fact a line, each with its word in front, so that ``grep ^answer`` finds the answers and nothing else."""
    rows = [("question", f"{answer.question.name} {answer.question.type}"), ("status", _status(answer))]
    sections = (("answer", answer.answer), ("authority", answer.authority), ("additional", answer.additional))
    rows += [(word, str(record)) for word, section in sections for record in section]
    rows += [("also", str(record)) for record in answer.other_family]
    if len(answer.steps) > 1:
        rows += [("tried", _tried(step)) for step in answer.steps]
    else:
        rows += [("why", step.why) for step in answer.steps if step.why]
    if answer.steps:
        rows.append(("cost", _cost(answer)))
    udp, tcp = _sizes(answer, bufsize)
    if udp:
        rows.append(("udp", "; ".join(_fitting(fit, answer) for fit in udp)))
    if tcp:
        rows.append(("tcp", _fitting(tcp, answer)))
    if resolv is not None:
        rows.append(("resolver", f"{resolv_text(resolv)} ({resolv.source})"))
    return fields(rows, medium)


def _cost(answer: Answer) -> str:
    """How many questions the answer costs; getaddrinfo asks for the other family as well."""
    number, along = sum(step.questions for step in answer.steps), _along(answer)
    text = counted(number or along, "question")
    if along:
        text += f" ({number + along} by getaddrinfo, which asks A and AAAA of each name)" if number else " for A alone"
    return f"at least {text}" if answer.steps_missing else text


def _along(answer: Answer) -> int:
    """Questions for the other family of addresses: as many, unless a search has counted them."""
    if answer.question.type not in FAMILIES:
        return 0
    return sum(step.questions if step.along is None else step.along for step in answer.steps)


def _fitting(fit: Fit, answer: Answer) -> str:
    if not fit.truncated:
        return f"{fit.buffer}: all of it"
    return f"{fit.buffer}: {fit.answer} of {len(answer.answer)} records, TC"


def _tried(step: Step) -> str:
    """A name of the search list with its outcome; one that is another server's has no rcode that we could know."""
    again = f"({step.questions} times)" if step.questions > 1 else ""
    outcome = " ".join(filter(None, (step.name, step.rcode, again)))
    return f"{outcome}: {step.why}" if step.why else outcome


def _status(answer: Answer) -> str:
    words = [answer.rcode] if answer.rcode else []
    if answer.aa:
        words.append("aa")
    if answer.rcode == "NOERROR" and not answer.answer:
        words.append("(the name exists, it has no such record)")
    if answer.elsewhere:
        words.append("(not answered by the cluster's zone: the next plugin or server decides)")
    elif answer.fallthrough:
        words.append("(not answered by the cluster's zone, and no plugin is left to answer)")
    if answer.unsendable:
        words.append("(no message can carry this answer: the client gets nothing)")
    if answer.unknown:
        words.append(f"(not certain: {answer.unknown})")
    return " ".join(words)
