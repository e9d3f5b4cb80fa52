"""The answer to one question, as CoreDNS gives it, and why.

Sources: plugin/kubernetes/handler.go ServeDNS, kubernetes.go Services, plugin/backend_lookup.go; reference sections 2
and 3. A question costs what it touches: every look into the snapshot is an index hit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone import apex, cache, why
from kheadless_tui.zone.apex import is_default_ns
from kheadless_tui.zone.config import ZoneConfig
from kheadless_tui.zone.decision_order import list_pairs
from kheadless_tui.zone.dependence import namespaces_asked
from kheadless_tui.zone.elsewhere import is_refused, notes_on, other_block
from kheadless_tui.zone.external_name import AliasFollower, Followed
from kheadless_tui.zone.name_parsing import Request, read_request
from kheadless_tui.zone.names import absolute, fault, unescaped
from kheadless_tui.zone.pairs import Listing, Pair
from kheadless_tui.zone.ptr import pointers
from kheadless_tui.zone.reasons import Case
from kheadless_tui.zone.record import Answer, Question, Record, Step
from kheadless_tui.zone.reverse_names import address_of_reverse
from kheadless_tui.zone.srv import srv_records
from kheadless_tui.zone.transfer import may_transfer, transfer
from kheadless_tui.zone.watched import Watched
from kheadless_tui.zone.zones import is_below, zone_of

Upstream = Callable[[Question], Answer | None]
"""Answers questions outside the zones; ``None`` when there is no reply."""

_MAX_NESTED = 8
"""Questions that the server asks itself for one question (targets in another of its zones) before we give up."""
_NAME_TYPES = ("SRV", "PTR", "CNAME", "NS")
"""Types whose data ends in a name."""


def resolve(
    snapshot: Snapshot,
    question: Question,
    config: ZoneConfig,
    *,
    upstream: Upstream | None = None,
    synced: bool = True,
    explain: bool = True,
) -> Answer:
    """The predicted reply to a question.

    Args:
        snapshot: what is known of the cluster.
        question: of class IN; the name is taken as absolute.
        config: how the zone is served.
        upstream: answers for targets of aliases outside the zones; without it they are marked as unknown.
        synced: False for a server whose API caches are not filled yet.
        explain: whether ``steps`` say why; without it an answer costs less.

    Returns:
        The reply with one step. ``fallthrough`` when the next plugin answers, ``unsendable`` when there is none.
    """
    return _Server(snapshot, config, upstream, synced, explain).answer(question)


def aliases_asked(snapshot: Snapshot, question: Question, config: ZoneConfig) -> frozenset[str]:
    """The namespaces that the targets of aliases depend on, which must be read as well for a whole answer.

    Each alias leads at most one step further: who reads a namespace because of it asks again.
    """
    found: set[str] = set()
    for record in resolve(snapshot, Question(question.name, "CNAME"), config, explain=False).answer:
        found |= namespaces_asked(Question(record.data, question.type), config) or frozenset()
    return frozenset(found)


@dataclass(slots=True)
class _Outcome:
    """What came of a question before it is cast into a reply."""

    answer: list[Record] = field(default_factory=list)
    additional: list[Record] = field(default_factory=list)
    missing: str = ""
    """The rule by which the name does not exist."""
    empty: str = ""
    """The rule by which a name that exists has nothing of the type, where it is a special one."""
    pairs: tuple[Pair, ...] = ()
    unknown: str = ""


class _Server:
    """One server of the zones; it keeps nothing between questions."""

    def __init__(
        self, snapshot: Snapshot, config: ZoneConfig, upstream: Upstream | None, synced: bool, explain: bool
    ) -> None:
        self.seen = Watched(snapshot if synced else Snapshot(namespaces_known=True), config)
        self.config = config
        self.upstream = upstream
        self.synced = synced
        self.explain = explain
        self.nested = 0

    def answer(self, question: Question) -> Answer:
        asked = Question(absolute(unescaped(question.name)), question.type.upper())
        flaw = fault(asked.name)
        if flaw:
            return self._no_reply(asked, "name-unsendable", flaw, unsendable=True)
        other = other_block(asked, self.config)
        if other is not None:
            by = f"{other.where} ({' and '.join(other.plugins)})" if other.plugins else other.where
            return self._no_reply(asked, "other-server-block", f"{other.zone} at {by}", fallthrough=True)
        if is_refused(asked, self.config):
            return msgspec.structs.replace(self._no_reply(asked, "no-server-block", ""), rcode="REFUSED")
        zone = zone_of(asked.name, self.config.zones)
        if not zone:
            return self._no_reply(asked, "outside-zones", "", fallthrough=True)
        zone = asked.name[len(asked.name) - len(zone) :]
        return self._doubted(cache.as_passed(self._reply(asked, zone, self._outcome(asked, zone)), self.config.cache))

    def _doubted(self, answer: Answer) -> Answer:
        """The same, not certain where something else in the Corefile may change it."""
        if answer.fallthrough or not self.config.notes:
            return answer
        found = notes_on(answer, self.config)
        if not found:
            return answer
        unknown = "; ".join(filter(None, (answer.unknown, *(f"{note.text} ({note.where})" for note in found))))
        return msgspec.structs.replace(answer, unknown=unknown, notes=tuple(map(str, found)))

    def _outcome(self, asked: Question, zone: str) -> _Outcome:
        match asked.type:
            case "A" | "AAAA":
                return self._addresses(asked.name, zone, asked.type)
            case "SRV":
                return self._srv(asked, zone)
            case "PTR":
                return self._ptr(asked, zone)
            case "TXT":
                return self._txt(asked, zone)
            case "CNAME":
                return self._cname(asked, zone)
            case "SOA":
                return self._soa(asked, zone)
            case "NS" if asked.name.lower() == zone:
                return self._ns(zone)
            case "MX":
                return _of_listing(self._list(asked.name.lower(), zone, "MX"))
            case "AXFR" | "IXFR":
                return self._transfer(asked.name)
        found = self._addresses(asked.name, zone, "A")  # only to tell NODATA from NXDOMAIN
        return _Outcome(missing=found.missing, empty="" if found.missing else "type-unserved", pairs=found.pairs)

    # -- types -------------------------------------------------------------------------------------------------

    def _addresses(self, owner: str, zone: str, family: str) -> _Outcome:
        def list_name(name: str) -> Listing:
            return self._list(name, zone, family)

        follower = AliasFollower(family, zone, self.config.ttl, list_name, self._ask_itself)
        found: Followed = follower.follow(owner)
        unknown = found.unknown
        if is_default_ns(owner.lower(), zone) and apex.local_addresses(self.seen) is None:
            unknown = _OWN_ADDRESS
        return _Outcome(found.records, missing=found.missing, empty=found.dropped, pairs=found.pairs, unknown=unknown)

    def _srv(self, asked: Question, zone: str) -> _Outcome:
        listing = self._list(asked.name.lower(), zone, "SRV")
        if listing.missing:
            return _Outcome(missing=listing.missing)
        answer, additional = srv_records(asked.name, listing.pairs, self.config.ttl)
        return _Outcome([item.record for item in answer], [item.record for item in additional], pairs=listing.pairs)

    def _ptr(self, asked: Question, zone: str) -> _Outcome:
        address = address_of_reverse(asked.name.lower())
        if not address:
            return _of_listing(self._list_name(asked.name.lower(), zone))
        found = pointers(self.seen, address)
        records = [Record(asked.name, self.config.ttl, "PTR", item.target) for item in found]
        return _Outcome(records, missing="" if records else "address-unknown")

    def _txt(self, asked: Question, zone: str) -> _Outcome:
        name = asked.name.lower()
        if apex.is_version_name(name, zone):
            return _Outcome([apex.version_record(asked.name)])
        listing = self._list_name(name, zone)
        if listing.pairs:
            return _Outcome(pairs=listing.pairs)
        if not listing.missing and self._request(name, zone).topology_zone:
            return _Outcome()
        return _Outcome(missing=listing.missing or "txt-of-empty-name")

    def _cname(self, asked: Question, zone: str) -> _Outcome:
        listing = self._list(asked.name.lower(), zone, "CNAME")
        first = listing.pairs[0] if listing.pairs else None
        if first is None or not first.is_alias:
            return _of_listing(listing)
        alias = Record(asked.name, self.config.ttl, "CNAME", absolute(first.host))
        return _Outcome([alias], pairs=listing.pairs)

    def _soa(self, asked: Question, zone: str) -> _Outcome:
        if asked.name == zone:
            return _Outcome([apex.soa_record(zone, self.config)])
        return _Outcome(empty="soa-below-zone")

    def _ns(self, zone: str) -> _Outcome:
        servers = apex.name_servers(self.seen, zone)
        if servers is None:
            return _Outcome(empty="own-address-unknown", unknown=_OWN_ADDRESS)
        answer, additional = apex.ns_records(servers, zone, self.config.ttl)
        return _Outcome(answer, additional, empty="" if answer else "own-address-none")

    def _transfer(self, zone: str) -> _Outcome:
        if not may_transfer(self.config):
            return _Outcome(missing="transfer-refused")
        return _Outcome(list(transfer(self.seen.snapshot, zone, self.config)))

    # -- what a name stands for --------------------------------------------------------------------------------

    def _list(self, name: str, zone: str, kind: str) -> Listing:
        """As the plugin's Services: ns.dns exists for every type that comes this way."""
        if not is_default_ns(name, zone):
            return self._list_name(name, zone)
        servers = apex.name_servers(self.seen, zone) or []
        return Listing(tuple(apex.pair_of(item) for item in servers if item.family == kind))

    def _list_name(self, name: str, zone: str) -> Listing:
        request = self._request(name, zone)
        return list_pairs(self.seen, request, name, zone, multicluster=self._multicluster(zone))

    def _request(self, name: str, zone: str) -> Request:
        return read_request(name, zone, multicluster=self._multicluster(zone), zonal=self.config.zonal)

    def _multicluster(self, zone: str) -> bool:
        return bool(zone_of(zone, self.config.multicluster))

    def _ask_itself(self, question: Question) -> Answer | None:
        """The server's own answer to the target of an alias (plugin/pkg/upstream Lookup)."""
        if zone_of(question.name, self.config.zones):
            if self.nested >= _MAX_NESTED:
                return Answer(question, "SERVFAIL")
            self.nested += 1
            inner = self.answer(question)
            self.nested -= 1
            if not inner.fallthrough:
                return inner
        if self.upstream is not None:
            return self.upstream(question)
        return Answer(question, "", unknown=f"what other servers answer for {question.name} {question.type}")

    # -- the reply ---------------------------------------------------------------------------------------------

    def _reply(self, asked: Question, zone: str, outcome: _Outcome) -> Answer:
        soa = (apex.soa_record(zone, self.config),)
        if outcome.missing == "transfer-refused":
            steps = self._steps(asked, zone, outcome, "REFUSED")
            return Answer(asked, "REFUSED", aa=False, steps=steps)
        if outcome.missing:
            if any(is_below(asked.name, zone) for zone in self.config.fallthrough):
                steps = self._steps(asked, zone, outcome, "")
                return Answer(asked, "", aa=False, steps=steps, fallthrough=True)
            rcode = "NXDOMAIN" if self.synced else "SERVFAIL"
            if not self.synced:
                outcome.missing = "not-synced"
            steps = self._steps(asked, zone, outcome, rcode)
            return Answer(asked, rcode, authority=soa, steps=steps, unknown=self._unread(asked, zone, outcome))
        steps = self._steps(asked, zone, outcome, "NOERROR")
        if not outcome.answer:
            return Answer(asked, "NOERROR", authority=soa, steps=steps, unknown=outcome.unknown)
        flaw = _flaw(outcome)
        if flaw:
            return self._no_reply(asked, "reply-unsendable", flaw, unsendable=True)
        return Answer(
            asked,
            "NOERROR",
            answer=tuple(outcome.answer),
            additional=tuple(outcome.additional),
            steps=steps,
            unknown=outcome.unknown,
        )

    def _no_reply(
        self, asked: Question, rule: str, detail: str, *, fallthrough: bool = False, unsendable: bool = False
    ) -> Answer:
        steps: tuple[Step, ...] = ()
        if self.explain:
            steps = (Step(asked.name, "", why.no_reply(asked, rule, detail, self.config), rule),)
        return Answer(asked, "", aa=False, steps=steps, fallthrough=fallthrough, unsendable=unsendable)

    def _unread(self, asked: Question, zone: str, outcome: _Outcome) -> str:
        if outcome.missing != "namespace-missing" or self.seen.snapshot.namespaces_known:
            return ""
        namespace = self._request(asked.name.lower(), zone).namespace
        return f"whether namespace {namespace} exists: the list of Namespaces was not read"

    def _steps(self, asked: Question, zone: str, outcome: _Outcome, rcode: str) -> tuple[Step, ...]:
        if not self.explain:
            return ()
        case = Case(
            asked, self._request(asked.name.lower(), zone), self.seen, zone, outcome.pairs, tuple(outcome.answer)
        )
        rule = outcome.missing or (outcome.empty if not outcome.answer else "")
        return (why.step(case, rule, rcode),)


_OWN_ADDRESS = "the DNS server's own addresses: no endpoint of Service kube-system/kube-dns is known"


def _of_listing(listing: Listing) -> _Outcome:
    return _Outcome(missing=listing.missing, pairs=listing.pairs)


def _flaw(outcome: _Outcome) -> str:
    for record in (*outcome.answer, *outcome.additional):
        if record.type in _NAME_TYPES:
            target = record.data.rpartition(" ")[2]
            flaw = fault(target)
            if flaw:
                return f"{record.type} {target} holds {flaw}"
    return ""
