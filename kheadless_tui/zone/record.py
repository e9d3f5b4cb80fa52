"""What a prediction is made of: records, questions, answers, and where each comes from."""

from __future__ import annotations

import msgspec

from kheadless_tui.model.objects import ObjectKey


class Record(msgspec.Struct, frozen=True, order=True):
    """One DNS record in presentation form (RFC 1035 section 5.1)."""

    name: str
    """Owner name, absolute: it ends in a dot."""
    ttl: int
    """Seconds."""
    type: str
    """``A``, ``AAAA``, ``SRV``, ``PTR``, ``CNAME``, ``TXT``, ``SOA``, ``NS`` ..."""
    data: str
    """The data as dig writes it; names in it are absolute."""

    def __str__(self) -> str:
        """As dig writes it: ``NAME TTL IN TYPE DATA``."""
        return f"{self.name} {self.ttl} IN {self.type} {self.data}"


class Source(msgspec.Struct, frozen=True):
    """The object and field that something comes from."""

    kind: str
    key: ObjectKey
    field: str = ""
    """Path of the field in the object, such as ``endpoints[0].hostname``; empty for the object as a whole."""

    def __str__(self) -> str:
        """As in the outputs: ``EndpointSlice NS/NAME``."""
        return f"{self.kind} {self.key}"


class EndpointRef(msgspec.Struct, frozen=True):
    """One address of one endpoint of an EndpointSlice, as far as users care."""

    pod: str | None
    """Name of the pod, ``None`` for an address outside the cluster or without targetRef."""
    address: str
    ready: bool
    serving: bool
    terminating: bool
    node: str | None
    hostname: str
    """The endpoint's name in DNS: its hostname, its pod's name or its dashed address."""


class PredictedRecord(msgspec.Struct, frozen=True):
    """A record that must exist, and why."""

    record: Record
    service: ObjectKey | None
    """The Service that it is a record of; ``None`` for the apex and pod names."""
    endpoint: EndpointRef | None
    """The endpoint that it leads to; ``None`` when it leads to a Service as a whole."""
    source: Source
    also_from: tuple[Source, ...] = ()
    """Further fields that give the very same record, such as those of a slice that overlaps."""
    unknown: str = ""
    """Not empty when it is not certain that every server has it; says what is not known."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """All that it comes from: it is there as long as any of them is."""
        return (self.source, *self.also_from)


class WithheldRecord(msgspec.Struct, frozen=True):
    """A record that would exist if its endpoint were in DNS."""

    record: Record
    service: ObjectKey
    endpoint: EndpointRef
    source: Source
    reason: str
    """A few words: ``not ready``, ``terminating``."""


class ElsewhereRecord(msgspec.Struct, frozen=True):
    """A record that the kubernetes plugin would serve were its name not taken away before it comes to it."""

    item: PredictedRecord
    reason: str
    """A few words: ``answered by the server block at FILE:LINE``, ``rewritten at FILE:LINE``, ``the name cannot be
    asked for: ...``."""


class Question(msgspec.Struct, frozen=True, order=True):
    """One question of class IN."""

    name: str
    """Absolute: it ends in a dot."""
    type: str


class Fact(msgspec.Struct, frozen=True):
    """A field that decided something, with the value that it has."""

    source: Source
    value: str

    def __str__(self) -> str:
        """As in ``EndpointSlice prod/db-x endpoints[2].conditions.ready: false``."""
        return (
            f"{self.source} {self.source.field}: {self.value}" if self.source.field else f"{self.source}: {self.value}"
        )


class Step(msgspec.Struct, frozen=True):
    """One name that was tried, and the rule that decided its outcome."""

    name: str
    rcode: str
    why: str
    """One sentence for people."""
    rule: str = ""
    """The rule as data, stable: ``service-missing``, ``no-ready-endpoint``, ``hostname-set`` ..."""
    facts: tuple[Fact, ...] = ()
    """The fields that the rule compared, with their values."""
    questions: int = 1
    """How often the question is sent for this name: again after a reply that says nothing."""
    along: int | None = None
    """How many questions for the other family of addresses a search sends along; ``None`` outside of a search."""


class Answer(msgspec.Struct, frozen=True):
    """The predicted reply to one question."""

    question: Question
    rcode: str
    """``NOERROR``, ``NXDOMAIN``, ``SERVFAIL``, ``REFUSED``; empty where there is no reply, or somebody else's."""
    aa: bool = True
    answer: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    steps: tuple[Step, ...] = ()
    fallthrough: bool = False
    """The kubernetes plugin does not answer; the next plugin is asked. The rcode is empty when we cannot know it, and
    SERVFAIL when no plugin is left to answer."""
    unsendable: bool = False
    """The reply holds a name that cannot be put on the wire: the client gets nothing."""
    unknown: str = ""
    """Not empty when what the answer depends on was not read or is not followed; says what is missing."""
    notes: tuple[str, ...] = ()
    """What stands in the Corefile that may change this very answer, ``FILE:LINE: TEXT`` each."""
    other_family: tuple[Record, ...] = ()
    """Of a search for addresses: what the question for the other family gets, where that is what ends the search."""
    steps_missing: bool = False
    """Of a search: names that are not known are tried besides the steps, so that it may cost more."""

    @property
    def elsewhere(self) -> bool:
        """Whether another plugin or server decides what the reply is, so that it is not known."""
        return self.fallthrough and not self.rcode
