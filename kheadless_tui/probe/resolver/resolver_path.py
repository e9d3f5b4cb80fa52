"""The way of a name through a pod's own resolver, step by step, as it is and as it was predicted. Pure.

What a program in a pod gets for a short name is not one question: nsswitch.conf says which sources are asked,
/etc/hosts may answer before DNS does, resolv.conf names the servers and the search list, and glibc, musl and Go read it
differently (:mod:`kheadless_tui.zone.stub.search_list` has their rules with their sources).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kheadless_tui.probe.observation import Observation
from kheadless_tui.probe.resolver import resolver_times
from kheadless_tui.probe.resolver.resolver_files import Getent, PodFiles
from kheadless_tui.probe.server import UDP, is_on_node
from kheadless_tui.zone.record import Answer, Question
from kheadless_tui.zone.stub.resolv_conf import ResolvConf
from kheadless_tui.zone.stub.search_list import FAMILIES, Libc, search_ends, search_names

HOSTS, DNS = "hosts", "dns"
"""The kinds of steps."""
TYPES = FAMILIES
"""What a resolver asks for each name."""

MATCH, DIFFERS, UNANSWERED, UNJUDGED, NOT_ASKED = "match", "differs", "unanswered", "unjudged", "not asked"
"""The verdicts on one question; ``unjudged``: nothing can be predicted, since another server answers for that name."""

NODATA, NXDOMAIN = "NODATA", "NXDOMAIN"
NO_RECORD = "no record"
"""In place of both, of a carrier that cannot tell one from the other."""
ELSEWHERE = "elsewhere"
"""In place of a predicted answer: the name lies outside the cluster's zones."""
NO_ENTRY = "no entry"
"""Of /etc/hosts."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question of a step, predicted and answered."""

    type: str
    """``A``, ``AAAA``; empty for /etc/hosts, which knows no types."""
    predicted: str
    """``10.244.1.17`` (addresses, joined by a comma), ``NXDOMAIN``, ``NODATA``, ``no entry``, ``elsewhere``."""
    answered: str
    """The same of what came; ``unanswered``, or ``not asked``."""
    verdict: str
    """``match``, ``differs``, ``unanswered``, ``unjudged`` or ``not asked``."""
    addresses: tuple[str, ...] = ()
    """What was answered."""
    ms: float | None = None
    observation: Observation | None = None


@dataclass(frozen=True, slots=True)
class PathStep:
    """One source that is asked for one name."""

    number: int
    """From 1."""
    kind: str
    """``hosts`` or ``dns``."""
    name: str
    """``/etc/hosts``, or the absolute name."""
    asks: tuple[Ask, ...]
    note: str = ""
    """``this one wins``, ``step 3 answered``, or how else a step that was not asked came to be skipped."""
    won: bool = False

    @property
    def addresses(self) -> tuple[str, ...]:
        """All that it answered."""
        return tuple(address for ask in self.asks for address in ask.addresses)

    @property
    def asked(self) -> bool:
        """It was the turn of this step."""
        return any(ask.verdict != NOT_ASKED for ask in self.asks)


@dataclass(frozen=True, slots=True)
class ResolverPath:
    """The whole way of one name."""

    name: str
    """As the program in the pod would give it."""
    vantage: str
    image: str
    files: PodFiles
    predicted_resolv: ResolvConf
    """What the kubelet must have written, from the pod's spec."""
    server: str
    """The name server that was asked: the first one of resolv.conf that answers."""
    steps: tuple[PathStep, ...]
    addresses: tuple[str, ...]
    """What the step that wins answers; empty when none does."""
    getent: Getent | None
    """``None`` when the container has no getent."""
    verdict: str
    """``match``, ``differs`` or ``unanswered``; ``unjudged`` where all came as predicted, but none of it in the
    way in which a resolver asks: over UDP, or by getent; ``not asked`` where it was stopped before."""
    differences: tuple[str, ...] = ()
    """Each thing that is other than predicted, in words."""
    notes: tuple[str, ...] = ()
    """What glibc, musl and Go make of it, and what would cost fewer questions."""
    complete: bool = True
    """False when the asking was stopped before its end."""

    @property
    def questions(self) -> tuple[Question, ...]:
        """Those that were asked, in order."""
        return tuple(seen.question for step in self._seen for seen in step)

    @property
    def transports(self) -> tuple[str, ...]:
        """``udp`` where it was asked as a resolver asks."""
        return tuple(dict.fromkeys(seen.transport for step in self._seen for seen in step))

    @property
    def carriers(self) -> tuple[str, ...]:
        """The programs that asked."""
        return tuple(dict.fromkeys(seen.carrier for step in self._seen for seen in step if seen.carrier))

    @property
    def took(self) -> str:
        """``5.8 ms`` for all replies; a bound where there is no more, or who does not tell it."""
        return resolver_times.in_words(self._seen)

    @property
    def _seen(self) -> list[list[Observation]]:
        return [[ask.observation for ask in step.asks if ask.observation is not None] for step in self.steps]


