"""What a change of the API means for DNS: the questions whose answer is another one now, and the words for it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kheadless_tui.probe.comparison.canonical import RecordId, identity
from kheadless_tui.probe.observation import Observation
from kheadless_tui.zone.record import Answer, Question

MOST_TRACKED = 4
"""Questions that are followed through the layers; the Service's own name comes first, which every change shows in."""

Said = tuple[str, frozenset[RecordId]]
"""What an answer comes to: its rcode, ``NODATA`` for one without records, and the records whatever their TTL."""


@dataclass(frozen=True, slots=True)
class ExpectedChange:
    """A change that every layer of DNS is going to tell of."""

    text: str
    """``A of web.shop.svc.cluster.local. gains 10.244.2.41``."""
    old: Mapping[Question, Said]
    new: Mapping[Question, Said]
    """The same questions as of ``old``."""
    name: str
    """Of the Service, absolute."""

    @property
    def reaches_applications(self) -> bool:
        """The addresses of the Service's name change, so that a program that looks it up is told of it."""
        return self.addresses(self.name, new=True) is not None

    @property
    def questions(self) -> tuple[Question, ...]:
        """Those that tell old from new."""
        return tuple(self.new)

    @property
    def witness(self) -> tuple[str, bool] | None:
        """A name that comes or goes with the change, and whether it is there after it; ``None`` where all stay."""
        for question, new in self.new.items():
            there = new[0] != "NXDOMAIN"
            if there != (self.old[question][0] != "NXDOMAIN"):
                return question.name, there
        return None

    def addresses(self, name: str, *, new: bool) -> frozenset[str] | None:
        """The addresses of a name before or after; ``None`` when none of its addresses changed."""
        found: set[str] = set()
        answers = self.new if new else self.old
        asked = [question for question in answers if question.name == name and question.type in ("A", "AAAA")]
        for question in asked:
            found |= {data for _, rdtype, data in answers[question][1] if rdtype == question.type}
        return frozenset(found) if asked else None


def said_by(reply: Answer | Observation) -> Said:
    """What an answer comes to."""
    outcome = "NODATA" if reply.rcode == "NOERROR" and not reply.answer else reply.rcode
    return outcome, frozenset(identity(record) for record in reply.answer)


def change_between(
    before: Mapping[Question, Answer], after: Mapping[Question, Answer], name: str
) -> ExpectedChange | None:
    """What changed between two predictions; ``None`` when nothing that can be predicted did.

    Reverse names are left out: the name of an address is that of every Service that leads to it, and some caches ask
    for them elsewhere. Whatever changes there for this Service changes its own names too.

    Args:
        before: The predicted answers at first.
        after: The predicted answers now; a question that only one of the two has is left out.
        name: Of the Service, absolute: its own questions stand first.
    """
    changed = [
        question
        for question, answer in after.items()
        if question.type != "PTR"
        and (old := before.get(question)) is not None
        and not (answer.unknown or old.unknown or answer.fallthrough or old.fallthrough)
        and said_by(old) != said_by(answer)
    ]
    if not changed:
        return None
    # both families of the Service's name are followed: an application gets them together
    whole = [question for question in after if question.name == name and question.type in ("A", "AAAA")]
    first = whole if any(question in changed for question in whole) else []
    tracked = list(dict.fromkeys((*first, *sorted(changed, key=lambda question: question.name != name))))
    kept = [question for question in tracked if question in before][:MOST_TRACKED]
    rest = len(changed) - 1
    text = _text(changed[0], said_by(before[changed[0]]), said_by(after[changed[0]]))
    return ExpectedChange(
        text + (f", and {rest} more {'answer' if rest == 1 else 'answers'} with it" if rest else ""),
        {question: said_by(before[question]) for question in kept},
        {question: said_by(after[question]) for question in kept},
        name,
    )


def difference(name: str, replies: Iterable[Observation], answers: Mapping[Question, Answer]) -> ExpectedChange | None:
    """What DNS says otherwise than it must now, as a change that it has not followed yet; ``None`` when it has."""
    before = {
        seen.question: Answer(seen.question, seen.rcode, answer=seen.answer) for seen in replies if not seen.error
    }
    return change_between(before, {question: answers[question] for question in before if question in answers}, name)


def _text(question: Question, old: Said, new: Said) -> str:
    gained = sorted(data for _, _, data in new[1] - old[1])
    lost = sorted(data for _, _, data in old[1] - new[1])
    parts = [f"gains {_few(gained)}"] if gained else []
    parts += [f"loses {_few(lost)}"] if lost else []
    outcome = (
        f" ({old[0] or 'nothing'} before)" if not old[1] else f" (now {new[0] or 'nothing'})" if not new[1] else ""
    )
    return f"{question.type} of {question.name} {' and '.join(parts) or 'changes'}{outcome}"


def _few(data: list[str]) -> str:
    return ", ".join(data[:3]) + (f" and {len(data) - 3} more" if len(data) > 3 else "")