@dataclass(frozen=True, slots=True)
class Predicted:
    """What was predicted of one way."""

    resolv: ResolvConf
    """From the pod's spec."""
    answers: Mapping[Question, Answer]
    """To every question that a resolver might ask on the way."""
    own: Mapping[str, tuple[str, ...]]
    """Names that the kubelet writes into /etc/hosts, in lower case, with their addresses."""


def libc_of(files: PodFiles) -> Libc:
    """Whose rules the way follows; glibc's where the image does not tell."""
    return "musl" if files.libc == "musl" else "glibc"


class Walk:
    """Which questions come next on the way of a name: those that a resolver would ask, and no further ones.

    Names are asked one after the other until one answers. As long as answers come as predicted they are asked in one
    go, up to the one that is predicted to win.
    """

    def __init__(self, name: str, files: PodFiles, answers: Mapping[Question, Answer]) -> None:
        self.name = name
        self.names = search_names(name, files.resolv, libc_of(files))
        self._libc = libc_of(files)
        self._answers = answers
        self._done = 0
        self._ended = "dns" not in files.sources or hosts_win(name, files)
        self.observations: dict[Question, Observation] = {}

    def next(self) -> tuple[Question, ...]:
        """The questions that are due; empty at the end."""
        if self._ended:
            return ()
        due: list[Question] = []
        for name in self.names[self._done :]:
            questions = [Question(name, rdtype) for rdtype in TYPES]
            due += questions
            expected = [self._answers[question] for question in questions if question in self._answers]
            if expected and search_ends(expected, self._libc):
                break
        return tuple(due)

    def feed(self, observations: Sequence[Observation]) -> None:
        """Take the replies to what :meth:`next` gave."""
        self.observations |= {seen.question: seen for seen in observations}
        while self._done < len(self.names) and not self._ended:
            replies = [self.observations.get(Question(self.names[self._done], rdtype)) for rdtype in TYPES]
            came = [seen for seen in replies if seen is not None]
            if len(came) < len(replies):
                return
            self._done += 1
            self._ended = search_ends(came, self._libc)
        self._ended = True


def resolver_path(
    name: str,
    vantage: str,
    image: str,
    files: PodFiles,
    predicted: Predicted,
    walk: Walk,
    *,
    server: str = "",
    getent: Getent | None = None,
    notes: Sequence[str] = (),
    differences: Sequence[str] = (),
    complete: bool = True,
) -> ResolverPath:
    """Put together what was read, asked and predicted.

    Args:
        name: As the program in the pod would give it.
        vantage: Where it was asked from.
        image: Of the container.
        files: What its resolver goes by.
        predicted: What was predicted.
        walk: At its end.
        server: The name server that was asked.
        getent: What the container's own resolver says.
        notes: Further notes.
        differences: Further differences, found while asking.
        complete: False when the asking was stopped before its end.
    """
    steps = _steps(name, files, predicted, walk, complete)
    addresses = next((step.addresses for step in steps if step.won), ())
    found = [*differences, *_file_differences(files, predicted.resolv)]
    found += [
        f"step {step.number}{f', {ask.type}' if ask.type else ''}: {ask.answered}, predicted {ask.predicted}"
        for step in steps
        for ask in step.asks
        if ask.verdict == DIFFERS
    ]
    found += _getent_differences(getent, addresses)
    silent = any(ask.verdict == UNANSWERED for step in steps for ask in step.asks)
    otherwise = any(seen.transport != UDP for seen in walk.observations.values())
    heard = getent is not None and not getent.error
    verdict = DIFFERS if found else UNANSWERED if silent else UNJUDGED if otherwise and not heard else MATCH
    if not complete and verdict in (MATCH, UNJUDGED):
        verdict = NOT_ASKED
    return ResolverPath(
        name,
        vantage,
        image,
        files,
        predicted.resolv,
        server,
        tuple(steps),
        addresses,
        getent,
        verdict,
        tuple(found),
        tuple(notes),
        complete,
    )


def order_sentence(name: str, resolv: ResolvConf, libc: Libc) -> str:
    """Why the names are tried in this order."""
    if name.endswith("."):
        return "the name ends in a dot: it is asked as it stands, and no other"
    dots = name.count(".")
    count = f"the name has {dots} dot{'' if dots == 1 else 's'}"
    if dots < resolv.ndots:
        return f"{count}, fewer than ndots {resolv.ndots}: the search list goes first, the name as it stands last"
    if libc == "musl":
        return f"{count}, no fewer than ndots {resolv.ndots}: musl asks it as it stands, and no other"
    return f"{count}, no fewer than ndots {resolv.ndots}: the name as it stands goes first, the search list last"


def _steps(name: str, files: PodFiles, predicted: Predicted, walk: Walk, complete: bool) -> list[PathStep]:
    steps: list[PathStep] = []
    winner = 0
    for source in files.sources:
        if source == "files":
            number = len(steps) + 1
            step = _hosts_step(number, name, files, predicted, winner)
            winner = winner or (number if step.won else 0)
            steps.append(step)
        elif source == "dns":
            for each in walk.names:
                number = len(steps) + 1
                step = _dns_step(number, each, predicted, walk, winner, complete)
                winner = winner or (number if step.won else 0)
                steps.append(step)
    return steps


def _hosts_step(number: int, name: str, files: PodFiles, predicted: Predicted, winner: int) -> PathStep:
    addresses = files.in_hosts(name)
    own = predicted.own.get(name.lower().removesuffix("."), ())
    expected = ", ".join(own) or NO_ENTRY
    if winner:
        ask = Ask("", expected, NOT_ASKED, NOT_ASKED)
        return PathStep(number, HOSTS, "/etc/hosts", (ask,), f"step {winner} answered")
    verdict = MATCH if set(addresses) == set(own) else DIFFERS
    ask = Ask("", expected, ", ".join(addresses) or NO_ENTRY, verdict, addresses)
    won = bool(addresses)
    return PathStep(number, HOSTS, "/etc/hosts", (ask,), "this one wins, DNS is not asked" if won else "", won)


def _dns_step(number: int, name: str, predicted: Predicted, walk: Walk, winner: int, complete: bool) -> PathStep:
    asks = []
    for rdtype in TYPES:
        question = Question(name, rdtype)
        answer = predicted.answers.get(question)
        seen = walk.observations.get(question) if not winner else None
        asks.append(_ask(answer, seen, rdtype))
    if winner:
        return PathStep(number, DNS, name, tuple(asks), f"step {winner} answered")
    if all(ask.verdict == NOT_ASKED for ask in asks):
        why = (
            "musl stops at a reply without a record that is no NXDOMAIN" if complete else "stopped before it was asked"
        )
        return PathStep(number, DNS, name, tuple(asks), why)
    won = any(ask.addresses for ask in asks)
    return PathStep(number, DNS, name, tuple(asks), "this one wins" if won else "", won)


def _ask(answer: Answer | None, seen: Observation | None, rdtype: str) -> Ask:
    unknown = answer is None or bool(answer.unknown) or answer.fallthrough
    expected = ELSEWHERE if answer is None or unknown else said(answer.rcode, _addresses(answer, rdtype), answer)
    if seen is None:
        return Ask(rdtype, expected, NOT_ASKED, NOT_ASKED)
    if seen.error:
        return Ask(rdtype, expected, UNANSWERED, UNANSWERED, observation=seen)
    addresses = _addresses(seen, rdtype)
    if "rcode" in seen.unknown and not seen.answer:
        verdict = UNJUDGED if unknown else MATCH if expected in (NODATA, NXDOMAIN) else DIFFERS
        return Ask(rdtype, expected, NO_RECORD, verdict, (), seen.ms, seen)
    answered = said(seen.rcode, addresses, seen)
    verdict = UNJUDGED if unknown else MATCH if _same(expected, answered) else DIFFERS
    return Ask(rdtype, expected, answered, verdict, addresses, seen.ms, seen)


def said(rcode: str, addresses: Sequence[str], reply: Answer | Observation) -> str:
    """A reply in a few words: its addresses, the alias that it leads to, or how it denies."""
    if addresses:
        return ", ".join(addresses)
    alias = next((record.data for record in reply.answer if record.type == "CNAME"), "")
    if alias:
        return f"CNAME {alias}"
    return "NODATA" if rcode == "NOERROR" else rcode or "NODATA"


def _addresses(reply: Answer | Observation, rdtype: str) -> tuple[str, ...]:
    return tuple(record.data for record in reply.answer if record.type == rdtype)


def _same(expected: str, answered: str) -> bool:
    """The same addresses in any order: CoreDNS turns them round (plugin loadbalance)."""
    return sorted(expected.split(", ")) == sorted(answered.split(", "))


def hosts_win(name: str, files: PodFiles) -> bool:
    """Whether /etc/hosts answers a name before any server is asked."""
    sources = files.sources
    first = "files" in sources and ("dns" not in sources or sources.index("files") < sources.index("dns"))
    return first and bool(files.in_hosts(name))


def _file_differences(files: PodFiles, predicted: ResolvConf) -> list[str]:
    """What of resolv.conf and nsswitch.conf is not as it must be."""
    real, found = files.resolv, []
    known = set(predicted.nameservers) & set(real.nameservers) or any(map(is_on_node, real.nameservers))
    if predicted.nameservers and not known:
        found.append(
            f"resolv.conf points elsewhere: nameserver {', '.join(real.nameservers) or 'none'}, predicted "
            f"{', '.join(predicted.nameservers)}"
        )
    if real.search != predicted.search and not _is_with_unknown(real, predicted):
        listed = [" ".join(each.search) or "nothing" for each in (real, predicted)]
        found.append(f"resolv.conf: search {listed[0]}, predicted {listed[1]}")
    ndots_of_node = predicted.servers_before == "node" and predicted.ndots == ResolvConf().ndots
    if real.ndots != predicted.ndots and not ndots_of_node:
        found.append(f"resolv.conf: ndots {real.ndots}, predicted {predicted.ndots}")
    if "dns" not in files.sources:
        found.append(f"nsswitch.conf: dns is not among the sources of hosts ({' '.join(files.sources)})")
    return found


def _is_with_unknown(real: ResolvConf, predicted: ResolvConf) -> bool:
    """Whether the search list is the predicted one with some domains where those that are not known must stand."""
    known = predicted.domains_before_unknown()
    before, behind = predicted.search[:known], predicted.search[known:]
    rest = real.search[known:]
    return bool(predicted.unknown) and real.search[:known] == before and rest[len(rest) - len(behind) :] == behind


def _getent_differences(getent: Getent | None, addresses: Sequence[str]) -> list[str]:
    """What the container's own resolver says otherwise; it leaves out a family that the pod has no address of."""
    if getent is None or getent.error:
        return [f"getent failed: {getent.error}"] if getent is not None else []
    own, walked = set(getent.addresses), set(addresses)
    families = {(":" in address) for address in own}
    if own == walked or (own and own == {address for address in walked if (":" in address) in families}):
        return []
    return [
        f"getent says {', '.join(getent.addresses) or 'not found'}, the steps say {', '.join(addresses) or 'nothing'}"
    ]
